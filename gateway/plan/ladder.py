"""The ladder [23]: who is told next, through which contact, with which text. A contact that was used for a duty is used again once it was renewed."""

from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from math import inf
from typing import Any

from msgspec import Struct

from gateway.model import Contact, Notice, Tried
from gateway.plan.addressees import Steps, addressee, own_addresses, steps, stretches, whom
from gateway.plan.contacts import may_be_probed
from gateway.plan.duties import LIFTABLE, tried_for
from gateway.plan.ports import Rules, Settings
from gateway.plan.work import Duty, Work
from gateway.stops import refuses, takes
from gateway.words import Cause, Kind, Reason, Relation, Status


class Rung(Struct, frozen=True, gc=False):
    """The next message: where to, speaking to whom, with which text."""

    contact: Contact
    addressee: Relation
    template: str


class Climb(Struct, gc=False):
    """The next rung, or None with what stood in the way."""

    rung: Rung | None = None
    plain: bool = True
    """There is nothing to say about how it came to this contact."""
    beside: Rung | None = None
    """Another that is tried at once, for the first may not reach the person."""
    opted_out: bool = False
    """Somebody could have been written to, but wants no messages."""
    passed_over: tuple[Contact, ...] = ()
    """On the ladder, and given up."""


_FIRST, _LAST, _PROBE = range(3)
"""When a contact is tried: in its turn; once all better ones were; dead numbers, once everything else was."""
MOST_TO_A_NUMBER = 3
"""Messages of one duty to one number, however often it is renewed: a belief that flaps makes no stream of them."""
UNKNOWN = 0.5
"""What a contact is worth of whose source the settings say nothing."""


def climb(work: Work, notice: Notice | Duty) -> Climb:
    """The best contact that is left: by the ladder's order, by cost where it is set, then by how well the number is believed to reach the person."""
    found = Climb()
    for contact in _candidates(work, notice, found):
        to = addressee(work, contact)
        template = _template(work, notice, to, contact.channel)
        if template is None or not takes(contact.refused, template):
            continue
        if found.rung is None:
            found.rung = Rung(contact, to, template)
            if contact.score is not None or not contact.usable:
                found.plain = turn(work.rules.settings, contact) == _FIRST
            if not contact.doubtful or notice.kind not in work.rules.settings.beside_doubtful:
                break
        elif contact.address != found.rung.contact.address and turn(work.rules.settings, contact) == _FIRST:
            found.beside = Rung(contact, to, template)
            break
    return found


def decided(found: Climb, settings: Settings) -> tuple[str, ...]:
    """Why it came to this contact, as checks of the notice."""
    checks = []
    if found.passed_over:
        dead = sum(c.dead for c in found.passed_over)
        counts = {"dead": dead, "wrong_person": len(found.passed_over) - dead}
        checks = [f"{PASSED_OVER}:{state}={count}" for state, count in counts.items() if count]
    if found.rung is not None and (when := turn(settings, found.rung.contact)) != _FIRST:
        checks.append(LAST_RESORT if when == _LAST else PROBE)
    if found.beside is not None:
        checks.append(BESIDE)
    return tuple(checks)


PASSED_OVER, LAST_RESORT, PROBE, BESIDE = HOW = "passed_over", "last_resort", "probe", "beside_doubtful"
"""How the checks begin that say how a notice came to its first contact."""


def turn(settings: Settings, contact: Contact) -> int:
    """When a contact is tried that may be."""
    if not contact.usable:
        return _PROBE
    return _LAST if contact.score is not None and contact.score < settings.worth_from else _FIRST


def _candidates(work: Work, notice: Notice | Duty, found: Climb) -> list[Contact]:
    rungs = steps(work.rules, whom(work, notice), notice.channels)
    used = _numbers_used(tried_for(work, notice)) if notice.tried else ()
    own = own_addresses(work) if notice.cause == Cause.DEATH else ()
    left: list[Contact] = []
    for contact in work.contacts:
        if (contact.relation, contact.channel) not in rungs or contact.address in own or (contact.channel, contact.key) in used:
            continue
        if not contact.usable and not may_be_probed(work, contact):
            found.passed_over = (*found.passed_over, contact)
            continue
        if contact.opted_out and refuses(notice):
            found.opted_out = True
            continue
        left.append(contact)
    if len(left) > 1:
        if work.rules.settings.cost:
            _sort_by_cost(work.rules, left, rungs, stretches(work.rules, whom(work, notice), notice.channels))
        else:
            _sort(work.rules.settings, left, rungs)
    return left


def _sort(settings: Settings, left: list[Contact], rungs: Steps) -> None:
    def place(c: Contact) -> Any:
        verified = c.verified_on
        return turn(settings, c), rungs[c.relation, c.channel], -_worth(settings, c), -(verified.toordinal() if verified else 0), c.id

    left.sort(key=place)


def _sort_by_cost(rules: Rules, left: list[Contact], rungs: Steps, stretch: Steps) -> None:
    """Within a stretch of the ladder by what it costs to reach one person; a channel whose cost nobody set comes after those."""
    _sort(rules.settings, left, rungs)
    cost = rules.settings.cost
    left.sort(
        key=lambda c: (turn(rules.settings, c), stretch[c.relation, c.channel], _per_reached(rules.settings, cost.get(c.channel, inf), c))
    )


def _per_reached(settings: Settings, cost: float, contact: Contact) -> float:
    return cost / max(_worth(settings, contact), 1e-6)


def _worth(settings: Settings, contact: Contact) -> float:
    if contact.score is not None:
        return contact.score
    return settings.start_scores.get((contact.source, contact.verified_on is not None), UNKNOWN)


def _numbers_used(tried: tuple[Tried, ...]) -> Collection[tuple[str, bytes]]:
    """Numbers that are not written to again for the duty: of those that were renewed, what had its share."""
    used = {(t.channel, t.key) for t in tried if not t.renewed and _used(t.status, t.reason)}
    if any(t.renewed for t in tried):
        times = Counter((t.channel, t.key) for t in tried if _used(t.status, t.reason))
        used.update(number for number, count in times.items() if count >= MOST_TO_A_NUMBER)
    return used


def _used(status: Status, reason: Reason | None) -> bool:
    """A message that a fact called back before it left used nothing; one whose time ran out there did."""
    return status != Status.CANCELED or reason not in LIFTABLE


def _template(work: Work, notice: Notice | Duty, to: Relation, channel: str) -> str | None:
    if notice.kind == Kind.REQUESTED:
        return requested_text(work.rules, notice.template, channel)
    lives = work.details
    return _text(work.rules, notice.kind, notice.cause, to, channel, lives.abroad, lives.home_service)


def requested_text(rules: Rules, template: str, channel: str) -> str | None:
    """The text that a request means on this channel; None where nobody published one."""
    name = rules.texts.requested(template, channel)
    return name if rules.texts.exists(name) else None


@lru_cache(maxsize=4096)
def _text(
    rules: Rules,
    kind: Kind,
    cause: Cause,
    to: Relation,
    channel: str,
    abroad: bool,  # noqa: FBT001
    home_service: bool,  # noqa: FBT001
) -> str | None:
    """The text's name; None where nobody wrote one for this channel."""
    means = rules.settings.lapse_means_suspended
    name = rules.texts.choose(kind, cause, to, channel, abroad=abroad, home_service=home_service, lapse_means_suspended=means)
    return name if rules.texts.exists(name) else None
