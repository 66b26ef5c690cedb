"""Look-ups beside the acting scheduler: at what rate, how often, what becomes of the answers, and of services that fail."""

import asyncio
import time
from typing import Any

import pytest
import structlog

import scheduler.looking_up
from gateway.config.schema import LookupSection
from gateway.dispatch.tokens import RateTokens
from gateway.metrics import Metrics
from gateway.pipeline.believing import believe, lens
from gateway.store import unlearned
from gateway.store.quality_state import GIVEN_UP
from gateway.words import Fault, Reason, Status
from providers.base.types import Report
from scheduler.cron import Scheduler
from scheduler.jobs import open_redis
from scheduler.looking_up import LookingUp
from tests.pipeline.events import known, number, requested, sms
from tests.pipeline.plant import VENDOR, Plant, open_plant
from tests.scheduler.looking import Free, asked, asking, at_once, carrier, person, plant, rounds
from tests.scheduler.test_scheduler import Asked, until
from tests.standins.carrier import Carrier, options

__all__ = ["at_once", "carrier", "plant"]

RATE = 5


async def test_nothing_is_asked_twice_while_its_answer_is_valid_whoever_acts(plant: Plant, carrier: Carrier) -> None:
    numbers = {await person(plant, n, "dead") for n in range(5)}
    one = await rounds(plant)
    await rounds(plant, one=one)
    await rounds(plant)
    assert (sorted(asked(carrier)), len(carrier.asked)) == (sorted(numbers), 1)
    await plant.pool.execute("update lookup set expires_at = now() where id = (select min(id) from lookup)")
    await rounds(plant)
    assert len(asked(carrier)) == 6


async def test_a_number_of_two_persons_is_asked_about_once(plant: Plant, carrier: Carrier) -> None:
    await plant.post(known("p1", sms(number(1))), known("p2", sms(number(1))))
    await plant.pool.execute("update contact set state = 'doubtful'")
    await rounds(plant)
    assert asked(carrier) == [number(1)]


async def test_answers_are_noted_for_the_learner_in_their_transaction_and_those_that_say_nothing_are_not(
    plant: Plant, carrier: Carrier
) -> None:
    for n in range(3):
        await person(plant, n, "dead")
    silent = f"1380013{7:04d}"  # left out of the answer
    await plant.post(known("p9", sms(silent)))
    await plant.pool.execute("update contact set state = 'dead'; delete from unlearned")
    await rounds(plant)
    assert sorted(asked(carrier)) == sorted([number(0), number(1), number(2), silent])
    stands = "select l.state, l.xmin = u.xmin from lookup l left join unlearned u using (key) order by 1, 2"
    assert await plant.rows(stands) == [("active", True)] * 3 + [("unknown", None)]


async def test_no_more_is_asked_than_the_rate_allows(emptied_dsn: str, redis_url: str, carrier: Carrier) -> None:
    async with open_redis(redis_url) as redis, asking(emptied_dsn, carrier, rate_per_s=RATE) as plant:
        for n in range(30):
            await person(plant, n, "dead")
        tokens = RateTokens(redis)
        began = time.monotonic()
        running = [LookingUp(plant.runtime, tokens) for _ in range(2)]  # one that acts no more may still be at it
        try:
            async with plant.runtime.reading.acquire() as connection:
                for one in running:
                    await one(connection)
            await until(lambda: len(asked(carrier)) >= 2 * RATE)
        finally:
            for one in running:
                await one.stop()
        took_s = time.monotonic() - began
    assert len(asked(carrier)) <= RATE * took_s + 1
    assert len(set(asked(carrier))) >= len(asked(carrier)) - 1


@pytest.mark.parametrize("fault", ["busy", "html", "reset"])
async def test_a_service_that_fails_breaks_nothing_and_is_asked_later_and_later(plant: Plant, carrier: Carrier, fault: str) -> None:
    await person(plant, 1, "dead")
    carrier.faults += [fault] * 2
    one = LookingUp(plant.runtime, Free())
    await one._lookups.open()
    try:
        pauses = [await one._round() for _ in range(3)]
    finally:
        await one._lookups.close()
    assert pauses[0] * 2 == pauses[1]
    assert len(carrier.asked) == 3
    assert await plant.rows("select state from lookup") == [("active",)]
    assert one._failed_s == scheduler.looking_up.AFTER_FAILURE_S


async def test_a_service_that_nobody_reaches_keeps_nothing_from_going_on(emptied_dsn: str, unused_tcp_port: int) -> None:
    section = LookupSection(driver="http", timeout_s=1, options=options(f"http://127.0.0.1:{unused_tcp_port}/v1/numbers"))
    async with open_plant(emptied_dsn, lookup={"carrier": section}) as plant:
        await person(plant, 1, "dead")
        one = LookingUp(plant.runtime, Free())
        async with plant.runtime.reading.acquire() as connection:
            await one(connection)
            await asyncio.sleep(0.3)
            await one(connection)
        assert one._turn is not None
        assert not one._turn.done()
        await one.stop()
        assert await plant.count("lookup") == 0


async def test_a_value_that_does_not_open_keeps_nobody_else_from_being_asked_about(
    plant: Plant, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    await person(plant, 1, "dead")
    other = await person(plant, 2, "dead")
    await plant.pool.execute(r"update contact set sealed = '\x00' where person_id = 'p1'")
    monkeypatch.setattr(scheduler.looking_up, "_at_once", lambda _: 1)
    monkeypatch.setattr(scheduler.looking_up, "EVERY_S", 60)
    await rounds(plant)
    assert asked(carrier) == [other]


async def test_where_no_service_is_configured_nothing_is_begun(emptied_dsn: str) -> None:
    async with open_plant(emptied_dsn) as plant:
        one = LookingUp(plant.runtime, Free())
        async with plant.runtime.reading.acquire() as connection:
            await one(connection)
        assert one._turn is None
        await one.stop()


async def test_no_number_stands_in_a_log_line(plant: Plant, carrier: Carrier) -> None:
    for n in range(3):
        await person(plant, n, "dead")
    carrier.faults += ["html", "busy"]
    with structlog.testing.capture_logs() as logs:
        await rounds(plant, 4)
    assert {line["event"] for line in logs} >= {"lookup_failed", "walked_for_lookups"}
    assert "1380" not in str(logs)
    assert not any("1380" in target for target in carrier.targets)


async def test_a_dead_number_that_the_service_calls_active_is_used_again(plant: Plant, carrier: Carrier) -> None:
    """Given up after three failures whose code does not tell vacant from off; the service says that it is in service: the belief lets go of dead."""
    await plant.post(known("p1", sms(number(1))))
    for _ in range(3):
        await plant.pool.execute("update message set sent_at = sent_at - interval '30 days', final_at = final_at - interval '30 days'")
        await plant.pool.execute("update contact set state = null, updated_at = now() - interval '1 year'")
        seen = len(plant.vendor.seen)
        await plant.post(requested("p1"))
        await plant.drain()
        await plant.report(Report(plant.vendor.seen[seen], Status.UNDELIVERED, Reason.UNREACHABLE, Fault.RECIPIENT, permanent=None))
    assert await learned(plant) == "dead"
    await rounds(plant)
    assert asked(carrier) == [number(1)]
    assert await learned(plant) not in GIVEN_UP


async def learned(plant: Plant) -> str:
    async with plant.runtime.pool.acquire() as connection, connection.transaction():
        await believe(connection, await unlearned.take(connection, 100), lens())
    return str(await plant.value("select state from contact"))


async def test_the_acting_scheduler_looks_up_beside_its_chores_and_stops_with_them(plant: Plant, carrier: Carrier) -> None:
    numbers = [await person(plant, n, "dead") for n in range(3)]
    jobs: Any = Asked()
    one, stopping = LookingUp(plant.runtime, Free()), asyncio.Event()
    running = asyncio.create_task(Scheduler(plant.runtime, jobs, Metrics({VENDOR: ["sms"]}, "test"), [one]).run(stopping))
    await until(lambda: carrier.asked)
    stopping.set()
    async with asyncio.timeout(20):
        await running
    assert sorted(asked(carrier)) == numbers
    assert one._turn is None
