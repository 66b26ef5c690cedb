"""Fields given replace, fields absent stay; repeated facts change nothing."""

from datetime import date

import pytest
from msgspec import structs

from gateway.events import ContactData, ManagingUnit, PersonData, Residence
from gateway.words import Beneficiary
from tests.plan.fakes import INJURY, PENSION, TODAY, Desk, event, given, person_data

FIELDS = {
    "name": "李秀英",
    "region": "510703",
    "residence": Residence("511302", village="红旗村"),
    "insurance": [PENSION, INJURY],
    "beneficiary": Beneficiary.DEPENDANT,
    "birth_year": 1950,
    "abroad": True,
    "home_service": True,
    "managing_unit": ManagingUnit("红旗厂"),
    "benefit_started_on": date(2020, 1, 1),
}


def seen(desk: Desk) -> dict[str, object]:
    person = desk.state.person
    facts = structs.asdict(person) | structs.asdict(person.details)
    return {name: list(facts[name]) if name == "insurance" else facts[name] for name in FIELDS}


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_is_given_replaces_and_all_others_stay(name: str) -> None:
    desk = Desk().take(event(person_data(birth_year=1949)))
    before = seen(desk)
    desk.take(event(PersonData(**{name: FIELDS[name]})))  # type: ignore[arg-type]
    assert (desk.codes(), seen(desk)) == (["recorded"], before | {name: FIELDS[name]})
    assert desk.take(event(PersonData(**{name: FIELDS[name]}))).codes() == ["unchanged"]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["residence", "beneficiary", "birth_year", "managing_unit"])
def test_null_clears(name: str) -> None:
    desk = Desk().take(event(PersonData(**FIELDS)), event(PersonData(**{name: None})))  # type: ignore[arg-type]
    assert seen(desk)[name] is None


def test_contacts_are_added_and_known_better_not_replaced() -> None:
    desk = Desk().take(event(person_data(), given("13800138000")))
    desk.take(event(PersonData(), given("13800138001")), event(ContactData("sms", "x"), given("13800138000", verified_on=TODAY)))
    assert {c.address: c.verified_on for c in desk.state.contacts} == {"13800138000": TODAY, "13800138001": None}
    assert [c.address for c in desk.last.contacts_put] == ["13800138001", "13800138000"]
    assert desk.take(event(ContactData("sms", "x"), given("13800138000"))).codes() == ["unchanged"]


def test_the_same_number_in_two_relations_is_two_contacts() -> None:
    desk = Desk().take(event(person_data(), given("13800138000"), given("13800138000", given("x").relation.FAMILY)))
    assert len(desk.state.contacts) == 2


def test_a_person_that_events_said_nothing_of_is_not_written() -> None:
    desk = Desk()
    before = desk.state.person
    assert desk.take(event(PersonData())).last.person is before
