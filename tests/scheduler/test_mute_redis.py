"""A Redis that takes connections and answers nothing (it hangs, or the network swallows what it says) is like one that is away: nobody waits for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from typing import Any, cast

import pytest
from arq.worker import func

from gateway.dispatch.circuit import Turn, Why
from gateway.dispatch.hints import CircuitHints
from gateway.dispatch.tokens import RateTokens
from scheduler.jobs import ArqJobs, open_redis
from scheduler.worker import MOST_JOBS, WakingWorker
from tests.scheduler.working import at_work

SOON_S = 10.0


class Circuits:
    """One that just opened."""

    def __init__(self) -> None:
        self.turns = {"vendor": Turn(Why.FAILED, 5.0, 1)}

        self.elsewhere: Collection[str] = ("vendor",)

    def links(self) -> list[str]:
        return []

    def told(self, provider: str, turn: Turn) -> None: ...


@pytest.fixture
async def mute() -> AsyncIterator[str]:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while await reader.read(65536):
                pass
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def test_nobody_waits_for_its_answer(mute: str) -> None:
    async with open_redis(mute) as redis:
        jobs, tokens = ArqJobs(redis), RateTokens(redis)
        asked = {
            "a lane": jobs.drain("sms", "urgent", 1),
            "a plan": jobs.plan(),
            "callbacks": jobs.receive(),
            "tokens": tokens.take("vendor", 10.0, 5),
            "tokens given back": tokens.give_back("vendor", 10.0, 5),
            "circuits": CircuitHints(redis, Circuits(), ["vendor"]).exchange(),
        }
        tasks = {name: asyncio.create_task(one) for name, one in asked.items()}
        await asyncio.wait(tasks.values(), timeout=SOON_S)
        waiting = [name for name, task in tasks.items() if not task.done()]
        for task in tasks.values():
            task.cancel()
    assert waiting == []
    assert tasks["tokens"].result() == 0, "a limited provider gets none"


async def test_a_worker_does_its_work_without_it(mute: str) -> None:
    alone = asyncio.Event()

    async def without() -> None:
        alone.set()

    async def nothing(*_: Any) -> None: ...

    async with open_redis(mute) as redis:
        worker = WakingWorker(redis, [func(cast("Any", nothing), name="plan")], nothing, nothing, without)
        began = time.monotonic()
        async with at_work(worker):
            with suppress(TimeoutError):
                async with asyncio.timeout(2 * SOON_S):
                    await alone.wait()
            took = time.monotonic() - began
    assert alone.is_set(), took


async def test_looks_that_failed_in_the_middle_leave_the_worker_its_places(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """arq counts a job before it asks Redis whether it may begin it."""
    monkeypatch.setattr("scheduler.worker.AWAY_S", 0.001)
    monkeypatch.setattr("scheduler.worker.LOOK_S", 0.001)
    did, failed = asyncio.Event(), 0

    async def plan(*_: Any) -> None:
        did.set()

    async def nothing(*_: Any) -> None: ...

    def fails(*args: object, **named: object) -> object:
        nonlocal failed
        if worker.job_counter and failed < 2 * MOST_JOBS:
            failed += 1
            raise ConnectionError
        return real(*args, **named)  # type: ignore[arg-type]

    async with open_redis(redis_url) as redis:
        worker = WakingWorker(redis, [func(cast("Any", plan), name="plan")], nothing, nothing, nothing)
        real = redis.pipeline
        await ArqJobs(redis).plan()
        monkeypatch.setattr(redis, "pipeline", fails)
        async with at_work(worker):
            with suppress(TimeoutError):
                async with asyncio.timeout(SOON_S):
                    await did.wait()
    assert did.is_set()
    assert failed == 2 * MOST_JOBS
