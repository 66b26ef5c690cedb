"""The planner: whoever is due, a set a transaction; one person's trouble is nobody else's."""

import asyncio

from tests.pipeline.events import certified, day, known, number, reminder, requested, sms
from tests.pipeline.plant import Plant

TEN_MONTHS_AGO = """
update person set certified = array[current_date - 290], cycle_start = current_date - 290,
  deadline = (current_date - 290 + interval '12 months')::date, plan_due = now()"""


async def test_it_finds_by_itself_whose_reminder_is_due(plant: Plant) -> None:
    await plant.post(*(known(f"p{n}", sms(number(n)), certified_on=day(-200)) for n in range(5)))
    await plant.pool.execute(TEN_MONTHS_AGO)
    await plant.plan()
    await plant.drain()
    assert len(plant.vendor.seen) == 5
    await plant.pool.execute("update person set plan_due = now()")
    await plant.plan()
    assert await plant.count("message") == 5


async def test_nobody_due_is_no_work(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1)), certified_on=day(-10)))
    assert (await plant.planner()).persons == 0
    assert await plant.count("person", "plan_due > now() + interval '200 days'") == 1


async def test_a_person_it_fails_on_is_put_off_and_the_others_are_planned(plant: Plant) -> None:
    await plant.post(*(known(f"p{n}", sms(number(n)), certified_on=day(-200)) for n in range(4)))
    await plant.pool.execute(TEN_MONTHS_AGO)
    with plant.plan_fails("p1"):
        await plant.plan()
    assert {row[0] for row in await plant.rows("select person_id from notice")} == {"p0", "p2", "p3"}
    assert await plant.value("select plan_due > now() and plan_due < now() + interval '10 minutes' from person where id = 'p1'")
    assert not (await plant.person("p1")).pending


async def test_a_person_that_is_held_is_left_to_a_later_look(plant: Plant, other: Plant) -> None:
    await plant.post(known("p1", sms(number(1)), certified_on=day(-200)), known("p2", sms(number(2)), certified_on=day(-200)))
    await plant.pool.execute(TEN_MONTHS_AGO)
    async with other.runtime.pool.acquire() as connection, connection.transaction():
        await connection.fetch("select from person where id = 'p1' for no key update")
        async with asyncio.timeout(3):
            assert (await plant.planner()).persons == 1
    assert (await plant.planner()).persons == 1


async def test_a_certification_that_comes_between_wins(plant: Plant, other: Plant) -> None:
    """Planned or certified first: in the end nobody certified is reminded."""
    persons = [f"p{n}" for n in range(40)]
    await plant.post(*(known(p, sms(number(n)), certified_on=day(-200)) for n, p in enumerate(persons)))
    await plant.pool.execute(TEN_MONTHS_AGO)
    await asyncio.gather(
        plant.planner(10), other.planner(10), *(other.post(certified(p)) for p in persons[::3]), plant.planner(10), plant.planner(10)
    )
    await plant.plan()
    await plant.drain()
    reminded = {row[0] for row in await plant.rows("select person_id from message where sent_at is not null")}
    assert reminded == set(persons) - set(persons[::3])


async def test_a_failed_message_brings_the_next_one_at_the_next_look(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1)), sms(number(2), relation="family")), reminder("p1"), requested("p1"))
    await plant.pool.execute("update message set status = 'failed', reason = 'unreachable'")
    await plant.pool.execute("update person set plan_due = now()")
    await plant.plan()
    assert [row[0] for row in await plant.messages()] == ["failed", "failed", "queued", "queued"]
    await plant.pool.execute("update person set plan_due = now()")
    await plant.plan()
    assert await plant.count("message") == 4
