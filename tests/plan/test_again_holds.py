"""A duty is taken up again only while it holds, and nobody is told twice."""

from datetime import UTC, date, datetime

import pytest
from msgspec import structs

from gateway.events import CertificationRevoked, Deceased, Event, Suspended, Terminated
from gateway.model import Closing
from gateway.plan import Settings
from gateway.words import NoticeStatus, Reason, Status
from scheduler.calendar import add_months
from tests.plan.believed import DAYS, DEADLINE, LADDER, desk_with, own
from tests.plan.fakes import (
    FAMILY,
    NOW,
    TODAY,
    certified,
    event,
    lapsed,
    reminder_due,
    rules,
)
from tests.plan.unreached import FAILED, NEW, asked, new_contact, of, renewed, sent, unreached

# While it holds


@pytest.mark.parametrize(
    ("first", "fact"),
    [
        (reminder_due(DEADLINE), certified(TODAY)),
        (reminder_due(DEADLINE), event(Deceased(TODAY - DAYS))),
        (reminder_due(DEADLINE), event(Terminated(TODAY, "other"))),
        (lapsed(TODAY - DAYS), certified(TODAY)),
        (lapsed(TODAY - DAYS), event(Suspended(TODAY, "not_certified"))),  # it would say that payment will be suspended
        (event(Suspended(TODAY, "not_certified")), event(Terminated(TODAY, "not_certified"))),
    ],
)
def test_what_is_true_no_longer_is_not_taken_up(first: Event, fact: Event) -> None:
    desk = unreached(first=first)
    kind, cause = of(desk, desk.state.notices[0].kind)[0].kind, desk.state.notices[0].cause
    desk.take(fact).take(new_contact())
    assert len([n for n in desk.state.notices if (n.kind, n.cause) == (kind, cause)]) == 1


def test_a_certification_that_never_was_leaves_the_duty_to_be_taken_up() -> None:
    desk = unreached(first=reminder_due(DEADLINE, certified_on=add_months(DEADLINE, -12))).take(certified(TODAY))
    assert sent(desk.take(new_contact())) == []
    assert sent(desk.take(event(CertificationRevoked(TODAY)))) == ["13600136000"]
    desk.take(certified(TODAY), event(CertificationRevoked(TODAY)))
    assert [n.status for n in of(desk)] == [NoticeStatus.UNINFORMED, NoticeStatus.CANCELED, NoticeStatus.IN_PROGRESS]


@pytest.mark.parametrize(
    ("deadline", "day", "again"),
    [
        (date(2027, 2, 28), date(2027, 2, 27), True),
        (date(2027, 2, 28), date(2027, 2, 28), False),
        (date(2027, 3, 1), date(2027, 2, 28), True),
        (date(2027, 3, 1), date(2027, 3, 1), False),
    ],
)
def test_a_reminder_only_before_its_deadline(deadline: date, day: date, again: bool) -> None:
    desk = unreached(first=reminder_due(deadline)).on(day).take(new_contact())
    assert len(of(desk)) == 1 + again


def test_a_reminder_not_where_the_window_opens_on_its_deadline() -> None:
    desk = unreached(first=reminder_due(DEADLINE)).on(DEADLINE - DAYS)
    desk.rules = rules(Settings(ladder=LADDER), opens=datetime(DEADLINE.year, DEADLINE.month, DEADLINE.day, 1, tzinfo=UTC))
    assert desk.take(new_contact()).last.notices == ()


@pytest.mark.parametrize(("after", "again"), [(0, True), (31, True), (32, False)])
@pytest.mark.parametrize("first", [lapsed(TODAY), event(Suspended(TODAY, "not_certified")), event(Terminated(TODAY, "missing"))])
def test_others_for_as_long_as_a_lapse_that_became_known_late(first: Event, after: int, again: bool) -> None:
    desk = unreached(first=first).on(TODAY + after * DAYS).take(new_contact(relation=FAMILY))
    assert bool(sent(desk)) == again


def test_what_was_known_late_is_old_from_then_on() -> None:
    desk = unreached(first=event(Suspended(TODAY - 90 * DAYS, "payment_failed")))
    assert sent(desk.on(TODAY + 31 * DAYS).take(new_contact())) == ["13600136000"]
    desk.end(*FAILED)
    assert sent(desk.on(TODAY + 32 * DAYS).take(new_contact("13500135000"))) == [], "the count does not begin anew"


@pytest.mark.parametrize(
    ("expires_at", "day", "again"),
    [(None, 31, True), (None, 32, False), (NOW + 3 * DAYS, 2, True), (NOW + 3 * DAYS, 3, False), (NOW + 99 * DAYS, 98, True)],
)
def test_a_request_within_its_validity(expires_at: datetime | None, day: int, again: bool) -> None:
    desk = unreached(first=asked(expires_at)).on(TODAY + day * DAYS).take(new_contact())
    assert bool(sent(desk)) == again
    if again:
        old, new = of(desk, "requested")
        assert (new.template, new.params, new.channels, new.expires_at) == (old.template, old.params, old.channels, old.expires_at)


def test_requests_are_told_apart_however_their_ids_end() -> None:
    """An id may look like the number of a duty that was taken up again."""
    one = structs.replace(asked(), source="/s", id="e")
    two = structs.replace(asked(), source="/s", id="e|2")
    desk = unreached(first=one).take(new_contact()).end(*FAILED)
    desk.take(two, new_contact("13500135000"))
    assert sorted(sent(desk)) == ["13500135000", "13600136000"]  # the first one's third number, and the second one's first
    duties = [n.duty for n in of(desk, "requested")]
    assert len(set(duties)) == len(duties) == 4


def test_a_request_that_people_have_stays_with_them_when_its_last_number_wants_nothing() -> None:
    desk = unreached(first=asked()).take(new_contact()).end(*FAILED)
    desk.state = structs.replace(desk.state, contacts=(*desk.state.contacts, own(9)))
    desk.take()
    contacts = (*desk.state.contacts[:-1], structs.replace(desk.state.contacts[-1], opted_out=True), own(8, opted_out=True))
    desk.state = structs.replace(desk.state, contacts=contacts)
    desk.end(*FAILED)
    assert (of(desk, "requested")[-1].status, len(desk.outreach)) == (NoticeStatus.UNINFORMED, 1)


def test_a_death_is_taken_up_for_the_family_and_never_told_to_the_person() -> None:
    desk = unreached(first=event(Terminated(TODAY, "death")))
    assert sent(desk.take(new_contact())) == []
    assert sent(desk.take(new_contact("13500135000", relation=FAMILY))) == ["13500135000"]
    desk.end(*FAILED)
    assert sent(desk.take(new_contact("13600136000", relation=FAMILY))) == [], "a number that is the person's own too"


def test_what_an_operator_withdrew_is_not_taken_up() -> None:
    desk = unreached().take(new_contact())
    again = of(desk)[-1]
    canceled = structs.replace(again, status=NoticeStatus.CANCELED, reason=Reason.OPERATOR)
    desk.state = structs.replace(desk.state, notices=(of(desk)[0], canceled))
    assert sent(desk.take(new_contact("13500135000"))) == []


# Nobody is told twice


@pytest.mark.parametrize("status", [Status.SENDING, Status.UNKNOWN, Status.SENT, Status.DELIVERED])
def test_nothing_is_taken_up_while_a_message_of_the_duty_may_arrive_or_once_one_did(status: Status) -> None:
    desk = unreached().take(new_contact())
    old, again = of(desk)
    ended = structs.replace(
        again, status=NoticeStatus.CANCELED, reason=Reason.CERTIFIED, tried=(structs.replace(again.tried[0], status=status),)
    )
    desk.state = structs.replace(desk.state, notices=(old, ended))
    assert sent(desk.take(new_contact("13500135000"))) == []
    unsent = structs.replace(ended, tried=(structs.replace(again.tried[0], status=Status.CANCELED, reason=Reason.CERTIFIED),))
    desk.state = structs.replace(desk.state, notices=(old, unsent))
    assert sent(desk.take(new_contact("13400134000"))) != []


def test_a_duty_under_way_is_not_taken_up_a_second_time() -> None:
    desk = unreached(own(1)).take(new_contact())
    assert renewed(desk).take(new_contact("13500135000")).last.notices == ()


def test_somebody_informed_meanwhile_is_left_alone() -> None:
    desk = unreached().take(new_contact()).end(Status.DELIVERED)
    assert of(desk)[-1].status == NoticeStatus.INFORMED
    assert sent(desk.take(new_contact("13500135000"))) == []


def test_a_late_delivery_on_the_old_notice_ends_both() -> None:
    desk = desk_with(own(1)).take(reminder_due(DEADLINE)).end(Status.UNDELIVERED, Reason.NO_RECEIPT).take(new_contact())
    old, again = of(desk)
    desk.settle(old, structs.replace(old.tried[0], status=Status.DELIVERED, reason=None))
    assert set(desk.last.closings) == {
        Closing(old.id, NoticeStatus.INFORMED, None),
        Closing(again.id, NoticeStatus.CANCELED, Reason.DUTY_MET),
    }
    assert (desk.last.drafts, desk.outreach) == ((), [])


def test_the_same_event_again_does_not_make_another_notice_beside_it() -> None:
    desk = unreached().take(reminder_due(DEADLINE, NEW))
    assert (desk.codes(), len(desk.last.notices)) == (["duty_met"], 1)
    assert desk.take(reminder_due(DEADLINE)).last.notices == ()
