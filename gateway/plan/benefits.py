"""`si.benefit.suspended`, `.terminated`, `.resumed`: what happened to a benefit, and the notice it causes."""

from datetime import date

from msgspec import UNSET

from gateway.events import Event, Resumed, Suspended, Terminated
from gateway.model import Benefit, Verdict
from gateway.plan.codes import Code
from gateway.plan.duties import benefit_key, open_duty, trail
from gateway.plan.facts import bad_date, bad_person, put_contacts, put_person
from gateway.plan.life import died, lift, resumed_after_death
from gateway.plan.state import Rejection
from gateway.plan.work import Duty, Work, withdraw
from gateway.words import Beneficiary, Cause, Insurance, Kind, Lane

SUSPENDED, TERMINATED, ACTIVE = "suspended", "terminated", "active"


def suspended(work: Work, event: Event, data: Suspended) -> Verdict | Rejection:
    """Payment is suspended [24]."""
    bad = bad_date(data.suspended_on, "$.data.suspended_on") or bad_person(data.person, "$.data.person", work.today)
    if bad is not None:
        return bad
    _take(work, event, data)
    insurance = _drawn(work, data.insurance)
    _put(work, insurance, SUSPENDED, data.suspended_on, data.cause)
    return _tell(work, event, Kind.SUSPENSION, Cause(data.cause), insurance, data.suspended_on)


def terminated(work: Work, event: Event, data: Terminated) -> Verdict | Rejection:
    """Payment is ended [25, 26]. A termination by death says that the person died."""
    cause, since = Cause(data.cause), data.terminated_on
    bad = bad_date(since, "$.data.terminated_on") or bad_person(data.person, "$.data.person", work.today)
    if bad is None and cause == Cause.IMPRISONED:
        bad = _exempt(work, data)
    if bad is not None:
        return bad
    _take(work, event, data)
    insurance = _drawn(work, data.insurance)
    if cause == Cause.IMPRISONED and work.beneficiary == Beneficiary.WORKER:
        insurance = tuple(one for one in insurance if one != Insurance.WORK_INJURY)
    if _put(work, insurance, TERMINATED, since, cause) and cause == Cause.DEATH:
        died(work, None, last_day=since)
    return _tell(work, event, Kind.TERMINATION, cause, insurance, since)


def resumed(work: Work, event: Event, data: Resumed) -> Verdict | Rejection:
    """Payment is restored [27]; that undoes a termination by death, and lifts a conflict."""
    bad = bad_date(data.resumed_on, "$.data.resumed_on") or bad_person(data.person, "$.data.person", work.today)
    if bad is not None:
        return bad
    _take(work, event, data)
    insurance = _drawn(work, data.insurance)
    ended_by_death = any(b.cause == Cause.DEATH and (not insurance or b.insurance in insurance) for b in work.benefits)
    applied = _put(work, insurance, ACTIVE, data.resumed_on, "")
    if work.conflict or (work.deceased and ended_by_death and applied):
        lift(work)
    elif work.deceased:
        resumed_after_death(work, data.resumed_on)
    return _tell(work, event, Kind.RESUMPTION, Cause.NONE, insurance, data.resumed_on)


def _take(work: Work, event: Event, data: Suspended | Terminated | Resumed) -> None:
    if data.person is not None:
        put_person(work, data.person, evidence=False)
    put_contacts(work, event.contacts)


def _drawn(work: Work, given: list[Insurance] | None) -> tuple[Insurance, ...]:
    """The benefits an event speaks of: those it names, else all the person is known to draw. A benefit that is named is drawn."""
    if not given:
        return work.insurance
    named = tuple(dict.fromkeys(given))
    work.insurance = tuple(dict.fromkeys((*work.insurance, *named)))
    return named


def _put(work: Work, insurance: tuple[Insurance, ...], state: str, since: date, cause: str) -> bool:
    """Records where the benefits stand, unless something later is known. Of a person whose benefits are unknown it is said of any."""
    known = {b.insurance: b for b in work.benefits}
    applied = False
    for one in insurance or tuple(Insurance):
        before = known.get(one)
        if before is None or before.since is None or before.since <= since:
            known[one] = Benefit(one, state, since, cause)
            applied = True
    work.benefits = tuple(known.values())
    work.moved = True
    return applied


def _tell(work: Work, event: Event, kind: Kind, cause: Cause, insurance: tuple[Insurance, ...], effective: date) -> Verdict:
    withdraw(work)
    duty = Duty(
        benefit_key(kind, cause, insurance, effective), kind, cause, insurance, effective, Lane.URGENT, work.now, trail(kind, cause, "event"),
        event_source=event.source, event_id=event.id,
    )  # fmt: skip
    return open_duty(work, duty)


def _exempt(work: Work, data: Terminated) -> Rejection | None:
    """Imprisonment does not end the injured worker's own benefit [25]; of one who draws a pension too, it ends the pension."""
    beneficiary, draws = work.beneficiary, work.insurance
    if data.person is not None:
        beneficiary = beneficiary if data.person.beneficiary is UNSET else data.person.beneficiary
        draws = draws if data.person.insurance is UNSET else tuple(data.person.insurance)
    if beneficiary != Beneficiary.WORKER:
        return None
    named = bool(data.insurance) and Insurance.WORK_INJURY in (data.insurance or ())
    if named or (not data.insurance and all(one == Insurance.WORK_INJURY for one in draws)):
        return Rejection(Code.EXEMPT, "$.data.cause", "imprisonment does not end the injured worker's own benefit [25]")
    return None
