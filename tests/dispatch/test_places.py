"""Places on the wire, divided among the lanes."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.dispatch.places import LANES, Places
from gateway.words import Lane


@given(some.integers(1, 60), some.lists(some.tuples(some.sampled_from(LANES), some.booleans()), max_size=300))
def test_there_are_never_more_calls_than_places_and_whoever_waits_gets_one(most: int, moves: list[tuple[str, bool]]) -> None:
    async def play() -> None:
        places, on, tasks = Places(most), dict.fromkeys(LANES, 0), list[asyncio.Task[None]]()

        async def come(lane: str) -> None:
            await places.enter(lane)
            on[lane] += 1

        for lane, comes in moves:
            if comes:
                tasks.append(asyncio.ensure_future(come(lane)))
            elif on[lane]:
                on[lane] -= 1
                places.leave(lane)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert sum(on.values()) <= most
        for _ in range(len(moves)):
            for lane in LANES:
                if on[lane]:
                    on[lane] -= 1
                    places.leave(lane)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert all(task.done() for task in tasks)

    asyncio.run(play())


@pytest.mark.parametrize("most", [2, 3, 10, 50])
async def test_however_full_the_bulk_lane_is_an_urgent_call_starts_at_once(most: int) -> None:
    places = Places(most)
    bulk = [asyncio.ensure_future(places.enter(Lane.BULK)) for _ in range(3 * most)]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await places.enter(Lane.URGENT)
    assert sum(task.done() for task in bulk) < most
    for task in bulk:
        task.cancel()


async def test_however_full_the_urgent_lane_is_the_others_have_places_of_their_own() -> None:
    places = Places(10)
    urgent = [asyncio.ensure_future(places.enter(Lane.URGENT)) for _ in range(30)]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await places.enter(Lane.NORMAL)
        await places.enter(Lane.BULK)
    for task in urgent:
        task.cancel()


async def test_a_place_given_to_somebody_who_went_away_goes_to_the_next() -> None:
    places = Places(1)
    await places.enter(Lane.BULK)
    gone, stays = (asyncio.ensure_future(places.enter(Lane.BULK)) for _ in range(2))
    await asyncio.sleep(0)
    places.leave(Lane.BULK)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    async with asyncio.timeout(5):
        await stays


async def test_it_is_silent_while_calls_are_on_the_wire_and_none_ends() -> None:
    places = Places(4)
    assert places.silent_s(1e9) == 0
    await places.enter(Lane.NORMAL)
    heard = places._heard
    assert places.silent_s(heard + 3) == pytest.approx(3)
    await places.enter(Lane.BULK)
    assert places.silent_s(heard + 3) == pytest.approx(3)
    places.leave(Lane.BULK)
    assert places.silent_s(places._heard + 1) == pytest.approx(1)
    places.leave(Lane.NORMAL)
    assert places.silent_s(1e9) == 0
