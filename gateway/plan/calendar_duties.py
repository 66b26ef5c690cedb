"""What the calendar asks of a person today [23, 24, 32, 37], and when it must look again."""

from datetime import date, datetime, timedelta

from gateway.model import Benefit, Outreach
from gateway.plan.codes import FOLLOW_UP_ROW, Why
from gateway.plan.cycle_events import lapse, reminder
from gateway.plan.duties import open_duty
from gateway.plan.instants import midnight
from gateway.plan.ports import Cycle
from gateway.plan.work import CANCELED, SCHEDULED, SUPPRESSED, Work, every, standing
from gateway.stops import all_terminated
from gateway.words import OPEN_NOTICE, Cause, Kind, Lane

_WITHDRAWN = frozenset({CANCELED, SUPPRESSED})


def look(work: Work) -> None:
    """Opens the duty of the cycle that is due, once per deadline; a lapse longer ago than the catch-up is left to the uncertified list."""
    if work.start is None or work.deadline is None or not _must_certify(work):
        return
    today, deadline = work.today, work.deadline
    cycle = _cycle(work, work.start, deadline)
    if today < cycle.reminder_due:
        return
    if today < deadline:
        if _told(work, Kind.REMINDER, deadline):
            return
        open_duty(work, reminder(work, deadline, work.start, Lane.BULK, "calendar"), by_calendar=True)
    elif _lapse_due(cycle, deadline) <= today <= deadline + timedelta(days=work.rules.settings.catch_up_days):
        if _told(work, Kind.SUSPENSION, deadline) or suspended_already(work):
            return
        open_duty(work, lapse(work, deadline, work.start, Lane.BULK, "calendar"), by_calendar=True)


def follow_up(work: Work) -> None:
    """A year after a termination with nobody applying, people look into it [32]: once, on the day that passes."""
    for benefit in work.benefits:
        if (day := _follow_up(work, benefit)) is not None and passed(work, day):
            work.outreach.append(Outreach(work.state.person.id, None, FOLLOW_UP_ROW, Why.LONG_TERMINATED))
            return


def passed(work: Work, day: date) -> bool:
    """Whether this look is the first since `day` began: the look before had planned to look then at the latest."""
    planned = work.state.person.plan_due
    return planned is not None and planned <= midnight(day) <= work.now


def next_look(work: Work) -> datetime | None:
    """The next instant at which time alone can change something for the person."""
    day = _next_of_cycle(work)
    if work.benefits:
        days = [follow for benefit in work.benefits if (follow := _follow_up(work, benefit)) is not None and follow > work.today]
        day = min(days if day is None else [*days, day], default=None)
    look_at = None if day is None else midnight(day)
    for notice in every(work):
        if notice.status == SCHEDULED and notice.id not in work.closings and notice.id not in work.started:
            look_at = notice.due_at if look_at is None else min(look_at, notice.due_at)
    if work.watched:
        ends = [c.override_until for c in work.contacts if c.override_until is not None]
        look_at = min(ends if look_at is None else [*ends, look_at], default=None)
    return work.now if work.look_again else look_at


def _next_of_cycle(work: Work) -> date | None:
    if work.start is None or work.deadline is None or not _must_certify(work):
        return None
    today, cycle = work.today, _cycle(work, work.start, work.deadline)
    lapse_due = _lapse_due(cycle, work.deadline)
    if today >= lapse_due:
        return None
    day = cycle.reminder_due if today < cycle.reminder_due else lapse_due
    latest = work.rules.outreach_latest(work.deadline)
    return latest if today < latest < day and _reminding(work) else day


def _reminding(work: Work) -> bool:
    return any(notice.kind == Kind.REMINDER and standing(work, notice)[0] in OPEN_NOTICE for notice in every(work))


def _follow_up(work: Work, benefit: Benefit) -> date | None:
    if benefit.state != "terminated" or benefit.since is None:
        return None
    return work.rules.calendar.long_terminated_follow_up(benefit.since)


def _told(work: Work, kind: Kind, deadline: date) -> bool:
    """Whether a notice of this cycle stands; the common case, asked before a duty is made."""
    for notice in every(work):
        if notice.kind == kind and notice.deadline == deadline and standing(work, notice)[0] not in _WITHDRAWN:
            return True
    return False


def _must_certify(work: Work) -> bool:
    return not (work.deceased or work.conflict) and not (work.benefits and all_terminated(work))


def suspended_already(work: Work) -> bool:
    """Every benefit is suspended or ended already: "will be suspended" would be untrue."""
    stands = {b.insurance for b in work.benefits if b.state == "terminated" or (b.state == "suspended" and b.cause == Cause.NOT_CERTIFIED)}
    return bool(stands) and stands.issuperset(work.insurance)


def _cycle(work: Work, start: date, deadline: date) -> Cycle:
    """The cycle's dates; one that an event gave by a deadline no start leads to (29 February) keeps that deadline."""
    cycle = work.rules.cycle(start)
    return cycle if cycle.deadline == deadline else work.rules.cycle_from_deadline(deadline)


def _lapse_due(cycle: Cycle, deadline: date) -> date:
    return cycle.lapse_notice_due if cycle.deadline == deadline else deadline + timedelta(days=1)
