"""Invariant 5: receipts join by our own id, even before the answer; answers join by reference, and what does not add up is unknown."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.dispatch.claim import Line
from gateway.words import Outcome, Reason, Status
from providers.base.types import Answer, Outgoing, Report
from tests.pipeline.events import known, number, reminder, requested, sms
from tests.pipeline.plant import VENDOR, Plant
from tests.pipeline.pumping import pumping

ACCEPTED, REFUSED, DEFERRED = Outcome.ACCEPTED, Outcome.REFUSED, Outcome.DEFERRED


async def two_messages(plant: Plant) -> None:
    await plant.post(*(one for n in (1, 2) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))


async def test_the_reference_is_the_message_id(plant: Plant) -> None:
    await two_messages(plant)
    await plant.drain()
    assert plant.vendor.seen == [str(row[0]) for row in await plant.messages("id")]


@pytest.mark.parametrize("later", [ACCEPTED, REFUSED, DEFERRED, Outcome.UNKNOWN, Outcome.NOTHING_LEFT])
async def test_a_receipt_that_comes_before_the_answer_finds_its_message_and_stays(plant: Plant, later: Outcome) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    (call,) = (await plant.claim()).calls
    await plant.report(Report(call.batch[0].reference, Status.DELIVERED))
    await plant.record(call, [Answer(call.batch[0].reference, later, Reason.PROVIDER_UNAVAILABLE)])
    assert await plant.messages() == [("delivered", None)]
    await plant.make_due()
    await plant.drain()
    assert plant.vendor.calls == []


def missing(batch: Sequence[Outgoing]) -> list[Answer]:
    return [Answer(batch[0].reference, ACCEPTED)]


def extra(batch: Sequence[Outgoing]) -> list[Answer]:
    return [*(Answer(message.reference, ACCEPTED) for message in batch), Answer("123456789", REFUSED, Reason.NUMBER_ABSENT)]


def doubled(batch: Sequence[Outgoing]) -> list[Answer]:
    return [Answer(batch[0].reference, ACCEPTED), Answer(batch[1].reference, ACCEPTED), Answer(batch[1].reference, DEFERRED)]


def none(_: Sequence[Outgoing]) -> list[Answer]:
    return []


def raising(_: Sequence[Outgoing]) -> list[Answer]:
    raise RuntimeError("a driver with a bug")


@pytest.mark.parametrize(
    ("said", "statuses"),
    [
        (missing, ["sent", "unknown"]),
        (extra, ["sent", "sent"]),
        (doubled, ["sent", "unknown"]),
        (none, ["unknown", "unknown"]),
        (raising, ["unknown", "unknown"]),
    ],
)
async def test_answers_that_do_not_add_up_make_their_messages_unknown(plant: Plant, said: Any, statuses: list[str]) -> None:
    await two_messages(plant)
    plant.vendor.answers = said
    async with pumping(plant) as sending:
        await sending.pumps["sms", "normal"].drain(lambda: False)
    assert sorted(row[0] for row in await plant.messages()) == statuses  # finding 4; the call has them in any order
    assert await plant.count("queue") == 0


async def test_no_call_holds_an_address_twice(plant: Plant) -> None:
    people = [(f"p{n}", number(n % 3)) for n in range(30)]
    await plant.post(*(one for p, shared in people for one in (known(p, sms(shared)), requested(p))))
    await plant.pool.execute("update queue set lane = 'normal'")
    calls = (await plant.claim(line=Line(VENDOR, 30, 10, 100))).calls
    assert calls
    assert all(max(Counter(message.address for message in call.batch).values()) == 1 for call in calls)
    assert sum(len(call.batch) for call in calls) == 15  # five a number and day


async def test_a_receipt_of_another_provider_moves_nothing(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.drain()
    plant.receiving.providers = {VENDOR: plant.vendor, "stranger": plant.vendor}
    await plant.report(Report(plant.vendor.seen[0], Status.DELIVERED), provider="stranger")
    assert await plant.messages() == [("sent", None)]
    assert await plant.count("receipt") == await plant.count("receipt_unjoined") == 1


@pytest.mark.parametrize("reference", [None, "", "abc", "99999999999999999999", "-1", "١٢", "999999"])
async def test_a_receipt_with_a_strange_reference_is_kept_and_moves_nothing(plant: Plant, reference: str | None) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.drain()
    await plant.report(Report(reference, Status.DELIVERED), Report(plant.vendor.seen[0], Status.SENT))
    assert await plant.messages() == [("sent", None)]
    assert await plant.count("receipt") == await plant.count("receipt_unjoined") == 1
