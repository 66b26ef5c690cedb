"""First model of a number: a belief that it reaches somebody, moved by each final word on a message to it.

Proved absent twice in a row, a number is not used again; one that answers in between begins anew. The rate of 0.3 is a product choice
until the model of issue "contact quality" replaces this: three equal words move the belief two thirds of the way.
"""

from enum import StrEnum

from msgspec import Struct

from gateway.words import Reason, Status

UNTOLD = 0.5
"""Belief about a number nothing is known of."""
RATE = 0.3
ABSENT_PROVES = 2
"""Absent this many times running proves it."""


class State(StrEnum):
    """A belief for people to read."""

    UNVERIFIED = "unverified"
    """Nothing is known yet."""
    GOOD = "good"
    """The last word was a delivery."""
    DOUBTFUL = "doubtful"
    """The last word was a failure that may be the number's."""
    DEAD = "dead"
    """Proved absent: not used."""
    BLOCKED = "blocked"
    """Whoever holds it blocks us."""


class NumberBelief(Struct, frozen=True):
    """What is believed of one number, and the counts that led there."""

    delivered: int = 0
    failed: int = 0
    absent_streak: int = 0
    p_alive: float = UNTOLD
    state: State = State.UNVERIFIED


NEW = NumberBelief()
_TELLS = {
    Reason.NUMBER_ABSENT: (0.0, State.DOUBTFUL),
    Reason.NUMBER_SUSPENDED: (0.2, State.DOUBTFUL),
    Reason.UNREACHABLE: (0.5, State.DOUBTFUL),
    Reason.RECIPIENT_BLOCKED: (0.8, State.BLOCKED),
    Reason.CARRIER_BLACKLIST: (0.8, State.BLOCKED),
    Reason.MALFORMED_ADDRESS: (0.0, State.DEAD),
}
"""What a reason says of the number: the value it pulls the belief to, and the state. Reasons that are ours or the vendor's say nothing."""


def fold(before: NumberBelief, status: Status, reason: Reason | None) -> NumberBelief | None:
    """The belief after one final word; None where that word says nothing about the number."""
    if status is Status.DELIVERED:
        return NumberBelief(before.delivered + 1, before.failed, 0, _towards(before.p_alive, 1.0), State.GOOD)
    told = _TELLS.get(reason) if reason is not None else None
    if told is None:
        return None
    value, state = told
    streak = before.absent_streak + 1 if reason is Reason.NUMBER_ABSENT else before.absent_streak
    if streak >= ABSENT_PROVES:
        state = State.DEAD
    return NumberBelief(before.delivered, before.failed + 1, streak, _towards(before.p_alive, value), state)


def _towards(before: float, value: float) -> float:
    return before + RATE * (value - before)
