"""Ids of facts are never given twice, however many draw them at once."""

import asyncio
from typing import Any

from gateway.ids import BLOCK, Ids
from tests.pipeline.events import known, number, reminder, requested, sms
from tests.pipeline.plant import Plant


class Sequence:
    """The sequence `fact_id`, slow to answer."""

    def __init__(self) -> None:
        self.asked = self._next = 0

    async def fetch(self, _: str, *args: Any) -> list[Any]:
        self.asked += 1
        await asyncio.sleep(0.001)
        rows = [(self._next + BLOCK * n,) for n in range(args[0] if args else 1)]
        self._next += BLOCK * len(rows)
        return rows


async def test_many_who_draw_at_once_get_ids_of_their_own() -> None:
    ids, sequence = Ids(), Sequence()

    async def draw(count: int) -> list[int]:
        drawn = await ids.draw(sequence, count)
        taken = []
        for _ in range(count):
            taken.append(drawn.take())
            await asyncio.sleep(0)
        return taken

    taken = [ident for part in await asyncio.gather(*(draw(1 + n * 37 % 900) for n in range(60))) for ident in part]
    assert len(set(taken)) == len(taken)


CONNECTIONS = 12
"""Of a process: so many transactions may overlap."""


async def test_transactions_that_overlap_do_not_run_each_other_out_of_ids() -> None:
    ids, sequence = Ids(), Sequence()
    draws = [await ids.draw(sequence, 10) for _ in range(CONNECTIONS)]
    taken = [drawn.take() for _ in range(10) for drawn in draws]
    assert len(set(taken)) == 10 * CONNECTIONS


async def test_ids_that_were_not_taken_are_given_to_others() -> None:
    ids, sequence = Ids(), Sequence()
    first = await ids.draw(sequence, 10)
    taken = {first.take() for _ in range(10)}
    first.done()
    for _ in range(300):
        drawn = await ids.draw(sequence, 10)
        more = {drawn.take() for _ in range(10)}
        assert not more & taken
        taken |= more
        drawn.done()
    assert sequence.asked <= 3


async def test_the_store_is_asked_once_for_many_ids() -> None:
    ids, sequence = Ids(), Sequence()
    for _ in range(100):
        drawn = await ids.draw(sequence, 10)
        for _ in range(10):
            drawn.take()
        drawn.done()
    assert sequence.asked <= 3


async def test_two_processes_draw_different_ids(plant: Plant, other: Plant) -> None:
    await asyncio.gather(*((plant, other)[n % 2].post(requested(f"p{n}", sms(number(n)))) for n in range(40)))
    tables = ("notice", "message", "contact", "seal")
    everything = [row[0] for table in tables for row in await plant.rows(f"select id from {table}")]
    assert len(set(everything)) == len(everything) == 160 - 40 + await plant.count("seal")


async def test_an_event_with_more_contacts_than_expected_ids_is_planned(plant: Plant) -> None:
    with plant.plan_fails():
        await plant.post(known("p1", *(sms(number(n)) for n in range(50))))
    await plant.plan()
    assert await plant.count("contact") == 50


async def test_a_person_with_many_notices_does_not_run_the_planner_out_of_ids(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1)), sms(number(2), relation="family")))
    await plant.post(*(requested("p1") for _ in range(60)), known("p2", sms(number(3))), reminder("p2"))
    await plant.pool.execute("update message set status = 'failed', reason = 'content_rejected'")
    await plant.pool.execute("update person set plan_due = now()")
    await plant.plan()
    assert await plant.count("message", "status = 'queued'") == 60
    await plant.pool.execute("update message set status = 'failed', reason = 'content_rejected'")
    await plant.pool.execute("update person set plan_due = now()")
    await plant.plan()
    assert await plant.count("notice", "status = 'uninformed'") == 61


async def test_an_event_that_moves_many_notices_is_accepted(plant: Plant) -> None:
    """A person nobody could reach gets a contact: sixty duties take it up at once."""
    await plant.post(known("p1"), *(requested("p1", send_after="2020-01-01T00:00:00Z") for _ in range(60)))
    await plant.pool.execute("update notice set status = 'scheduled', closed_at = null")
    await plant.post(known("p1", sms(number(1))))
    assert await plant.count("message") == 60
