"""A duty that nobody was informed of is taken up again once the person can be reached again [23].

What ended stays ended: another notice of the same duty goes on where it stopped, and the row of the outreach list goes with it, until
somebody is informed.
"""

from datetime import timedelta
from itertools import count

from gateway.model import Notice
from gateway.plan.calendar_duties import suspended_already
from gateway.plan.duties import LIFTABLE, benefit_key, cycle_key, may_have_told, unmet
from gateway.plan.instants import day_of
from gateway.plan.ladder import HOW, climb
from gateway.plan.people import hand_over
from gateway.plan.work import CANCELED, INFORMED, SUPPRESSED, UNINFORMED, Duty, DutyOf, Work, every, standing
from gateway.stops import untrue
from gateway.words import Cause, Kind, Status

MOST_AT_ONCE = 4
"""Duties of one person that are taken up in one plan; the next one takes the rest."""
TAKEN_UP = "taken_up"
"""How the check begins that says the how manieth notice of its duty this is."""


def take_up(work: Work, same: dict[DutyOf, list[Notice]]) -> None:
    """Takes up what people have and a message could do now."""
    taken = 0
    for known in same.values():
        last = next((notice for notice in reversed(known) if unmet(work, notice)), None)
        if last is None or not _stands(work, known, last):
            continue
        duty = _again(work, known, last)
        rung = climb(work, duty).rung
        if rung is None or not rung.contact.usable:
            # Whether a number that was tried is worth another message the record says, and these events are not in it yet.
            tried = {(t.channel, t.key) for t in duty.tried}
            work.look_again |= any(c.usable and (c.channel, c.key) in tried for c in work.contacts_put.values())
        elif taken == MOST_AT_ONCE:
            work.look_again = True
        else:
            taken += 1
            duty.id = work.rules.ids.notice()
            work.duties.append(duty)
            if last.status == UNINFORMED:  # people have it already, and go on
                hand_over(work, duty, last.reason)


def _stands(work: Work, known: list[Notice], last: Notice) -> bool:
    """Whether a duty is still to be met: nobody was informed or may yet be, no operator withdrew it, it is true, and not too old."""
    return (
        all(_over(work, notice) for notice in known)
        and untrue(last, work) is None
        and not (last.cause == Cause.LAPSED and suspended_already(work))
        and _in_time(work, known[0], last)
    )


def _over(work: Work, notice: Notice) -> bool:
    """Ended with nobody informed, or withdrawn for a reason that no longer holds; nothing of it is on its way or came late."""
    status, reason = standing(work, notice)
    if status == INFORMED:
        return unmet(work, notice)
    ended = status == UNINFORMED or (status in {CANCELED, SUPPRESSED} and reason in LIFTABLE)
    return ended and not any(may_have_told(work, t) for t in notice.tried)


def _in_time(work: Work, first: Notice, last: Notice) -> bool:
    """A notice that says until when it is worth telling is told until then, the others as long as a lapse that became known late."""
    if last.expires_at is not None:
        return last.expires_at > work.rules.leaving(work.now).opens
    since = last.deadline or max(last.effective, day_of(first.due_at))
    return work.today <= since + timedelta(days=work.rules.settings.catch_up_days)


def _again(work: Work, known: list[Notice], last: Notice) -> Duty:
    checks = tuple(check for check in last.checks if not check.startswith(("failed:", TAKEN_UP, *HOW)))
    # What is queued is withdrawn with its notice, in this plan.
    tried = tuple(t for notice in known for t in notice.tried if t.status != Status.QUEUED)
    number, key = _key(work, last)
    return Duty(
        key, last.kind, last.cause, last.insurance, last.effective, last.lane, work.now, (*checks, f"{TAKEN_UP}:{number}"), last.deadline,
        last.cycle_start, last.expires_at, last.event_source, last.event_id, last.template, last.params, last.channels,
        tried, last.id,
    )  # fmt: skip


def _key(work: Work, notice: Notice) -> tuple[int, str]:
    """The first number that is free, and the key with it. That of a request stands in front: its event's id may end with anything."""
    taken = {other.duty for other in every(work)}
    return next((n, key) for n in count(2) if (key := _numbered(notice, n)) not in taken)


def _numbered(notice: Notice, n: int) -> str:
    if notice.kind == Kind.REQUESTED:
        return f"{Kind.REQUESTED}/{n}|{notice.event_source}|{notice.event_id}"
    if notice.deadline is not None:
        return f"{cycle_key(notice.kind, notice.cause, notice.deadline)}|{n}"
    return f"{benefit_key(notice.kind, notice.cause, notice.insurance, notice.effective)}|{n}"
