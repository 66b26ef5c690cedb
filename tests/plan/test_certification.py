"""Certifications, the history and the cycle: later, older, future, revoked, first cycles, deadlines that do not agree."""

from datetime import date, timedelta

import pytest

from gateway.events import CertificationRevoked, PersonData
from gateway.words import NoticeStatus, Reason, Status
from scheduler.calendar import add_months
from tests.plan.fakes import TODAY, Desk, certified, event, given, lapsed, person_data, reminder_due

OWN = given("13800138000")
START = add_months(TODAY, -9)
DEADLINE = add_months(START, 12)


def reminded() -> Desk:
    return Desk().take(event(person_data(certified_on=START), OWN))


def test_a_new_certification_restarts_the_cycle_and_withdraws_the_reminder_that_has_not_left() -> None:
    desk = reminded().take(certified(TODAY))
    assert (desk.state.person.start, desk.state.person.deadline) == (TODAY, add_months(TODAY, 12))
    notice = desk.notice("reminder")
    assert (notice.status, notice.reason, notice.tried[0].status) == (NoticeStatus.CANCELED, Reason.CERTIFIED, Status.CANCELED)
    assert desk.codes() == ["recorded"]


def test_a_certification_withdraws_the_row_of_the_outreach_list() -> None:
    desk = Desk().take(event(person_data(certified_on=START)))
    assert [row[1:] for row in desk.outreach] == [("reminder", "no_contact")]
    assert desk.take(certified(TODAY)).outreach == []


def test_an_older_certification_changes_nothing_but_the_history() -> None:
    desk = reminded().take(certified(START - timedelta(days=40)))
    assert desk.codes() == ["older_date"]
    assert (desk.state.person.start, desk.notice("reminder").status) == (START, NoticeStatus.IN_PROGRESS)
    assert desk.state.person.certified == (START - timedelta(days=40), START)


def test_the_same_certification_twice_changes_nothing() -> None:
    desk = reminded().take(certified(START))
    assert desk.codes() == ["unchanged"]


@pytest.mark.parametrize("where", ["recorded", "person", "event", "nested"])
def test_a_certification_in_the_future_is_an_error_and_nothing_of_its_event_is_taken(where: str) -> None:
    tomorrow = TODAY + timedelta(days=1)
    said = {
        "recorded": (certified(tomorrow), "$.data.certified_on"),
        "person": (event(person_data(certified_on=tomorrow), OWN), "$.data.certified_on"),
        "event": (reminder_due(DEADLINE, OWN, certified_on=tomorrow), "$.data.certified_on"),
        "nested": (lapsed(TODAY, OWN, person=person_data(certified_on=tomorrow)), "$.data.person.certified_on"),
    }
    one, path = said[where]
    desk = Desk()
    before = desk.state.person
    desk.take(one)
    assert [(v.code, getattr(v, "path", "")) for v in desk.last.verdicts] == [("invalid", path)]
    assert desk.last.person is before
    assert (desk.last.contacts_put, desk.last.notices) == ((), ())


def test_a_certification_of_today_is_no_future_one() -> None:
    assert Desk().take(certified(TODAY)).codes() == ["recorded"]


@pytest.mark.parametrize("deadline", [date(1899, 12, 31), date(2200, 1, 1), date(9999, 12, 31)])
def test_a_date_that_must_be_a_typing_error_is_rejected(deadline: date) -> None:
    assert Desk().take(reminder_due(deadline, OWN)).codes() == ["invalid"]


def test_after_a_revocation_the_cycle_is_the_one_before_and_its_reminder_is_due_again() -> None:
    desk = reminded().take(certified(TODAY)).take(event(CertificationRevoked(TODAY)))
    assert (desk.state.person.start, desk.state.person.deadline) == (START, DEADLINE)
    assert [(n.duty, n.status) for n in desk.state.notices] == [
        (f"reminder|{DEADLINE}", NoticeStatus.CANCELED),
        (f"reminder|{DEADLINE}|2", NoticeStatus.IN_PROGRESS),
    ]


def test_a_reminder_that_had_reached_the_person_is_not_sent_again_after_a_revocation() -> None:
    desk = reminded().end(Status.DELIVERED).take(certified(TODAY)).take(event(CertificationRevoked(TODAY)))
    assert [n.status for n in desk.state.notices] == [NoticeStatus.INFORMED]


def test_a_reminder_that_had_left_is_not_sent_again_after_a_revocation() -> None:
    desk = reminded().end(Status.SENT).take(certified(TODAY)).take(event(CertificationRevoked(TODAY)))
    assert [n.status for n in desk.state.notices] == [NoticeStatus.CANCELED]


def test_a_revocation_of_an_unknown_certification_changes_nothing() -> None:
    desk = reminded().take(event(CertificationRevoked(TODAY)))
    assert (desk.codes(), desk.state.person.start) == (["unchanged"], START)


def test_a_revocation_of_an_older_certification_leaves_the_cycle() -> None:
    older = START - timedelta(days=40)
    desk = reminded().take(certified(older), event(CertificationRevoked(older)))
    assert (desk.state.person.start, desk.state.person.certified) == (START, (START,))


def test_a_revocation_of_the_only_certification_leaves_the_first_cycle() -> None:
    desk = Desk().take(event(person_data(benefit_started_on=date(2026, 1, 31), certified_on=TODAY)), event(CertificationRevoked(TODAY)))
    assert desk.state.person.start == date(2026, 2, 1)


def test_a_revocation_falls_back_to_the_deadline_that_an_event_had_given() -> None:
    desk = Desk().take(reminder_due(DEADLINE, OWN)).take(certified(TODAY)).take(event(CertificationRevoked(TODAY)))
    assert desk.state.person.deadline == DEADLINE


def test_a_first_cycle_counts_from_the_first_of_the_month_after_benefits_began() -> None:
    desk = Desk(date(2026, 11, 1)).take(event(person_data(benefit_started_on=date(2026, 1, 15)), OWN))
    assert desk.notice("reminder").deadline == date(2027, 2, 1)


def test_a_certification_before_benefits_began_counts_from_that_first() -> None:
    desk = Desk().take(event(person_data(benefit_started_on=date(2026, 5, 20), certified_on=date(2026, 4, 1))))
    assert desk.state.person.start == date(2026, 6, 1)


def test_certified_on_wins_over_a_deadline_that_does_not_agree_and_the_difference_is_recorded() -> None:
    desk = Desk().take(reminder_due(DEADLINE + timedelta(days=3), OWN, certified_on=START))
    notice = desk.notice("reminder")
    assert notice.deadline == DEADLINE
    assert f"deadline_differs:{DEADLINE + timedelta(days=3)}" in notice.checks


def test_28_february_from_either_start_is_the_same_cycle() -> None:
    desk = Desk(date(2024, 12, 1)).take(reminder_due(date(2025, 2, 28), OWN, certified_on=date(2024, 2, 29)))
    assert not [check for check in desk.notice("reminder").checks if check.startswith("deadline_differs")]
    desk.take(reminder_due(date(2025, 2, 28), OWN, certified_on=date(2024, 2, 28)))
    assert desk.codes() == ["duty_met"]


def test_a_deadline_alone_is_the_cycle_where_none_is_known() -> None:
    desk = Desk().take(lapsed(TODAY, OWN))
    assert (desk.state.person.start, desk.state.person.deadline) == (add_months(TODAY, -12), TODAY)


def test_an_event_for_an_older_cycle_than_the_known_one_is_answered_certified() -> None:
    desk = Desk().take(certified(TODAY), reminder_due(DEADLINE, OWN))
    assert desk.codes() == ["recorded", "certified"]
    assert (desk.last.drafts, desk.state.person.deadline) == ((), add_months(TODAY, 12))


def test_an_event_with_a_later_deadline_than_the_known_one_moves_the_cycle_on() -> None:
    later = DEADLINE + timedelta(days=10)
    desk = reminded().take(reminder_due(later, OWN))
    assert desk.state.person.deadline == later
    assert {n.deadline: n.status for n in desk.state.notices} == {DEADLINE: NoticeStatus.CANCELED, later: NoticeStatus.IN_PROGRESS}


def test_a_corrected_start_of_benefits_moves_the_first_cycle() -> None:
    desk = Desk().take(event(person_data(benefit_started_on=date(2026, 1, 15))))
    desk.take(event(PersonData(benefit_started_on=date(2026, 3, 15))))
    assert (desk.state.person.start, desk.codes()) == (date(2026, 4, 1), ["recorded"])
