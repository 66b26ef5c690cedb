"""The deceased, conflicts, and what lifts them."""

from datetime import date, timedelta

import pytest

from gateway.events import Deceased, Resumed, Suspended, Terminated
from gateway.words import NoticeStatus, Reason, Status
from scheduler.calendar import add_months
from tests.plan.fakes import FAMILY, PENSION, TODAY, Desk, certified, event, given, lapsed, person_data, reminder_due

OWN, DAUGHTER = given("13800138000"), given("13900139000", FAMILY)
DIED = TODAY - timedelta(days=9)
START = add_months(TODAY, -9)


def alive() -> Desk:
    return Desk().take(event(person_data(certified_on=START), OWN, DAUGHTER))


def test_a_death_withdraws_everything_that_has_not_left() -> None:
    desk = alive().take(event(Deceased(DIED)))
    notice = desk.notice("reminder")
    assert (notice.status, notice.reason, desk.state.person.plan_due) == (NoticeStatus.CANCELED, Reason.DECEASED, None)


def test_a_death_in_the_future_is_an_error() -> None:
    desk = alive().take(event(Deceased(TODAY + timedelta(days=1))))
    assert (desk.codes(), desk.state.person.deceased) == (["invalid"], False)


def test_the_same_death_twice_changes_nothing() -> None:
    assert alive().take(event(Deceased(DIED)), event(Deceased(DIED)), event(Deceased())).codes() == ["recorded", "unchanged", "unchanged"]


def test_the_termination_by_death_goes_to_the_family_after_the_death_was_known() -> None:
    desk = alive().take(event(Deceased(DIED)), event(Terminated(TODAY, "death")))
    assert desk.codes() == ["recorded", "notice"]
    assert [d.addressee for d in desk.last.drafts] == ["family"]


def test_a_termination_by_death_says_that_the_person_died() -> None:
    desk = alive().take(event(Terminated(TODAY, "death")))
    assert (desk.state.person.deceased, desk.notice("reminder").status) == (True, NoticeStatus.CANCELED)


@pytest.mark.parametrize("order", ["death first", "certification first"])
def test_a_certification_dated_after_the_death_is_a_conflict_in_either_order(order: str) -> None:
    said = [event(Deceased(DIED)), certified(DIED + timedelta(days=1))]
    desk = alive().take(*(said if order == "death first" else reversed(said)))
    assert desk.codes()[1] == "conflict"
    assert desk.state.person.conflict
    assert (None, "conflict", "conflict") in desk.outreach


@pytest.mark.parametrize("order", ["death first", "certification first"])
def test_a_certification_up_to_the_day_of_death_is_none(order: str) -> None:
    said = [event(Deceased(DIED)), certified(DIED)]
    desk = alive().take(*(said if order == "death first" else reversed(said)))
    assert (desk.codes(), desk.state.person.conflict) == (["recorded", "recorded"], False)


def test_a_certification_accepted_after_a_death_without_a_date_is_a_conflict_whatever_its_date() -> None:
    assert alive().take(event(Deceased()), certified(START + timedelta(days=1))).codes() == ["recorded", "conflict"]


def test_one_accepted_before_a_death_without_a_date_is_none() -> None:
    assert alive().take(certified(TODAY), event(Deceased())).codes() == ["recorded", "recorded"]


def test_a_lapse_that_names_its_cycle_by_an_old_certification_is_no_evidence_of_life() -> None:
    desk = Desk().take(event(Deceased()), lapsed(TODAY, OWN, certified_on=add_months(TODAY, -12)))
    assert (desk.codes(), desk.state.person.conflict) == (["recorded", "deceased"], False)


def test_a_conflict_stops_the_termination_by_death_too() -> None:
    desk = alive().take(event(Terminated(TODAY - timedelta(days=3), "death"))).take(certified(TODAY))
    notice = desk.notice("termination", "death")
    assert (notice.status, notice.reason, notice.tried[0].status) == (NoticeStatus.CANCELED, Reason.CONFLICT, Status.CANCELED)


def test_in_a_conflict_nothing_is_sent_to_anybody() -> None:
    desk = alive().take(event(Deceased(DIED)), certified(TODAY))
    desk.take(event(Terminated(TODAY, "death")), event(Suspended(TODAY, "not_certified")), reminder_due(add_months(TODAY, 13), DAUGHTER))
    assert desk.codes() == ["conflict"] * 3
    assert desk.last.drafts == ()
    assert {n.status for n in desk.state.notices} == {NoticeStatus.SUPPRESSED, NoticeStatus.CANCELED}


@pytest.mark.parametrize("lifted_by", ["revoked", "resumption"])
def test_a_conflict_is_lifted_by_a_revoked_death_or_a_resumption(lifted_by: str) -> None:
    desk = alive().take(event(Deceased(DIED)), certified(TODAY))
    desk.take(event(Deceased(revoked=True)) if lifted_by == "revoked" else event(Resumed(TODAY)))
    person = desk.state.person
    assert (person.deceased, person.died_on, person.conflict, desk.outreach) == (False, None, False, [])
    assert person.plan_due is not None
    assert [n.kind for n in desk.state.notices if n.status == NoticeStatus.IN_PROGRESS] == (
        ["resumption"] if lifted_by == "resumption" else []
    )


def test_a_conflict_is_not_lifted_by_more_certifications() -> None:
    desk = alive().take(event(Deceased(DIED)), certified(TODAY - timedelta(days=2)), certified(TODAY))
    assert desk.codes() == ["recorded", "conflict", "conflict"]
    assert len(desk.outreach) == 1


def test_a_revoked_death_brings_the_reminder_back() -> None:
    desk = alive().take(event(Deceased(DIED))).take(event(Deceased(revoked=True)))
    assert [(n.duty.rpartition("|")[2], n.status) for n in desk.state.notices] == [
        (str(add_months(START, 12)), NoticeStatus.CANCELED),
        ("2", NoticeStatus.IN_PROGRESS),
    ]


@pytest.mark.parametrize("batches", [1, 3])
def test_a_revoked_death_brings_the_suspension_back_that_it_had_stopped(batches: int) -> None:
    said = [event(Deceased(DIED)), event(Suspended(TODAY, "not_certified")), event(Deceased(revoked=True))]
    desk = Desk().take(event(person_data(), OWN))
    for batch in [said] if batches == 1 else [[one] for one in said]:
        desk.take(*batch)
    assert [(n.status, n.reason) for n in desk.state.notices if n.kind == "suspension"] == [
        (NoticeStatus.SUPPRESSED, Reason.DECEASED),
        (NoticeStatus.IN_PROGRESS, None),
    ]


def test_a_revoked_death_ends_the_notice_of_the_death() -> None:
    desk = alive().take(event(Terminated(TODAY, "death"))).take(event(Deceased(revoked=True)))
    notice = desk.notice("termination", "death")
    assert (notice.status, notice.reason) == (NoticeStatus.CANCELED, Reason.SUPERSEDED)


def test_a_revocation_of_no_death_changes_nothing() -> None:
    assert alive().take(event(Deceased(revoked=True))).codes() == ["unchanged"]


def test_a_resumption_that_undoes_the_termination_by_death_is_told_to_the_person() -> None:
    desk = alive().take(event(Terminated(DIED, "death"))).take(event(Resumed(TODAY)))
    assert (desk.state.person.deceased, [d.template for d in desk.last.drafts if d.lane == "urgent"]) == (False, ["sms/resumption.self"])
    assert desk.notice("termination", "death").reason == Reason.RESUMED


def test_a_resumption_does_not_undo_a_death_it_does_not_know_of_but_people_must_look() -> None:
    desk = alive().take(event(Deceased(DIED))).take(event(Resumed(TODAY)))
    assert (desk.codes(), desk.state.person.deceased, desk.last.drafts) == (["deceased"], True, ())
    assert (None, "conflict", "conflict") in desk.outreach


def test_a_termination_by_death_older_than_the_resumption_kills_nobody() -> None:
    desk = alive().take(event(Resumed(TODAY, [PENSION])), event(Terminated(date(2026, 11, 1), "death", [PENSION])))
    assert (desk.codes()[1], desk.state.person.deceased) == ("resumed", False)
