"""Invariant 3: the claim checks, under the same locks as accepting takes, that a message is still true. A fact accepted before it counts."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from gateway.dispatch import claim as claiming
from gateway.model import Standing
from gateway.pipeline.write import Writer
from gateway.store import claims
from gateway.store.claims import Candidate
from gateway.store.pool import Connection
from gateway.words import Lane, Outcome
from providers.base.types import Answer, Outgoing
from tests.pipeline.events import (
    certified,
    day,
    deceased,
    event,
    known,
    lapsed,
    number,
    reminder,
    requested,
    resumed,
    sms,
    suspended,
    terminated,
)
from tests.pipeline.plant import Plant

FAMILY = sms(number(7), relation="family")
NOTICES: dict[str, Callable[[str], dict[str, Any]]] = {
    "reminder": reminder,
    "suspension lapsed": lapsed,
    "suspension not_certified": suspended,
    "suspension payment_failed": lambda p: suspended(p, cause="payment_failed"),
    "termination death": lambda p: terminated(p, FAMILY, cause="death"),
    "termination not_certified": terminated,
    "termination other": lambda p: terminated(p, cause="other"),
    "resumption": lambda p: resumed(p, on=day(-3)),
    "requested": requested,
    "requested urgent": lambda p: requested(p, priority="urgent"),
}
FACTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "certified": certified,
    "deceased": deceased,
    "resumed": resumed,
    "terminated": lambda p: terminated(p, cause="other", on=day(0)),
}
# notice: what stops it, read from the domain's table ("What stops what"); of two benefits one is terminated in the last column but one.
STOPPED_BY = {
    "reminder": {"certified", "deceased", "terminated", "opted out"},
    "suspension lapsed": {"certified", "deceased", "resumed", "terminated"},
    "suspension not_certified": {"deceased", "resumed", "terminated"},
    "suspension payment_failed": {"deceased", "resumed", "terminated"},
    "termination death": {"certified", "resumed"},
    "termination not_certified": {"deceased", "resumed"},
    "termination other": {"deceased", "resumed"},
    "resumption": {"deceased", "terminated"},
    "requested": {"deceased", "opted out"},
    "requested urgent": {"deceased"},
}


class Forgetful(Writer):
    """A writer with a bug: it never withdraws what facts made untrue, so that the claim stands alone."""

    async def _endings(self, *_: Any) -> tuple[list[tuple[int, str, str]], list[tuple[int, str, str]]]:
        return [], []


@pytest.fixture
def alone(plant: Plant) -> Plant:
    """A plant in which nothing but the claim stops a message."""
    runtime = plant.runtime
    plant.accept._writer = Forgetful(runtime.vault, runtime.sealer, lambda name: runtime.catalog.current(name).version)
    return plant


async def apply(plant: Plant, fact: str) -> None:
    """To every person there is."""
    if fact == "opted out":
        await plant.pool.execute(
            "insert into number (key, channel, opted_out_at, last_at) select distinct key, channel, now(), now() from contact"
        )
    elif fact == "canceled":
        await plant.pool.execute("update notice set status = 'canceled', reason = 'operator'")
    else:
        await plant.post(*(FACTS[fact](notice.replace(" ", "/")) for notice in NOTICES))


@pytest.mark.parametrize("fact", [*FACTS, "opted out", "canceled"])
async def test_the_claim_stops_what_a_fact_made_untrue_and_nothing_else(alone: Plant, fact: str) -> None:
    """One column of the table; each person is named after the notice of their row."""
    for n, notice in enumerate(NOTICES):
        person = notice.replace(" ", "/")
        await alone.post(
            known(person, sms(number(n)), insurance=["resident_pension"], benefit_started_on=day(-4000)), NOTICES[notice](person)
        )
    before = [row[0] for row in await alone.rows("select id from message")]
    assert len(before) == len(NOTICES)
    await apply(alone, fact)
    await alone.drain()
    now = await alone.rows("select person_id, status_now, reason from message_now where id = any($1::bigint[])", before)
    should_stop = {notice for notice in NOTICES if fact in STOPPED_BY[notice] or fact == "canceled"}
    assert {row["person_id"].replace("/", " ") for row in now if row["status_now"] == "canceled" and row["reason"]} == should_stop
    assert {row["person_id"].replace("/", " ") for row in now if row["status_now"] == "sent"} == set(NOTICES) - should_stop


@pytest.mark.parametrize(("named", "stands"), [(["enterprise_pension"], True), (["enterprise_pension", "resident_pension"], False)])
async def test_a_reminder_stops_only_when_every_benefit_is_terminated(alone: Plant, named: list[str], *, stands: bool) -> None:
    await alone.post(known("p1", sms(number(1)), insurance=["enterprise_pension", "resident_pension"]), reminder("p1"))
    await alone.post(terminated("p1", cause="other", insurance=named))
    await alone.drain()
    assert ((await alone.messages())[0][0] == "sent") is stands


async def test_a_certification_whose_planning_failed_holds_everything_back(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    with plant.plan_fails():
        await plant.post(certified("p1"))
        for _ in range(3):
            await plant.make_due()
            await plant.drain()
            await plant.pool.execute("update person set plan_due = now()")
            await plant.plan()
    assert plant.vendor.calls == []
    assert await plant.messages() == [("queued", None)]
    await plant.pool.execute("update person set plan_due = now()")
    await plant.plan()
    await plant.make_due()
    await plant.drain()
    assert await plant.messages() == [("canceled", "certified")]
    assert plant.vendor.calls == []


async def test_each_retry_is_a_claim_of_its_own(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    plant.vendor.says = lambda message: Answer(message.reference, Outcome.DEFERRED)
    await plant.drain()
    await plant.make_due()
    await plant.drain()
    assert await plant.value("select cardinality(calls) from message") == await plant.count("call") == 2
    await plant.post(certified("p1"))
    await plant.make_due()
    await plant.drain()
    assert len(plant.vendor.calls) == 2
    assert await plant.messages() == [("canceled", "certified")]


class Between:
    """Stops a claim between two of its steps until the test lets it go on."""

    def __init__(self, step: Any) -> None:
        self._step, self.reached, self.go_on = step, asyncio.Event(), asyncio.Event()

    async def after(self, *args: Any) -> Any:
        found = await self._step(*args)
        await self._wait()
        return found

    async def before(self, *args: Any) -> Any:
        await self._wait()
        return await self._step(*args)

    async def _wait(self) -> None:
        self.reached.set()
        await self.go_on.wait()


@pytest.mark.parametrize("fact", [certified, deceased, lambda p: terminated(p, cause="other")])
async def test_a_fact_accepted_after_the_claim_took_its_rows_still_counts(alone: Plant, other: Plant, monkeypatch: Any, fact: Any) -> None:
    await alone.post(known("p1", sms(number(1)), insurance=["resident_pension"]), reminder("p1"))
    between = Between(claims.take)
    monkeypatch.setattr(claims, "take", between.after)
    claimed = asyncio.create_task(other.claim())
    await between.reached.wait()
    await alone.post(fact("p1"))
    between.go_on.set()
    assert not (await claimed).calls
    assert (await alone.row("select status from message order by id limit 1"))["status"] == "canceled"


async def test_accepting_waits_for_a_claim_that_holds_the_person(plant: Plant, other: Plant, monkeypatch: Any) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    between = Between(claims.read)
    monkeypatch.setattr(claims, "read", between.before)
    claiming_ = asyncio.create_task(other.claim())
    await between.reached.wait()
    accepting = asyncio.create_task(plant.post(certified("p1")))
    await asyncio.sleep(0.2)
    assert not accepting.done()
    between.go_on.set()
    assert len((await claiming_).calls) == 1
    await accepting
    assert await plant.count("event", "accepted_at > (select max(claimed_at) from call)") == 1


async def test_nobody_whose_certification_was_accepted_before_the_claim_is_written_to(plant: Plant, other: Plant, monkeypatch: Any) -> None:
    """Races: certifications and claims at once, over many persons, from two processes."""
    accepted: dict[str, float] = {}
    locked: dict[str, float] = {}
    read = claims.read

    async def noting(connection: Connection, ids: Sequence[int], *rest: Any) -> list[Candidate]:
        moment = time.monotonic()  # the persons are locked by now
        found: list[Candidate] = await read(connection, ids, *rest)
        locked.update(dict.fromkeys((c.person_id for c in found), moment))
        return found

    async def certify(by: Plant, persons: list[str]) -> None:
        await by.post(*(certified(p) for p in persons))
        accepted.update(dict.fromkeys(persons, time.monotonic()))

    monkeypatch.setattr(claims, "read", noting)
    persons = [f"p{n:03}" for n in range(240)]
    await plant.post(*(one for n, p in enumerate(persons) for one in (known(p, sms(number(n))), reminder(p))))
    shuffled = random.Random(3).sample(persons, len(persons))
    certifying = [certify((plant, other)[n % 2], shuffled[n * 12 : n * 12 + 12]) for n in range(20)]
    claims_ = [(plant, other)[n % 2].claim(count=15) for n in range(16)]
    both = [one for pair in zip(certifying, claims_, strict=False) for one in pair] + certifying[16:]
    done = await asyncio.gather(*both)
    started = {person for result in done if result is not None for call in result.calls for person in await persons_of(plant, call.batch)}
    certified_too = {p for p in started if accepted[p] < locked[p]}
    assert certified_too == set()
    assert started, "no claim won a race: the test proves nothing"
    assert len(started) < 240, "no certification won a race: the test proves nothing"


async def persons_of(plant: Plant, batch: Sequence[Outgoing]) -> list[str]:
    return [
        row[0] for row in await plant.rows("select person_id from message where id = any($1::bigint[])", [int(m.reference) for m in batch])
    ]


async def test_a_message_whose_judging_fails_is_not_sent(plant: Plant, monkeypatch: Any) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))

    def broken(candidate: Candidate, person: Standing) -> None:
        raise KeyError("reminder")

    plant.claimer._stops = broken
    try:
        claimed = await plant.claim()
    except KeyError:
        return
    assert not claimed.calls


async def test_an_expired_message_is_not_sent(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.pool.execute("update message set expires_at = now() - interval '1 second'")
    await plant.drain()
    assert plant.vendor.calls == []
    assert (await plant.messages())[0] == ("canceled", "expired")


async def test_one_bad_message_does_not_stop_its_lane(plant: Plant) -> None:
    await plant.post(*(one for n in (1, 2, 3) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))
    await plant.pool.execute("update message set sealed = 'not ours' where person_id = 'p1'")
    await plant.drain()  # finding 3
    assert sorted(plant.vendor.addresses) == ["+86" + number(2), "+86" + number(3)]


async def test_a_cancelled_notice_is_not_sent(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    notice = await plant.value("select id from notice")
    assert await plant.cancel(notice, "operator")
    assert not await plant.cancel(notice, "operator")
    await plant.drain()
    assert plant.vendor.calls == []
    assert await plant.messages() == [("canceled", "operator")]
    assert await plant.notices() == [("reminder", "canceled", "operator")]


async def test_a_conflict_stops_everything(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1)), FAMILY), requested("p1", priority="urgent"), suspended("p1", cause="payment_failed"))
    await plant.post(event("si.person.deceased", "p1", {}), certified("p1"))
    await plant.drain()
    assert plant.vendor.calls == []


def test_a_claim_knows_every_lane() -> None:
    assert set(Lane) == {"urgent", "normal", "bulk"}
    assert claiming.NUMBER_BUSY_S < claiming.FACTS_PENDING_S
