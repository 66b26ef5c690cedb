"""Invariant 4: every attempt is on record before the call; what may have left is never sent again by anything."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from gateway.dispatch.claim import Call
from gateway.dispatch.lease import lease
from gateway.pipeline.record import Recorder
from gateway.store import calls
from gateway.store.calls import Effect
from gateway.words import Fault, Outcome, Reason, Status
from providers.base.types import Answer, Report
from tests.pipeline.events import known, number, reminder, sms
from tests.pipeline.plant import LINE, VENDOR, Plant

RECEIPT_TIME = timedelta(hours=72)


def answer(call: Call, outcome: Outcome, reason: Reason | None = None) -> list[Answer]:
    return [Answer(message.reference, outcome, reason, Fault.PROVIDER) for message in call.batch]


async def one_message(plant: Plant, *more: dict[str, Any]) -> Call:
    """One person with one number; the call that the claim made of the reminder."""
    await plant.post(known("p1", sms(number(1)), *more), reminder("p1"))
    (call,) = (await plant.claim()).calls
    return call


def slept(call: Call) -> Call:
    """The same call, a minute after it was claimed."""
    return structs.replace(call, lease=structs.replace(call.lease, clock=lambda: call.lease.claimed + 60))


async def everything_many_times(plant: Plant, other: Plant) -> None:
    """Whatever could send something again, again and again, with all the time in the world in between (but for receipts)."""
    for _ in range(4):
        for process in (plant, other):
            await process.sweep_all(RECEIPT_TIME)
            await process.pool.execute("update person set plan_due = now()")
            await process.plan()
            await process.make_due()
            await process.drain()


@pytest.mark.parametrize("told", [Outcome.UNKNOWN, None])
async def test_a_call_nobody_can_tell_of_is_never_made_again(plant: Plant, other: Plant, told: Outcome | None) -> None:
    """`None`: the worker was killed between claim and answer; its lease ends."""
    call = await one_message(plant)
    if told:
        await plant.record(call, answer(call, told))
    else:
        await plant.end_leases()
    await everything_many_times(plant, other)
    assert plant.vendor.calls == other.vendor.calls == []
    assert await plant.messages() == [("unknown", None)]
    assert await plant.count("call") == 1


async def test_a_call_whose_answers_are_lost_is_never_made_again(plant: Plant, other: Plant) -> None:
    """The vendor has it, our answer is not on record: killed between send and record."""
    call = await one_message(plant)
    await plant.vendor.send(call.batch, call.lease.holds, lambda: None)
    await plant.end_leases()
    await everything_many_times(plant, other)
    assert plant.vendor.seen + other.vendor.seen == [call.batch[0].reference]


async def test_an_unknown_message_without_a_receipt_goes_on_to_another_number_only(plant: Plant, other: Plant) -> None:
    call = await one_message(plant, sms(number(2), relation="family"))
    await plant.record(call, answer(call, Outcome.UNKNOWN))
    await plant.pool.execute("update call set claimed_at = now() - interval '73 hours'")
    await everything_many_times(plant, other)
    assert plant.vendor.addresses + other.vendor.addresses == ["+86" + number(2)]
    assert await plant.messages() == [("undelivered", "no_receipt"), ("sent", None)]


async def test_a_call_that_never_left_is_claimed_anew(plant: Plant) -> None:
    call = await one_message(plant)
    await plant.record(call, answer(call, Outcome.NOTHING_LEFT))
    assert await plant.messages() == [("queued", None)]
    await plant.make_due()
    await plant.drain()
    assert plant.vendor.seen == [call.batch[0].reference]
    assert await plant.value("select calls from message") == [row[0] for row in await plant.rows("select id from call order by id")]


async def test_the_attempt_is_on_record_before_the_vendor_is_called(plant: Plant, other: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    (call,) = (await plant.claim()).calls
    row = await other.row("select message_ids, outcome, lease_until > now() + interval '25 seconds' from call where id = $1", call.id)
    assert tuple(row) == ([int(call.batch[0].reference)], None, True)
    assert await other.messages("status") == [("sending",)]


async def test_a_worker_that_slept_through_its_lease_writes_nothing(plant: Plant) -> None:
    call = await one_message(plant)
    now = [call.lease.claimed]
    held = lease(LINE.lease_s, LINE.timeout_s, lambda: now[0])
    assert held.holds()
    now[0] += LINE.lease_s - LINE.timeout_s + 0.01
    answers = await plant.vendor.send(call.batch, held.holds, lambda: None)
    assert plant.vendor.calls == []
    assert [a.outcome for a in answers] == [Outcome.NOTHING_LEFT]


async def test_the_lease_ends_in_the_store_only_after_the_worker_gave_it_up(plant: Plant) -> None:
    call = await one_message(plant)
    left_s = call.lease.write_until - call.lease.clock()
    stored_s = await plant.value("select extract(epoch from lease_until - clock_timestamp())::float8 from call")
    assert left_s + LINE.timeout_s <= stored_s + 0.05


@pytest.mark.parametrize(
    ("late", "status"),
    [
        (Outcome.ACCEPTED, "sent"),  # finding 9
        (Outcome.REFUSED, "failed"),
        (Outcome.UNKNOWN, "unknown"),
        (Outcome.DEFERRED, "queued"),
        (Outcome.NOTHING_LEFT, "queued"),
    ],
)
async def test_a_worker_that_slept_may_still_say_what_came_of_its_call(plant: Plant, late: Outcome, status: str) -> None:
    call = slept(await one_message(plant))
    await plant.end_leases()
    await plant.sweep.leases()
    await plant.record(call, answer(call, late))
    assert [row[0] for row in await plant.messages()] == [status]
    assert await plant.count("queue") == (status == "queued")


async def test_a_call_is_answered_once(plant: Plant) -> None:
    call = await one_message(plant)
    await plant.record(call, answer(call, Outcome.ACCEPTED))
    for outcome in (Outcome.REFUSED, Outcome.UNKNOWN, Outcome.ACCEPTED):
        await plant.record(call, answer(call, outcome))
    assert await plant.value("select outcome from call") == "accepted"
    assert await plant.messages() == [("sent", None)]


async def test_a_late_answer_that_comes_twice_queues_the_message_once(plant: Plant) -> None:
    call = await one_message(plant)
    for _ in range(2):
        await plant.record(call, answer(call, Outcome.NOTHING_LEFT))
    assert await plant.count("queue") == 1


async def test_the_answer_of_an_earlier_call_does_not_touch_a_later_one(plant: Plant) -> None:
    first = await one_message(plant)
    await plant.record(first, answer(first, Outcome.NOTHING_LEFT))
    await plant.make_due()
    (second,) = (await plant.claim()).calls
    await plant.record(first, answer(first, Outcome.REFUSED))
    assert await plant.messages("status") == [("sending",)]
    await plant.record(second, answer(second, Outcome.ACCEPTED))
    assert await plant.messages() == [("sent", None)]


async def test_an_answer_touches_the_messages_of_its_own_call_only(plant: Plant) -> None:
    """Two calls under way at once, and one whose message went on to a later call meanwhile."""
    await plant.post(*(one for n in (1, 2) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))
    first = (await plant.claim(count=1)).calls[0]
    await plant.end_leases()
    await plant.sweep.leases()
    await plant.record(slept(first), answer(first, Outcome.NOTHING_LEFT))
    await plant.make_due()
    (later,) = (await plant.claim()).calls
    assert len(later.batch) == 2
    async with plant.runtime.pool.acquire() as connection, connection.transaction():
        effects = [Effect(int(first.batch[0].reference), first.id, Status.FAILED, Reason.CONTENT_REJECTED)]
        assert await calls.settle(connection, effects, await plant.now()) == []
    assert await plant.messages("status") == [("sending",), ("sending",)]


async def test_answers_and_sweeps_at_once_leave_one_truth(plant: Plant, other: Plant) -> None:
    await plant.post(*(one for n in range(60) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))
    calls = (await plant.claim(line=type(LINE)(VENDOR, 30.0, 10.0, 3))).calls
    assert len(calls) == 20
    await plant.end_leases()
    outcomes = [Outcome.NOTHING_LEFT, Outcome.UNKNOWN, Outcome.REFUSED, Outcome.DEFERRED]
    answering = [plant.record(call, answer(call, outcomes[n % 4], Reason.PROVIDER_UNAVAILABLE)) for n, call in enumerate(calls)]
    await asyncio.gather(*answering, other.sweep.leases(5), plant.sweep.leases(5), other.sweep.leases(5), other.sweep.leases())
    rows = await plant.rows(
        "select c.id, c.outcome, array_agg(m.status::text) as statuses from call c join message m on c.id = any(m.calls) group by 1 order by 1"
    )
    expected = {"nothing_left": "queued", "deferred": "queued", "unknown": "unknown", "refused": "failed"}
    assert all(row["outcome"] and set(row["statuses"]) == {expected[row["outcome"]]} for row in rows), rows
    assert await plant.rows("select message_id from queue group by 1 having count(*) > 1") == []


async def test_a_refused_message_goes_on_to_the_next_number_and_not_back(plant: Plant) -> None:
    call = await one_message(plant, sms(number(2), relation="family"))
    await plant.record(call, answer(call, Outcome.REFUSED, Reason.NUMBER_ABSENT))
    await plant.plan()
    await plant.drain()
    assert plant.vendor.addresses == ["+86" + number(2)]


@pytest.mark.parametrize("resend", [False, True])
async def test_unknown_is_sent_again_only_where_the_configuration_says_so(plant: Plant, *, resend: bool) -> None:
    runtime = plant.runtime
    plant.recorder = Recorder(runtime.pool, runtime.vault, runtime.sealer, runtime.ids, {VENDOR: resend}.__getitem__)
    call = await one_message(plant)
    await plant.record(call, answer(call, Outcome.UNKNOWN))
    assert [row[0] for row in await plant.messages()] == ["queued" if resend else "unknown"]


async def test_a_receipt_settles_what_is_unknown(plant: Plant) -> None:
    call = await one_message(plant)
    await plant.end_leases()
    await plant.sweep.leases()
    await plant.report(Report(call.batch[0].reference, Status.DELIVERED))
    assert await plant.messages() == [("delivered", None)]
    assert await plant.notices() == [("reminder", "informed", None)]
