"""Sweeps: what a crash or a silent vendor left comes to an end, once, whoever sweeps."""

import asyncio
from datetime import timedelta

from gateway.words import Outcome, Status
from providers.base.types import Answer, Report
from scheduler.functions import Functions
from tests.pipeline.events import known, number, reminder, sms
from tests.pipeline.plant import VENDOR, Plant
from tests.pipeline.pumping import pumping

HOURS = timedelta(hours=72)


async def claimed(plant: Plant, persons: int) -> None:
    await plant.post(*(one for n in range(persons) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))
    await plant.claim()


async def test_a_lease_that_still_runs_is_left_alone(plant: Plant) -> None:
    await claimed(plant, 2)
    assert (await plant.sweep.leases()).calls == 0
    assert await plant.messages("status") == [("sending",)] * 2


async def test_two_who_sweep_at_once_give_each_call_up_once(plant: Plant, other: Plant) -> None:
    await claimed(plant, 30)
    await plant.end_leases()
    await asyncio.gather(*((plant, other)[n % 2].sweep.leases(10) for n in range(6)))
    assert await plant.messages() == [("unknown", None)] * 30
    assert await plant.count("call", "outcome = 'unknown' and answered_at is not null") == await plant.count("call")
    assert await plant.count("queue") == 0


async def test_a_receipt_is_waited_for_as_long_as_the_provider_may_take(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.drain()
    for hours, status in ((71, "sent"), (73, "undelivered")):
        await plant.pool.execute("update call set claimed_at = now() - make_interval(hours => $1)", hours)
        await plant.sweep.receipts(VENDOR, HOURS)
        assert (await plant.messages())[0][0] == status
    assert await plant.count("call", "not swept") == 0


async def test_each_provider_has_its_own_time(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.drain()
    await plant.pool.execute("update call set claimed_at = now() - interval '90 hours'")
    assert (await plant.sweep.receipts("someone else", HOURS)).calls == 0
    assert await plant.messages() == [("sent", None)]


async def test_a_call_whose_messages_all_ended_is_swept_without_touching_them(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.drain()
    await plant.report(Report(plant.vendor.seen[0], Status.DELIVERED))
    await plant.pool.execute("update call set claimed_at = now() - interval '90 hours'")
    swept = await plant.sweep.receipts(VENDOR, HOURS)
    assert (swept.calls, swept.moved) == (1, [])
    assert await plant.messages() == [("delivered", None)]


async def test_a_message_that_went_on_to_a_later_call_is_not_ended_by_the_earlier_one(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.DEFERRED)
    await plant.drain()
    await plant.pool.execute("update call set claimed_at = now() - interval '90 hours'")
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.ACCEPTED)
    await plant.make_due()
    await plant.drain()
    await plant.sweep.receipts(VENDOR, HOURS)
    assert await plant.messages() == [("sent", None)]
    assert await plant.count("call", "not swept") == 1


async def test_whoever_has_no_receipt_is_planned_again_and_the_ladder_goes_on(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.drain()
    await plant.pool.execute("update call set claimed_at = now() - interval '90 hours'")
    await plant.sweep.receipts(VENDOR, HOURS)
    await plant.plan()
    assert await plant.notices() == [("reminder", "uninformed", "no_receipt")]
    assert await plant.count("outreach", "closed_at is null") == 1


async def test_messages_of_a_provider_that_is_configured_no_more_come_to_an_end_too(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.drain()
    await plant.pool.execute("update call set provider = 'former', claimed_at = now() - interval '9000 hours'")
    await plant.pool.execute("update message set provider = 'former'")
    async with pumping(plant) as sending:
        functions = Functions(sending, plant.planner, plant.sweep, plant.receiving.inbox, {VENDOR: HOURS}, lambda _: None)
        await functions.sweep_receipts({})
    assert (await plant.messages())[0][0] == "undelivered"  # finding 35
