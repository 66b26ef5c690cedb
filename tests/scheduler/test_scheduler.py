"""The scheduler: any number may run, one acts; what Redis lost is asked for again from PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway.metrics import Metrics
from gateway.words import Status
from providers.base.types import Callback, Reading, Report
from scheduler.counting import Counting
from scheduler.cron import LEADER, Scheduler
from scheduler.fitting import Fitting
from scheduler.functions import Functions
from scheduler.jobs import ArqJobs, open_redis
from scheduler.worker import WakingWorker
from tests.pipeline.events import known, number, reminder, sms
from tests.pipeline.plant import VENDOR, Plant, open_plant
from tests.pipeline.pumping import pumping
from tests.scheduler.working import at_work


class Asked:
    """What a scheduler asked for."""

    def __init__(self) -> None:
        self.asks: list[str] = []
        self.drains: list[tuple[str, str, int]] = []

    async def plan(self) -> None:
        self.asks.append("plan")

    async def ask(self, name: str) -> None:
        self.asks.append(name)

    async def drain(self, channel: str, lane: str, messages: int) -> None:
        self.drains.append((channel, lane, messages))


@asynccontextmanager
async def scheduling(plant: Plant, jobs: Any = None) -> AsyncIterator[Asked]:
    stopping = asyncio.Event()
    asked: Any = jobs or Asked()
    quality = plant.runtime.config.quality
    long_chores = Counting(plant.runtime.reading, quality.shared_from), Fitting(quality.fit_every_days)
    running = asyncio.create_task(Scheduler(plant.runtime, asked, Metrics({VENDOR: ["sms"]}, "test"), long_chores).run(stopping))
    try:
        yield asked
    finally:
        stopping.set()
        async with asyncio.timeout(20):
            await running


async def until(true: Callable[[], object] | Callable[[], Awaitable[object]], within_s: float = 20) -> None:
    async with asyncio.timeout(within_s):
        while True:
            found = true()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            await asyncio.sleep(0.02)


async def test_it_asks_for_what_is_due(plant: Plant, other: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"), known("p2", sms(number(2))), reminder("p2"))
    await plant.claim(count=1)
    await plant.end_leases()
    await plant.pool.execute("update queue set due_at = now() - interval '2 seconds'")
    await plant.pool.execute("update person set plan_due = now() where id = 'p1'")
    async with scheduling(plant) as asked:
        await until(lambda: {"plan", "sweep_leases", "sweep_receipts"} <= set(asked.asks) and asked.drains)
    assert asked.drains[0] == ("sms", "normal", 1)


async def test_it_asks_for_nothing_where_nothing_is_due(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.pool.execute("update queue set due_at = now() + interval '1 hour'")
    await plant.pool.execute("update person set plan_due = now() + interval '1 hour'")
    async with scheduling(plant) as asked:
        await until(lambda: "sweep_receipts" in asked.asks)
        await asyncio.sleep(0.7)
    assert asked.drains == []
    assert set(asked.asks) == {"sweep_receipts"}


async def test_of_two_one_acts_and_the_other_takes_over_when_it_stops(plant: Plant, other: Plant) -> None:
    async with scheduling(other) as second:
        async with scheduling(plant) as first:
            await until(lambda: first.asks or second.asks)
            await asyncio.sleep(0.5)
            assert bool(first.asks) != bool(second.asks)
            acting = first if first.asks else second
            assert await plant.value("select count(*) from pg_locks where locktype = 'advisory' and objid = $1 and granted", LEADER) == 1
        if acting is first:
            await until(lambda: second.asks)


async def test_another_takes_over_from_one_whose_connection_died(plant: Plant, other: Plant) -> None:
    async with scheduling(plant) as first:
        await until(lambda: first.asks)
        async with scheduling(other) as second:
            await asyncio.sleep(0.2)
            assert not second.asks
            await plant.pool.execute(
                "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = $1 and granted", LEADER
            )
            await until(lambda: second.asks or len(first.asks) > 5)
            holders = await plant.value(
                "select count(distinct pid) from pg_locks where locktype = 'advisory' and objid = $1 and granted", LEADER
            )
            assert holders == 1


async def test_a_scheduler_that_lost_the_store_acts_again_when_it_is_back(plant: Plant) -> None:
    async with scheduling(plant) as asked:
        await until(lambda: asked.asks)
        await plant.pool.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()"
        )
        asked.asks.clear()
        await until(lambda: asked.asks)


async def test_a_callback_that_nobody_was_woken_for_is_asked_for_again(emptied_dsn: str) -> None:
    async with open_plant(emptied_dsn) as plant, open_plant(emptied_dsn) as planner:
        await plant.post(known("p1", sms(number(1))), reminder("p1"))
        await plant.drain()
        plant.vendor.reading = Reading((Report(plant.vendor.seen[0], Status.DELIVERED),))
        await plant.keeping(VENDOR, Callback("POST", {}, {}, b"a callback"))
        async with scheduling(planner) as asked:
            await until(lambda: "receive" in asked.asks)


@pytest.mark.parametrize("loss", ["flushall", "never asked"])
async def test_what_redis_lost_is_sent_all_the_same_and_once(emptied_dsn: str, redis_url: str, loss: str) -> None:
    """Accepted while nobody could be woken, or woken and forgotten: the sweep finds it in PostgreSQL."""
    async with open_redis(redis_url) as redis, open_plant(emptied_dsn) as plant, open_plant(emptied_dsn) as planner:
        jobs = ArqJobs(redis)
        await plant.post(*(one for n in range(30) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))
        if loss == "flushall":
            await jobs.drain("sms", "normal", 30)
            await redis.flushdb()
        async with pumping(plant) as sending:
            functions = Functions(sending, plant.planner, plant.sweep, plant.receiving.inbox, {}, lambda _: None)
            worker = WakingWorker(redis, functions.all(), functions.woken, functions.called_back, functions.everything)
            async with at_work(worker), scheduling(planner, jobs):
                await until(lambda: len(plant.vendor.seen) == 30)
                await redis.flushdb()
                await asyncio.sleep(1.5)
        assert sorted(plant.vendor.seen) == sorted(str(row[0]) for row in await plant.messages("id"))


async def test_a_worker_whose_redis_is_away_sends_what_is_due_from_the_store(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    async with open_redis("redis://127.0.0.1:1") as redis, pumping(plant) as sending:
        functions = Functions(sending, plant.planner, plant.sweep, plant.receiving.inbox, {}, lambda _: None)
        worker = WakingWorker(redis, functions.all(), functions.woken, functions.called_back, functions.everything)
        async with at_work(worker):
            await until(lambda: plant.vendor.seen)
    assert plant.vendor.addresses == ["+86" + number(1)]


async def test_jobs_do_their_work_until_nothing_is_left_and_bear_what_is_unknown(plant: Plant) -> None:
    await plant.post(*(one for n in range(5) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))
    async with pumping(plant) as sending:
        functions = Functions(sending, plant.planner, plant.sweep, plant.receiving.inbox, {}, lambda _: None)
        await functions.drain({}, "sms", "normal")
        await functions.drain({}, "pigeon", "normal")
        await functions.everything()
    assert len(plant.vendor.seen) == 5
    assert {job.name for job in functions.all()} == {"drain", "receive", "plan", "sweep_leases", "sweep_receipts", "look_again"}


async def test_contacts_are_counted_once_in_a_while(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), known("p2", sms(number(2))))
    async with scheduling(plant):
        await until(lambda: plant.value("select counted_at from quality_census"))
        first = await plant.value("select counted_at from quality_census")
    assert await plant.value("select sum(contacts) from quality_count") == 2
    async with scheduling(plant) as asked:
        await until(lambda: "sweep_receipts" in asked.asks)
        await asyncio.sleep(0.3)
    assert await plant.value("select counted_at from quality_census") == first


async def test_a_count_that_was_cut_off_leaves_nothing_and_is_taken_again(plant: Plant, other: Plant) -> None:
    await plant.post(known("p1", sms(number(1))))
    async with other.runtime.reading.acquire() as connection, connection.transaction():
        await connection.execute("lock table quality_census in exclusive mode")
        async with scheduling(plant):
            await until(lambda: plant.value("select count(*) from pg_locks where relation = 'quality_census'::regclass and not granted"))
    assert await plant.value("select count(*) from quality_census") == 0
    async with scheduling(plant):
        await until(lambda: plant.value("select counted_at from quality_census"))


async def test_a_row_that_one_chore_stumbles_over_keeps_no_other_from_its_turn(plant: Plant) -> None:
    """A model that somebody wrote by hand: neither gauges nor the next fit can read it."""
    bad = """insert into quality_model (version, at, model, basis, report)
        values ('x', now() - interval '1 year', '{}', '{"message_id": "none"}', '{"routes": {}}')"""
    await plant.post(known("p1", sms(number(1))))
    await plant.pool.execute(bad)

    async def published() -> bool:
        return await plant.count("seal_head") == 1

    async with scheduling(plant):
        await until(published)
