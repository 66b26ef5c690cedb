"""The duty to inform: its key, whether it exists, and why it starts or does not. Nobody is told the same duty twice."""

from datetime import date
from functools import lru_cache

from gateway.model import Notice, Tried, Verdict
from gateway.plan.codes import Code
from gateway.plan.work import CANCELED, INFORMED, SUPPRESSED, UNINFORMED, Duty, DutyOf, Work, every, standing
from gateway.stops import TABLE, Cell, untrue
from gateway.words import Cause, Insurance, Kind, Reason, Status

LIFTABLE = frozenset({Reason.CERTIFIED, Reason.DECEASED, Reason.CONFLICT, Reason.TERMINATED, Reason.SUPERSEDED})
"""Reasons that a later fact can take back (a revoked certification or death, a resumption): then the duty stands again."""

_TRIED = frozenset({Status.FAILED, Status.UNDELIVERED})
"""Messages that used their number up; withdrawn ones did not."""

LEFT = frozenset({Status.SENDING, Status.UNKNOWN, Status.SENT, Status.DELIVERED})
"""Messages that may have told the person already."""

_ARTICLES = {
    (Kind.REMINDER, Cause.NONE): "23,37",
    (Kind.SUSPENSION, Cause.LAPSED): "24,37",
    (Kind.SUSPENSION, Cause.NOT_CERTIFIED): "24",
    (Kind.SUSPENSION, Cause.PAYMENT_FAILED): "24",
    (Kind.TERMINATION, Cause.NOT_CERTIFIED): "25,26",
    (Kind.RESUMPTION, Cause.NONE): "27",
    (Kind.REQUESTED, Cause.NONE): "requested",
}
_TERMINATION = "25"


@lru_cache(maxsize=64)
def trail(kind: Kind, cause: Cause, by: str) -> tuple[str, ...]:
    """The checks of a notice: by whom it came, the articles behind it, and the facts of the table that do not stop it."""
    row = TABLE[kind, cause]
    columns = ("certified", "deceased", "resumed", "terminated")
    passed = tuple(f"passed:{column}" for column in columns if getattr(row, column) is not Cell.STANDS)
    return (f"by:{by}", f"rule:{_ARTICLES.get((kind, cause), _TERMINATION)}", *passed)


@lru_cache(maxsize=8192)
def cycle_key(kind: Kind, cause: Cause, deadline: date) -> str:
    """Key of a duty of the cycle: one per (person, deadline)."""
    return f"{kind}/{cause}|{deadline}" if cause else f"{kind}|{deadline}"


def benefit_key(kind: Kind, cause: Cause, insurance: tuple[Insurance, ...], effective: date) -> str:
    """Key of a duty about benefits; `-` stands for what was not said, so that no part is empty."""
    return f"{kind}|{cause or '-'}|{'+'.join(sorted(insurance)) or '-'}|{effective}"


def open_duty(work: Work, duty: Duty, *, by_calendar: bool = False) -> Verdict:
    """Takes up a duty, unless it is met, under way or untrue.

    A duty that a fact stops becomes a suppressed notice, so that the "no" has its trail; the calendar leaves none, for it looks again.
    """
    known = [other for other in every(work) if _same(other, duty)]
    untrue_by = untrue(duty, work)
    if known:
        met_by = _met(work, duty, known)
        if met_by is not None:
            return Verdict(Code.DUTY_MET, met_by.id)
        if untrue_by is not None:
            return Verdict(untrue_by, known[-1].id)
        duty.duty = _renewed(duty, known)
    if untrue_by is not None:
        if by_calendar:
            return Verdict(untrue_by)
        duty.status, duty.reason, duty.checks = SUPPRESSED, untrue_by, (*duty.checks, f"failed:{untrue_by}")
    duty.id = work.rules.ids.notice()
    work.duties.append(duty)
    if untrue_by is not None:
        return Verdict(untrue_by, duty.id)
    return Verdict(Code.NOTICE if duty.due_at <= work.now else Code.HELD, duty.id)


def _same(other: Notice | Duty, duty: Duty) -> bool:
    if other.kind != duty.kind or other.cause != duty.cause:
        return False
    if duty.kind == Kind.REQUESTED:
        return other.duty == duty.duty
    return other.effective == duty.effective


def _met(work: Work, duty: Duty, known: list[Notice | Duty]) -> Notice | Duty | None:
    """The notice that meets the duty. What is told for some benefits only leaves the duty for the others."""
    by_benefit = duty.deadline is None and duty.kind != Kind.REQUESTED
    left = set(duty.insurance)
    for other in known:
        if _may_renew(work, other):
            duty.tried += tuple(t for t in other.tried if t.status in _TRIED)
            continue
        if not (by_benefit and left and other.insurance):
            return other
        left.difference_update(other.insurance)
        if not left:
            return other
    if by_benefit and len(left) < len(duty.insurance):
        duty.insurance = tuple(one for one in duty.insurance if one in left)
        duty.duty = benefit_key(duty.kind, duty.cause, duty.insurance, duty.effective)
    return None


def _may_renew(work: Work, other: Notice | Duty) -> bool:
    """Withdrawn for a reason that can be lifted, before anything left that might have told the person."""
    status, reason = standing(work, other)
    return status in {CANCELED, SUPPRESSED} and reason in LIFTABLE and not any(t.status in LEFT for t in other.tried)


def _renewed(duty: Duty, known: list[Notice | Duty]) -> str:
    before = sum(other.duty == duty.duty or other.duty.startswith(f"{duty.duty}|") for other in known)
    return f"{duty.duty}|{before + 1}" if before else duty.duty


def group(work: Work) -> None:
    """Sorts notices by duty for whoever was not informed once: only theirs have more than one that matters."""
    for notice in work.notices:
        if unmet(work, notice):
            break
    else:
        return
    work.same = {}
    for notice in work.notices:
        work.same.setdefault(duty_of(notice), []).append(notice)


def duty_of(notice: Notice | Duty) -> DutyOf:
    """Which duty a notice is of, whatever its number (SAME_DUTY in gateway/store/notices.py asks the same)."""
    if notice.kind == Kind.REQUESTED:
        told: tuple[str, ...] = notice.event_source, notice.event_id
    else:
        told = () if notice.deadline is not None else tuple(sorted(notice.insurance))
    return notice.kind, notice.cause, notice.effective, told


def unmet(work: Work, notice: Notice) -> bool:
    """Whether it ended and nobody was informed: it says so, or whoever had its message answered "not me", and nobody takes that back."""
    if notice.status != INFORMED or not notice.tried:
        return notice.status == UNINFORMED
    return not any(may_have_told(work, t) for t in notice.tried)


def may_have_told(work: Work, tried: Tried) -> bool:
    """Whether a message that left may have told the person. One that was answered "not me" did not, unless the number proved to be theirs all the same."""
    if not tried.denied:
        return tried.status in LEFT
    number = tried.channel, tried.key
    return any((c.channel, c.key) == number and c.denied_on is None for c in work.contacts)


def siblings(work: Work, notice: Notice | Duty) -> list[Notice]:
    """The other notices of its duty, in their order; none where everybody was informed."""
    return [other for other in work.same.get(duty_of(notice), ()) if other.id != notice.id] if work.same is not None else []


def follows(work: Work, notice: Notice | Duty) -> bool:
    """Whether its duty was handed to people before, by a notice that nobody was informed by."""
    return any(other.status == UNINFORMED for other in siblings(work, notice))


def tried_for(work: Work, notice: Notice | Duty) -> tuple[Tried, ...]:
    """What was tried for its duty: by the notice, and by those it follows."""
    if work.same is None or isinstance(notice, Duty):
        return notice.tried
    return tuple(t for other in work.same[duty_of(notice)] for t in other.tried)
