"""Reports and answers that meet in any order, also while a process dies: each report joins its message, once."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest

from gateway.pipeline.incoming import Incoming
from gateway.pipeline.joining import Joined
from gateway.store.pool import Connection
from gateway.words import Status
from tests.pipeline.plant import Plant
from tests.receipt.test_joining import in_parts, of_part, people, told, verified


@pytest.mark.parametrize("count", [1, 2])
async def test_a_report_that_comes_before_its_answer_is_joined_when_the_answer_is_recorded(plant: Plant, count: int) -> None:
    plant.vendor.says = in_parts(count)
    await people(plant, 1)
    (call,) = await plant.claim_all()
    answers = await plant.vendor.send(call.batch, call.lease.holds, lambda: None)
    one = call.batch[0].reference
    for n in range(1, count + 1):
        await told(plant, of_part(f"v{one}-{n}", vendor_code="DELIVRD"))
    assert await plant.messages("status") == [("sending",)]
    assert await plant.count("receipt_unjoined") == count
    await plant.record(call, answers)
    assert await plant.messages() == [("delivered", None)]
    assert await plant.count("receipt_unjoined") == 0
    assert await plant.rows("select vendor_code from message") == [("DELIVRD",)]
    await verified(plant)


async def test_answers_and_reports_that_race_over_two_processes_never_miss_each_other(plant: Plant, other: Plant) -> None:
    plant.vendor.says = in_parts(2)
    await people(plant, 40)
    calls = await plant.claim_all()

    async def report(reference: str) -> None:
        for n in (1, 2):
            await other.report(of_part(f"v{reference}-{n}"))

    async def record(call_number: int) -> None:
        call = calls[call_number]
        await plant.record(call, await plant.vendor.send(call.batch, call.lease.holds, lambda: None))

    everything = [report(m.reference) for call in calls for m in call.batch] + [record(n) for n in range(len(calls))]
    await asyncio.gather(*everything)
    assert await plant.messages() == [("delivered", None)] * 40
    assert await plant.count("receipt_unjoined") == 0
    await verified(plant)


@pytest.mark.parametrize("status", [Status.DELIVERED, Status.UNDELIVERED])
async def test_a_report_that_is_stored_while_its_message_ends_is_joined_as_well(
    plant: Plant, other: Plant, monkeypatch: pytest.MonkeyPatch, status: Status
) -> None:
    """It asks for its message before the answer is on disk, and is on disk after the answer has looked for it: another report ended the message."""
    plant.vendor.says = in_parts(1)
    await people(plant, 1)
    (call,) = await plant.claim_all()
    answers = await plant.vendor.send(call.batch, call.lease.holds, lambda: None)
    report = of_part(f"v{call.batch[0].reference}-1", status)
    await told(plant, report)
    asked, go_on, find = asyncio.Event(), asyncio.Event(), other.receiving.joining.find

    async def slowly(connection: Connection, incoming: Sequence[Incoming]) -> Joined:
        found = await find(connection, incoming)
        asked.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(other.receiving.joining, "find", slowly)
    again = asyncio.create_task(other.report(report))
    try:
        await asked.wait()
        await plant.record(call, answers)
        assert await plant.messages("status") == [(status,)]
    finally:
        go_on.set()
        await again
    assert await plant.count("receipt_unjoined") == 0
    assert await plant.value("select cardinality(receipts) from message") == 2
    await verified(plant)


async def test_what_a_crash_left_unjoined_is_joined_by_the_next_look(plant: Plant) -> None:
    plant.vendor.says = in_parts(1)
    await people(plant, 3)
    (call,) = await plant.claim_all()
    answers = await plant.vendor.send(call.batch, call.lease.holds, lambda: None)
    await told(plant, *(of_part(f"v{m.reference}-1") for m in call.batch[:2]), of_part("nobody"))
    plant.recorder._beside = type(plant.recorder._beside)()  # dies between its commit and its look
    await plant.record(call, answers)
    assert await plant.messages() == [("sent", None)] * 3
    again = plant.receiving.again
    assert sorted(await asyncio.gather(again.lately(timedelta(days=3)), again.lately(timedelta(days=3)))) == [0, 1]
    assert sorted(await plant.messages()) == [("delivered", None)] * 2 + [("sent", None)]
    assert await plant.rows("select vendor_id from receipt_unjoined") == [("nobody",)]
    assert await plant.count("receipt") == 2  # what could not be joined made no second one


async def test_a_look_that_fails_after_the_commit_takes_no_acknowledgement_back(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(_: object) -> int:
        raise asyncpg.DeadlockDetectedError

    monkeypatch.setattr(plant.receiving.again, "of_receipts", fails)
    await told(plant, of_part("v1-1"))
    assert await plant.count("receipt") == 1
