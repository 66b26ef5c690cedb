"""WeChat, WeCom and what Apprise reaches under a whole gateway, and the ladder between them and SMS."""

from functools import partial

import pytest

from tests.endtoend.configured import WAYS
from tests.endtoend.running import NAME, Gateway, person
from tests.pipeline.events import known, reminder
from tests.standins.wechat import event, pushed

DELIVERED: tuple[str, str | None] = ("delivered", None)
NO_RECEIPT: tuple[str, str | None] = ("undelivered", "no_receipt")
BLOCKED: tuple[str, str | None] = ("undelivered", "recipient_blocked")
DAY: dict[str, dict[str, tuple[str, str | None]]] = {
    "wechat": {
        "0001": BLOCKED,
        "0002": ("undelivered", "provider_unavailable"),
        "0004": NO_RECEIPT,
        "0005": ("failed", "recipient_blocked"),
        "0006": DELIVERED,
        "0007": NO_RECEIPT,
        "0008": BLOCKED,
        "0009": DELIVERED,
        "0010": DELIVERED,
        "0011": ("delivered", "wrong_person"),
        "4321": DELIVERED,
    },
    "wecom": {
        "0001": ("failed", "malformed_address"),
        "0004": DELIVERED,
        "0005": ("failed", "malformed_address"),
        "0006": DELIVERED,
        "0007": NO_RECEIPT,
        "4321": DELIVERED,
    },
    "notes": {"0005": NO_RECEIPT, "0007": NO_RECEIPT, "4321": NO_RECEIPT},
}
"""WeCom has no receipts, so that an acceptance is its last word; Apprise none either, and there an acceptance is no evidence."""


@pytest.mark.parametrize("driver", DAY)
def test_a_day_ends_as_the_platform_says(gateway: Gateway, driver: str) -> None:
    gateway.ends({person(driver, ending): ends for ending, ends in DAY[driver].items()})


def test_replies_over_wechat_and_wecom_reach_the_contact_they_came_from(gateway: Gateway) -> None:
    wecom = gateway.vendors.wecom
    for ending, text in (("0010", "退订"), ("0011", "非本人")):
        member, said = WAYS["wecom"].address(ending), f"<Content><![CDATA[{text}]]></Content><MsgId>1{ending}</MsgId>"
        gateway.vendors.do(partial(wecom.post, pushed(member, "text", said)))
    for driver in ("wechat", "wecom"):
        gateway.until_known(person(driver, "0010"), "opted_out_at")
        gateway.until_known(person(driver, "0011"), "wrong_person_at")
    assert set(wecom.answers) <= {"200 success", "200 "}


def test_one_notice_goes_down_the_ladder_over_three_vendors(gateway: Gateway) -> None:
    own, family = {"channel": "sms", "address": "13800110001"}, {"channel": "sms", "address": "13800114322", "relation": "family"}
    account = {"channel": "wechat", "address": "member-ladder-0005"}
    gateway.post(known("ladder-1", own, account, family, name=NAME), reminder("ladder-1"))
    gateway.until("the family is told", lambda: [one["status"] for one in gateway.notices("ladder-1")] == ["informed"])
    told = [(one["provider"], one["status"], one["reason"]) for one in gateway.messages("ladder-1")]
    assert told == [
        ("tencent", "undelivered", "number_absent"),
        ("wechat", "failed", "recipient_blocked"),
        ("tencent", "delivered", None),
    ]


def test_who_unfollowed_gets_nothing_there(gateway: Gateway) -> None:
    account, own = {"channel": "wechat", "address": "member-gone-4321"}, {"channel": "sms", "address": "13800110001"}
    gateway.post(known("gone-1", account, own, name=NAME))
    gateway.vendors.do(lambda: gateway.vendors.wechat.post(event("member-gone-4321", "unsubscribe")))
    assert len(gateway.replies("gone-1")) == 1
    gateway.post(reminder("gone-1"))
    gateway.until("both rungs were tried", lambda: gateway.persons("uninformed") >= {"gone-1"})
    assert not any(one["touser"] == "member-gone-4321" for one in gateway.vendors.wechat.taken)
    [step] = [one for one in gateway.get("/v1/outreach?limit=1000")["items"] if one["person_id"] == "gone-1"]
    assert len(step["tried"]) == 1
