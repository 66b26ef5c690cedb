"""Death, and evidence against it [14, 27, 36]: nothing more to the person, and where facts contradict each other nothing to anybody."""

from datetime import date, timedelta

from gateway.events import Deceased, Event
from gateway.model import Notice, Outreach, Verdict
from gateway.plan.certification import contradict
from gateway.plan.codes import CONFLICT_ROW, Code, Why
from gateway.plan.duties import benefit_key, open_duty
from gateway.plan.facts import bad_date
from gateway.plan.ladder import HOW
from gateway.plan.state import Rejection
from gateway.plan.work import CANCELED, SUPPRESSED, UNINFORMED, Duty, Work, close, every, standing, withdraw
from gateway.words import OPEN_NOTICE, Cause, Kind, Reason

MOST_REVIVED = 3
"""Notices that a revoked death takes up again; callers count ids by it."""

_BY_DEATH = frozenset({Reason.DECEASED, Reason.CONFLICT})


def deceased(work: Work, _event: Event, data: Deceased) -> Verdict | Rejection:
    """The person died, or (`revoked`) did not."""
    if data.revoked:
        if not work.deceased and not work.conflict:
            return Verdict(Code.UNCHANGED)
        lift(work)
        return Verdict(Code.RECORDED)
    bad = bad_date(data.died_on, "$.data.died_on", work.today)
    if bad is not None:
        return bad
    if work.deceased and data.died_on in {None, work.died_on}:
        return Verdict(Code.CONFLICT if work.conflict else Code.UNCHANGED)
    died(work, data.died_on)
    return Verdict(Code.CONFLICT if work.conflict else Code.RECORDED)


def died(work: Work, on: date | None, *, last_day: date | None = None) -> None:
    """Records a death. A certification dated after it (after `last_day`, where only that is known) is a conflict [14]."""
    work.deceased = work.moved = True
    work.died_on = on or work.died_on
    last_day = work.died_on or last_day
    if last_day is not None and work.certified and work.certified[-1] > last_day and not work.conflict:
        contradict(work)


def lift(work: Work) -> None:
    """The person lives, says somebody who may: what death and conflict had stopped stands again, notices of the death do not."""
    work.conflict_lifted = True
    work.outreach = [row for row in work.outreach if row.kind != CONFLICT_ROW]
    work.deceased, work.died_on, work.conflict = False, None, False
    withdraw(work)
    for notice in every(work):
        if notice.cause != Cause.DEATH:
            continue
        status, _ = standing(work, notice)
        if status in OPEN_NOTICE:
            close(work, notice, CANCELED if isinstance(notice, Notice) else SUPPRESSED, Reason.SUPERSEDED)
        if status in OPEN_NOTICE or status == UNINFORMED:
            work.outreach_withdrawn.append(notice.id)
    _revive(work)


def resumed_after_death(work: Work, on: date) -> None:
    """A resumption does not undo a death that it does not know of: people must look."""
    if work.died_on is None or on > work.died_on:
        work.outreach.append(Outreach(work.state.person.id, None, CONFLICT_ROW, Why.CONFLICT))


def _revive(work: Work) -> None:
    """Takes up again what was stopped by the death that never was, where it is not too old; the cycle's duties are the calendar's."""
    since = work.today - timedelta(days=work.rules.settings.catch_up_days)
    stopped = [n for n in every(work) if standing(work, n)[1] in _BY_DEATH and n.effective >= since and _of_benefit(n)]
    for notice in stopped[-MOST_REVIVED:]:
        open_duty(work, _again(work, notice))


def _of_benefit(notice: Notice | Duty) -> bool:
    return notice.kind != Kind.REQUESTED and notice.deadline is None and notice.cause != Cause.DEATH


def _again(work: Work, notice: Notice | Duty) -> Duty:
    checks = (*(check for check in notice.checks if not check.startswith(("failed:", *HOW))), "lifted:deceased")
    return Duty(
        benefit_key(notice.kind, notice.cause, notice.insurance, notice.effective), notice.kind, notice.cause, notice.insurance, notice.effective,
        notice.lane, work.now, checks, event_source=notice.event_source, event_id=notice.event_id,
    )  # fmt: skip
