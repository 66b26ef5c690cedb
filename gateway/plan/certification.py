"""Certifications and the cycle they start [7, 8, 34]: the history is kept, so that a revocation falls back to the one before."""

from bisect import insort
from datetime import date

from gateway.model import Outreach
from gateway.plan.codes import CONFLICT_ROW, Code, Why
from gateway.plan.work import Work, every

ASSERTED = "deadline:as_given"
"""Check of a notice whose event gave a deadline alone, later than any that the known certifications give."""


def derived(work: Work) -> date | None:
    """The start of the cycle that the known certifications and the first cycle give."""
    if not work.certified and work.benefit_started_on is None:
        return None
    return work.rules.calendar.cycle_start(work.certified[-1] if work.certified else None, work.benefit_started_on)


def certify(work: Work, day: date, *, evidence: bool) -> Code:
    """Adds a certification to the history; a new latest one restarts the cycle [8].

    One dated after death, or accepted as evidence of life after a death without a date, is a conflict [14, 27].
    """
    if day in work.certified:
        return Code.UNCHANGED
    was, latest = derived(work), work.certified[-1] if work.certified else None
    history = list(work.certified)
    insort(history, day)
    work.certified = tuple(history)
    if latest is not None and day < latest:
        return Code.OLDER_DATE
    recycle(work, was)
    if work.deceased and not work.conflict and (evidence if work.died_on is None else day > work.died_on):
        contradict(work)
    return Code.CONFLICT if work.conflict else Code.RECORDED


def revoke(work: Work, day: date) -> Code:
    """Takes a certification out of the history: that one never was, the cycle is the one before."""
    if day not in work.certified:
        return Code.UNCHANGED
    was, ended = derived(work), work.deadline
    work.certified = tuple(other for other in work.certified if other != day)
    if derived(work) != was:
        recycle(work, was)
        _fall_back(work, ended)
    return Code.RECORDED


def recycle(work: Work, was: date | None) -> None:
    """Moves the cycle after its facts changed; `was` is what they gave before. A later deadline that an event gave stays."""
    start = derived(work)
    deadline = None if start is None else work.rules.cycle(start).deadline
    given_later = work.start != was and work.deadline is not None and (deadline is None or deadline < work.deadline)
    if not given_later:
        work.start, work.deadline = start, deadline
        work.moved = True


def assume(work: Work, deadline: date) -> bool:
    """Takes the deadline of an event as the cycle where no later one is known. True where it moved the cycle."""
    if work.deadline is not None and work.deadline >= deadline:
        return False
    work.start, work.deadline = work.rules.cycle_from_deadline(deadline).start, deadline
    work.moved = True
    return True


def contradict(work: Work) -> None:
    """Certified after death: all sending stops, people must find out; never lifted automatically [14, 27]."""
    work.conflict = work.moved = True
    work.outreach.append(Outreach(work.state.person.id, None, CONFLICT_ROW, Why.CONFLICT))


def _fall_back(work: Work, ended: date | None) -> None:
    """An event may have given a deadline that the revoked certification had hidden."""
    given = [n.deadline for n in every(work) if ASSERTED in n.checks and n.deadline is not None and (ended is None or n.deadline < ended)]
    if given:
        assume(work, max(given))
