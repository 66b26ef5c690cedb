"""The learner outlives what it cannot work out: one broken number holds up no other, and nothing of it is lost."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

import scheduler.learning
from gateway.pipeline.believing import Worked
from gateway.pipeline.believing import believe as really
from gateway.store import unlearned
from tests.pipeline.plant import Plant
from tests.scheduler.test_learning import OLDER, delivered, good, learning, look


class Broken:
    """Working out fails for one number, with whatever is said."""

    def __init__(self, key: bytes, error: Exception) -> None:
        self.key, self.error, self.asked = key, error, 0

    async def __call__(self, connection: Any, keys: Sequence[bytes], through: Any) -> Worked:
        self.asked += 1
        if self.key in keys:
            raise self.error
        return await really(connection, keys, through)


@pytest.fixture
async def broken(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> Broken:
    await delivered(plant, 20)
    one = Broken(await plant.value("select key from contact order by key limit 1"), ValueError("no such word"))
    monkeypatch.setattr(scheduler.learning, "believe", one)
    return one


async def test_a_number_that_breaks_the_learner_holds_up_no_other(plant: Plant, broken: Broken) -> None:
    async with learning(plant) as one:
        assert await look(plant, one)
        assert (await good(plant), await plant.count("unlearned")) == (19, 0)
        assert broken.asked < 20
        await delivered(plant, 1)
        assert await look(plant, one)


async def test_a_walk_passes_a_number_that_breaks_it(plant: Plant, broken: Broken) -> None:
    await plant.pool.execute("delete from unlearned")
    async with learning(plant) as one:
        assert await look(plant, one)
        assert await good(plant) == 19
        assert await plant.count("learning", "ended_at is not null") == 1


async def test_what_the_store_refuses_is_taken_up_again(plant: Plant, broken: Broken) -> None:
    broken.error = TimeoutError()
    async with learning(plant) as one:
        assert await look(plant, one)
        assert await plant.count("unlearned") == 20
        broken.key = b""
        assert await look(plant, one)
        assert await good(plant) == 20


@pytest.mark.parametrize(
    ("error", "asked_again"),
    [(asyncpg.NumericValueOutOfRangeError("no such day"), False), (asyncpg.DeadlockDetectedError("two at once"), True)],
)
async def test_a_number_that_the_store_refuses_is_tried_again_later(
    plant: Plant, broken: Broken, error: Exception, *, asked_again: bool
) -> None:
    broken.error = error
    async with learning(plant) as one:
        assert await look(plant, one)
        assert (await good(plant), await plant.count("unlearned")) == (19, 1)
        await look(plant, one)  # the first walk
        await plant.pool.execute(OLDER)
        asked = broken.asked
        await look(plant, one)
        assert (broken.asked > asked) is asked_again
        await plant.pool.execute("update unlearned set at = at - interval '10 minutes'")
        broken.key = b""
        await look(plant, one)
        assert (await good(plant), await plant.count("unlearned")) == (20, 0)


async def test_numbers_that_are_put_off_are_no_sign_of_much_coming_in(plant: Plant) -> None:
    async with plant.pool.acquire() as connection:
        await unlearned.put_off(connection, [bytes([n]) for n in range(9)], 600)
        assert await unlearned.lately(connection, 2.0, 100) == 0


async def test_an_error_nobody_thought_of_ends_a_turn_and_not_the_learner(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    await delivered(plant, 2)
    async with learning(plant) as one:
        with monkeypatch.context() as patched:
            patched.setattr(unlearned, "take", None)
            await look(plant, one)
        assert await look(plant, one)
        assert await good(plant) == 2
