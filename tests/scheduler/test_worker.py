"""The worker: woken by what is asked, and alive through a Redis, a store and colleagues that die."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from arq.worker import func

from gateway.engines.host import EngineHost
from gateway.engines.redis import RedisServer
from scheduler.jobs import A_JOB, WAKE, ArqJobs, open_redis
from scheduler.worker import WakingWorker
from tests.pipeline.plant import NO_REDIS
from tests.scheduler.working import at_work

SLOW_MACHINE_S = 15.0


class Did:
    """What jobs did, and when."""

    def __init__(self) -> None:
        self.plans: list[float] = []
        self.drains: list[tuple[str, str]] = []
        self.alone = self.callbacks = 0
        self.raises: Exception | None = None

    async def plan(self, _: dict[Any, Any]) -> None:
        self.plans.append(time.monotonic())
        if self.raises:
            raise self.raises

    async def drain(self, _: dict[Any, Any], channel: str, lane: str) -> None:
        self.drains.append((channel, lane))

    async def woken(self, channel: str, lane: str) -> None:
        self.drains.append((channel, lane))

    async def called_back(self) -> None:
        self.callbacks += 1

    async def without_redis(self) -> None:
        self.alone += 1
        if self.raises:
            raise self.raises


@asynccontextmanager
async def working(url: str, did: Did) -> AsyncIterator[tuple[WakingWorker, ArqJobs]]:
    jobs: list[Any] = [did.plan, did.drain]
    async with open_redis(url) as redis:
        worker = WakingWorker(redis, [func(job, name=job.__name__) for job in jobs], did.woken, did.called_back, did.without_redis)
        async with at_work(worker) as main:
            await asyncio.sleep(0.05)
            yield worker, ArqJobs(redis)
            assert not main.done(), "the worker has ended"


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(SLOW_MACHINE_S):
        while not true():  # noqa: ASYNC110 - what is awaited is anything a test can see
            await asyncio.sleep(0.005)


async def test_what_is_asked_is_begun_at_once(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.worker.LOOK_S", 600.0)  # what is begun was begun because it was asked
    did = Did()
    async with working(redis_url, did) as (_, jobs):
        await asyncio.sleep(0.1)
        await jobs.plan()
        await until(lambda: did.plans)
        await jobs.drain("sms", "urgent", 1)
        await until(lambda: did.drains == [("sms", "urgent")])
        await jobs.receive()
        await until(lambda: did.callbacks == 1)


async def test_many_messages_are_worth_jobs_beside_the_wake_up(redis_url: str) -> None:
    did = Did()
    async with working(redis_url, did) as (_, jobs):
        await jobs.drain("sms", "bulk", A_JOB * 3)
        await until(lambda: len(did.drains) == 4)


async def test_a_wake_up_that_is_none_of_ours_deafens_nobody(redis_url: str) -> None:
    did = Did()
    async with working(redis_url, did) as (worker, jobs):
        for strange in (b"\xff\xfe", b"", b"a b c", b"sms"):
            await worker.pool.publish(WAKE, strange)
        await jobs.drain("sms", "urgent", 1)
        await until(lambda: ("sms", "urgent") in did.drains)  # finding 31
        await asyncio.sleep(0.1)
        assert did.drains.count(("sms", "urgent")) == 1


async def test_a_job_that_raises_ends_neither_the_worker_nor_the_next_ask(redis_url: str) -> None:
    did = Did()
    did.raises = ValueError("bug")
    async with working(redis_url, did) as (_, jobs):
        await jobs.plan()
        await until(lambda: did.plans)
        await asyncio.sleep(1.0)
        await jobs.plan()
        await until(lambda: len(did.plans) >= 2)


async def test_it_goes_on_without_redis_and_takes_jobs_again_when_it_is_back(data_dir: Path) -> None:
    did = Did()
    async with EngineHost(data_dir, NO_REDIS.replace("redis", "postgresql"), "embedded") as host:
        server = RedisServer(data_dir)
        async with working(host.redis_url, did) as (_, jobs):
            await jobs.plan()
            await until(lambda: did.plans)
            pid = server.pid()
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await until(lambda: did.alone >= 1)
            await jobs.plan()  # nobody hears it; it must not raise
            await asyncio.to_thread(server.start)
            before = len(did.plans)

            async def asking() -> None:
                while len(did.plans) == before:
                    await jobs.plan()
                    await asyncio.sleep(0.2)

            await asyncio.wait_for(asking(), SLOW_MACHINE_S)


async def test_it_lives_through_redis_and_store_being_away_together() -> None:
    did = Did()
    did.raises = OSError("the store is away")
    async with working(NO_REDIS, did):
        await until(lambda: did.alone >= 1)
        await asyncio.sleep(0.3)


async def test_stopping_finishes_the_job_at_hand(redis_url: str) -> None:
    did, begun, finished = Did(), asyncio.Event(), asyncio.Event()

    async def plan(_: dict[Any, Any]) -> None:
        begun.set()
        await asyncio.sleep(0.4)
        finished.set()

    did.plan = plan  # type: ignore[method-assign]
    async with working(redis_url, did) as (_, jobs):
        await jobs.plan()
        await begun.wait()
    assert finished.is_set()


DIES = """
import asyncio, os, signal, sys
from arq.worker import func
from scheduler.jobs import open_redis
from scheduler.worker import WakingWorker

async def plan(_):
    os.kill(os.getpid(), signal.SIGKILL)

async def nothing(*_):
    pass

async def main():
    async with open_redis(sys.argv[1]) as redis:
        await WakingWorker(redis, [func(plan, name="plan")], nothing, nothing, nothing).main()

asyncio.run(main())
"""


async def test_a_worker_that_dies_in_a_job_does_not_hold_up_the_next_ask(redis_url: str) -> None:
    async with open_redis(redis_url) as redis:
        await ArqJobs(redis).plan()
    dead = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", DIES, redis_url], check=False, timeout=20)
    assert dead.returncode == -signal.SIGKILL
    did = Did()
    async with working(redis_url, did) as (_, jobs):
        async with asyncio.timeout(SLOW_MACHINE_S):
            while not did.plans:
                await jobs.plan()
                await asyncio.sleep(0.3)


@pytest.mark.parametrize("value", [b"cos\nsystem\n(S'exit 1'\ntR.", b"\xc1", b""])
async def test_a_job_that_is_not_ours_runs_nothing_and_ends_nothing(redis_url: str, value: bytes) -> None:
    """arq's own pickle would run what it reads."""
    did = Did()
    async with working(redis_url, did) as (worker, jobs):
        await worker.pool.set("arq:job:evil", value)
        await worker.pool.zadd("tixing:jobs", {"evil": 1})
        await asyncio.sleep(0.1)
        await jobs.plan()
        await until(lambda: did.plans)
