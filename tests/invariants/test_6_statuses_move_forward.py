"""Invariant 6: statuses move forward only, a final one stays; provisional ones are settled once, on record."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway.words import FINAL, Fault, Outcome, Reason, Status
from providers.base.types import Answer, Report
from tests.pipeline.events import known, number, reminder, requested, sms
from tests.pipeline.plant import Plant

RANK = {"queued": 0, "sending": 1, "unknown": 2, "sent": 2, "delivered": 4, "undelivered": 4, "failed": 4, "canceled": 4}
"""`sending` may fall back to `queued` where an answer says that nothing was taken; nothing else falls back."""
REPORTS = [
    (Status.DELIVERED, None),
    (Status.UNDELIVERED, Reason.NUMBER_ABSENT),
    (Status.UNDELIVERED, Reason.UNREACHABLE),
    (Status.FAILED, Reason.CONTENT_REJECTED),
    (Status.SENT, Reason.UNMAPPED),
    (Status.SENT, None),
    (Status.UNDELIVERED, Reason.UNMAPPED),
]
OUTCOMES = [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.REFUSED, Outcome.UNKNOWN, Outcome.DEFERRED, Outcome.NOTHING_LEFT]


class Chaos:
    """Does what vendors, workers and sweeps do, in any order and as often as it likes, and watches every message."""

    def __init__(self, plant: Plant, seed: int) -> None:
        self._plant, self._random = plant, random.Random(seed)
        self._calls: list[Any] = []
        self._settled: dict[int, int] = {}
        self.seen: dict[int, tuple[str, str | None, bool]] = {}
        self.kinds: set[tuple[str, str | None]] = set()

    async def go(self, steps: int) -> None:
        moves: list[Callable[[], Awaitable[object]]] = [
            self._claim,
            self._answer,
            self._answer,
            self._report,
            self._report,
            self._report,
            self._sweep,
            self._plan,
        ]
        for _ in range(steps):
            await self._random.choice(moves)()
            await self._watch()

    async def _claim(self) -> None:
        await self._plant.make_due()
        self._calls += [(call, False) for call in (await self._plant.claim(count=self._random.randint(1, 6))).calls]

    async def _answer(self) -> None:
        """Of some call made so far, answered before or not."""
        if self._calls:
            call, _ = self._random.choice(self._calls)
            outcome = self._random.choice(OUTCOMES)
            await self._plant.record(call, [Answer(m.reference, outcome, Reason.PROVIDER_UNAVAILABLE, Fault.PROVIDER) for m in call.batch])

    async def _report(self) -> None:
        """About some message that was claimed once, several times in a row or at once."""
        if self._calls:
            call, _ = self._random.choice(self._calls)
            picked = [self._random.choice(REPORTS) for _ in range(self._random.randint(1, 3))]
            reference = self._random.choice(call.batch).reference
            await self._plant.report(*(Report(reference, status, reason, vendor_code="X1") for status, reason in picked))

    async def _sweep(self) -> None:
        await self._plant.end_leases()
        await self._plant.sweep.leases()
        if self._random.random() < 0.4:
            await self._plant.pool.execute("update call set claimed_at = now() - interval '80 hours'")
            await self._plant.sweep.receipts("vendor", timedelta(hours=72))

    async def _plan(self) -> None:
        await self._plant.plan()

    async def _watch(self) -> None:
        for ident, status, reason, provisional in await self._plant.messages("id, status_now, reason, provisional"):
            before = self.seen.get(ident, ("queued", None, False))
            if before[0] in FINAL and (status, reason) != before[:2]:
                assert before[2], f"{ident}: {before} became {status} {reason}"
                assert status in FINAL
                assert not provisional
                self._settled[ident] = self._settled.get(ident, 0) + 1
                assert self._settled[ident] == 1
            elif RANK[status] < RANK[before[0]]:
                assert status == "queued", f"{ident}: {before} fell back to {status}"
            self.seen[ident] = status, reason, provisional
            self.kinds.add((status, reason))


@pytest.mark.parametrize("seed", range(4))
async def test_no_order_of_answers_reports_and_sweeps_moves_a_message_back(plant: Plant, seed: int) -> None:
    for n in range(12):
        await plant.post(known(f"p{n}", sms(number(n)), sms(number(100 + n), relation="family")), reminder(f"p{n}"))
    chaos = Chaos(plant, seed)
    await chaos.go(70)
    assert len(chaos.kinds) >= 7, "nothing happened: the test proves nothing"


async def sent(plant: Plant) -> str:
    """A message that the vendor took; its reference. The person has two numbers."""
    await plant.post(known("p1", sms(number(1)), sms(number(2), relation="family")), reminder("p1"))
    await plant.drain()
    return plant.vendor.seen[0]


async def without_receipt(plant: Plant) -> None:
    await plant.pool.execute("update call set claimed_at = now() - interval '80 hours'")
    await plant.sweep.receipts("vendor", timedelta(hours=72))
    await plant.plan()


@pytest.mark.parametrize("first", REPORTS[:4])
@pytest.mark.parametrize("second", REPORTS[:2])
async def test_a_final_status_stays(plant: Plant, first: Any, second: Any) -> None:
    reference = await sent(plant)
    await plant.report(Report(reference, *first))
    await plant.report(Report(reference, *second))
    assert (await plant.messages())[0] == first
    assert await plant.value("select cardinality(receipts) from message order by id limit 1") == 2
    assert await plant.count("receipt") == 2


async def test_a_missing_receipt_is_provisional_and_settled_once(plant: Plant) -> None:
    reference = await sent(plant)
    await without_receipt(plant)
    assert (await plant.messages())[0] == ("undelivered", "no_receipt")
    await plant.report(Report(reference, Status.UNDELIVERED, Reason.NUMBER_ABSENT))
    assert (await plant.messages())[0] == ("undelivered", "number_absent")
    await plant.report(Report(reference, Status.DELIVERED))
    assert (await plant.messages())[0] == ("undelivered", "number_absent")


async def test_a_late_delivery_closes_the_notice_and_stops_its_later_rungs(plant: Plant) -> None:
    reference = await sent(plant)
    await without_receipt(plant)
    assert [row[0] for row in await plant.messages()] == ["undelivered", "queued"]
    await plant.report(Report(reference, Status.DELIVERED))
    assert await plant.messages() == [("delivered", None), ("canceled", "duty_met")]
    assert await plant.notices() == [("reminder", "informed", None)]
    await plant.make_due()
    await plant.drain()
    assert len(plant.vendor.seen) == 1


async def test_a_late_delivery_takes_the_person_off_the_outreach_list(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.drain()
    await without_receipt(plant)
    assert await plant.count("outreach", "closed_at is null") == 1
    await plant.report(Report(plant.vendor.seen[0], Status.DELIVERED))
    assert await plant.count("outreach", "closed_at is null") == 0
    assert await plant.notices() == [("reminder", "informed", None)]


async def test_a_code_nobody_mapped_moves_nothing_and_is_counted(plant: Plant) -> None:
    reference = await sent(plant)
    for _ in range(3):
        await plant.report(Report(reference, Status.SENT, Reason.UNMAPPED, vendor_code="ZZ:9"))
    assert await plant.messages() == [("sent", None)]
    assert await plant.rows("select provider, code, seen from unmapped_code") == [("vendor", "ZZ:9", 3)]


async def test_a_delivery_of_a_message_put_off_meets_it(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    plant.vendor.says = lambda message: Answer(message.reference, Outcome.DEFERRED)
    await plant.drain()
    await plant.report(Report(plant.vendor.seen[0], Status.DELIVERED))
    await plant.make_due()
    await plant.drain()
    assert await plant.messages() == [("delivered", None)]
    assert len(plant.vendor.calls) == 1


async def test_a_report_about_a_message_that_never_left_moves_nothing(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.pool.execute("update message set provider = 'vendor'")
    (ident,) = (await plant.messages("id"))[0]
    await plant.report(Report(str(ident), Status.DELIVERED))
    assert await plant.messages() == [("queued", None)]


async def test_the_delivery_of_one_notice_leaves_the_others_of_the_person_alone(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"), requested("p1"))
    await plant.drain()
    await plant.report(Report(plant.vendor.seen[0], Status.DELIVERED))
    assert sorted(await plant.messages()) == [("delivered", None), ("sent", None)]
    assert sorted(row[1] for row in await plant.notices()) == ["in_progress", "informed"]
