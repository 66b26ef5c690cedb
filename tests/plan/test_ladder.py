"""Whom and through what: the ladder, addressees, names, texts."""

from datetime import date

import pytest
from msgspec import structs

from gateway.events import ContactData, ContactRemoved, Suspended, Terminated
from gateway.plan import Settings
from gateway.plan.state import Belief
from gateway.words import NoticeStatus, Reason, Relation, Status
from scheduler.calendar import add_months
from tests.plan.fakes import FAMILY, GUARDIAN, SELF, TODAY, UNIT, Desk, contact, event, given, lapsed, person_data, reminder_due, rules

DEADLINE = add_months(TODAY, 3)
OWN, DAUGHTER, OFFICE = given("13800138000"), given("13900139000", FAMILY), given("13700137000", UNIT)


def route(desk: Desk) -> list[tuple[str, str]]:
    """Lets every message fail and says where each went."""
    went = []
    while desk.last.drafts:
        (draft,) = desk.last.drafts
        went.append((draft.addressee, draft.address))
        desk.end(Status.UNDELIVERED, Reason.UNREACHABLE)
    return went


def test_the_ladder_goes_from_numbers_to_wechat_to_family_to_unit_to_phone() -> None:
    contacts = (
        given("13700137000", UNIT),
        given("oFAM", FAMILY, "wechat"),
        given("13900139000", FAMILY),
        given("oSELF", SELF, "wechat"),
        given("02812345678", SELF, "voice"),
        given("13800138001"),
        given("13800138000", verified_on=TODAY),
    )
    assert route(Desk().take(reminder_due(DEADLINE, *contacts))) == [
        ("self", "13800138000"),
        ("self", "13800138001"),
        ("self", "oSELF"),
        ("family", "13900139000"),
        ("family", "oFAM"),
        ("unit", "13700137000"),
        ("self", "02812345678"),
    ]


def test_among_numbers_of_one_rung_the_better_believed_goes_first_then_the_latest_verified() -> None:
    desk = Desk()
    contacts = (
        contact(1, "13800138001", verified_on=date(2020, 1, 1)),
        contact(2, "13800138002", verified_on=date(2026, 1, 1)),
        contact(3, "13800138003", score=0.9),
    )
    desk.state = structs.replace(desk.state, contacts=contacts)
    assert [address for _, address in route(desk.take(reminder_due(DEADLINE)))] == ["13800138003", "13800138002", "13800138001"]


def test_the_order_is_configured() -> None:
    ladder = ((Relation.FAMILY, "sms"), (Relation.SELF, "sms"))
    desk = Desk(rules_=rules(Settings(ladder=ladder))).take(reminder_due(DEADLINE, OWN, DAUGHTER, given("oX", channel="wechat")))
    assert route(desk) == [("family", "13900139000"), ("self", "13800138000")]


def test_a_guardian_whom_the_ladder_does_not_name_stands_behind_the_family() -> None:
    ladder = ((SELF, "sms"), (FAMILY, "sms"), (UNIT, "sms"))
    desk = Desk(rules_=rules(Settings(ladder=ladder))).take(reminder_due(DEADLINE, OFFICE, given("13600136000", GUARDIAN), DAUGHTER, OWN))
    assert [relation for relation, _ in route(desk)] == ["self", "family", "guardian", "unit"]


def test_a_number_that_quality_gave_up_is_never_used_not_even_for_a_new_person() -> None:
    desk = Desk()
    desk.state = structs.replace(desk.state, beliefs={OWN.key: Belief(dead_at=desk.now)})
    assert route(desk.take(reminder_due(DEADLINE, OWN, DAUGHTER))) == [("family", "13900139000")]


def test_the_same_number_is_not_used_twice_for_one_notice() -> None:
    assert route(Desk().take(reminder_due(DEADLINE, OWN, given("13800138000", UNIT)))) == [("self", "13800138000")]


def test_the_third_is_not_tried_while_the_second_may_still_arrive() -> None:
    desk = Desk().take(reminder_due(DEADLINE, OWN, DAUGHTER, OFFICE)).end(Status.UNDELIVERED, Reason.NUMBER_ABSENT).end(Status.SENT)
    assert (desk.last.drafts, [t.status for t in desk.notice("reminder").tried]) == ((), [Status.UNDELIVERED, Status.SENT])


def test_a_number_held_as_self_and_family_gets_the_text_of_the_family() -> None:
    assert route(Desk().take(reminder_due(DEADLINE, OWN, given("13800138000", FAMILY)))) == [("family", "13800138000")]


@pytest.mark.parametrize("cause", ["death", "missing", "imprisoned"])
def test_death_missing_and_imprisonment_go_to_family_then_unit_and_never_to_the_person(cause: str) -> None:
    desk = Desk().take(event(Terminated(TODAY, cause, person=person_data()), OWN, OFFICE, DAUGHTER))  # type: ignore[arg-type]
    assert route(desk) == [("family", "13900139000"), ("unit", "13700137000")]
    assert desk.notice("termination", cause).status == NoticeStatus.UNINFORMED


@pytest.mark.parametrize("cause", ["not_certified", "other"])
def test_other_terminations_go_to_the_person_first(cause: str) -> None:
    desk = Desk().take(event(Terminated(TODAY, cause, person=person_data()), OFFICE, DAUGHTER, OWN))  # type: ignore[arg-type]
    assert route(desk) == [("self", "13800138000"), ("family", "13900139000"), ("unit", "13700137000")]


def test_a_death_is_not_told_to_a_familys_number_that_is_also_the_persons() -> None:
    desk = Desk().take(event(Terminated(TODAY, "death"), OWN, given("13800138000", FAMILY)))
    assert (desk.last.drafts, desk.notice("termination", "death").reason) == ((), Reason.NO_CONTACT)


def test_a_death_that_waits_for_a_number_which_turns_out_to_be_the_persons_is_called_back() -> None:
    desk = Desk().take(event(Terminated(TODAY, "death"), DAUGHTER, OFFICE))
    desk.take(event(ContactData("sms", "13900139000"), given("13900139000")))
    assert [(r.key, r.reason) for r in desk.last.recalls] == [(DAUGHTER.key, Reason.SUPERSEDED)]
    assert [d.address for d in desk.last.drafts] == ["13700137000"]


def test_a_message_that_waits_for_a_removed_contact_is_called_back_and_the_next_is_tried() -> None:
    desk = Desk().take(reminder_due(DEADLINE, OWN, DAUGHTER))
    desk.take(event(ContactRemoved("sms", "13800138000"), OWN))
    assert (desk.codes(), [r.key for r in desk.last.recalls]) == (["recorded"], [OWN.key])
    assert [d.address for d in desk.last.drafts] == ["13900139000"]


def test_a_contact_removed_and_given_again_in_one_batch_stays() -> None:
    desk = Desk().take(reminder_due(DEADLINE, OWN))
    ident = desk.state.contacts[0].id
    desk.take(event(ContactRemoved("sms", "13800138000"), OWN), event(ContactData("sms", "13800138000"), OWN))
    assert ([c.id for c in desk.state.contacts], desk.last.contacts_removed) == ([ident], ())
    assert (desk.last.recalls, desk.last.drafts) == ((), ())
    assert desk.notice("reminder").tried[0].status == Status.QUEUED


def test_a_removal_takes_one_relation_or_all() -> None:
    desk = Desk().take(event(person_data(), OWN, given("13800138000", FAMILY)))
    desk.take(event(ContactRemoved("sms", "13800138000", SELF), OWN))
    assert [c.relation for c in desk.state.contacts] == [FAMILY]
    assert desk.take(event(ContactRemoved("sms", "13800138000"), OWN)).state.contacts == ()
    assert desk.take(event(ContactRemoved("sms", "13800138000"), OWN)).codes() == ["unchanged"]


def test_a_contact_repeated_by_a_feed_that_knows_less_stays_as_verified_as_it_was() -> None:
    desk = Desk().take(event(person_data(), given("13800138000", verified_on=TODAY)))
    desk.take(event(ContactData("sms", "13800138000"), structs.replace(OWN, source=desk.state.contacts[0].source.__class__.LEGACY)))
    assert desk.codes() == ["unchanged"]
    assert (desk.state.contacts[0].verified_on, desk.state.contacts[0].source) == (TODAY, "counter")


@pytest.mark.parametrize(("born", "first"), [(2009, "guardian"), (2008, "self"), (None, "self")])
def test_a_minor_is_told_through_the_guardian(born: int | None, first: str) -> None:
    guardian = given("13600136000", GUARDIAN)
    went = route(Desk().take(reminder_due(DEADLINE, OWN, DAUGHTER, guardian, person=person_data(birth_year=born))))
    assert went[0][0] == first
    assert (("self", "13800138000") in went) == (first == "self")


def test_a_reminder_passes_over_a_number_that_opted_out_and_with_no_other_goes_to_the_list() -> None:
    for contacts, expected in (((OWN, DAUGHTER), ["13900139000"]), ((OWN,), [])):
        desk = Desk()
        desk.state = structs.replace(desk.state, beliefs={OWN.key: Belief(opted_out=True)})
        desk.take(reminder_due(DEADLINE, *contacts))
        assert [d.address for d in desk.last.drafts] == expected
        assert [row[1:] for row in desk.outreach] == ([] if expected else [("reminder", "opted_out")])
        assert desk.notice("reminder").reason == (None if expected else Reason.OPTED_OUT)


def test_a_suspension_goes_to_a_number_that_opted_out() -> None:
    desk = Desk()
    desk.state = structs.replace(desk.state, beliefs={OWN.key: Belief(opted_out=True)})
    assert len(desk.take(event(Suspended(TODAY, "not_certified"), OWN)).last.drafts) == 1


@pytest.mark.parametrize(("verified", "name"), [(TODAY, "王建国"), (None, "王*国")])
def test_a_name_is_masked_for_a_number_that_nobody_verified(verified: date | None, name: str) -> None:
    desk = Desk().take(reminder_due(DEADLINE, given("13800138000", verified_on=verified), person=person_data()))
    assert desk.last.drafts[0].values["name"] == name


def test_nobodys_name_is_no_error() -> None:
    assert Desk().take(reminder_due(DEADLINE, OWN)).last.drafts[0].values["name"] == ""


def test_a_reminder_shows_the_day_before_the_deadline() -> None:
    values = Desk().take(reminder_due(date(2027, 3, 15), OWN, person=person_data())).last.drafts[0].values
    assert (values["shown_date"], values["deadline"], values["signature"]) == ("2027年3月14日", "2027年3月15日", "四川社保")


def test_a_suspension_says_until_when_somebody_may_object_and_a_lapse_does_not() -> None:
    values = Desk().take(event(Suspended(date(2026, 11, 30), "not_certified"), OWN)).last.drafts[0].values
    assert (values["object_until"], values["effective_month"]) == ("2027年2月28日", "2026年11月")
    assert "object_until" not in Desk().take(lapsed(TODAY, OWN)).last.drafts[0].values


def test_the_text_fits_where_and_how_the_person_lives() -> None:
    abroad = Desk().take(reminder_due(DEADLINE, OWN, person=person_data(abroad=True)))
    assert abroad.last.drafts[0].template == "sms/reminder.self.abroad"
    suspends = Desk(rules_=rules(Settings(lapse_means_suspended=True))).take(lapsed(TODAY, OWN))
    assert suspends.last.drafts[0].template == "sms/suspension.lapsed_is.self"


def test_a_channel_without_the_text_is_passed_over() -> None:
    made = rules()
    made.texts.missing.add("sms/reminder.self")  # type: ignore[attr-defined]
    assert route(Desk(rules_=made).take(reminder_due(DEADLINE, OWN, given("oX", channel="wechat")))) == [("self", "oX")]
