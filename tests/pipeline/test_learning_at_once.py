"""Learners beside all other transactions: no deadlock, and in the end each belief is what the record alone says."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.pipeline.believing import MOVED, believe, lens
from gateway.store import beliefs, unlearned
from gateway.words import Fault, OverrideRefusal, Reason, Status
from providers.base.types import Inbound, Reading, Report
from tests.pipeline.events import day, event, known, sms
from tests.pipeline.plant import Plant
from tests.pipeline.test_all_at_once import PERSONS, Chaos

LENS = lens()
LASTS_S = 5.0
BELIEFS = """
select person_id || ' ' || left(encode(key, 'hex'), 6) || ' ' || relation as contact, state, delivered, failed, observations, last_at,
       p_reach, p_alive, p_mine
  from contact where removed_at is null order by person_id, key, relation"""
"""`why` is not among them: it says what decided when the belief was last written, and one word for another may move no figure."""
MARKS = """
select count(*) from number n
 where (n.dead_at is not null) is distinct from exists (
       select from contact c where c.key = n.key and c.state = 'dead' and c.removed_at is null)"""


class Learners(Chaos):
    """Learning, walking over contacts, overriding and relisting besides."""

    lasts_s, enough = LASTS_S, 500

    def kinds(self) -> Sequence[Callable[[Plant], Awaitable[object]]]:
        return [*super().kinds(), *[self.learn] * 4, *[self.walk] * 2, *[self.override] * 2, *[self.relist] * 4, *[self.absent] * 4]

    async def learn(self, plant: Plant) -> None:
        async with plant.runtime.pool.acquire() as connection, connection.transaction():
            await believe(connection, await unlearned.take(connection, self.dice.choice((5, 500))), LENS)

    async def walk(self, plant: Plant) -> None:
        async with plant.runtime.pool.acquire() as connection, connection.transaction():
            keys = await beliefs.keys_after(connection, self.dice.randbytes(16), 20)
            await believe(connection, keys, LENS)

    async def override(self, plant: Plant) -> None:
        gone = await plant.rows("select person_id, id from contact where state = 'dead' or denied_at is not null order by random() limit 1")
        for person, contact in gone:
            until = await plant.now() + timedelta(seconds=self.dice.randrange(1, 5))
            made = await plant.overriding.ask(person, contact, "仍在使用", until, "anna")
            if not isinstance(made, OverrideRefusal):
                await plant.overriding.confirm(made, "bert")
                if self.dice.random() < 0.5:
                    await plant.overriding.withdraw(made, "carl")

    async def relist(self, plant: Plant) -> None:
        address, relation = self.number(), self.dice.choice(("self", "family"))
        say: list[Callable[[str], dict[str, Any]]] = [
            lambda p: event("si.contact.removed", p, {"channel": "sms", "address": address}),
            lambda p: known(p, sms(address, relation=relation, verified_on=day(-self.dice.randrange(9)))),
            lambda p: known(p, sms(address), sms(address, relation="family")),
        ]
        said = self.dice.choice(say)
        await plant.post(*(said(person) for person in {self.person(), self.person()}))

    async def absent(self, plant: Plant) -> None:
        """Some numbers are dead, of some only strangers answer."""
        gone = "select id from message where person_id < 'p4' and status = 'sending' and key in (select key from contact) limit 6"
        reports = [
            Report(str(row[0]), Status.UNDELIVERED, Reason.NUMBER_ABSENT, Fault.RECIPIENT, permanent=True, vendor_code="MK:0001")
            for row in await plant.rows(gone)
        ]
        replies = [Inbound(self.number(), "非本人"), Inbound(self.number(), "非本人")] if self.dice.random() < 0.3 else []
        await plant.called_back(Reading(reports, replies))


async def settled(plant: Plant) -> Any:
    """What is believed once all that came was learned."""
    for _ in range(50):
        async with plant.runtime.pool.acquire() as connection, connection.transaction():
            keys = await unlearned.take(connection, 500)
            if not keys:
                break
            await believe(connection, keys, LENS)
    assert await plant.count("unlearned") == 0
    return await plant.rows(BELIEFS)


def differences(found: Sequence[Any], anew: Sequence[Any]) -> list[str]:
    """What stands beside a contact and is not what its record says, worked out anew."""
    said = []
    for stands, should in zip(found, anew, strict=True):
        if should["state"] is None and stands["state"] in {"unverified", "good"}:
            continue  # what came of it was read otherwise later and says nothing of the number any more: shown as if nothing were believed
        others = [name for name, value in stands.items() if not same(value, should[name])]
        if others:
            said.append(f"{stands['contact']}: " + ", ".join(f"{name} {stands[name]} instead of {should[name]}" for name in others))
    return said


def same(one: Any, other: Any) -> bool:
    """The same figure, as far as it is written anew."""
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, abs=MOVED)
    if isinstance(one, datetime) and isinstance(other, datetime):
        return abs(one - other) < timedelta(days=1)
    return bool(one == other)


async def test_beliefs_agree_with_the_record_whatever_goes_on_beside_the_learners(plants: list[Plant]) -> None:
    plant = plants[0]
    chaos = Learners(plants, seed=7)
    await plant.post(*(known(f"p{n}") for n in range(PERSONS)))  # what is believed of a new person's number is not worked out before a walk
    deadlocks = "select deadlocks from pg_stat_database where datname = current_database()"
    before = await plant.value(deadlocks)
    await chaos.run()
    await plant.pool.execute("select pg_stat_force_next_flush()")
    assert chaos.raised == [], chaos
    assert await plant.value(deadlocks) == before, chaos

    found = await settled(plant)
    assert {row["state"] for row in found} >= {"dead", "wrong_person", "good", "doubtful"}, chaos
    assert await plant.value(MARKS) == 0, chaos
    await plant.pool.execute("update contact set state = null, p_reach = null")
    await plant.pool.execute("insert into unlearned (key) select distinct key from contact")
    wrong = differences(found, await settled(plant))
    assert not wrong, "\n".join([repr(chaos), *wrong])
