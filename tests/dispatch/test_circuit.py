"""The circuit of a provider: opens after calls that failed in a row, lets one try, closes at the first answer."""

import pytest

from gateway.dispatch.circuit import FAILURES, OPEN_S, Circuit, CircuitState
from gateway.words import Outcome
from providers.base.types import Answer

FAILED = [Answer("1", Outcome.UNKNOWN)]
ANSWERED = [Answer("1", Outcome.REFUSED)]


def opened(now: float = 0.0) -> Circuit:
    circuit = Circuit()
    for _ in range(FAILURES):
        circuit.ended(FAILED, now)
    return circuit


def test_it_opens_after_failures_in_a_row_only() -> None:
    circuit = Circuit()
    for _ in range(3):
        for _ in range(FAILURES - 1):
            circuit.ended(FAILED, 0.0)
        circuit.ended(ANSWERED, 0.0)
    assert circuit.state(0.0) is CircuitState.CLOSED
    assert opened().state(0.0) is CircuitState.OPEN


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.DEFERRED])
def test_a_vendor_that_answers_is_there(outcome: Outcome) -> None:
    circuit = opened()
    circuit.ended([Answer("1", Outcome.UNKNOWN), Answer("2", outcome)], 0.0)
    assert circuit.state(0.0) is CircuitState.CLOSED


def test_when_its_time_is_over_one_may_try() -> None:
    circuit = opened()
    assert not circuit.admits(OPEN_S[0] - 0.01)
    assert circuit.state(OPEN_S[0]) is CircuitState.HALF_OPEN
    assert circuit.admits(OPEN_S[0])
    assert not circuit.admits(OPEN_S[0])


def test_one_that_tried_and_failed_opens_it_for_longer() -> None:
    circuit, now = opened(), 0.0
    for pause_s in (*OPEN_S, OPEN_S[-1]):
        assert not circuit.admits(now + pause_s - 0.01)
        now += pause_s
        assert circuit.admits(now)
        circuit.ended(FAILED, now)


def test_one_that_tried_and_was_answered_closes_it_and_the_next_failure_is_the_first() -> None:
    circuit = opened()
    circuit.admits(OPEN_S[0])
    circuit.ended(ANSWERED, OPEN_S[0])
    circuit.ended(FAILED, OPEN_S[0])
    assert circuit.state(OPEN_S[0]) is CircuitState.CLOSED
    assert circuit.admits(OPEN_S[0])


def test_a_try_that_found_nothing_to_send_leaves_the_place_to_another() -> None:
    circuit = opened()
    assert circuit.admits(OPEN_S[0])
    circuit.unused()
    assert circuit.admits(OPEN_S[0])


def test_calls_that_were_on_their_way_when_it_opened_keep_it_open_no_longer() -> None:
    """A vendor that starts anew drops fifty connections at once: that is one failure, and it is there again in seconds."""
    circuit = opened()
    turns = [circuit.ended(FAILED, 0.1) for _ in range(50)]
    assert turns == [None] * 50
    assert circuit.admits(OPEN_S[0])
    circuit.ended(FAILED, OPEN_S[0])
    assert circuit.state(OPEN_S[0] + OPEN_S[1] - 0.1) is CircuitState.OPEN
    assert circuit.state(OPEN_S[0] + OPEN_S[1]) is CircuitState.HALF_OPEN
