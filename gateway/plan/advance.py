"""Moves notices on: those that are due start, those whose messages all failed take the next rung, those that reached somebody end."""

from collections.abc import Sequence

from gateway.model import Draft, Notice, Tried
from gateway.plan.calendar_duties import passed
from gateway.plan.codes import Why
from gateway.plan.duties import follows, may_have_told, siblings
from gateway.plan.instants import day_of
from gateway.plan.ladder import Rung, climb, decided
from gateway.plan.people import enlist, hand_over
from gateway.plan.wording import values
from gateway.plan.work import CANCELED, IN_PROGRESS, SCHEDULED, SUPPRESSED, UNINFORMED, Duty, Work, close, standing
from gateway.stops import untrue
from gateway.words import FINAL, OPEN_NOTICE, Kind, NoticeStatus, Reason, Status

_FOLLOWED = frozenset({IN_PROGRESS, UNINFORMED})


def advance_known(work: Work) -> None:
    """Moves on what the store knows of."""
    for notice in work.notices:
        if notice.id in work.closings:
            continue
        if notice.status == SCHEDULED:
            if notice.due_at <= work.now:
                _start(work, notice)
        elif notice.status in _FOLLOWED:
            _follow(work, notice)


def start_new(work: Work) -> None:
    """Starts what this plan made, where it is due."""
    for duty in work.duties:
        if duty.status == SCHEDULED and duty.due_at <= work.now:
            _next(work, duty)
            if duty.status == IN_PROGRESS and not duty.follows:
                _known_late(work, duty)


def _start(work: Work, notice: Notice) -> None:
    _next(work, notice)
    if notice.id not in work.closings:
        work.started.append(notice.id)


def _follow(work: Work, notice: Notice) -> None:
    """A delivery ends the notice, also a late one; while a message may still tell the person nothing else is tried."""
    if not notice.tried:
        return
    if any(t.status == Status.DELIVERED and may_have_told(work, t) for t in notice.tried):
        close(work, notice, NoticeStatus.INFORMED, None)
        work.outreach_withdrawn.append(notice.id)
        _met(work, siblings(work, notice))
    elif notice.status == IN_PROGRESS:
        recalled = {r.key for r in work.recalls if r.notice_id == notice.id} if work.recalls else ()
        if all(_is_over(work, t) or (t.status == Status.QUEUED and t.key in recalled) for t in notice.tried):
            _next(work, notice)
        elif _latest_passed(work, notice) and not follows(work, notice):
            enlist(work, notice, Why.NOT_INFORMED)


def _is_over(work: Work, tried: Tried) -> bool:
    """Whether nothing is to be waited for: it ended, or somebody who is not the person has it."""
    return tried.status in FINAL or (tried.denied and not may_have_told(work, tried))


def _latest_passed(work: Work, notice: Notice) -> bool:
    return notice.kind == Kind.REMINDER and notice.deadline is not None and passed(work, work.rules.outreach_latest(notice.deadline))


def _met(work: Work, others: Sequence[Notice]) -> None:
    """The other notices of a duty that is met, as it was by a late word (gateway/pipeline/receive.py does the same at once)."""
    for other in others:
        work.outreach_withdrawn.append(other.id)
        if standing(work, other)[0] in OPEN_NOTICE:
            close(work, other, CANCELED, Reason.DUTY_MET)


def _next(work: Work, notice: Notice | Duty) -> None:
    leaving = work.rules.leaving(work.now)
    if (reason := untrue(notice, work)) is not None:
        close(work, notice, SUPPRESSED if isinstance(notice, Duty) else CANCELED, reason)
        return
    if notice.expires_at is not None and notice.expires_at <= leaving.opens:
        _give_up(work, notice, Reason.EXPIRED if notice.expires_at <= work.now else Reason.QUIET_EXPIRED)
        return
    found = climb(work, notice)
    if (found.passed_over or found.beside or not found.plain) and isinstance(notice, Duty):
        notice.checks += decided(found, work.rules.settings)
    if found.rung is not None:
        _draft(work, notice, found.rung)
        if found.beside is not None:
            _draft(work, notice, found.beside, beside=1)
    elif found.opted_out:
        _give_up(work, notice, Reason.OPTED_OUT)
    else:
        _give_up(work, notice, _last_reason(work, notice) if notice.tried else Reason.NO_CONTACT)


def _draft(work: Work, notice: Notice | Duty, rung: Rung, *, beside: int = 0) -> None:
    leaving, to = work.rules.leaving(work.now), rung.contact
    rung_no = beside if isinstance(notice, Duty) else len(notice.tried) + beside
    until = leaving.until if notice.expires_at is None else min(leaving.until, notice.expires_at)
    work.drafts.append(
        Draft(
            notice.id, work.state.person.id, rung_no, to.channel, to.id, to.address, to.key, rung.addressee, rung.template,
            values(work, notice, to), notice.lane, leaving.opens, until,
        )
    )  # fmt: skip
    if isinstance(notice, Duty):
        notice.status = IN_PROGRESS


def _give_up(work: Work, notice: Notice | Duty, reason: Reason) -> None:
    """Hands the duty to people; a request that is over or unwanted just ends, unless people have it already."""
    ends = notice.kind == Kind.REQUESTED and reason in {Reason.EXPIRED, Reason.QUIET_EXPIRED, Reason.OPTED_OUT}
    if ends and not follows(work, notice):
        close(work, notice, SUPPRESSED if isinstance(notice, Duty) else CANCELED, reason)
        return
    close(work, notice, UNINFORMED, reason)
    hand_over(work, notice, reason)
    work.look_again |= _renewed_meanwhile(work, notice)


def _renewed_meanwhile(work: Work, notice: Notice | Duty) -> bool:
    """Whether a number of it may have been renewed while another message was on its way: the record knows, once it holds the end of the notice."""
    since, tried = day_of(notice.due_at), {(t.channel, t.key) for t in notice.tried}
    return any(
        c.usable
        and (c.channel, c.key) in tried
        and (c.override_until is not None or (c.verified_on is not None and c.verified_on >= since))
        for c in work.contacts
    )


def _last_reason(work: Work, notice: Notice | Duty) -> Reason:
    """Why the last message stopped. Of one that was called back: why its contact was given up; one that was taken away says nothing."""
    gone = {r.key: r.reason for r in work.recalls if r.notice_id == notice.id and r.reason != Reason.SUPERSEDED}
    reasons = (t.reason or gone.get(t.key) for t in reversed(notice.tried))
    return next((reason for reason in reasons if reason is not None), Reason.UNREACHABLE)


def _known_late(work: Work, duty: Duty) -> None:
    """Within sixty days of the deadline people look for whoever is not informed at once, beside the message (product)."""
    if duty.deadline is None or work.today < work.rules.outreach_latest(duty.deadline):
        return
    # Whoever has a reminder of this cycle was known in time: informed, or on the list since.
    if not any(n.kind == Kind.REMINDER and n.deadline == duty.deadline for n in work.notices):
        enlist(work, duty, Why.NOT_INFORMED)
