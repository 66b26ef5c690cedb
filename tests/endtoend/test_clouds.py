"""Vendors of SMS over HTTP under a whole gateway: pushed, pulled and asked."""

import pytest

from tests.endtoend.running import Gateway, person
from tests.endtoend.vendors import LOST

DAY: dict[str, tuple[str, str | None]] = {
    "0001": ("undelivered", "number_absent"),
    "0002": ("undelivered", "number_suspended"),
    "0003": ("undelivered", "unreachable"),
    "0005": ("failed", "content_rejected"),
    "0006": ("delivered", None),
    "0007": ("delivered", None),
    "0008": ("undelivered", "carrier_blacklist"),
    "0009": ("delivered", None),
    "0010": ("delivered", None),
    "0011": ("delivered", "wrong_person"),
    "4321": ("delivered", None),
}
"""What becomes of each ending. 0007: nobody answered the call, the report tells all the same."""
OTHERWISE: dict[str, dict[str, tuple[str, str | None]]] = {
    "aliyun": {LOST: ("delivered", None)},
    "tencent": {LOST: ("delivered", None)},
    "huawei": {"0004": ("undelivered", "no_receipt"), "0005": ("failed", "template_rejected")},
    "pulled": {},
}
"""Who can be asked is asked before a receipt is missed: what was lost on its way is found, 0004 stays open as long as the vendor knows nothing."""


@pytest.mark.parametrize("driver", OTHERWISE)
def test_a_day_ends_as_the_vendor_says(gateway: Gateway, driver: str) -> None:
    wanted = DAY | OTHERWISE[driver]
    gateway.ends({person(driver, ending): ends for ending, ends in wanted.items()})


@pytest.mark.parametrize(("driver", "queries"), [("aliyun", "QuerySendDetails"), ("tencent", "PullSmsSendStatusByPhoneNumber")])
def test_what_has_no_receipt_in_time_is_asked_for(gateway: Gateway, driver: str, queries: str) -> None:
    calls = getattr(gateway.vendors, driver).calls
    gateway.until("the vendor was asked about both", lambda: sum(action == queries for action, _ in list(calls)) >= 2)
    assert gateway.statuses([person(driver, "0004")]) == {person(driver, "0004"): ("sent", None)}


@pytest.mark.parametrize("driver", OTHERWISE)
def test_replies_reach_the_contact_they_came_from(gateway: Gateway, driver: str) -> None:
    for ending, word, key in (("0010", "opt_out", "opted_out_at"), ("0011", "wrong_person", "wrong_person_at")):
        who = person(driver, ending)
        [said] = gateway.replies(who)
        assert (said["kind"], said["provider"], said["message_id"]) == (word, driver, gateway.messages(who)[-1]["id"])
        gateway.until_known(who, key)


def test_a_throttled_message_was_tried_three_times_and_its_trail_says_with_which_codes(gateway: Gateway) -> None:
    gateway.ends({person("tencent", "0006"): ("delivered", None)})
    [notice] = gateway.notices(person("tencent", "0006"))
    trail = gateway.get(f"/v1/notices/{notice['id']}")["trail"]
    attempts = [(step["provider"], step["outcome"], step["vendor_code"]) for step in trail if step["what"] == "attempt"]
    late = ("tencent", "deferred", "LimitExceeded.PhoneNumberThirtySecondLimit")
    assert attempts == [late, late, ("tencent", "accepted", "Ok")]
    assert [(step["status"], step["vendor_code"]) for step in trail if step["what"] == "receipt"] == [("delivered", "DELIVRD")]


def test_every_push_was_taken(gateway: Gateway) -> None:
    gateway.ends({person("huawei", "0006"): ("delivered", None)})
    assert gateway.vendors.refused == []
