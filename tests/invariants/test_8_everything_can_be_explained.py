"""Invariant 8: every fact that a transaction wrote stands in the seal of that transaction. (Verifying chains: tests/evidence.)"""

import asyncio

import asyncpg
import pytest

from gateway.evidence.chain import FactKind, entries_of
from gateway.words import Fault, Outcome, Reason, Status
from providers.base.types import Answer, Inbound, Reading, Report
from tests.pipeline.breaking import at_commit
from tests.pipeline.events import certified, day, deceased, known, number, reminder, requested, sms, suspended
from tests.pipeline.plant import Plant

FACTS = {
    FactKind.EVENT: "select no, seal_id from event",
    FactKind.NOTICE: "select id, seal_id from notice",
    FactKind.MESSAGE: "select id, seal_id from message",
    FactKind.CALL: "select id, seal_id from call",
    FactKind.ANSWER: "select id, answer_seal from call where answered_at is not null",
    FactKind.RECEIPT: "select id, seal_id from receipt",
    FactKind.INBOUND: "select id, seal_id from inbound",
    FactKind.CLOSING: "select id, closing_seal from notice where closed_at is not null and closing_seal is not null",
}


async def a_day(plant: Plant, other: Plant) -> None:
    """Something of everything: accepted, planned, sent, answered, reported, swept, replied, withdrawn."""
    await plant.post(
        *(one for n in range(8) for one in (known(f"p{n}", sms(number(n)), sms(number(50 + n), relation="family")), reminder(f"p{n}")))
    )
    await asyncio.gather(other.post(certified("p1"), suspended("p2")), plant.post(deceased("p3"), requested("p4", priority="urgent")))
    plant.vendor.says = lambda m: Answer(
        m.reference, Outcome.REFUSED if m.address.endswith("059") else Outcome.ACCEPTED, Reason.NUMBER_ABSENT, Fault.RECIPIENT
    )
    await plant.drain()
    await other.plan()
    await other.claim()
    await other.end_leases()
    await asyncio.gather(plant.sweep.leases(), other.sweep.leases())
    references = plant.vendor.seen
    await asyncio.gather(
        *(plant.report(Report(r, Status.DELIVERED)) for r in references[:3]),
        other.report(Report(references[3], Status.UNDELIVERED, Reason.UNREACHABLE)),
    )
    await plant.called_back(Reading((), [Inbound(number(5), "退订")]))
    notice = await plant.value("select id from notice where status = 'in_progress' limit 1")
    await plant.cancel(notice, "operator")
    await plant.plan()


async def test_every_fact_stands_in_the_seal_of_its_transaction(plant: Plant, other: Plant) -> None:
    await a_day(plant, other)
    sealed = {
        (row["id"], kind, fact) for row in await plant.rows("select id, entries from seal") for kind, fact, _ in entries_of(row["entries"])
    }
    for kind, statement in FACTS.items():
        rows = await plant.rows(statement)
        assert rows, kind
        assert {(seal, kind, fact) for fact, seal in rows} <= sealed, kind
    facts = {(seal, kind, fact) for kind, statement in FACTS.items() for fact, seal in await plant.rows(statement)}
    given_up = {
        entry for entry in sealed if entry[1] is FactKind.ANSWER
    } - facts  # a call given up has one answer more where its worker spoke up later
    assert sealed - facts == given_up


async def test_what_a_refused_event_sets_off_is_sealed_too(plant: Plant) -> None:
    """The calendar looks at a person whenever they are planned, also where the event itself is refused."""
    await plant.post(known("p1", sms(number(1)), certified_on=day(-200)))
    await plant.pool.execute(
        "update person set certified = array[current_date - 290], cycle_start = current_date - 290,"
        " deadline = (current_date - 290 + interval '12 months')::date, plan_due = now()"
    )
    await plant.post(certified("p1", day(9)))
    await plant.plan()
    assert await plant.count("notice") == await plant.count("message") == 1
    assert await plant.count("notice", "seal_id not in (select id from seal)") == 0  # finding 32
    assert await plant.count("message", "seal_id not in (select id from seal)") == 0


async def test_every_notice_that_closes_says_in_which_seal(plant: Plant, other: Plant) -> None:
    await a_day(plant, other)
    assert await plant.count("notice", "closed_at is not null and closing_seal is null and status <> 'suppressed'") == 0


async def test_chains_have_no_gaps_and_none_is_longer_than_its_connection_wrote(plant: Plant, other: Plant) -> None:
    await a_day(plant, other)
    for rows, first, last in await plant.rows("select count(*), min(seq), max(seq) from seal group by chain"):
        assert (first, last) == (1, rows)
    assert await plant.count("seal", "seq = 1 and chain <> id") == 0


async def test_a_transaction_that_fails_leaves_no_gap(plant: Plant) -> None:
    await plant.post(known("p1"))
    for _ in range(3):
        async with at_commit(plant.pool, "raise exception 'no' using errcode = '53100'"):
            with pytest.raises(asyncpg.DiskFullError):
                await plant.post(known("p2"))
    await plant.post(known("p3"))
    assert await plant.rows("select chain from seal group by 1 having max(seq) <> count(*)") == []


async def test_the_trail_of_a_notice_is_complete(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.drain()
    await plant.report(Report(plant.vendor.seen[0], Status.DELIVERED, vendor_code="DELIVRD"))
    notice = await plant.row("select id, checks, event_source, event_id, status from notice")
    assert notice["status"] == "informed"
    assert any(check.startswith("rule:") for check in notice["checks"].split())
    assert (
        await plant.count("event", f"source = '{notice['event_source']}' and id = '{notice['event_id']}' and notice_id = {notice['id']}")
        == 1
    )
    message = await plant.row("select template, version, calls, receipts from message where notice_id = $1", notice["id"])
    assert await plant.value(
        "select source from template_version where name = $1 and version = $2", message["template"], message["version"]
    )
    assert await plant.count("call", f"id = {message['calls'][0]} and outcome = 'accepted'") == 1
    raw = await plant.value("select sealed from receipt where id = $1", message["receipts"][0])
    assert b"DELIVRD" in plant.runtime.vault.open_raw(raw, b"receipt")
