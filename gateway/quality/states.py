"""Beliefs → states for people to read, with hysteresis: a state is left later than it is entered, so that it does not flicker."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gateway.quality.chain import Array

DEAD_FROM, DEAD_AFTER_THREE, DEAD_UNTIL = 0.01, 0.20, 0.35
"""A number that is likelier dead than sold is given up where the probability that it lives and is the person's falls to the first, or to the second
after three failures in a row, and taken back where it rises to the third. One word for absent is often wrong and soon corrected; three failures
without a sign of life are seldom a living number's, and waiting longer sends on to the dead."""
IN_A_ROW = 3
WRONG_FROM, WRONG_UNTIL = 0.005, 0.06
"""The same for a number that is likelier a stranger's: silence is weaker evidence than a vendor's word, and those who never answer pay for it. At 0.01 half
of all living numbers that were given up were given up for silence."""
GOOD_FROM, GOOD_UNTIL = 0.75, 0.55
WORTH_FROM = 0.15
"""Where another way to the person is at hand, a message to a number below this is not worth sending: on the `tune-*` populations of
`bench/quality`, leaving these out keeps 99.5 % of what using everything reaches, and the thresholds there were 0.17 and 0.19."""
DENIAL_HOLDS_BELOW = 0.5
"""A "not me" stops a contact at once. It stops it for good unless the number is likelier the person's than not with that answer counted, as it is where they certified
after several notices to it: grandchildren answer phones, too. Measured in a closed loop: of those whom the gateway lost, nine in ten had answered so themselves."""
BLOCKED_FROM, BLOCKED_UNTIL = 0.5, 0.3
CHANGES_KIND = 0.8
"""A number that is given up changes between dead and a stranger's at this share."""


class State(StrEnum):
    """What people read of a number as one person's contact."""

    UNVERIFIED = "unverified"
    """Nothing has come of it yet, and nobody checked it."""
    GOOD = "good"
    """Messages reach the person."""
    DOUBTFUL = "doubtful"
    """They may not."""
    DEAD = "dead"
    """The number does not exist any more: not used."""
    WRONG_PERSON = "wrong_person"
    """Somebody else holds it: not used."""
    BLOCKED = "blocked"
    """Whoever holds it blocks us."""


STATES = tuple(State)
UNVERIFIED, GOOD, DOUBTFUL, DEAD, WRONG_PERSON, BLOCKED = range(6)
"""The states in arrays: their place in `STATES`."""
SUPPRESSED = frozenset({State.DEAD, State.WRONG_PERSON})
"""Numbers that plans do not use."""


class Reading(Struct, frozen=True):
    """What is believed of a pair of person and number on one day."""

    p_reach: float
    """A message sent now reaches the person: the number is theirs, in service, and does not block us."""
    p_own: float
    """The number is theirs and lives, be it off for a while."""
    p_dead: float
    """The number is cancelled."""
    p_others: float
    """A stranger holds it."""
    p_blocked: float = 0.0

    @property
    def p_alive(self) -> float:
        """The number exists: in service, or off for a while, whoever holds it."""
        return 1 - self.p_dead

    @property
    def p_mine(self) -> float:
        """Whoever holds the number, if anybody does, is the person."""
        held = self.p_own + self.p_others
        return self.p_own / held if held > 0 else 0.0


def judge(now: Reading, before: State, *, heard: bool, failed: int = 0) -> State:
    """The state, from the belief and the state before.

    `heard`: something came of a message, or somebody verified the number. `failed`: failures since the last sign of life.
    """
    gone = before in SUPPRESSED
    dead = _dead(now, before)
    gives_up = WRONG_FROM if not dead else DEAD_AFTER_THREE if failed >= IN_A_ROW else DEAD_FROM
    if now.p_own <= gives_up or (gone and now.p_own < (DEAD_UNTIL if dead else WRONG_UNTIL)):
        return State.DEAD if dead else State.WRONG_PERSON
    if now.p_blocked >= (BLOCKED_UNTIL if before is State.BLOCKED else BLOCKED_FROM):
        return State.BLOCKED
    if not heard:
        return State.UNVERIFIED
    if now.p_reach >= GOOD_FROM or (before is State.GOOD and now.p_reach >= GOOD_UNTIL):
        return State.GOOD
    return State.DOUBTFUL


def _dead(now: Reading, before: State) -> bool:
    """Whether the number is dead rather than a stranger's, if it is not the person's."""
    gone = now.p_dead + now.p_others
    share = now.p_dead / gone if gone > 0 else 0.0
    if before is State.DEAD:
        return 1 - share <= CHANGES_KIND
    return share > CHANGES_KIND if before is State.WRONG_PERSON else share >= 0.5


class Readings(Struct, frozen=True):
    """`Reading` of many pairs, as columns."""

    p_reach: Array
    p_own: Array
    p_dead: Array
    p_others: Array
    p_blocked: Array

    def one(self, i: int) -> Reading:
        """The reading of one pair."""
        return next(self.some(np.array([i])))

    def some(self, rows: NDArray[np.integer[Any]]) -> Iterator[Reading]:
        """Those of some pairs."""
        return map(Reading, *(column[rows].tolist() for column in (self.p_reach, self.p_own, self.p_dead, self.p_others, self.p_blocked)))


def judge_all(now: Readings, before: NDArray[np.int8], heard: NDArray[np.bool_], failed: NDArray[np.integer[Any]]) -> NDArray[np.int8]:
    """`judge` for many pairs at once."""
    gone = (before == DEAD) | (before == WRONG_PERSON)
    gone_for = now.p_dead + now.p_others
    share = np.divide(now.p_dead, gone_for, out=np.zeros_like(gone_for), where=gone_for > 0)
    dead = np.where(before == DEAD, 1 - share <= CHANGES_KIND, np.where(before == WRONG_PERSON, share > CHANGES_KIND, share >= 0.5))
    enters = now.p_own <= np.where(dead, np.where(failed >= IN_A_ROW, DEAD_AFTER_THREE, DEAD_FROM), WRONG_FROM)
    given_up = enters | (gone & (now.p_own < np.where(dead, DEAD_UNTIL, WRONG_UNTIL)))
    blocked = now.p_blocked >= np.where(before == BLOCKED, BLOCKED_UNTIL, BLOCKED_FROM)
    good = (now.p_reach >= GOOD_FROM) | ((before == GOOD) & (now.p_reach >= GOOD_UNTIL))
    chosen = np.select([given_up & dead, given_up, blocked, ~heard, good], [DEAD, WRONG_PERSON, BLOCKED, UNVERIFIED, GOOD], DOUBTFUL)
    return chosen.astype(np.int8)
