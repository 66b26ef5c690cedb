"""The learner beside the acting scheduler: news is learned within seconds, sending goes first, all contacts are walked over, and a stop loses nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

import scheduler.learning
from gateway.words import Status
from providers.base.types import Report
from scheduler.learning import Learning
from tests.pipeline.events import known, number, requested, sms
from tests.pipeline.plant import Plant

MONTH = timedelta(days=30)
OLDER = "update unlearned set at = at - interval '3 seconds'"


@asynccontextmanager
async def learning(plant: Plant) -> AsyncIterator[Learning]:
    one = Learning(plant.runtime.pool, MONTH)
    try:
        yield one
    finally:
        await one.stop()


async def look(plant: Plant, one: Learning) -> bool:
    """One look, and the turn that it begins; whether one began."""
    async with plant.runtime.reading.acquire() as connection:
        await one(connection)
    turn = one._turn
    if turn is not None:
        async with asyncio.timeout(20):
            await turn
    return turn is not None


async def delivered(plant: Plant, count: int) -> None:
    await plant.post(*(one for n in range(count) for one in (known(f"p{n}", sms(number(n))), requested(f"p{n}"))))
    await plant.drain()
    await plant.report(*(Report(reference, Status.DELIVERED) for reference in plant.vendor.seen))
    await plant.pool.execute(OLDER)


async def good(plant: Plant) -> int:
    return await plant.count("contact", "state = 'good'")


async def test_it_learns_what_came_and_then_has_nothing_to_do(plant: Plant) -> None:
    await delivered(plant, 20)
    async with learning(plant) as one:
        assert await look(plant, one)
        assert (await good(plant), await plant.count("unlearned")) == (20, 0)
        await look(plant, one)  # the first walk
        assert not await look(plant, one)


async def test_a_number_waits_a_moment_for_what_else_comes_of_it(plant: Plant) -> None:
    await delivered(plant, 1)
    await plant.pool.execute("update unlearned set at = now() + interval '1 minute'")
    async with learning(plant) as one:
        await look(plant, one)
        await look(plant, one)
        assert await plant.count("unlearned") == 1


async def test_it_waits_while_messages_that_are_due_wait_but_not_for_ever(plant: Plant) -> None:
    await delivered(plant, 3)
    await plant.post(known("late", sms(number(50))), requested("late"))
    async with learning(plant) as one:
        assert not await look(plant, one)
        assert await good(plant) == 0
        one._caught_up -= 601
        assert await look(plant, one)
        assert await good(plant) == 3


async def test_it_waits_while_much_comes_in(plant: Plant) -> None:
    await delivered(plant, 2)
    await plant.pool.execute("insert into unlearned (key) select sha256(n::text::bytea) from generate_series(1, 200) n")
    async with learning(plant) as one:
        assert not await look(plant, one)


async def test_all_contacts_are_walked_over_once_a_month_and_after_a_new_model(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler.learning, "CONTACTS_AT_ONCE", 3)
    await delivered(plant, 20)
    await plant.pool.execute("delete from unlearned")
    async with learning(plant) as one:
        assert await look(plant, one)
        assert await good(plant) == 20
        assert not await look(plant, one)
        await plant.pool.execute("update contact set state = null, p_reach = null")
        await plant.pool.execute("update learning set began_at = now() - interval '31 days'")
        assert await look(plant, one)
        assert await good(plant) == 20


async def test_a_walk_goes_on_where_it_was_cut_off(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler.learning, "CONTACTS_AT_ONCE", 2)
    monkeypatch.setattr(scheduler.learning, "STEPS", 3)
    monkeypatch.setattr(scheduler.learning, "A_TURN_S", 0.0)
    await delivered(plant, 9)
    await plant.pool.execute("delete from unlearned")
    async with learning(plant) as one, plant.runtime.pool.acquire() as connection:
        monkeypatch.setattr(scheduler.learning, "A_TURN_S", 1e-9)
        await one.walk()
        assert 0 < await good(plant) < 9
        monkeypatch.undo()
        await one(connection)
        assert one._turn is not None
        await one._turn
    assert await good(plant) == 9
    assert await plant.count("learning", "ended_at is not null") == 1


async def test_what_it_is_cut_off_in_is_taken_up_again(plant: Plant) -> None:
    await delivered(plant, 30)
    async with learning(plant) as one, plant.runtime.reading.acquire() as connection:
        for _ in range(5):
            await one(connection)
            await asyncio.sleep(0.005)
            await one.stop()
        while await look(plant, one):
            pass
    assert (await good(plant), await plant.count("unlearned")) == (30, 0)
