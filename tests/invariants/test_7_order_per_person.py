"""Invariant 7: one person's events take effect in the order of acceptance, whatever process accepted them."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from tests.pipeline.events import certified, day, deceased, event, known, number, reminder, resumed, sms, suspended, terminated
from tests.pipeline.plant import Plant, open_plant

PERSONS = ("p1", "p2", "p3")
FACTS = "id, region, residence_region, insurance, beneficiary, certified, benefit_started_on, cycle_start, deadline, deceased, died_on, conflict, benefits, listed"


async def test_within_a_batch_the_last_event_wins(plant: Plant) -> None:
    await plant.post(*(known("p1", name=f"王{n}") for n in range(30)))
    assert (await plant.person("p1")).details.name == "王29"


async def test_a_certification_and_its_revocation_apply_in_order(plant: Plant) -> None:
    revoked = event("si.certification.revoked", "p1", {"certified_on": day(-10)})
    await plant.post(known("p1", sms(number(1)), certified_on=day(-200)), certified("p1", day(-10)), revoked)
    assert len((await plant.person("p1")).certified) == 1
    again = event("si.certification.revoked", "p1", {"certified_on": day(-10)})
    await plant.post(again, certified("p1", day(-10)))
    assert len((await plant.person("p1")).certified) == 2


def something(chance: random.Random, person: str) -> dict[str, Any]:
    """An event whose effect depends on what came before it."""
    past = day(-chance.randint(1, 300))
    return chance.choice([
        lambda: known(person, name=chance.choice("甲乙丙丁"), insurance=chance.sample(["enterprise_pension", "resident_pension", "work_injury"], 2)),
        lambda: certified(person, past),
        lambda: event("si.certification.revoked", person, {"certified_on": past}),
        lambda: deceased(person, died_on=past),
        lambda: deceased(person, revoked=True),
        lambda: suspended(person, on=past),
        lambda: resumed(person, on=past),
        lambda: terminated(person, on=past, cause="other"),
        lambda: reminder(person, sms(number(chance.randint(1, 9))), deadline=day(chance.randint(1, 80))),
    ])()  # type: ignore[no-untyped-call]  # fmt: skip


@pytest.fixture
async def replayed(migrated: Any, bare_dsn: str) -> AsyncIterator[Plant]:
    """A second, empty store."""
    from gateway.store.migrate import migrate  # noqa: PLC0415 - for this fixture alone

    await migrate(bare_dsn)
    async with open_plant(bare_dsn) as opened:
        yield opened


@pytest.mark.parametrize("seed", range(2))
async def test_two_processes_at_once_come_to_what_one_comes_to_in_the_order_of_acceptance(
    plant: Plant, other: Plant, replayed: Plant, seed: int
) -> None:
    chance = random.Random(seed)
    events = [something(chance, chance.choice(PERSONS)) for _ in range(120)]
    by_id = {one["id"]: one for one in events}
    batches = [[events.pop() for _ in range(chance.randint(1, 6)) if events] for _ in range(60)]
    await asyncio.gather(*((plant, other)[n % 2].post(*batch) for n, batch in enumerate(batches) if batch))
    # What came in one transaction is planned at once: a notice made and undone there is suppressed, not canceled.
    accepted = await plant.rows("select array_agg(id order by no) as ids from event group by seal_id, person_id order by min(no)")
    order = [ident for row in accepted for ident in row["ids"]]
    assert len(order) > 80
    assert order != sorted(order, key=lambda ident: int(ident[2:])), "they were accepted one after the other: the test proves nothing"
    for row in accepted:
        await replayed.post(*(by_id[ident] for ident in row["ids"]))
    for table, columns in (
        ("person", FACTS),
        ("notice", "person_id, duty, kind, cause, insurance, effective, status, reason, deadline, checks, event_id"),
        ("contact", "person_id, channel, key, relation, verified_on, removed_at is null"),
        ("event", "id, verdict"),
    ):
        statement = f"select {columns} from {table} order by {columns}"
        assert await plant.rows(statement) == await replayed.rows(statement), table
    for person in PERSONS:
        assert (await plant.person(person)).details == (await replayed.person(person)).details


async def test_a_persons_events_are_numbered_in_the_order_they_took_effect(plant: Plant, other: Plant) -> None:
    names = [f"王{n}" for n in range(60)]
    await plant.post(known("p1"))
    await asyncio.gather(*((plant, other)[n % 2].post(known("p1", name=name)) for n, name in enumerate(names)))
    row = await plant.row("select sealed from event order by no desc limit 1")
    last = msgspec.json.decode(plant.runtime.vault.open_raw(row["sealed"], b"event"))
    assert (await plant.person("p1")).details.name == last["data"]["name"]


async def test_events_that_waited_to_be_planned_apply_in_their_order(plant: Plant) -> None:
    with plant.plan_fails():
        for name in ("甲", "乙", "丙"):
            await plant.post(known("p1", name=name))
    await plant.post(known("p1", name="丁"))
    await plant.plan()
    assert (await plant.person("p1")).details.name == "丁"
    assert await plant.rows("select verdict from event group by 1") == [("recorded",)]


async def test_two_planners_never_hold_the_same_person(plant: Plant, other: Plant) -> None:
    await plant.post(*(one for n in range(60) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))
    await plant.pool.execute("update person set plan_due = now()")
    planned = await asyncio.gather(*(process.planner(20) for process in (plant, other, plant, other)))
    assert sum(one.persons for one in planned) == 60
    assert await plant.count("message") == 60


async def test_what_is_taken_up_again_does_not_depend_on_who_accepted_it(plant: Plant, other: Plant) -> None:
    """After a death that never was, the three latest duties that it had stopped stand again; ids of two processes are not in order of time."""
    await plant.post(known("p0"), reminder("p0"))
    await other.post(known("p1", sms(number(1))), suspended("p1", on=day(-9)))
    for days in (-8, -7, -6):
        await plant.post(suspended("p1", on=day(days)))
    await plant.post(deceased("p1"), deceased("p1", revoked=True))
    again = await plant.rows(
        "select effective::text as day from notice where person_id = 'p1' and status = 'in_progress' order by effective"
    )
    assert [row["day"] for row in again] == [day(-8), day(-7), day(-6)]  # finding 23
