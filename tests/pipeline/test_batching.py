"""Group commit: many callers, one run, each gets its own."""

import asyncio
from collections.abc import Sequence

import pytest

from gateway.batching import Batcher, Closed


class Runs:
    """What was run together. `gate` holds runs back while it is closed."""

    def __init__(self) -> None:
        self.together: list[list[int]] = []
        self.at_once = self.most_at_once = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, items: Sequence[int]) -> Sequence[int]:
        self.together.append(list(items))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
            if -1 in items:
                raise ValueError("poison")
            return [item * 10 for item in items]
        finally:
            self.at_once -= 1


async def test_each_caller_gets_the_results_of_its_own_items_in_order() -> None:
    runs = Runs()
    batcher: Batcher[int, int] = Batcher(runs, most=100, at_once=1)
    answers = await asyncio.gather(*(batcher.submit(list(range(n, n + n % 4))) for n in range(50)))
    assert answers == [[item * 10 for item in range(n, n + n % 4)] for n in range(50)]


async def test_those_who_come_in_the_same_moment_share_the_first_run() -> None:
    runs = Runs()
    batcher: Batcher[int, int] = Batcher(runs, most=100, at_once=1)
    await asyncio.gather(*(batcher.submit([n]) for n in range(20)))
    assert runs.together == [list(range(20))]


async def test_one_alone_does_not_wait_for_company() -> None:
    runs = Runs()
    async with asyncio.timeout(5):
        assert await Batcher(runs, most=100, at_once=1).submit([7]) == [70]


async def test_what_comes_meanwhile_shares_the_next_run_in_order_of_arrival() -> None:
    runs = Runs()
    batcher: Batcher[int, int] = Batcher(runs, most=100, at_once=1)
    runs.gate.clear()
    first = asyncio.create_task(batcher.submit([1]))
    await asyncio.sleep(0.01)
    rest = [asyncio.create_task(batcher.submit([n])) for n in range(2, 9)]
    await asyncio.sleep(0.01)
    runs.gate.set()
    await asyncio.gather(first, *rest)
    assert runs.together == [[1], list(range(2, 9))]


async def test_a_run_holds_no_more_than_most_and_splits_no_submission() -> None:
    runs = Runs()
    batcher: Batcher[int, int] = Batcher(runs, most=5, at_once=1)
    await asyncio.gather(batcher.submit([1, 2, 3]), batcher.submit([4, 5, 6]), batcher.submit(list(range(7, 20))), batcher.submit([20, 21]))
    assert runs.together == [[1, 2, 3], [4, 5, 6], list(range(7, 20)), [20, 21]]


@pytest.mark.parametrize("at_once", [1, 3])
async def test_no_more_runs_are_on_their_way_than_allowed(at_once: int) -> None:
    runs = Runs()
    batcher: Batcher[int, int] = Batcher(runs, most=2, at_once=at_once)
    await asyncio.gather(*(batcher.submit([n]) for n in range(30)))
    assert runs.most_at_once == at_once


async def test_an_error_reaches_every_caller_of_its_run_and_no_other() -> None:
    runs = Runs()
    batcher: Batcher[int, int] = Batcher(runs, most=2, at_once=1)
    answers = await asyncio.gather(*(batcher.submit([n]) for n in (1, -1, 3, 4)), return_exceptions=True)
    assert [type(answer) for answer in answers[:2]] == [ValueError, ValueError]
    assert answers[2:] == [[30], [40]]
    assert await batcher.submit([5]) == [50]


async def test_where_one_submission_may_be_poison_each_is_run_alone() -> None:
    runs = Runs()
    batcher: Batcher[int, int] = Batcher(runs, most=100, at_once=1, poisoned=lambda error: isinstance(error, ValueError))
    answers = await asyncio.gather(*(batcher.submit([n]) for n in (1, -1, 3)), return_exceptions=True)
    assert answers[0] == [10]
    assert isinstance(answers[1], ValueError)
    assert answers[2] == [30]


async def test_a_caller_who_gives_up_does_not_take_the_others_along() -> None:
    runs = Runs()
    batcher: Batcher[int, int] = Batcher(runs, most=100, at_once=1)
    runs.gate.clear()
    callers = [asyncio.create_task(batcher.submit([n])) for n in range(3)]
    await asyncio.sleep(0.01)
    callers[1].cancel()
    runs.gate.set()
    assert await callers[0] == [0]
    assert await callers[2] == [20]


async def test_draining_takes_nothing_new_and_finishes_what_was_taken() -> None:
    runs = Runs()
    batcher: Batcher[int, int] = Batcher(runs, most=1, at_once=1)
    runs.gate.clear()
    callers = [asyncio.create_task(batcher.submit([n])) for n in range(5)]
    await asyncio.sleep(0.01)
    draining = asyncio.create_task(batcher.drain())
    await asyncio.sleep(0.01)
    with pytest.raises(Closed):
        await batcher.submit([9])
    assert not draining.done()
    runs.gate.set()
    await draining
    assert [await caller for caller in callers] == [[0], [10], [20], [30], [40]]


async def test_draining_right_after_submitting_finishes_it() -> None:
    runs = Runs()
    batcher: Batcher[int, int] = Batcher(runs, most=1, at_once=1)
    caller = asyncio.create_task(batcher.submit([1]))
    await asyncio.sleep(0)
    await batcher.drain()
    assert await caller == [10]


async def test_a_few_wait_for_company_and_start_together() -> None:
    batches: list[list[int]] = []

    async def run(items: Sequence[int]) -> Sequence[int]:
        batches.append(list(items))
        return items

    batcher: Batcher[int, int] = Batcher(run, most=100, at_once=2, worth=10, linger_s=0.5)
    first = asyncio.create_task(batcher.submit([1]))
    await asyncio.sleep(0.01)
    assert await batcher.submit([2]) == [2]
    assert (await first, batches) == ([1], [[1, 2]])


async def test_enough_of_them_wait_no_longer() -> None:
    async def run(items: Sequence[int]) -> Sequence[int]:
        return items

    batcher: Batcher[int, int] = Batcher(run, most=100, at_once=2, worth=10, linger_s=60)
    few = asyncio.create_task(batcher.submit([0]))
    await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        await batcher.submit(list(range(10)))
        assert await few == [0]


async def test_whoever_drains_waits_for_no_company() -> None:
    async def run(items: Sequence[int]) -> Sequence[int]:
        await asyncio.sleep(0.01)
        return items

    batcher: Batcher[int, int] = Batcher(run, most=1, at_once=1, worth=10, linger_s=60)
    waiting = [asyncio.create_task(batcher.submit([n])) for n in range(3)]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await batcher.drain()
    assert [await one for one in waiting] == [[0], [1], [2]]
