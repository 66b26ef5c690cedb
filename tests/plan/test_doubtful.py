"""A doubtful contact gets its message, and the next one too where the policy says so: both lead to one end."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec import structs

from gateway.model import Contact
from gateway.plan import Settings
from gateway.words import Kind, NoticeStatus, Reason, Status
from tests.plan.believed import DEADLINE, LADDER, checks, desk_with, openid, own
from tests.plan.fakes import FAMILY, Desk, contact, reminder_due

BESIDE = Settings(ladder=LADDER, beside_doubtful=frozenset({Kind.REMINDER}))
DOUBTFUL: dict[str, Any] = {"doubtful": True, "score": 0.5}


def tried_at_once(*contacts: Contact, settings: Settings = BESIDE) -> list[int]:
    return [d.contact_id for d in desk_with(*contacts, settings=settings).take(reminder_due(DEADLINE)).last.drafts]


def test_a_doubtful_contact_gets_its_message_and_the_next_one_too_where_the_policy_says_so() -> None:
    contacts = (own(1, **DOUBTFUL), contact(2, "13900139000", FAMILY), openid(3))
    assert tried_at_once(*contacts) == [1, 3]
    assert tried_at_once(*contacts, settings=Settings(ladder=LADDER)) == [1]
    assert tried_at_once(*contacts, settings=Settings(ladder=LADDER, beside_doubtful=frozenset({Kind.SUSPENSION}))) == [1]


@pytest.mark.parametrize(
    "contacts",
    [
        (own(1), openid(2, **DOUBTFUL)),
        (own(1, **DOUBTFUL), contact(2, "13800138001", FAMILY)),
        (own(1, **DOUBTFUL), contact(2, "13800138001", channel="voice")),
        (own(1, **DOUBTFUL), openid(2, score=0.1)),
        (own(1, **DOUBTFUL), openid(2, usable=False)),
    ],
    ids=["a good one", "the same number", "a call to it", "one not worth a message", "one given up"],
)
def test_nobody_is_written_to_twice_where(contacts: Sequence[Contact]) -> None:
    assert len(tried_at_once(*contacts)) == 1


def test_at_most_two_are_written_to_at_once() -> None:
    assert tried_at_once(own(1, **DOUBTFUL), own(2, **DOUBTFUL), openid(3)) == [1, 2]


def beside() -> Desk:
    desk = desk_with(own(1, **DOUBTFUL), openid(2), contact(3, "13900139000", FAMILY), settings=BESIDE)
    return desk.take(reminder_due(DEADLINE))


def first_ends(desk: Desk, status: Status, reason: Reason | None = None) -> Desk:
    notice = desk.notice("reminder")
    first, second = notice.tried
    ended = structs.replace(notice, tried=(structs.replace(first, status=status, reason=reason), second))
    desk.state = structs.replace(desk.state, notices=(ended,))
    return desk.take()


def rungs(desk: Desk) -> list[tuple[int, int]]:
    return [(d.rung, d.contact_id) for d in desk.last.drafts]


def test_rungs_that_go_together_are_counted_one_after_the_other() -> None:
    desk = beside()
    assert rungs(desk) == [(0, 1), (1, 2)]
    assert checks(desk) == ("beside_doubtful",)


def test_a_later_rung_that_is_doubtful_is_not_alone_either() -> None:
    desk = desk_with(own(1), openid(2, **DOUBTFUL), contact(3, "13900139000", FAMILY), settings=BESIDE)
    desk.take(reminder_due(DEADLINE)).end(Status.UNDELIVERED, Reason.NUMBER_ABSENT)
    assert rungs(desk) == [(1, 2), (2, 3)]


def test_the_next_is_tried_only_once_both_failed() -> None:
    desk = first_ends(beside(), Status.UNDELIVERED, Reason.NUMBER_ABSENT)
    assert rungs(desk) == []
    desk.end(Status.UNDELIVERED, Reason.UNREACHABLE)
    assert rungs(desk) == [(2, 3)]


@pytest.mark.parametrize("end", [first_ends, Desk.end])
def test_either_delivery_ends_the_notice_and_withdraws_what_still_waits(end: Callable[[Desk, Status], Desk]) -> None:
    desk = end(beside(), Status.DELIVERED)
    notice = desk.notice("reminder")
    assert (notice.status, desk.last.drafts) == (NoticeStatus.INFORMED, ())
    assert sorted(t.status for t in notice.tried) == [Status.CANCELED, Status.DELIVERED]
