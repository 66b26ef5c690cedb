"""Contacts that are given up: not used, called back, tried again after a while, and taken back when a source verifies them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec import structs

from gateway.events import ContactData, ContactRemoved
from gateway.model import Contact
from gateway.plan import Settings
from gateway.plan.state import Belief
from gateway.words import NoticeStatus, Reason, Status
from tests.plan.believed import DAYS, DEADLINE, GONE, LADDER, STRANGERS, checks, desk_with, looked_at, order, own
from tests.plan.fakes import FAMILY, NOW, TODAY, UNIT, Desk, contact, event, given, reminder_due

# Given up, and tried again


@pytest.mark.parametrize("belief", [GONE, STRANGERS, GONE | {"last_at": NOW - 179 * DAYS}])
def test_a_contact_that_is_given_up_is_not_used(belief: dict[str, Any]) -> None:
    assert order(desk_with(own(1, **belief), own(2, score=0.5))) == [2]
    desk = desk_with(own(1, **belief)).take(reminder_due(DEADLINE))
    assert (desk.last.drafts, desk.notice("reminder").reason) == ((), Reason.NO_CONTACT)


def test_a_dead_number_is_tried_again_after_half_a_year_and_last_of_all() -> None:
    long_ago = NOW - 181 * DAYS
    contacts = (own(1, last_at=long_ago, **GONE), own(2, score=0.05), contact(3, "13900139000", FAMILY))
    assert order(desk_with(*contacts)) == [3, 2, 1]
    desk = desk_with(own(1, last_at=long_ago, **GONE)).take(reminder_due(DEADLINE))
    assert [d.contact_id for d in desk.last.drafts] == [1]
    assert checks(desk) == ("probe",)


@pytest.mark.parametrize(
    ("belief", "days"),
    [
        (STRANGERS | {"last_at": NOW - 900 * DAYS}, 180),  # the text would go to somebody else
        (STRANGERS | {"last_at": NOW - 900 * DAYS, "denied_on": TODAY - 900 * DAYS}, 180),
        (GONE | {"last_at": NOW - 900 * DAYS}, 0),  # never, says the configuration
        (GONE | {"last_at": NOW - 900 * DAYS}, 1000),
    ],
)
def test_what_is_not_to_be_tried_again_is_not(belief: dict[str, Any], days: int) -> None:
    desk = desk_with(own(1, **belief), settings=Settings(ladder=LADDER, probe_after_days=days))
    assert desk.take(reminder_due(DEADLINE)).last.drafts == ()


def waiting(contacts: Sequence[Contact], **belief: Any) -> Desk:
    """A message waits for its first contact, of which this is believed from now on."""
    desk = desk_with(*contacts).take(reminder_due(DEADLINE))
    first = desk.last.drafts[0].contact_id
    changed = tuple(structs.replace(c, **belief) if c.id == first else c for c in desk.state.contacts)
    desk.state = structs.replace(desk.state, contacts=changed)
    return desk.take()


@pytest.mark.parametrize(("belief", "reason"), [(GONE, Reason.NUMBER_ABSENT), (STRANGERS, Reason.WRONG_PERSON)])
def test_what_waits_to_go_to_a_contact_that_is_given_up_is_called_back_and_the_next_is_tried(
    belief: dict[str, Any], reason: Reason
) -> None:
    desk = waiting((own(1), own(2)), **belief)
    assert ([r.reason for r in desk.last.recalls], [d.contact_id for d in desk.last.drafts]) == ([reason], [2])
    assert (desk.take().last.recalls, desk.last.drafts) == ((), ())


def test_a_notice_whose_only_contact_is_given_up_ends_for_that() -> None:
    desk = waiting((own(1),), **STRANGERS)
    assert (desk.notice("reminder").status, desk.notice("reminder").reason) == (NoticeStatus.UNINFORMED, Reason.WRONG_PERSON)
    assert [t.reason for t in desk.notice("reminder").tried] == [Reason.WRONG_PERSON]


def test_what_is_on_its_way_to_one_is_waited_for() -> None:
    desk = desk_with(own(1), own(2)).take(reminder_due(DEADLINE)).end(Status.SENDING)
    desk.state = structs.replace(desk.state, contacts=(structs.replace(own(1), **GONE), own(2)))
    assert (desk.take().last.recalls, desk.last.drafts) == ((), ())


def test_nothing_is_called_back_from_a_number_that_is_good_in_another_relation_or_may_be_tried_again() -> None:
    family = contact(2, "13800138001", UNIT)
    assert waiting((own(1), family), **STRANGERS).last.recalls == ()
    assert waiting((own(1),), last_at=NOW - 900 * DAYS, **GONE).last.recalls == ()
    assert waiting((own(1),), **GONE | {"usable": True}).last.recalls == ()


def test_an_override_is_looked_at_again_when_it_ends() -> None:
    ends = NOW + DAYS
    assert looked_at(desk_with(own(1, override_until=ends))).state.person.plan_due == ends
    assert looked_at(desk_with(own(1))).state.person.plan_due is None


# Confirmed


def anew(address: str, verified_on: date | None) -> Desk:
    """A dead contact, verified at the start of the year, is listed again in the event that has something to tell."""
    known = contact(1, "13800138001", verified_on=date(2026, 1, 1), last_at=NOW - DAYS, **GONE)
    return desk_with(known).take(reminder_due(DEADLINE, given(address, verified_on=verified_on)))


def test_a_contact_that_is_verified_later_than_we_knew_is_usable_in_the_same_plan() -> None:
    assert [d.contact_id for d in anew("13800138001", TODAY - DAYS).last.drafts] == [1]


def test_a_check_that_lies_ahead_took_no_place_and_does_not_outlast_a_real_one() -> None:
    desk = anew("13800138001", date(2199, 1, 1))
    assert desk.last.drafts == ()
    assert len(desk.take(reminder_due(DEADLINE, given("13800138001", verified_on=TODAY + DAYS))).last.contacts_put) == 1
    assert desk.state.contacts[0].usable


@pytest.mark.parametrize("never", [date.min, date(1899, 12, 30), date(1900, 1, 1), date(1970, 1, 1)])
def test_a_day_that_a_database_writes_for_none_is_no_check(never: date) -> None:
    """The store takes the first of them for minus infinity; by any of them a number would have been sold long ago."""
    desk = desk_with(contact(1, "13800138001", last_at=NOW - DAYS, **GONE))
    desk.take(reminder_due(DEADLINE, given("13800138001", verified_on=never)))
    assert (desk.state.contacts[0].verified_on, desk.state.contacts[0].usable) == (None, False)


@pytest.mark.parametrize("verified_on", [None, date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2), TODAY - 2 * DAYS])
def test_a_listing_that_verified_nothing_since_takes_no_contact_back(verified_on: date | None) -> None:
    assert anew("13800138001", verified_on).last.drafts == ()


@pytest.mark.parametrize(("verified_on", "drafts"), [(TODAY - 2 * DAYS, 0), (TODAY - DAYS, 1), (TODAY, 1)])
def test_a_not_me_is_undone_by_a_verification_of_that_day_or_later(verified_on: date, drafts: int) -> None:
    desk = desk_with(own(1, denied_on=TODAY - DAYS, **STRANGERS))
    assert len(desk.take(reminder_due(DEADLINE, given("13800138001", verified_on=verified_on))).last.drafts) == drafts


def test_what_is_taken_back_is_believed_by_its_source_and_no_longer_by_what_it_was() -> None:
    """Else it would come last, as a number that hardly reaches anybody."""
    family = contact(2, "13900139000", FAMILY)
    desk = desk_with(own(1, last_at=NOW, **GONE), family)
    assert order(desk.take(event(ContactData("sms", "x"), given("13800138001", verified_on=TODAY)))) == [1, 2]


def test_a_number_in_another_relation_too_is_as_given_up_as_it_was() -> None:
    desk = desk_with(own(1, last_at=NOW, **GONE))
    assert desk.take(reminder_due(DEADLINE, given("13800138001", FAMILY))).last.drafts == ()


@pytest.mark.parametrize(("verified_on", "usable"), [(None, False), (date(2026, 1, 1), False), (date(2026, 1, 2), False), (TODAY, True)])
def test_a_contact_taken_away_and_given_again_in_one_batch_is_as_given_up_as_it_was_unless_verified_since(
    verified_on: date | None, usable: bool
) -> None:
    desk = desk_with(own(1, last_at=NOW, verified_on=date(2026, 1, 1), **GONE))
    number = given("13800138001", verified_on=verified_on)
    desk.take(event(ContactRemoved("sms", "13800138001"), number), reminder_due(DEADLINE, number))
    assert (len(desk.last.drafts), [c.usable for c in desk.state.contacts]) == (usable, [usable])


@pytest.mark.parametrize(
    ("verified_on", "dead_at", "used"),
    [
        (None, NOW - DAYS, False),
        (TODAY - 2 * DAYS, NOW - DAYS, False),
        (TODAY - DAYS, NOW - DAYS, True),  # of one day nobody knows which came first
        (TODAY, NOW - DAYS, True),
        (TODAY, datetime(2026, 11, 24, 16, 30, tzinfo=UTC), False),  # in Shanghai it is the 25th
        (None, NOW - 181 * DAYS, True),
    ],
)
def test_a_known_dead_number_is_unused_for_somebody_new_unless_it_was_verified_since_or_died_long_ago(
    verified_on: date | None, dead_at: datetime, used: bool
) -> None:
    desk, number = Desk(), given("13800138000", verified_on=verified_on)
    desk.state = structs.replace(desk.state, beliefs={number.key: Belief(dead_at=dead_at)})
    assert bool(desk.take(reminder_due(DEADLINE, number)).last.drafts) == used
