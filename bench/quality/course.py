"""A closed loop: a policy decides about each message from what it saw so far, and sees what comes of those that it sends, and of no others.

Whether a number lives and whose it is, and what would come of each message, is drawn once for all policies. A certification or an answer that the
population drew for a message comes only where that message was sent; who rests after a certification (`certified_rest_days`) is worked out from those
that came. As in `population`, nobody certifies without a notice: what a few would have done anyway is missing for messages that were not sent, as it is for failed ones.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bench.quality.population import EPOCH_DAY, History, Messages
from gateway.quality.days import DAY_S, SHANGHAI_S
from gateway.quality.record import NONE, Flags, Ints

OUTCOME_S, CERTIFIED_S, ANSWERED_S = (hour * 3_600 for hour in (10, 11, 12))
"""When on its day each kind of thing is heard: as in `population`."""
USED, DEAD, WRONG_PERSON, DENIED, BELOW = range(5)
"""How a number stands with a policy."""


class Heard(Struct, frozen=True):
    """What came in at one time; a pair stands in it once."""

    day: int
    second: int
    pair: Ints
    what: Ints
    """As in `Observations`."""

    @property
    def at_s(self) -> Ints:
        """Seconds since 1970-01-01 UTC."""
        return np.full(len(self.pair), self.day * DAY_S - SHANGHAI_S + self.second)


class Policy(Protocol):
    """Decides, and hears what came of it. Days are counted from 1970-01-01."""

    def begin(self, day: int) -> None:
        """A day begins."""

    def decide(self, day: int, pair: Ints) -> tuple[Flags, NDArray[np.int8]]:
        """For messages that are due to these pairs: which are sent, and how each number stands."""

    def hear(self, heard: Heard) -> None:
        """Something came in."""


class Course(Struct, frozen=True):
    """What a policy did with each message."""

    sent: Flags
    standing: NDArray[np.int8]

    @property
    def given_up(self) -> Flags:
        """The number was not in use; it may have been probed."""
        given_up: Flags = self.standing != USED
        return given_up


class _Coming:
    """What people will do on later days, of messages that were sent."""

    def __init__(self, messages: Messages, pairs: int, rest_days: int) -> None:
        self._m, self._rest_days = messages, rest_days
        self._certified: dict[int, list[int]] = {}
        self._answered: dict[int, list[int]] = {}
        self._rests_from = np.full(pairs, -rest_days)

    def after(self, sent: Ints) -> None:
        """These messages went out, of each pair at most one."""
        m = self._m
        certify = sent[m.certified_on[sent] != NONE]
        certify = certify[m.day[certify] - self._rests_from[m.pair[certify]] >= self._rest_days]
        self._rests_from[m.pair[certify]] = m.day[certify]
        answer = sent[m.answer[sent] != NONE]
        for rows, days, coming in ((certify, m.certified_on, self._certified), (answer, m.answered_on, self._answered)):
            for row in rows.tolist():
                coming.setdefault(int(days[row]), []).append(row)

    def on(self, day: int) -> Iterator[Heard]:
        """What is done on this day."""
        m = self._m
        for coming, second in ((self._certified, CERTIFIED_S), (self._answered, ANSWERED_S)):
            rows = np.array(coming.pop(day, []), dtype=np.int64)
            while len(rows):
                once = np.unique(m.pair[rows], return_index=True)[1]
                said = np.zeros(len(once), dtype=np.int64) if second == CERTIFIED_S else m.answer[rows[once]]
                yield Heard(day + EPOCH_DAY, second, m.pair[rows[once]], NONE - 1 - said)
                rows = np.delete(rows, once)


def run(history: History, policy: Policy, rest_days: int, each_day: Callable[[], None]) -> Course:
    """Lives through a history with a policy."""
    m, days = history.messages, history.end_day - EPOCH_DAY
    by_day = np.argsort(m.day, kind="stable")
    begins = np.searchsorted(m.day[by_day], np.arange(days + 1))
    made = Course(np.zeros(len(m.day), dtype=np.bool_), np.zeros(len(m.day), dtype=np.int8))
    coming = _Coming(m, len(history.end_reach), rest_days)
    for day in range(days):
        policy.begin(day + EPOCH_DAY)
        due = by_day[begins[day] : begins[day + 1]]
        if len(due):
            made.sent[due], made.standing[due] = policy.decide(day + EPOCH_DAY, m.pair[due])
            sent = due[made.sent[due]]
            policy.hear(Heard(day + EPOCH_DAY, OUTCOME_S, m.pair[sent], m.what[sent]))
            coming.after(sent)
        for heard in coming.on(day):
            policy.hear(heard)
        each_day()
    return made
