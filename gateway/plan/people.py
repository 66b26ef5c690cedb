"""Hands duties to people: rows of the outreach list about notices [15, 21, 23]."""

from gateway.model import Notice, Outreach
from gateway.plan.codes import Why
from gateway.plan.duties import follows, tried_for
from gateway.plan.work import Duty, Work
from gateway.words import Insurance, Reason

_WHY = {
    Reason.EXPIRED: Why.EXPIRED,
    Reason.QUIET_EXPIRED: Why.EXPIRED,
    Reason.OPTED_OUT: Why.OPTED_OUT,
    Reason.NO_CONTACT: Why.NO_CONTACT,
}


def hand_over(work: Work, notice: Notice | Duty, reason: Reason | None) -> None:
    """Puts the person on the list because the notice ended with nobody informed, for this reason."""
    enlist(work, notice, _WHY.get(reason, Why.LADDER_FAILED) if reason is not None else Why.LADDER_FAILED)


def enlist(work: Work, notice: Notice | Duty, why: Why) -> None:
    """Puts the person on the list; where people have the duty already, their row says this now."""
    gone = {r.key: r.reason for r in work.recalls if r.notice_id == notice.id} if work.recalls else {}
    tried = tuple(f"{t.channel}:{t.reason or gone.get(t.key) or t.status}" for t in tried_for(work, notice))
    injured = Insurance.WORK_INJURY in (notice.insurance or work.insurance)
    goes_to = "unit" if injured else "grassroots"
    work.outreach.append(Outreach(work.state.person.id, notice.id, notice.kind, why, tried, goes_to, follows(work, notice)))
