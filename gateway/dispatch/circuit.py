"""A circuit a provider and process: after calls that failed in a row it opens for a while, then lets one call try."""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from gateway.words import Outcome, Reason
from providers.base.ruling import retry_class
from providers.base.types import Answer
from providers.base.words import RetryClass

FAILURES = 5
"""Failed calls in a row that open the circuit."""
OPEN_S = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds it stays open, the first time, the second, …"""
CONFIGURATIONS = 3
"""Calls in a row that were refused because of our account: one message alone may be at fault, three are not."""
NEEDS_OPERATOR_S = (60.0, 120.0, 300.0)
"""Seconds it stays open then: nothing gets better before somebody looks."""
OF_A_TEXT = frozenset({Reason.TEMPLATE_REJECTED, Reason.SIGNATURE_REJECTED})
"""What needs an operator too, and is no reason to send nothing else: other texts are well."""


class CircuitState(StrEnum):
    """Where a circuit stands."""

    CLOSED = "closed"
    """Calls go through."""
    HALF_OPEN = "half_open"
    """One call may try."""
    OPEN = "open"
    """No call is made."""


class Why(StrEnum):
    """Why a circuit opened."""

    FAILED = "failed"
    """Calls did not arrive, or nobody can say whether they did."""
    CONFIGURATION = "configuration"
    """The vendor refuses us: an operator must look."""


class Turn(Struct, frozen=True):
    """A circuit that just opened (for so many seconds, the so many-th time in a row) or closed (`why` None)."""

    why: Why | None = None
    seconds: float = 0.0
    times: int = 0


CLOSED = Turn()


class Circuit:
    """Counts calls of one provider that failed: nothing left, or unknown, or refused for our configuration. Any other answer closes it."""

    def __init__(self) -> None:
        self._failed = 0
        self._misconfigured = 0
        self._opened = 0
        self._until = 0.0
        self.trying = False
        """Half open, and somebody was let through."""

    def state(self, now: float) -> CircuitState:
        """`now` in monotonic seconds."""
        if not self._opened:
            return CircuitState.CLOSED
        return CircuitState.OPEN if now < self._until or self.trying else CircuitState.HALF_OPEN

    def admits(self, now: float) -> bool:
        """Whether a claim may be made now; half open, one at a time is let through."""
        state = self.state(now)
        if state is CircuitState.HALF_OPEN:
            self.trying = True
        return state is not CircuitState.OPEN

    def unused(self) -> None:
        """The claim that was let through found nothing to send."""
        self.trying = False

    def ended(self, answers: Sequence[Answer], now: float) -> Turn | None:
        """A call ended with these answers. Says so where that opened or closed the circuit."""
        self.trying = False
        if answers and answers[0].outcome is Outcome.ACCEPTED and not self._opened:  # nearly always
            self._failed = self._misconfigured = 0
            return None
        if not any(a.outcome in {Outcome.ACCEPTED, Outcome.REFUSED, Outcome.DEFERRED} for a in answers):
            self._failed += 1
            return self._open(Why.FAILED, OPEN_S, now, ripe=self._failed >= FAILURES)
        if answers[0].outcome is not Outcome.ACCEPTED and misconfigured(answers):
            self._misconfigured += 1
            return self._open(Why.CONFIGURATION, NEEDS_OPERATOR_S, now, ripe=self._misconfigured >= CONFIGURATIONS)
        closed = CLOSED if self._opened else None
        self._failed = self._misconfigured = self._opened = 0
        return closed

    def told(self, turn: Turn, now: float) -> None:
        """Another process opened its circuit, for `turn.seconds` from now on."""
        if not self._opened or self._until < now + turn.seconds:
            self._until = now + turn.seconds
            self._opened = max(self._opened, turn.times)

    def _open(self, why: Why, pauses_s: Sequence[float], now: float, *, ripe: bool) -> Turn | None:
        if not self._opened and not ripe:
            return None
        if self._opened and now < self._until:  # it was on its way when the circuit opened, and says nothing new
            return None
        seconds = pauses_s[min(self._opened, len(pauses_s) - 1)]
        self._until = now + seconds
        self._opened += 1
        return Turn(why, seconds, self._opened)


def misconfigured(answers: Sequence[Answer]) -> bool:
    """Whether the vendor refused every message of a call because of our account."""
    return all(needs_operator(a) and a.reason not in OF_A_TEXT for a in answers)


def needs_operator(answer: Answer) -> bool:
    """Whether a message was refused because of our account, template or signature."""
    return answer.outcome in {Outcome.REFUSED, Outcome.DEFERRED} and retry_class(answer) is RetryClass.CONFIGURATION
