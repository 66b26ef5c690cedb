"""A pump and its provider's circuit: while it is open nothing is claimed, half open one call tries, and whatever happens to that try it is not lost."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest

from gateway.dispatch.circuit import FAILURES, OPEN_S, CircuitState
from gateway.words import Outcome
from providers.base.types import Answer, Outgoing
from tests.dispatch.one_pump import LINE, Bench
from tests.pipeline.plant import VENDOR


async def opened(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Opens the circuit by calls that fail; the clock to turn."""
    now = [1000.0]
    monkeypatch.setattr("gateway.dispatch.outlets.time", SimpleNamespace(monotonic=lambda: now[0]))
    for _ in range(FAILURES):
        bench.outlets.ended(VENDOR, [Answer("1", Outcome.UNKNOWN)])
    assert bench.circuit is CircuitState.OPEN
    return now


async def test_while_the_circuit_is_open_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(50)
    await opened(bench, monkeypatch)
    assert await bench.drain() == 0
    assert bench.tokens.log == []


async def test_half_open_one_call_tries_and_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(50)
    now = await opened(bench, monkeypatch)
    now[0] += OPEN_S[0]
    rounds = iter(range(1))
    await bench.pump.drain(lambda: next(rounds, None) is None)
    await bench.pump.landed()
    assert [len(call) for call in bench.vendor.calls] == [LINE.batch_size]
    assert bench.circuit is CircuitState.CLOSED


@pytest.mark.parametrize("error", [asyncpg.CannotConnectNowError("starting"), OSError("gone"), asyncpg.InterfaceError("closed")])
async def test_a_claim_that_fails_while_half_open_leaves_the_try_to_another(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    bench = Bench(50)
    now = await opened(bench, monkeypatch)
    now[0] += OPEN_S[0]
    bench.queue.fails = error
    with pytest.raises(type(error)):
        await bench.drain()
    assert bench.circuit is CircuitState.HALF_OPEN
    bench.queue.fails = None
    assert await bench.drain() == 50
    assert len(bench.vendor.calls[0]) == LINE.batch_size


async def test_a_drain_that_is_cancelled_while_half_open_leaves_the_try_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(50)
    now = await opened(bench, monkeypatch)
    now[0] += OPEN_S[0]
    bench.queue.open.clear()
    draining = asyncio.create_task(bench.pump.drain(lambda: False))
    await asyncio.sleep(0.01)
    draining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await draining
    assert bench.circuit is CircuitState.HALF_OPEN


async def test_a_driver_that_raises_while_half_open_opens_the_circuit_again(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(50)
    now = await opened(bench, monkeypatch)
    now[0] += OPEN_S[0]

    def raising(_: Sequence[Outgoing]) -> list[Answer]:
        raise RuntimeError("bug")

    bench.vendor.answers = raising
    await bench.drain()
    assert {a.outcome for a in bench.answers.said} == {Outcome.UNKNOWN}
    now[0] += OPEN_S[1]
    assert bench.circuit is CircuitState.HALF_OPEN


@pytest.mark.parametrize("said", [None, 7, [None], ["odd"]])
async def test_a_driver_that_answers_nonsense_says_nothing_of_what_left(said: Any) -> None:
    """Drivers may be other people's."""
    bench = Bench(3)
    bench.vendor.answers = lambda _: cast("list[Answer]", said)
    await bench.drain()
    assert {a.outcome for a in bench.answers.said} == {Outcome.UNKNOWN}
    assert len(bench.answers.said) == 3


async def test_a_driver_that_lets_itself_be_cancelled_while_half_open_leaves_the_try_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(50)
    now = await opened(bench, monkeypatch)
    now[0] += OPEN_S[0]

    def cancelled(_: Sequence[Outgoing]) -> list[Answer]:
        raise asyncio.CancelledError

    bench.vendor.answers = cancelled
    await bench.drain()
    assert bench.circuit is CircuitState.HALF_OPEN
