"""How fast a throttling carrier wants us: a pause, then what it took before, then slowly more.

Nobody is told the limit of an account. So there is none until the first "too fast"; then the pace is four fifths of what was taken in the
last second, and grows by a fifth a second until the next one.
"""

from typing import Final

SLOWER: Final = 0.8
RECOVERY_A_S: Final = 1.2
FIRST_PER_S: Final = 50.0
"""The least pace at first: a burst says little of what a second may hold. Later ones are half of the last at least."""
LEAST_PER_S: Final = 1.0
UNLIMITED_PER_S: Final = 20_000.0
"""A pace that has grown so far limits nothing any more."""
PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
_CALM_S: Final = 1.0
"""Throttled again so soon after a pause: the next pause is twice as long."""
_BURST_S: Final = 0.05
"""How much of a second may be written at once."""


class Pace:
    """One account's pace over all its links. Times are of the caller's clock, in seconds."""

    def __init__(self) -> None:
        self.per_s = UNLIMITED_PER_S
        self._resumes = 0.0
        self._slowed = float("-inf")
        self._pause_s = 0.0
        self._tokens = 1.0
        self._filled = 0.0
        self._second = 0
        self._taken = self._taken_before = 0

    @property
    def limited(self) -> bool:
        """Whether the carrier throttled us not long ago."""
        return self.per_s < UNLIMITED_PER_S

    def room(self, now: float) -> int:
        """How many submits may be written now."""
        if self.per_s >= UNLIMITED_PER_S:
            return 1 << 30 if now >= self._resumes else 0
        if now < self._resumes:
            return 0
        passed = max(0.0, now - max(self._filled, self._resumes))
        self._filled = now
        self._tokens = min(self._tokens + passed * self.per_s, max(1.0, self.per_s * _BURST_S))
        self.per_s *= RECOVERY_A_S ** min(passed, 60.0)
        return int(self._tokens)

    def wrote(self, count: int) -> None:
        """So many were written."""
        if self.per_s < UNLIMITED_PER_S:
            self._tokens -= count

    def wait_s(self, now: float) -> float:
        """How long until there is room."""
        return max(self._resumes - now, (1.0 - self._tokens) / self.per_s if self.limited else 0.0, 0.001)

    def took(self, now: float) -> None:
        """The carrier took a submit."""
        self._count(now)
        self._taken += 1

    def throttled(self, written: float, pause_s: float, now: float) -> None:
        """The carrier said "too fast" of a submit written then. What was written before we slowed down is the same event."""
        if written <= self._slowed:
            return
        self._count(now)
        again = now - self._resumes < _CALM_S and self._pause_s > 0
        self._pause_s = min(max(pause_s, self._pause_s * 2 if again else PAUSE_S), max(LONGEST_PAUSE_S, pause_s))
        self._slowed, self._resumes, self._filled, self._tokens = now, now + self._pause_s, now, 1.0
        least = max(LEAST_PER_S, self.per_s / 2) if self.limited else FIRST_PER_S
        self.per_s = max(least, SLOWER * min(self.per_s, max(self._taken, self._taken_before)))

    def _count(self, now: float) -> None:
        second = int(now)
        if second != self._second:
            self._taken_before = self._taken if second == self._second + 1 else 0
            self._second, self._taken = second, 0
