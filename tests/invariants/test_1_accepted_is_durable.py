"""Invariant 1: accepted means committed with fsync; whatever fails before that leaves nothing behind."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from bench.meter import family
from gateway.engines.host import EngineHost
from gateway.engines.postgres import PostgresServer
from gateway.pipeline.accept import ACCEPTED, DUPLICATE
from gateway.store.migrate import migrate
from tests.pipeline.breaking import at_commit, on_insert
from tests.pipeline.events import certified, known, number, reminder, requested, sms
from tests.pipeline.plant import Plant, open_plant

TABLES = ("person", "contact", "event", "notice", "message", "queue", "seal")


async def nothing_stored(plant: Plant) -> bool:
    return not any([await plant.count(table) for table in TABLES])


async def test_every_connection_commits_with_fsync(plant: Plant) -> None:
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        assert await plant.value(f"show {setting}") == "on"


async def test_a_commit_that_fails_stores_nothing_and_is_told(plant: Plant) -> None:
    async with at_commit(plant.pool, "raise exception 'no space left on device' using errcode = '53100'"):
        with pytest.raises(asyncpg.DiskFullError):
            await plant.post(known("p1", sms(number(1))), reminder("p1"))
    assert await nothing_stored(plant)


async def test_after_a_failed_commit_the_same_events_are_taken(plant: Plant) -> None:
    events = known("p1", sms(number(1))), reminder("p1")
    async with at_commit(plant.pool, "raise exception 'full' using errcode = '53100'"):
        with pytest.raises(asyncpg.DiskFullError):
            await plant.post(*events)
    assert await plant.post(*events) == [ACCEPTED, ACCEPTED]
    assert await plant.messages() == [("queued", None)]


@pytest.mark.parametrize("breaking", [on_insert, at_commit])
async def test_a_connection_that_dies_on_the_way_stores_nothing(plant: Plant, breaking: type[on_insert]) -> None:
    async with breaking(plant.pool, "perform pg_terminate_backend(pg_backend_pid())"):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await plant.post(known("p1", sms(number(1))), reminder("p1"))
    assert await nothing_stored(plant)
    assert await plant.post(known("p1")) == [ACCEPTED]


async def test_sending_all_of_it_again_is_safe_when_the_answer_was_lost_after_the_commit(plant: Plant) -> None:
    events = known("p1", sms(number(1))), reminder("p1")
    async with at_commit(plant.pool, "begin perform pg_sleep(0.6); exception when query_canceled then null; end"):
        accepting = asyncio.create_task(plant.post(*events))
        await asyncio.sleep(0.3)
        accepting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await accepting
    assert await plant.post(*events) == [DUPLICATE, DUPLICATE]
    assert await plant.messages() == [("queued", None)]


async def test_a_commit_whose_end_nobody_saw_does_not_spoil_its_connection(emptied_dsn: str) -> None:
    async with open_plant(emptied_dsn, connections=1) as plant:
        await plant.post(known("p0"))
        async with at_commit(plant.pool, "begin perform pg_sleep(0.6); exception when query_canceled then null; end"):
            accepting = asyncio.create_task(plant.post(known("p1")))
            await asyncio.sleep(0.3)
            accepting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await accepting
        assert await plant.post(known("p2"), known("p3")) == [ACCEPTED, ACCEPTED]  # finding 13


@pytest.mark.parametrize("breaking", [on_insert, at_commit])
async def test_a_transaction_given_up_in_the_middle_is_nobody_elses(emptied_dsn: str, other: Plant, breaking: type[on_insert]) -> None:
    """Its connection is the only one there is; who borrows it next is told "accepted" only of what others can see."""
    async with open_plant(emptied_dsn, connections=1) as plant:
        async with breaking(other.pool, "begin perform pg_sleep(0.6); exception when query_canceled then null; end"):
            accepting = asyncio.create_task(plant.post(known("p1")))
            await asyncio.sleep(0.3)
            accepting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await accepting
        for n in (2, 3):
            assert await plant.post(known(f"p{n}")) == [ACCEPTED]
            assert await other.count("event", f"person_id = 'p{n}'") == 1
            assert await other.count("pg_stat_activity", "datname = current_database() and state = 'idle in transaction'") == 0


async def test_events_whose_planning_failed_are_stored_and_planned_later(plant: Plant) -> None:
    with plant.plan_fails():
        assert await plant.post(known("p1", sms(number(1))), reminder("p1")) == [ACCEPTED, ACCEPTED]
    assert await plant.count("event", "pending") == 2
    await plant.plan()
    assert await plant.messages() == [("queued", None)]
    assert await plant.count("event", "pending") == 0


async def test_an_event_that_comes_while_others_wait_waits_behind_them(plant: Plant) -> None:
    with plant.plan_fails():
        await plant.post(known("p1", sms(number(1)), name="甲"))
    await plant.post(known("p1", name="乙"))
    assert await plant.count("event", "pending") == 2
    await plant.plan()
    assert (await plant.person("p1")).details.name == "乙"


async def test_one_person_whose_planning_fails_does_not_hold_up_the_batch(plant: Plant) -> None:
    with plant.plan_fails("p1"):
        await plant.post(known("p1", sms(number(1))), reminder("p1"), known("p2", sms(number(2))), reminder("p2"))
    assert await plant.rows("select person_id from message") == [("p2",)]


async def test_what_was_accepted_survives_the_death_of_the_store(data_dir: Path) -> None:
    async with EngineHost(data_dir, "embedded", "redis://127.0.0.1:1") as host:
        await migrate(host.store_dsn)
        server = PostgresServer(data_dir)
        async with open_plant(host.store_dsn) as plant:
            batches = [plant.post(*(requested(f"p{n}", sms(number(n))) for n in range(start, start + 20))) for start in range(0, 100, 20)]
            accepted = sum(result is ACCEPTED for results in await asyncio.gather(*batches) for result in results)
            pid = server.pid()
            assert pid is not None
            for one in [pid, *family([pid]) - {pid}]:  # a child that has not noticed yet would take the next event
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
                await plant.post(certified("p1"))
        await asyncio.to_thread(server.start)
        async with open_plant(host.store_dsn) as again:
            assert await again.count("event") == accepted == 100
            assert await again.count("message") == await again.count("queue") == 100
            assert await again.post(certified("p1")) == [ACCEPTED]
