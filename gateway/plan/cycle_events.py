"""`si.cycle.reminder-due` and `si.cycle.lapsed`: a backend says that the duty of a cycle is due."""

from datetime import date

from gateway.events import CycleDue, Event
from gateway.model import Verdict
from gateway.plan.certification import ASSERTED, assume, certify
from gateway.plan.codes import Code
from gateway.plan.duties import cycle_key, open_duty, trail
from gateway.plan.facts import bad_date, bad_person, put_contacts, put_person
from gateway.plan.instants import midnight
from gateway.plan.state import Rejection
from gateway.plan.work import Duty, Work, withdraw
from gateway.words import Cause, Kind, Lane

_NO_CHECKS: tuple[str, ...] = ()


def reminder_due(work: Work, event: Event, data: CycleDue) -> Verdict | Rejection:
    """The reminder goes now; once its deadline has come it would tell people to come before a day that is over."""
    cycle = _cycle(work, event, data)
    if isinstance(cycle, Rejection):
        return cycle
    deadline, start, checks = cycle
    if work.today >= deadline:
        return Verdict(Code.TOO_LATE)
    duty = reminder(work, deadline, start, Lane.NORMAL, "event")
    return _open(work, duty, event, checks)


def lapsed(work: Work, event: Event, data: CycleDue) -> Verdict | Rejection:
    """The lapse notice goes now, or on its deadline where that lies ahead."""
    cycle = _cycle(work, event, data)
    if isinstance(cycle, Rejection):
        return cycle
    deadline, start, checks = cycle
    duty = lapse(work, deadline, start, Lane.URGENT, "event")
    if deadline > work.today:
        duty.due_at = midnight(deadline)
    return _open(work, duty, event, checks)


def reminder(work: Work, deadline: date, start: date | None, lane: Lane, by: str) -> Duty:
    """The duty to remind [23, 37]; from its deadline on it would be untrue."""
    return Duty(
        cycle_key(Kind.REMINDER, Cause.NONE, deadline), Kind.REMINDER, Cause.NONE, work.insurance, deadline, lane, work.now,
        trail(Kind.REMINDER, Cause.NONE, by), deadline, start, midnight(deadline),
    )  # fmt: skip


def lapse(work: Work, deadline: date, start: date | None, lane: Lane, by: str) -> Duty:
    """The duty to say that the deadline has passed [24, 37]."""
    return Duty(
        cycle_key(Kind.SUSPENSION, Cause.LAPSED, deadline), Kind.SUSPENSION, Cause.LAPSED, work.insurance, deadline, lane, work.now,
        trail(Kind.SUSPENSION, Cause.LAPSED, by), deadline, start,
    )  # fmt: skip


def _cycle(work: Work, event: Event, data: CycleDue) -> tuple[date, date | None, tuple[str, ...]] | Rejection:
    """Takes the facts; the cycle the event speaks of as (deadline, start, checks). `certified_on` wins over a deadline that does not agree."""
    bad = (
        bad_date(data.deadline, "$.data.deadline")
        or bad_date(data.certified_on, "$.data.certified_on", work.today)
        or bad_person(data.person, "$.data.person", work.today)
    )
    if bad is not None:
        return bad
    if data.person is not None:
        put_person(work, data.person, evidence=False)
    put_contacts(work, event.contacts)
    if data.certified_on is None:
        return data.deadline, *_given(work, data.deadline)
    certify(work, data.certified_on, evidence=False)
    start = work.rules.calendar.cycle_start(data.certified_on, work.benefit_started_on) or data.certified_on
    deadline = work.rules.cycle(start).deadline
    return deadline, start, _NO_CHECKS if deadline == data.deadline else (f"deadline_differs:{data.deadline}",)


def _given(work: Work, deadline: date) -> tuple[date | None, tuple[str, ...]]:
    """Start and checks of a cycle known by its deadline alone."""
    moved = assume(work, deadline)
    start = work.start if work.deadline == deadline else work.rules.cycle_from_deadline(deadline).start
    return start, (ASSERTED,) if moved else _NO_CHECKS


def _open(work: Work, duty: Duty, event: Event, checks: tuple[str, ...]) -> Verdict:
    if work.moved:
        withdraw(work)
    duty.event_source, duty.event_id = event.source, event.id
    if checks:
        duty.checks += checks
    return open_duty(work, duty)
