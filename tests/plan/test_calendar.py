"""What the calendar does by itself: reminders, lapses, late records, the outreach list, and when it looks again."""

from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.events import Suspended, Terminated
from gateway.plan import Settings
from gateway.plan.instants import midnight
from gateway.words import Insurance, NoticeStatus, Reason, Status
from scheduler.calendar import add_months
from tests.plan.fakes import FAMILY, INJURY, PENSION, TODAY, Desk, certified, event, given, lapsed, person_data, reminder_due, rules

OWN, DAUGHTER = given("13800138000"), given("13900139000", FAMILY)
START = date(2026, 3, 15)
REMINDER, DEADLINE, LAPSE = date(2026, 12, 15), date(2027, 3, 15), date(2027, 3, 16)


def known(*contacts: object, today: date = date(2026, 6, 1)) -> Desk:
    return Desk(today).take(event(person_data(certified_on=START), *(contacts or (OWN,))))  # type: ignore[arg-type]


def test_midnight_is_that_of_shanghai() -> None:
    assert midnight(date(2026, 12, 15)) == datetime.fromisoformat("2026-12-15T00:00:00+08:00")


def test_the_calendar_looks_at_the_reminder_then_sixty_days_before_the_deadline_then_after_it_and_then_no_more() -> None:
    desk = known()
    assert desk.state.person.plan_due == midnight(REMINDER)
    desk.at(midnight(REMINDER)).take()
    assert (desk.notice("reminder").status, desk.state.person.plan_due) == (
        NoticeStatus.IN_PROGRESS,
        midnight(DEADLINE - timedelta(days=60)),
    )
    desk.end(Status.DELIVERED)
    assert desk.state.person.plan_due == midnight(LAPSE)
    desk.at(midnight(LAPSE)).take()
    assert desk.notice("suspension", "lapsed").status == NoticeStatus.IN_PROGRESS
    assert desk.last.person.plan_due is None


def test_no_reminder_goes_a_moment_before_its_day() -> None:
    desk = known().at(midnight(REMINDER) - timedelta(seconds=1)).take()
    assert desk.state.notices == ()


def test_the_lapse_notice_waits_for_the_day_after_the_deadline() -> None:
    desk = known().at(midnight(LAPSE) - timedelta(seconds=1)).take()
    assert [n.kind for n in desk.state.notices] == []
    assert desk.state.person.plan_due == midnight(LAPSE)


@pytest.mark.parametrize(("days", "kind"), [(-1, "reminder"), (0, None), (1, "suspension"), (31, "suspension"), (32, None)])
def test_a_record_loaded_late_gets_what_is_still_true(days: int, kind: str | None) -> None:
    desk = known(today=DEADLINE + timedelta(days=days))
    assert [n.kind for n in desk.state.notices] == ([kind] if kind else [])


def test_the_catch_up_is_configured() -> None:
    desk = Desk(DEADLINE + timedelta(days=10), rules(Settings(catch_up_days=9)))
    assert desk.take(event(person_data(certified_on=START), OWN)).state.notices == ()


def test_a_reminder_is_not_worth_sending_from_its_deadline_on() -> None:
    desk = known(today=DEADLINE - timedelta(days=1))
    assert (desk.notice("reminder").expires_at, desk.last.drafts[0].expires_at) == (midnight(DEADLINE), midnight(DEADLINE))


def test_a_reminder_event_after_its_deadline_is_too_late() -> None:
    desk = Desk().take(reminder_due(TODAY, OWN))
    assert (desk.codes(), desk.state.notices) == (["too_late"], ())


def test_a_lapsed_event_is_held_until_its_deadline_and_starts_on_that_day() -> None:
    day = TODAY + timedelta(days=10)
    desk = Desk().take(lapsed(day, OWN))
    held = desk.notice("suspension", "lapsed")
    assert (desk.codes(), held.status, held.due_at) == (["held"], NoticeStatus.SCHEDULED, midnight(day))
    assert desk.state.person.plan_due is not None
    assert desk.state.person.plan_due <= midnight(day)
    desk.at(midnight(day)).take()
    assert (desk.notice("suspension", "lapsed").status, desk.last.started) == (NoticeStatus.IN_PROGRESS, (held.id,))
    assert desk.state.person.plan_due == midnight(day + timedelta(days=1))
    assert desk.at(midnight(day + timedelta(days=1))).take().last.drafts == ()


def test_a_held_lapse_falls_to_a_certification() -> None:
    desk = Desk().take(lapsed(TODAY + timedelta(days=10), OWN)).take(certified(TODAY))
    notice = desk.notice("suspension", "lapsed")
    assert (notice.status, notice.reason) == (NoticeStatus.CANCELED, Reason.CERTIFIED)


def test_a_lapsed_event_long_after_its_deadline_is_still_told_for_a_backend_asks_for_it() -> None:
    assert Desk().take(lapsed(TODAY - timedelta(days=90), OWN)).codes() == ["notice"]


def test_whoever_is_not_informed_sixty_days_before_the_deadline_enters_the_outreach_list_once() -> None:
    desk = known().at(midnight(REMINDER)).take().end(Status.SENT)
    day = DEADLINE - timedelta(days=60)
    assert desk.at(midnight(day) - timedelta(seconds=1)).take().outreach == []
    desk.at(midnight(day)).take()
    assert [row[1:] for row in desk.outreach] == [("reminder", "not_informed")]
    assert desk.at(midnight(day) + timedelta(hours=1)).take().last.outreach == ()
    assert desk.notice("reminder").status == NoticeStatus.IN_PROGRESS


def test_whoever_becomes_known_later_than_that_enters_it_at_once_beside_the_message() -> None:
    desk = known(today=DEADLINE - timedelta(days=30))
    assert [row[1:] for row in desk.outreach] == [("reminder", "not_informed")]
    assert len(desk.last.drafts) == 1
    assert desk.end(Status.DELIVERED).outreach == []


def test_a_lapse_of_somebody_who_was_reminded_opens_no_row_while_it_is_on_its_way() -> None:
    desk = known().at(midnight(REMINDER)).take().end(Status.DELIVERED).at(midnight(LAPSE)).take()
    assert desk.outreach == []


def test_a_lapse_of_somebody_never_known_before_opens_a_row_at_once() -> None:
    assert [row[1:] for row in Desk().take(lapsed(TODAY, OWN)).outreach] == [("suspension", "not_informed")]


def test_nothing_about_the_cycle_is_due_for_a_person_whose_benefits_all_ended() -> None:
    desk = known().take(event(Terminated(date(2026, 6, 1), "other"), OWN))
    assert desk.state.person.plan_due == midnight(date(2027, 6, 1))
    desk.at(midnight(REMINDER)).take()
    assert [n.kind for n in desk.state.notices] == ["termination"]


def test_the_end_of_one_of_two_benefits_leaves_the_cycle() -> None:
    desk = Desk(date(2026, 6, 1)).take(event(person_data(insurance=(PENSION, INJURY), certified_on=START), OWN))
    desk.take(event(Terminated(date(2026, 6, 1), "other", [INJURY]))).at(midnight(REMINDER)).take()
    assert {n.kind for n in desk.state.notices} == {"termination", "reminder"}


def test_no_lapse_is_told_by_the_calendar_once_every_benefit_is_suspended_for_it() -> None:
    desk = known().take(event(Suspended(DEADLINE, "not_certified"))).at(midnight(LAPSE)).take()
    assert [n.cause for n in desk.state.notices] == ["not_certified"]


def test_a_year_after_a_termination_people_look_into_it_once() -> None:
    desk = known().take(event(Terminated(date(2026, 6, 1), "missing"), DAUGHTER)).end(Status.DELIVERED)
    desk.at(midnight(date(2027, 6, 1))).take()
    assert [row[1:] for row in desk.outreach] == [("follow_up", "long_terminated")]
    assert desk.take().last.outreach == ()


def test_29_february_as_a_deadline_is_kept_as_given() -> None:
    desk = Desk(date(2027, 12, 1)).take(reminder_due(date(2028, 2, 29), OWN))
    assert desk.state.person.deadline == date(2028, 2, 29)
    desk.end(Status.DELIVERED).at(midnight(date(2028, 3, 1))).take()
    assert desk.notice("suspension", "lapsed").deadline == date(2028, 2, 29)


def test_a_message_waits_for_the_window_and_is_worth_sending_for_its_hours() -> None:
    opens = datetime(2026, 11, 25, 0, 30, tzinfo=UTC)
    desk = Desk(rules_=rules(Settings(validity_hours=24), opens)).take(reminder_due(add_months(TODAY, 3), OWN))
    (draft,) = desk.last.drafts
    assert (draft.due_at, draft.expires_at) == (opens, opens + timedelta(hours=24))


def test_a_notice_whose_time_ends_before_the_window_opens_is_handed_to_people() -> None:
    tomorrow = TODAY + timedelta(days=1)
    opens = midnight(tomorrow) + timedelta(hours=8)
    desk = Desk(rules_=rules(opens=opens)).take(reminder_due(tomorrow, OWN))
    notice = desk.notice("reminder")
    assert (notice.status, notice.reason) == (NoticeStatus.UNINFORMED, Reason.QUIET_EXPIRED)
    assert [row[1:] for row in desk.outreach] == [("reminder", "expired")]


def test_work_injury_is_looked_into_by_the_unit_first() -> None:
    desk = Desk().take(reminder_due(add_months(TODAY, 3), person=person_data(insurance=(Insurance.WORK_INJURY,))))
    assert [row.goes_to for row in desk.last.outreach] == ["unit"]


def test_a_look_with_nothing_due_changes_nothing() -> None:
    desk = known()
    before = desk.state.person
    assert desk.take().last.person is before
