"""Vendors that lie or contradict themselves: what they say ends nothing that is not theirs to end, and never goes round for ever."""

import asyncio
from typing import Any

import pytest

from gateway.evidence.verify import everything
from gateway.words import Fault, Outcome, Reason, Status
from providers.base.types import Answer, Callback, Reading, Report
from tests.pipeline.events import known, number, reminder, sms
from tests.pipeline.plant import LINE, OTHER, VENDOR, Plant

ROUTE = LINE.__class__(VENDOR, 30.0, 10.0, 100, (VENDOR, OTHER))
OTHERS = LINE.__class__(OTHER, 30.0, 10.0, 100, (VENDOR, OTHER))


async def people(plant: Plant, count: int) -> None:
    await plant.post(*(one for n in range(count) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))


async def told(plant: Plant, *reports: Report, provider: str = VENDOR) -> None:
    plant.receiving.providers = {VENDOR: plant.vendor, OTHER: plant.vendor}
    plant.vendor.reading = Reading(reports)
    try:
        await plant.report(provider=provider)
    finally:
        plant.vendor.reading = None


@pytest.mark.parametrize(("reference", "joined"), [("of somebody else", True), ("", True), ("9" * 40, True), ("4711", False)])
async def test_a_report_with_a_strange_reference_and_an_id_that_we_know_is_joined_or_waits_and_does_not_go_round(
    plant: Plant, reference: str, *, joined: bool
) -> None:
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.ACCEPTED, parts=("v1",))
    await people(plant, 1)
    await plant.drain()
    async with asyncio.timeout(5):
        await told(plant, Report(reference, Status.DELIVERED, vendor_id="v1"))
    assert await plant.count("receipt") == 1
    assert await plant.receiving.again.lately() == 0
    assert await plant.messages() == [("delivered" if joined else "sent", None)]


async def test_a_provider_that_put_a_message_off_cannot_end_it_at_the_one_that_took_it(plant: Plant) -> None:
    await people(plant, 1)
    (call,) = await plant.claim_all(ROUTE)
    one = call.batch[0].reference
    await plant.record(call, [Answer(one, Outcome.DEFERRED, Reason.PROVIDER_UNAVAILABLE, Fault.PROVIDER)])
    await plant.pool.execute("update queue set avoid = array[$1], due_at = now()", VENDOR)
    await plant.send(*await plant.claim_all(OTHERS))
    await told(plant, Report(one, Status.UNDELIVERED, Reason.UNREACHABLE, Fault.RECIPIENT), provider=VENDOR)
    assert await plant.messages() == [("sent", None)]
    await told(plant, Report(one, Status.DELIVERED), provider=OTHER)
    assert await plant.messages() == [("delivered", None)]
    assert await plant.value("select cardinality(receipts) from message") == 2


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("vendor_code", "a\x00b"),
        ("vendor_id", "\ud800"),
        ("vendor_text", "\ud800"),
        ("address", "\ud800"),
        ("call", "\ud800"),
        ("reference", "\x00\ud800"),
    ],
)
async def test_a_callback_with_text_that_no_store_holds_is_kept_and_applied(plant: Plant, field: str, text: str) -> None:
    await people(plant, 1)
    await plant.drain()
    (one,) = plant.vendor.seen
    more: dict[str, Any] = {"reference": one, field: text}
    plant.vendor.reading = Reading([Report(status=Status.DELIVERED, **more)])
    await plant.keeping(VENDOR, Callback("POST", {}, {}, b"a callback"))
    assert await plant.keeping.inbox.drain(lambda: False) == 1
    assert await plant.count("inbox") == 0
    assert await plant.messages() == [("sent" if field == "reference" else "delivered", None)]


@pytest.mark.parametrize("text", ["\ud800", "a\x00b"])
@pytest.mark.parametrize(
    ("outcome", "reason", "field"),
    [(Outcome.ACCEPTED, None, "parts"), (Outcome.ACCEPTED, None, "vendor_id")]
    + [
        (Outcome.REFUSED, reason, field)
        for reason in (Reason.MALFORMED_ADDRESS, Reason.UNMAPPED)
        for field in ("vendor_code", "vendor_text")
    ],
)
async def test_an_answer_with_text_that_no_store_holds_counts_all_the_same(
    plant: Plant, field: str, text: str, outcome: Outcome, reason: Reason | None
) -> None:
    await people(plant, 1)
    (call,) = await plant.claim_all()
    why: dict[str, Any] = {} if outcome is Outcome.ACCEPTED else {"reason": reason, "fault": Fault.RECIPIENT, "permanent": True}
    more: dict[str, Any] = {field: (text,) if field == "parts" else text}
    await plant.record(call, [Answer(call.batch[0].reference, outcome, **why, **more)])
    assert [row[0] for row in await plant.messages("status_now")] == ["sent" if outcome is Outcome.ACCEPTED else "failed"]
    assert await plant.count("call", "answered_at is not null") == 1


async def test_a_callback_that_says_the_same_many_times_is_one_receipt_of_its_message(plant: Plant) -> None:
    await people(plant, 1)
    await plant.drain()
    (one,) = plant.vendor.seen
    await told(plant, *[Report(one, Status.SENT)] * 3)
    await told(plant, *[Report(one, Status.DELIVERED)] * 3)
    await told(plant, *[Report(one, Status.DELIVERED)] * 3)
    assert await plant.messages() == [("delivered", None)]
    assert await plant.value("select cardinality(receipts) from message") == 3
    async with plant.runtime.reading.acquire() as connection:
        assert (await everything(connection, plant.runtime.sealer)).findings == []
