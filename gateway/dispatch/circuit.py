"""A circuit a provider and process: after calls that failed in a row it opens for a while, then lets one call try."""

from collections.abc import Sequence
from enum import StrEnum

from gateway.words import Outcome
from providers.base.types import Answer

FAILURES = 5
"""Failed calls in a row that open the circuit."""
OPEN_S = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds it stays open, the first time, the second, …"""


class CircuitState(StrEnum):
    """Where a circuit stands."""

    CLOSED = "closed"
    """Calls go through."""
    HALF_OPEN = "half_open"
    """One call may try."""
    OPEN = "open"
    """No call is made."""


class Circuit:
    """Counts calls of one provider that failed: nothing left, or unknown. An answer that refuses a message is an answer."""

    def __init__(self) -> None:
        self._failed = 0
        self._opened = 0
        self._until = 0.0
        self._trying = False

    def state(self, now: float) -> CircuitState:
        """`now` in monotonic seconds."""
        if not self._opened:
            return CircuitState.CLOSED
        return CircuitState.OPEN if now < self._until or self._trying else CircuitState.HALF_OPEN

    def admits(self, now: float) -> bool:
        """Whether a claim may be made now; half open, one at a time is let through."""
        state = self.state(now)
        if state is CircuitState.HALF_OPEN:
            self._trying = True
        return state is not CircuitState.OPEN

    def unused(self) -> None:
        """The claim that was let through found nothing to send."""
        self._trying = False

    def ended(self, answers: Sequence[Answer], now: float) -> None:
        """A call ended with these answers."""
        self._trying = False
        if any(a.outcome in {Outcome.ACCEPTED, Outcome.REFUSED, Outcome.DEFERRED} for a in answers):
            self._failed = self._opened = 0
            return
        self._failed += 1
        if self._opened or self._failed >= FAILURES:
            self._until = now + OPEN_S[min(self._opened, len(OPEN_S) - 1)]
            self._opened += 1
