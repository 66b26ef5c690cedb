"""Vendors are asked about what they do not report, before it is given up."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from gateway.pipeline.asking import GRACE, WAITS, Asking
from gateway.pipeline.sweep import ASK_AFTER
from gateway.words import Outcome, Status
from providers.base.abilities import Asked, Asks
from providers.base.types import Answer, Callback, Outgoing, Reading, Report
from scheduler.functions import Functions
from tests.pipeline.events import known, number, reminder, sms
from tests.pipeline.plant import VENDOR, Plant, Vendor
from tests.pipeline.pumping import pumping

HOURS = timedelta(hours=72)


class Knowing(Vendor):
    """A vendor that can be asked. `knows`: reference → what it says."""

    def __init__(self, plant: Plant) -> None:
        super().__init__()
        self.plant = plant
        self.knows: dict[str, Status] = {}
        self.asked: list[Asked] = []

    async def ask(self, asked: Sequence[Asked]) -> None:
        self.asked += asked
        known = [Report(one.reference, self.knows[one.reference]) for one in asked if one.reference in self.knows]
        if known:
            await self.plant.report(*known)


async def silent(plant: Plant, outcome: Outcome, persons: int = 3) -> Asking:
    """Messages that nobody reports, and which the vendor answered so."""

    def says(message: Outgoing) -> Answer:
        return Answer(message.reference, outcome, vendor_id=f"v{message.reference}")

    plant.vendor.says = says
    await plant.post(*(one for n in range(persons) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))
    await plant.drain()
    return Asking(plant.runtime.pool, plant.runtime.vault, frozenset({VENDOR}))


async def pass_time(plant: Plant, by: timedelta) -> None:
    await plant.pool.execute("update ask set ask_at = ask_at - $1::interval, ends_at = ends_at - $1::interval", by)
    await plant.pool.execute("update call set claimed_at = claimed_at - $1::interval", by)


async def test_a_fake_that_asks_is_one_that_asks(plant: Plant) -> None:
    assert isinstance(Knowing(plant), Asks)
    assert not isinstance(Vendor(), Asks)


async def test_an_unknown_message_is_asked_about_after_two_minutes_then_ever_more_rarely(plant: Plant) -> None:
    asking = await silent(plant, Outcome.UNKNOWN, 1)
    assert await asking.due(VENDOR) == []
    await pass_time(plant, ASK_AFTER)
    (asked,) = await asking.due(VENDOR)
    reference = plant.vendor.seen[0]
    assert (asked.reference, asked.address, asked.vendor_id) == (reference, "+86" + number(0), f"v{reference}")
    assert asked.call == str(await plant.value("select id from call"))
    for wait in (*WAITS, WAITS[-1]):
        assert await asking.due(VENDOR) == []
        await pass_time(plant, wait - timedelta(minutes=1))
        assert await asking.due(VENDOR) == []
        await pass_time(plant, timedelta(minutes=1))
        assert len(await asking.due(VENDOR)) == 1


async def test_a_call_that_died_with_its_worker_is_asked_about(plant: Plant) -> None:
    asking = await silent(plant, Outcome.ACCEPTED, 1)
    plant.sweep._askable = asking.askable
    await plant.pool.execute("update call set answered_at = null, outcome = null, answers = null, answer_seal = null")
    await plant.end_leases()
    await plant.sweep.leases()
    await pass_time(plant, ASK_AFTER)
    assert [one.vendor_id for one in await asking.due(VENDOR)] == [None]


async def test_whoever_was_reported_meanwhile_is_not_asked_about(plant: Plant) -> None:
    asking = await silent(plant, Outcome.UNKNOWN, 3)
    await plant.report(*(Report(r, Status.DELIVERED) for r in plant.vendor.seen[:2]))
    await pass_time(plant, ASK_AFTER)
    assert [one.reference for one in await asking.due(VENDOR)] == plant.vendor.seen[2:]
    await plant.report(Report(plant.vendor.seen[2], Status.DELIVERED))
    await pass_time(plant, WAITS[0])
    assert await asking.due(VENDOR) == []
    assert await plant.count("ask") == 0


async def test_two_processes_that_ask_ask_once(plant: Plant, other: Plant) -> None:
    asking = await silent(plant, Outcome.UNKNOWN, 20)
    too = Asking(other.runtime.pool, other.runtime.vault, asking.askable)
    await pass_time(plant, ASK_AFTER)
    rounds = await asyncio.gather(*((asking, too)[n % 2].due(VENDOR) for n in range(6)))
    assert sorted(one.reference for asked in rounds for one in asked) == sorted(plant.vendor.seen)


async def test_what_the_vendor_says_when_asked_is_a_report_like_any_other(plant: Plant) -> None:
    asking = await silent(plant, Outcome.UNKNOWN, 2)
    vendor = Knowing(plant)
    vendor.knows = {plant.vendor.seen[0]: Status.DELIVERED}
    await pass_time(plant, ASK_AFTER)
    await vendor.ask(await asking.due(VENDOR))
    assert sorted(await plant.messages("status_now")) == [("delivered",), ("unknown",)]
    assert await plant.count("receipt") == 1


async def test_a_receipt_that_never_came_is_asked_for_before_its_message_ends(plant: Plant) -> None:
    asking = await silent(plant, Outcome.ACCEPTED, 3)
    vendor = Knowing(plant)
    one, two, three = plant.vendor.seen
    await plant.report(Report(three, Status.DELIVERED))
    vendor.knows = {one: Status.DELIVERED}
    async with pumping(plant) as sending:
        functions = Functions(sending, plant.planner, plant.sweep, plant.receiving.inbox, {VENDOR: HOURS}, lambda _: None, asking)
        await functions.sweep_receipts({})
        assert await asking.due(VENDOR) == []
        await pass_time(plant, HOURS)
        await functions.sweep_receipts({})
        assert sorted(await plant.messages("status_now")) == [("delivered",), ("sent",), ("sent",)]
        asked = await asking.due(VENDOR)
        assert {a.reference for a in asked} == {one, two}
        await vendor.ask(asked)
        await functions.sweep_receipts({})
        assert sorted(await plant.messages("status_now")) == [("delivered",), ("delivered",), ("sent",)]
        await pass_time(plant, GRACE)
        await functions.sweep_receipts({})
        await functions.sweep_receipts({})
    assert sorted(await plant.messages()) == [("delivered", None), ("delivered", None), ("undelivered", "no_receipt")]
    assert await plant.count("ask") == 0
    await plant.report(Report(two, Status.DELIVERED))  # late: once
    assert await plant.messages() == [("delivered", None)] * 3


async def test_an_unknown_message_whose_time_is_up_is_asked_about_a_last_time(plant: Plant) -> None:
    asking = await silent(plant, Outcome.UNKNOWN, 1)
    await pass_time(plant, HOURS)
    await asking.due(VENDOR)
    await asking.hand_over(VENDOR, HOURS)
    assert len(await asking.due(VENDOR)) == 1
    assert (await plant.sweep.asked_in_vain()).calls == 0
    await pass_time(plant, GRACE)
    assert len((await plant.sweep.asked_in_vain()).moved) == 1
    assert await plant.messages() == [("undelivered", "no_receipt")]


async def test_a_last_question_that_found_nobody_is_asked_again_while_there_is_time(plant: Plant) -> None:
    """The vendor was away for a moment, or who asked died over it."""
    asking = await silent(plant, Outcome.ACCEPTED, 1)
    await pass_time(plant, HOURS)
    await asking.hand_over(VENDOR, HOURS)
    assert len(await asking.due(VENDOR)) == 1
    assert await asking.due(VENDOR) == []
    await pass_time(plant, GRACE / 2)
    assert len(await asking.due(VENDOR)) == 1
    assert (await plant.sweep.asked_in_vain()).calls == 0


async def test_a_provider_that_cannot_be_asked_any_more_leaves_no_questions(plant: Plant) -> None:
    asking = await silent(plant, Outcome.UNKNOWN, 1)
    asking.askable = frozenset()
    await asking.forget_others()
    assert await plant.count("ask") == 0


async def test_asking_puts_nothing_personal_into_the_store(plant: Plant) -> None:
    await silent(plant, Outcome.UNKNOWN, 1)
    assert number(0) not in str(await plant.rows("select * from ask"))


async def test_a_query_is_a_callback_of_its_own_kind(plant: Plant) -> None:
    """What a driver hears when it asks goes through its own `read`."""
    await silent(plant, Outcome.UNKNOWN, 1)
    heard: list[str] = []
    read = plant.vendor.read

    def listening(callback: Callback) -> Reading:
        heard.append(callback.method)
        return read(callback)

    plant.vendor.read = listening  # type: ignore[method-assign]
    await plant.receiving(VENDOR, Callback("QUERY", {}, {}, b"[]"))
    assert heard == ["QUERY"]
