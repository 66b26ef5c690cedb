"""notice, person → who may be told, in which order (domain: Addressees, When the person can't be reached) [19, 23, 25]."""

from enum import StrEnum
from functools import lru_cache

from gateway.model import Contact, Notice
from gateway.plan.ports import Rules
from gateway.plan.work import Duty, Work
from gateway.words import Cause, Kind, Relation

ADULT = 18
"""Years; whoever may still be younger by their birth year counts as a minor."""


class Whom(StrEnum):
    """Which people a notice may be told to."""

    EVERYBODY = "everybody"
    """The person, then family, then the unit."""
    OF_MINOR = "of_minor"
    """The guardian in the person's place, then family and unit [19]."""
    NOT_SELF = "not_self"
    """Family, then unit: the person is dead, missing or in prison [25]."""


_SELF, _FAMILY, _GUARDIAN = Relation.SELF, Relation.FAMILY, Relation.GUARDIAN
_NOT_TO_SELF = frozenset({Cause.DEATH, Cause.MISSING, Cause.IMPRISONED})

Steps = dict[tuple[str, str], int]
"""(relation, channel) → place on the ladder."""


def whom(work: Work, notice: Notice | Duty) -> Whom:
    """Which people this notice may be told to."""
    born = work.details.birth_year
    if born is not None and work.today.year - born < ADULT:
        return Whom.OF_MINOR
    if notice.kind == Kind.TERMINATION and notice.cause in _NOT_TO_SELF:
        return Whom.NOT_SELF
    return Whom.EVERYBODY


def routed(rules: Rules, channel: str) -> bool:
    """Whether a message of that channel can leave at all."""
    return rules.settings.channels is None or channel in rules.settings.channels


@lru_cache(maxsize=1024)
def steps(rules: Rules, people: Whom, channels: tuple[str, ...]) -> Steps:
    """The rungs for these people. `channels`: only those, which a request may name beyond the ladder; empty: all of the ladder."""
    order = [(relation, channel) for relation, channel in _with_guardian(rules.settings.ladder) if not channels or channel in channels]
    on_ladder = {channel for _, channel in order}
    order += [(relation, channel) for relation in Relation for channel in channels if channel not in on_ladder and routed(rules, channel)]
    if people == Whom.OF_MINOR:
        order = [step for step in order if step[0] != _GUARDIAN]
        order = [(_GUARDIAN if relation == _SELF else relation, channel) for relation, channel in order]
    elif people == Whom.NOT_SELF:
        order = [step for step in order if step[0] != _SELF]
    return {step: place for place, step in enumerate(dict.fromkeys(order))}


@lru_cache(maxsize=1024)
def stretches(rules: Rules, people: Whom, channels: tuple[str, ...]) -> Steps:
    """Of each rung the stretch of the ladder that it stands in: neighbours of one relation, whose channels may be tried in another order."""
    found: Steps = {}
    before, place = "", -1
    for relation, channel in steps(rules, people, channels):
        place += relation != before
        before = relation
        found[relation, channel] = place
    return found


def _with_guardian(ladder: tuple[tuple[Relation, str], ...]) -> list[tuple[Relation, str]]:
    """A guardian whom the ladder does not name stands right behind the family."""
    if any(relation == _GUARDIAN for relation, _ in ladder):
        return list(ladder)
    behind = [(relation, channel) for relation, channel in ladder if relation == _FAMILY]
    last = max((place for place, step in enumerate(ladder) if step[0] == _FAMILY), default=len(ladder) - 1) + 1
    return [*ladder[:last], *((_GUARDIAN, channel) for _, channel in behind), *ladder[last:]]


def own_addresses(work: Work) -> frozenset[str]:
    """Numbers that somebody marked as the person's own: a death is never told there, on whatever channel (a key is of one channel)."""
    return frozenset(c.address for c in work.contacts if c.relation == _SELF)


def addressee(work: Work, contact: Contact) -> Relation:
    """Whom the text speaks to: a number held as both the person's and the family's gets the family's text."""
    if contact.relation == _SELF and len(work.contacts) > 1 and any(c.relation == _FAMILY and c.key == contact.key for c in work.contacts):
        return _FAMILY
    return contact.relation
