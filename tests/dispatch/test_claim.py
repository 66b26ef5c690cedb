"""The claim over a real store: what it takes, what it leaves, and how it fails."""

import asyncio
import base64
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from gateway.config.schema import MasterKey, Quality, Security
from gateway.words import Outcome
from providers.base.types import Answer
from tests.pipeline.breaking import on_insert
from tests.pipeline.events import known, number, reminder, requested, sms
from tests.pipeline.plant import KEY, ONE_A_CALL, Plant, open_plant

KEY_2 = base64.b64encode(bytes(32)).decode()


async def due(plant: Plant, persons: int) -> None:
    await plant.post(*(one for n in range(persons) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))


async def test_a_claim_takes_no_more_than_it_is_asked_for_and_the_longest_due_first(plant: Plant) -> None:
    await due(plant, 6)
    await plant.pool.execute("update queue set due_at = now() - interval '1 minute' where person_id in ('p4', 'p5')")
    claimed = await plant.claim(count=2)
    assert claimed.taken == 2
    assert {m.address for call in claimed.calls for m in call.batch} == {"+86" + number(4), "+86" + number(5)}


async def test_a_claim_takes_its_lane_and_channel_only(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"), requested("p1", priority="urgent"), requested("p1", priority="bulk"))
    for lane in ("urgent", "bulk", "normal"):
        assert (await plant.claim(lane)).taken == 1
    assert (await plant.claim(channel="wechat")).taken == 0


async def test_what_is_not_due_yet_is_left(plant: Plant) -> None:
    await due(plant, 2)
    await plant.pool.execute("update queue set due_at = now() + interval '1 minute'")
    assert (await plant.claim()).taken == 0


async def test_claims_at_once_take_each_message_once(plant: Plant, other: Plant) -> None:
    await due(plant, 60)
    claimed = await asyncio.gather(*((plant, other)[n % 2].claim(count=9) for n in range(10)))
    references = [m.reference for one in claimed for call in one.calls for m in call.batch]
    assert len(references) == len(set(references)) == 60
    assert await plant.count("queue") == 0


async def test_a_message_that_stands_in_the_queue_twice_leaves_once(plant: Plant, other: Plant) -> None:
    await due(plant, 10)
    await plant.pool.execute("insert into queue select * from queue")
    await asyncio.gather(*((plant, other)[n % 2].claim(count=5) for n in range(6)))
    assert await plant.count("call") <= 6
    assert await plant.value("select max(cardinality(calls)) from message") == 1


async def test_a_claim_that_fails_leaves_everything_as_it_was(plant: Plant) -> None:
    await due(plant, 3)
    async with on_insert(plant.pool, "raise exception 'no' using errcode = '53100'", "call"):
        with pytest.raises(asyncpg.DiskFullError):
            await plant.claim()
    assert await plant.count("queue") == 3
    assert await plant.messages() == [("queued", None)] * 3
    assert (await plant.claim()).taken == 3


async def test_a_claimed_message_says_which_provider_and_how_many_segments(plant: Plant) -> None:
    await due(plant, 1)
    await plant.drain()
    assert await plant.messages("provider, segments, cardinality(calls), sent_at is not null") == [("vendor", 1, 1, True)]


async def test_a_version_that_this_process_does_not_know_yet_waits_until_it_does(plant: Plant, other: Plant) -> None:
    """Another process published it: it is learnt from the store, and nothing fails meanwhile."""
    name = "sms/notice.general"
    newer = other.runtime.catalog.current(name).source.replace("不收费", "免收费用")
    other.runtime.catalog.add(name, newer, current=True)
    version = other.runtime.catalog.current(name).version
    await other.post(known("p1", sms(number(1))), requested("p1"))
    await plant.drain()
    assert await plant.messages() == [("queued", None)]
    await plant.pool.execute("insert into template_version (name, version, source) values ($1, $2, $3)", name, version, newer)
    await plant.runtime.refresh_texts()
    await plant.make_due()
    await plant.drain()
    await plant.pool.execute("delete from template_version where version = $1", version)
    assert "免收费用" in plant.vendor.calls[0][0].text


async def test_a_text_that_cannot_be_made_ends_and_its_person_is_planned_again(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1)), sms(number(2), relation="family")), reminder("p1"))
    await plant.pool.execute("update message set sealed = $1", plant.runtime.vault.seal_message("+86" + number(1), {}))
    await plant.drain()
    assert await plant.messages() == [("failed", "template_rejected")]
    await plant.plan()
    await plant.drain()
    assert plant.vendor.addresses == ["+86" + number(2)]


async def test_a_worker_that_lacks_a_key_leaves_the_messages_sealed_with_it_to_others(emptied_dsn: str) -> None:
    """Keys are given to one machine after the other; who lacks one must not use up the ladder of everybody."""
    both = Security(keys=(MasterKey(id=1, key=KEY), MasterKey(id=2, key=KEY_2)))
    async with open_plant(emptied_dsn) as old, open_plant(emptied_dsn, security=both) as new:
        await old.post(known("p1", sms(number(1))))
        await new.post(reminder("p1"))
        await quietly(old.drain())
        assert await new.messages() == [("queued", None)]  # finding 26
        await new.make_due()
        await new.drain()
        assert new.vendor.addresses == ["+86" + number(1)]


async def quietly(work: Any) -> None:
    try:
        await work
    except Exception:  # noqa: BLE001 - refusing to work at all would be right too
        return


@pytest.mark.parametrize("table", ["person", "contact"])
async def test_a_person_whose_record_is_damaged_does_not_hold_up_the_others(plant: Plant, table: str) -> None:
    await due(plant, 3)
    column, where = ("details", "id = 'p1'") if table == "person" else ("sealed", "person_id = 'p1'")
    await plant.pool.execute(f"update {table} set {column} = 'not ours' where {where}")
    await quietly(plant.drain())
    await quietly(plant.drain())
    assert {"+86" + number(0), "+86" + number(2)} <= set(plant.vendor.addresses)  # finding 27
    await plant.pool.execute("update person set plan_due = now()")
    await quietly(plant.planner())
    assert await plant.count("person", "plan_due <= now()") <= 1


async def test_the_depth_and_the_age_of_the_queue_can_be_asked(plant: Plant) -> None:
    from gateway.store import claims  # noqa: PLC0415 - for this test alone

    await due(plant, 3)
    await plant.pool.execute("update queue set due_at = now() - interval '10 seconds' where person_id = 'p1'")
    async with plant.runtime.pool.acquire() as connection:
        assert await claims.backlog(connection, 2) == 2
        assert await claims.backlog(connection, 100) == 3
        at = await claims.next_due(connection, "sms", "normal")
        assert at is not None
        assert at < datetime.now(UTC)


async def test_a_vendor_is_never_asked_with_more_than_a_call_may_hold(plant: Plant) -> None:
    await due(plant, 7)
    assert [len(call.batch) for call in (await plant.claim(line=ONE_A_CALL)).calls] == [1] * 7


async def test_retries_go_on_until_the_message_expires(plant: Plant) -> None:
    await due(plant, 1)
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.DEFERRED)
    for _ in range(20):
        await plant.make_due()
        await plant.drain()
    assert len(plant.vendor.calls) == 12
    assert (await plant.messages())[0][0] == "failed"
    assert await plant.count("queue") == 0


# What is believed of contacts (docs/quality.md, Acting on it)


async def believe(plant: Plant, belief: dict[str, str], person: str = "p1", days: float = 1) -> None:
    """The learner's word about the person's contacts, whose last evidence is so many days old; SQL by column."""
    said = "".join(f", {column} = {value}" for column, value in belief.items())
    await plant.pool.execute(f"update contact set last_at = now() - $2 * interval '1 day'{said} where person_id = $1", person, days)
    await plant.pool.execute("""
        insert into number (key, channel, dead_at, wrong_person_at, last_at)
        select distinct on (key) key, channel, now(), now(), now() from contact where person_id = $1
            on conflict (key) do update set dead_at = now(), wrong_person_at = now()""", person)  # fmt: skip


DEAD, DENIED = {"state": "'dead'"}, {"denied_at": "now()"}


@pytest.mark.parametrize(("belief", "reason"), [(DEAD, "number_absent"), (DENIED, "wrong_person")])
async def test_a_message_whose_contact_was_given_up_meanwhile_ends_and_the_next_is_tried(
    plant: Plant, belief: dict[str, str], reason: str
) -> None:
    await plant.post(known("p1", sms(number(1)), sms(number(2), relation="family")), reminder("p1"))
    await believe(plant, belief)
    await plant.pool.execute("update contact set state = null, denied_at = null where relation = 'family'")
    await plant.drain()
    assert await plant.messages() == [("canceled", reason)]
    await plant.plan()
    await plant.drain()
    assert plant.vendor.addresses == ["+86" + number(2)]


@pytest.mark.parametrize("belief", [DEAD, DENIED])
async def test_a_number_that_is_given_up_for_somebody_else_is_still_this_persons(plant: Plant, belief: dict[str, str]) -> None:
    await plant.post(known("p1", sms(number(1))), known("p2", sms(number(1))), reminder("p2"))
    await believe(plant, belief)
    await plant.drain()
    assert plant.vendor.addresses == ["+86" + number(1)]


@pytest.mark.parametrize(("days", "leaves"), [(179, False), (181, True)])
async def test_a_dead_number_of_which_nothing_was_heard_for_long_may_be_tried_again(plant: Plant, days: float, leaves: bool) -> None:
    await due(plant, 1)
    await believe(plant, DEAD, "p0", days)
    await plant.drain()
    assert bool(plant.vendor.calls) == leaves


@pytest.mark.parametrize(("after", "leaves"), [(0, False), (30, True)])
async def test_when_a_dead_number_is_tried_again_is_configured(emptied_dsn: str, after: int, leaves: bool) -> None:
    async with open_plant(emptied_dsn, quality=Quality(probe_after_days=after)) as plant:
        await due(plant, 1)
        await believe(plant, DEAD, "p0", 100)
        await plant.drain()
        assert bool(plant.vendor.calls) == leaves


async def test_a_number_that_is_somebody_elses_is_not_tried_again(plant: Plant) -> None:
    await due(plant, 1)
    await believe(plant, DENIED, "p0", 900)
    await plant.drain()
    assert await plant.messages() == [("canceled", "wrong_person")]


@pytest.mark.parametrize("belief", [DEAD, DENIED])
@pytest.mark.parametrize(("until", "leaves"), [("now() + interval '1 minute'", True), ("now() - interval '1 minute'", False)])
async def test_an_override_lets_a_message_leave_for_as_long_as_it_is_in_force(
    plant: Plant, belief: dict[str, str], until: str, leaves: bool
) -> None:
    await due(plant, 1)
    await believe(plant, belief | {"override_until": until}, "p0")
    await plant.drain()
    assert bool(plant.vendor.calls) == leaves


@pytest.mark.parametrize("belief", [DEAD, DENIED])
async def test_a_number_that_was_taken_back_in_one_relation_may_be_written_to(plant: Plant, belief: dict[str, str]) -> None:
    await plant.post(known("p1", sms(number(1)), sms(number(1), relation="family")), reminder("p1"))
    await believe(plant, belief)
    await plant.pool.execute("update contact set state = null, denied_at = null where relation = 'family'")
    await plant.drain()
    assert len(plant.vendor.calls) == 1


async def test_a_message_whose_notice_reached_somebody_meanwhile_ends_as_met(plant: Plant) -> None:
    await due(plant, 1)
    await plant.pool.execute("update notice set status = 'informed'")
    await plant.drain()
    assert await plant.messages() == [("canceled", "duty_met")]
