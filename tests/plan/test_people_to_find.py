"""Somebody whom no contact reaches any more goes onto the outreach list, and off it when one is usable again."""

from datetime import date
from typing import Any

import pytest
from msgspec import structs

from gateway.events import ContactData, ContactRemoved, Deceased, Suspended
from gateway.model import Contact
from gateway.plan.state import Belief
from tests.plan.believed import DAYS, DEADLINE, GONE, STRANGERS, desk_with, looked_at, own
from tests.plan.fakes import NOW, TODAY, UNIT, Desk, contact, event, given, person_data, reminder_due

ROW = (None, "contact", "no_usable_contact")


def believed_again(desk: Desk, **belief: Any) -> Desk:
    contacts = tuple(structs.replace(c, **belief) for c in desk.state.contacts)
    desk.state = structs.replace(desk.state, contacts=contacts)
    return looked_at(desk)


def lost(**more: Any) -> Desk:
    return looked_at(
        desk_with(own(1, last_at=NOW - DAYS, **GONE, **more), contact(2, "13700137000", UNIT, last_at=NOW - DAYS, **STRANGERS))
    )


def test_somebody_all_of_whose_contacts_are_given_up_goes_to_people_though_nothing_is_to_be_told() -> None:
    desk = lost()
    assert (desk.outreach, desk.last.notices) == ([ROW], ())
    assert looked_at(desk).outreach == [ROW]


@pytest.mark.parametrize("contacts", [(), (own(1),), (own(1, last_at=NOW, **GONE), own(2, score=0.01, last_at=NOW))])
def test_nobody_else_does(contacts: tuple[Contact, ...]) -> None:
    assert looked_at(desk_with(*contacts)).outreach == []


def test_a_dead_number_that_is_about_to_be_tried_again_keeps_nobody_off_the_list() -> None:
    assert looked_at(desk_with(own(1, last_at=NOW - 500 * DAYS, **GONE))).outreach == [ROW]


def test_the_last_usable_contact_that_is_taken_away_brings_a_person_onto_the_list() -> None:
    desk = desk_with(own(1, last_at=NOW - DAYS, **GONE), own(2))
    desk.take(
        event(ContactRemoved("sms", "13800138002"), given("13800138002")), event(person_data(), given("13800138001", verified_on=None))
    )
    assert desk.outreach == [ROW]


@pytest.mark.parametrize("verified_on", [None, TODAY])
def test_a_new_contact_takes_the_person_off_the_list(verified_on: date | None) -> None:
    desk = lost().take(event(ContactData("sms", "x"), given("13600136000", verified_on=verified_on)))
    assert desk.outreach == []


def test_a_contact_that_was_verified_anew_takes_the_person_off_the_list() -> None:
    assert lost().take(event(ContactData("sms", "x"), given("13800138001", verified_on=TODAY))).outreach == []


def test_the_first_contact_of_somebody_who_was_left_without_any_does_too() -> None:
    desk = lost()
    desk.take(*(event(ContactRemoved(c.channel, c.address), given(c.address, c.relation)) for c in desk.state.contacts))
    assert desk.outreach == [ROW]
    assert desk.take(event(ContactData("sms", "x"), given("13600136000"))).outreach == []


def test_a_state_that_was_left_and_an_override_take_the_person_off_the_list() -> None:
    assert believed_again(lost(), usable=True, dead=False, score=0.6).outreach == []
    assert believed_again(lost(), usable=True).outreach == []
    denied = looked_at(desk_with(own(1, denied_on=TODAY, **STRANGERS)))
    assert denied.outreach == [ROW]
    assert believed_again(denied, usable=True).outreach == []


def test_an_event_that_comes_before_the_look_that_was_asked_for_takes_the_person_off_too() -> None:
    desk = lost()
    contacts = tuple(structs.replace(c, usable=True) for c in desk.state.contacts)
    person = structs.replace(desk.state.person, plan_due=desk.now)
    desk.state = structs.replace(desk.state, contacts=contacts, person=person)
    assert desk.take(event(person_data())).outreach == []


def test_a_death_takes_the_person_off_the_list_and_one_that_never_was_puts_them_back() -> None:
    desk = lost().take(event(Deceased(TODAY - DAYS)))
    assert (desk.outreach, looked_at(desk).outreach) == ([], [])
    assert desk.take(event(Deceased(revoked=True))).outreach == [ROW]


def test_numbers_that_are_new_to_a_person_are_left_to_the_learner() -> None:
    """Somebody else's evidence says that the number is dead; whether it is for this person the record will tell, in seconds."""
    desk, number = Desk(), given("13800138000")
    desk.state = structs.replace(desk.state, beliefs={number.key: Belief(dead_at=desk.now)})
    assert desk.take(event(person_data(), number)).outreach == []


def test_rows_of_notices_stay_until_somebody_is_informed() -> None:
    desk = lost().take(event(Suspended(TODAY, "not_certified")))
    notice = desk.notice("suspension", "not_certified")
    assert sorted(desk.outreach, key=str) == sorted([ROW, (notice.id, "suspension", "no_contact")], key=str)
    (again,) = believed_again(desk, usable=True).last.notices
    assert desk.outreach == [(again.id, "suspension", "no_contact")]


def test_nothing_is_written_for_a_person_whose_contacts_are_as_they_were() -> None:
    """The common path: no row is opened, and none is looked for."""
    desk = desk_with(own(1, last_at=NOW)).take(reminder_due(DEADLINE))
    assert (desk.last.outreach, desk.last.contact_lifted) == ((), False)
