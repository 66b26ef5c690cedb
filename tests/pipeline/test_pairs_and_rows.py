"""A number that one person holds in two relations is one belief, whatever row is looked at, locked or written."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.pipeline.believing import believe as work_out
from gateway.store import beliefs, unlearned
from gateway.words import Status
from providers.base.types import Report
from tests.pipeline.events import certified, day, event, known, number, reminder, sms
from tests.pipeline.plant import Plant
from tests.pipeline.test_believing import LENS, absent, learn, off, state, told

ROWS = "select relation, state, p_reach is not null from contact where person_id = 'p1' and removed_at is null order by relation"
OWN, FAMILY = sms(number(1)), sms(number(1), relation="family")


async def test_a_relation_that_is_added_later_gets_the_belief_too(plant: Plant) -> None:
    await plant.post(known("p1", OWN))
    await told(plant, absent)
    await learn(plant)
    assert await state(plant) == "doubtful"
    await plant.post(known("p1", FAMILY))
    await learn(plant)
    assert await plant.rows(ROWS) == [("family", "doubtful", True), ("self", "doubtful", True)]


async def test_a_number_in_two_relations_changes_once_and_what_is_the_same_before_and_after_is_no_change(plant: Plant) -> None:
    await plant.post(known("p1", OWN, FAMILY))
    await told(plant, absent)
    await learn(plant)
    await told(plant, off)
    await learn(plant)
    assert await plant.rows("select state, failed from contact") == [("doubtful", 2)] * 2
    assert await plant.rows("select before, after from quality_change") == [("unverified", "doubtful")]


async def test_a_row_that_somebody_holds_is_not_waited_for(plant: Plant, other: Plant) -> None:
    """Both were listed in the same second: their times do not tell how many rows there are."""
    await plant.post(known("p1", OWN, FAMILY))
    await told(plant, absent)
    async with other.runtime.pool.acquire() as connection, connection.transaction():
        await connection.fetch("select from contact where person_id = 'p1' and relation = 'family' for update")
        async with asyncio.timeout(3), plant.runtime.pool.acquire() as learner, learner.transaction():
            worked = await work_out(learner, await unlearned.take(learner, 10), LENS)
        assert (worked.written, worked.held) == (0, 1)
    await learn(plant)
    assert await plant.rows(ROWS) == [("family", "doubtful", True), ("self", "doubtful", True)]


async def test_an_override_holds_for_a_relation_that_is_added_while_it_is_in_force(plant: Plant) -> None:
    await plant.post(known("p1", OWN))
    await told(plant, absent, absent)
    await learn(plant)
    contact = await plant.value("select id from contact")
    override = await plant.overriding.ask("p1", contact, "本人到窗口说号码仍在用", await plant.now() + timedelta(days=3), "anna")
    assert isinstance(override, int)
    assert await plant.overriding.confirm(override, "bert") is None
    await plant.post(known("p1", FAMILY))
    assert await plant.count("contact", "state = 'dead' and override_until > now()") == 2


async def test_a_dead_contact_that_is_removed_leaves_no_mark_on_the_number(plant: Plant) -> None:
    await plant.post(known("p1", OWN))
    await told(plant, absent, absent)
    await learn(plant)
    assert await plant.count("number", "dead_at is not null") == 1
    await plant.post(event("si.contact.removed", "p1", {"channel": "sms", "address": number(1)}))
    await learn(plant)
    assert await plant.count("number", "dead_at is not null") == 0


async def test_a_dead_contact_that_is_removed_and_listed_again_is_dead_still_until_it_is_verified(plant: Plant) -> None:
    await plant.post(known("p1", OWN))
    await told(plant, absent, absent)
    await learn(plant)
    await plant.post(event("si.contact.removed", "p1", {"channel": "sms", "address": number(1)}))
    await learn(plant)
    await plant.post(known("p1", sms(number(1), source="legacy")))
    await learn(plant)
    assert await state(plant) == "dead"
    await plant.pool.execute("update message set sent_at = sent_at - interval '2 days', final_at = final_at - interval '2 days'")
    await plant.post(known("p1", sms(number(1), verified_on=day(0))))
    await learn(plant)
    assert await state(plant) == "good"
    await plant.post(certified("p1"))


async def test_what_was_read_before_another_learner_wrote_is_not_written_over_it(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two schedulers act for a moment: one read, the other one heard more and wrote, in the same second."""
    await plant.post(known("p1", OWN))
    await told(plant, absent)
    really = beliefs.certified

    async def meanwhile(*args: Any) -> Any:
        monkeypatch.undo()
        await told(plant, absent)
        await learn(plant)
        assert await state(plant) == "dead"
        return await really(*args)

    async with plant.runtime.pool.acquire() as slow, slow.transaction():
        keys = await unlearned.take(slow, 10)
        monkeypatch.setattr(beliefs, "certified", meanwhile)
        worked = await work_out(slow, keys, LENS)
    assert (worked.written, worked.held) == (0, 1)
    assert await state(plant) == "dead"
    await learn(plant)
    assert await plant.rows("select state, failed from contact") == [("dead", 2)]


async def test_of_a_number_that_two_share_the_one_that_somebody_held_is_taken_up_again(plant: Plant, other: Plant) -> None:
    await plant.post(known("p1", OWN), known("p2", FAMILY))
    await told(plant, absent)
    async with other.runtime.pool.acquire() as connection, connection.transaction():
        await connection.fetch("select from contact where person_id = 'p2' for update")
        async with plant.runtime.pool.acquire() as learner, learner.transaction():
            worked = await work_out(learner, await unlearned.take(learner, 10), LENS)
        assert (worked.written, worked.held) == (1, 1)
    await learn(plant)
    assert [await state(plant, person) for person in ("p1", "p2")] == ["doubtful", "doubtful"]


async def test_a_word_that_moves_nothing_but_the_counts_or_the_day_is_written_too(plant: Plant) -> None:
    await plant.post(known("p1", OWN), known("p2", FAMILY))
    await told(plant, absent, absent)
    await learn(plant)
    await plant.pool.execute("update contact set last_at = last_at - interval '200 days', delivered = 2, failed = 0")
    await plant.pool.execute("insert into unlearned (key) select key from contact")
    await learn(plant)
    assert await plant.rows("select delivered, failed, last_at > now() - interval '1 day' from contact order by person_id") == [
        (0, 2, True),
        (0, 0, True),
    ]


async def test_whoever_certifies_while_a_learner_reads_is_heard(plant: Plant) -> None:
    """What the learner writes about the contact is not seen by whoever notes its number."""
    await plant.post(known("p1", OWN), reminder("p1"))
    await plant.drain()
    await plant.report(Report(plant.vendor.seen[0], Status.DELIVERED))
    async with plant.runtime.pool.acquire() as learner, learner.transaction():
        await work_out(learner, await unlearned.take(learner, 10), LENS)
        await plant.post(certified("p1"))
    assert await plant.count("unlearned") == 1
