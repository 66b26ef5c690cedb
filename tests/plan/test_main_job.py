"""The day of events of the acceptance run, scenario by scenario, without engines."""

from datetime import timedelta

import pytest

from gateway.events import Deceased, Resumed, Suspended, Terminated
from gateway.words import NoticeStatus, Reason, Status
from scheduler.calendar import add_months
from tests.plan.fakes import FAMILY, PENSION, TODAY, Desk, certified, event, given, lapsed, person_data, reminder_due

DEADLINE = add_months(TODAY, 3)
OWN, OTHER, DAUGHTER, OPENID = given("13800138000"), given("13800138001"), given("13900139000", FAMILY), given("oABC", channel="wechat")


@pytest.mark.parametrize("back", range(4))
def test_a_reminder_that_fell_due_up_to_three_days_ago_goes_by_the_calendar(back: int) -> None:
    start = add_months(TODAY - timedelta(days=back), -9)
    desk = Desk().take(event(person_data(certified_on=start), OWN))
    assert desk.codes() == ["recorded"]
    notice = desk.notice("reminder")
    assert (notice.status, notice.lane, notice.deadline) == (NoticeStatus.IN_PROGRESS, "bulk", add_months(start, 12))
    (draft,) = desk.last.drafts
    assert (draft.channel, draft.address, draft.template, draft.lane) == ("sms", "13800138000", "sms/reminder.self", "bulk")


def test_a_reminder_goes_by_event_at_once_with_or_without_a_registry_entry() -> None:
    desk = Desk().take(reminder_due(DEADLINE, OWN, person=person_data()))
    assert desk.codes() == ["notice"]
    assert desk.notice("reminder").status == NoticeStatus.IN_PROGRESS
    (draft,) = desk.last.drafts
    assert (draft.lane, draft.addressee, draft.due_at) == ("normal", "self", desk.now)
    assert desk.end(Status.DELIVERED).notice("reminder").status == NoticeStatus.INFORMED


def test_a_lapse_on_its_deadline_is_told_at_once_and_not_again_by_the_calendar_the_day_after() -> None:
    desk = Desk().take(lapsed(TODAY, OWN, person=person_data()))
    assert (desk.notice("suspension", "lapsed").status, len(desk.state.notices)) == (NoticeStatus.IN_PROGRESS, 1)
    desk.end(Status.DELIVERED)
    desk.on(TODAY + timedelta(days=1)).take()
    assert len(desk.state.notices) == 1


@pytest.mark.parametrize("days", [5, 100, 199])
def test_somebody_certified_lately_causes_no_notice_at_all(days: int) -> None:
    desk = Desk().take(event(person_data(certified_on=TODAY - timedelta(days=days)), OWN))
    assert desk.state.notices == ()
    assert desk.last.drafts == ()


def test_somebody_certified_before_the_event_came_gets_no_reminder() -> None:
    desk = Desk().take(
        event(person_data(), OWN),
        certified(TODAY - timedelta(days=1)),
        reminder_due(DEADLINE, certified_on=add_months(TODAY, -9)),
    )
    assert desk.codes() == ["recorded", "recorded", "certified"]
    assert desk.last.drafts == ()
    notice = desk.notice("reminder")
    assert (notice.status, notice.reason) == (NoticeStatus.SUPPRESSED, Reason.CERTIFIED)
    assert "failed:certified" in notice.checks


def test_a_lapse_two_years_ago_is_left_to_the_uncertified_list() -> None:
    desk = Desk().take(event(person_data(certified_on=add_months(TODAY, -30)), OWN))
    assert (desk.state.notices, desk.last.person.plan_due) == ((), None)


def test_an_absent_number_is_followed_by_wechat() -> None:
    desk = Desk().take(reminder_due(DEADLINE, OWN, OPENID, person=person_data())).end(Status.UNDELIVERED, Reason.NUMBER_ABSENT)
    assert [(d.channel, d.rung) for d in desk.last.drafts] == [("wechat", 1)]
    assert desk.end(Status.DELIVERED).notice("reminder").status == NoticeStatus.INFORMED


def test_an_absent_number_is_followed_by_the_family_with_the_familys_text() -> None:
    desk = Desk().take(reminder_due(DEADLINE, OWN, DAUGHTER, person=person_data())).end(Status.UNDELIVERED, Reason.NUMBER_ABSENT)
    assert [(d.address, d.addressee, d.template) for d in desk.last.drafts] == [("13900139000", "family", "sms/reminder.family")]


def test_somebody_whose_only_number_is_absent_enters_the_outreach_list() -> None:
    desk = Desk().take(reminder_due(DEADLINE, OWN, person=person_data())).end(Status.UNDELIVERED, Reason.NUMBER_ABSENT)
    notice = desk.notice("reminder")
    assert (notice.status, notice.reason) == (NoticeStatus.UNINFORMED, Reason.NUMBER_ABSENT)
    assert desk.outreach == [(notice.id, "reminder", "ladder_failed")]
    assert desk.last.outreach[0].tried == ("sms:number_absent",)


def test_somebody_without_any_contact_enters_the_outreach_list_at_once() -> None:
    desk = Desk().take(reminder_due(DEADLINE, person=person_data()))
    notice = desk.notice("reminder")
    assert (notice.status, notice.reason) == (NoticeStatus.UNINFORMED, Reason.NO_CONTACT)
    assert desk.outreach == [(notice.id, "reminder", "no_contact")]


def test_nothing_is_sent_to_the_deceased() -> None:
    desk = Desk().take(event(person_data(), OWN), event(Deceased(TODAY - timedelta(days=9))), lapsed(TODAY))
    assert desk.codes() == ["recorded", "recorded", "deceased"]
    assert desk.last.drafts == ()
    assert desk.notice("suspension", "lapsed").status == NoticeStatus.SUPPRESSED


def test_a_death_is_told_to_the_family_only() -> None:
    desk = Desk().take(event(Terminated(TODAY, "death", person=person_data()), OWN, DAUGHTER))
    assert [(d.address, d.template) for d in desk.last.drafts] == [("13900139000", "sms/termination.death.family")]
    desk.end(Status.UNDELIVERED, Reason.NUMBER_ABSENT)
    assert desk.last.drafts == ()
    assert len(desk.state.notices) == 1


def test_a_resumption_is_told_at_once() -> None:
    desk = Desk().take(event(Resumed(TODAY, person=person_data()), OWN))
    assert (desk.notice("resumption").lane, desk.last.drafts[0].template) == ("urgent", "sms/resumption.self")


def test_the_same_duty_from_three_events_is_one_message() -> None:
    start = add_months(TODAY, -9)
    said = (add_months(start, 12), OWN)
    person = person_data(certified_on=start)
    desk = Desk().take(reminder_due(*said, certified_on=start, person=person), reminder_due(*said, certified_on=start, person=person))
    assert desk.codes() == ["notice", "duty_met"]
    assert desk.last.verdicts[0].notice_id == desk.last.verdicts[1].notice_id  # type: ignore[union-attr]
    assert len(desk.last.drafts) == 1
    assert desk.take(reminder_due(*said, certified_on=start, person=person)).codes() == ["duty_met"]
    assert len(desk.state.notices) == 1


@pytest.mark.parametrize("status", [Status.QUEUED, Status.SENDING, Status.SENT, Status.UNKNOWN])
def test_nothing_else_is_tried_while_a_message_may_still_arrive(status: Status) -> None:
    desk = Desk().take(reminder_due(DEADLINE, OWN, OPENID, person=person_data())).end(status)
    assert desk.last.drafts == ()
    assert desk.notice("reminder").status == NoticeStatus.IN_PROGRESS


def test_a_failed_payment_is_told_although_the_person_certified_since() -> None:
    desk = Desk().take(
        event(Suspended(TODAY, "payment_failed", [PENSION], person=person_data()), OWN),
        certified(TODAY - timedelta(days=1)),
    )
    assert [d.template for d in desk.last.drafts] == ["sms/suspension.payment_failed.self"]
    assert len(desk.state.notices) == 1


def test_a_late_delivery_closes_the_notice_and_withdraws_the_next_rung_that_waits() -> None:
    desk = Desk().take(reminder_due(DEADLINE, OWN, OTHER, person=person_data())).end(Status.UNDELIVERED, Reason.NO_RECEIPT)
    notice = desk.notice("reminder")
    assert [t.status for t in notice.tried] == [Status.UNDELIVERED, Status.QUEUED]
    late = notice.__class__(**{f: getattr(notice, f) for f in notice.__struct_fields__} | {"tried": tuple(reversed(notice.tried))})
    first = late.tried[1].__class__(late.tried[1].contact_id, "sms", late.tried[1].key, Status.DELIVERED)
    desk.settle(late, first)
    assert desk.notice("reminder").status == NoticeStatus.INFORMED
    assert Status.CANCELED in {t.status for t in desk.notice("reminder").tried}


def test_a_late_delivery_turns_an_uninformed_notice_into_an_informed_one() -> None:
    desk = Desk().take(reminder_due(DEADLINE, OWN, person=person_data())).end(Status.UNDELIVERED, Reason.NO_RECEIPT)
    notice = desk.notice("reminder")
    assert notice.status == NoticeStatus.UNINFORMED
    last = notice.tried[-1]
    desk.settle(notice, last.__class__(last.contact_id, last.channel, last.key, Status.DELIVERED))
    assert desk.notice("reminder").status == NoticeStatus.INFORMED
    assert desk.outreach == []
