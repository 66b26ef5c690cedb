"""Links to carriers under a whole gateway: receipts in PDUs, long messages, and a worker that dies with the links in its hands."""

import time
from collections import Counter

import pytest

from bench.processes import wait_until
from tests.endtoend.running import Gateway, notice, person
from tests.endtoend.test_clouds import DAY

OTHERWISE: dict[str, dict[str, tuple[str, str | None]]] = {
    "cmpp": {"0005": ("failed", "account_problem")},
    "smpp": {"0005": ("failed", "malformed_address")},
}
SILENT: dict[str, tuple[str, str | None]] = dict.fromkeys(("0004", "0007"), ("undelivered", "no_receipt"))
TAKEN_OVER_S = 25
IN_FLIGHT = 64
"""Calls of a worker to one of the carriers, at most: what a death can leave without an answer."""
LONG: dict[str, tuple[str, str | None]] = {"8888": ("delivered", None)}


@pytest.mark.parametrize("driver", OTHERWISE)
def test_a_day_ends_as_the_carrier_says(gateway: Gateway, driver: str) -> None:
    wanted = DAY | SILENT | LONG | OTHERWISE[driver]
    gateway.ends({person(driver, ending): ends for ending, ends in wanted.items()})


@pytest.mark.parametrize("driver", OTHERWISE)
def test_replies_in_pdus_reach_the_contact_they_came_from(gateway: Gateway, driver: str) -> None:
    for ending, word in (("0010", "opt_out"), ("0011", "wrong_person")):
        who = person(driver, ending)
        [said] = gateway.replies(who)
        assert (said["kind"], said["message_id"]) == (word, gateway.messages(who)[-1]["id"])


def test_a_long_message_went_in_parts_and_was_delivered_once(gateway: Gateway) -> None:
    gateway.ends({person(driver, "8888"): ("delivered", None) for driver in OTHERWISE})
    parts = [one for one in list(gateway.vendors.ismg.submits) if one.to[0].endswith(b"8888")]
    assert [(one.pk_number, one.pk_total) for one in parts] == [(1, 2), (2, 2)]


def test_who_opted_out_is_not_written_to_again(gateway: Gateway) -> None:
    who = person("smpp", "0010")
    gateway.until_known(who, "opted_out_at")
    gateway.post(notice("smpp", "0010")[1])
    told = [(one["status"], one["reason"], len(one["messages"])) for one in gateway.notices(who)]
    assert sorted(told, key=str) == [("informed", None, 1), ("suppressed", "opted_out", 0)]


def test_when_the_worker_with_the_links_is_killed_another_takes_over_and_nothing_is_sent_twice(gateway: Gateway) -> None:
    gateway.start_role("worker2")
    gateway.wait_ready("worker2")
    smsc = gateway.vendors.smsc
    gateway.vendors.do(lambda: setattr(smsc.options, "latency_ms", 1000.0))
    calls, crowd = smsc.book.calls, [(driver, f"{n:04}") for driver in OTHERWISE for n in range(5000, 5100)]
    gateway.post(*(event for driver, ending in crowd for event in notice(driver, ending)))
    wait_until("some are on their way", lambda: smsc.book.calls > calls + 40, within_s=30, every_s=0.005)
    gateway.children.pop("worker1").kill()
    killed, late = time.monotonic(), ("9001", "9002")
    gateway.vendors.do(lambda: setattr(smsc.options, "latency_ms", 0.0))
    gateway.post(*(event for driver in OTHERWISE for ending in late for event in notice(driver, ending)))
    gateway.ends({person(driver, ending): ("delivered", None) for driver in OTHERWISE for ending in late}, TAKEN_OVER_S)
    assert time.monotonic() - killed < TAKEN_OVER_S
    persons = {person(driver, ending) for driver, ending in crowd}
    gateway.until("all have ended", lambda: not persons & (gateway.persons("in_progress") | gateway.persons("scheduled")), 60)
    ends = Counter(gateway.statuses(persons).values())
    caught = ends.pop(("undelivered", "no_receipt"), 0)
    assert set(ends) == {("delivered", None)}
    assert 0 < caught <= 2 * IN_FLIGHT
    assert gateway.sent_twice() == []
