"""Callbacks over a real store: what is acknowledged is stored, and one that is odd holds up no other."""

import asyncio

import asyncpg
import pytest

from gateway.words import Fault, Outcome, Reason, Status
from providers.base.types import Answer, Callback, Reading, Report
from tests.pipeline.breaking import at_commit
from tests.pipeline.events import known, number, reminder, sms
from tests.pipeline.plant import VENDOR, Plant

ABSENT = Report("", Status.UNDELIVERED, Reason.NUMBER_ABSENT, Fault.RECIPIENT, permanent=True)


async def sent(plant: Plant, count: int) -> list[str]:
    await plant.post(*(one for n in range(count) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))
    await plant.drain()
    return plant.vendor.seen


async def test_a_callback_is_stored_as_it_came(plant: Plant) -> None:
    (reference,) = await sent(plant, 1)
    await plant.called_back(Reading((Report(reference, Status.DELIVERED, vendor_code="DELIVRD"),)), b"raw \xff bytes")
    row = await plant.row("select * from receipt")
    assert plant.runtime.vault.open_raw(row["sealed"], b"receipt") == b"raw \xff bytes"
    assert (row["message_ids"], row["statuses"], row["reasons"], row["codes"]) == ([int(reference)], ["delivered"], ["-"], ["DELIVRD"])


async def test_a_callback_that_cannot_be_stored_is_not_acknowledged_and_may_come_again(plant: Plant) -> None:
    (reference,) = await sent(plant, 1)
    reading = Reading((Report(reference, Status.DELIVERED),))
    async with at_commit(plant.pool, "raise exception 'full' using errcode = '53100'", "receipt"):
        with pytest.raises(asyncpg.DiskFullError):
            await plant.called_back(reading)
    assert await plant.messages() == [("sent", None)]
    await plant.called_back(reading)
    assert await plant.messages() == [("delivered", None)]


@pytest.mark.parametrize("code", ["a\x00b", "\ud800", "x" * 5000, "a\x1fb", "", "码"])
async def test_a_strange_code_is_kept_in_some_form_and_the_message_moves(plant: Plant, code: str) -> None:
    (reference,) = await sent(plant, 1)
    await plant.called_back(Reading((Report(reference, Status.UNDELIVERED, Reason.UNREACHABLE, vendor_code=code),)))
    assert await plant.messages() == [("undelivered", "unreachable")]


async def test_callbacks_at_once_about_the_same_messages_move_each_once(plant: Plant, other: Plant) -> None:
    references = await sent(plant, 20)
    reading = Reading(tuple(Report(r, Status.DELIVERED) for r in references))
    await asyncio.gather(*((plant, other)[n % 2].called_back(reading) for n in range(8)))
    assert await plant.messages() == [("delivered", None)] * 20
    assert await plant.count("receipt") == 8
    assert await plant.value("select sum(cardinality(receipts)) from message") == 160  # finding 30
    assert await plant.count("unlearned") == 20


async def noted(plant: Plant) -> list[bytes]:
    """Numbers that the learner is to look at."""
    return sorted(row[0] for row in await plant.rows("select distinct key from unlearned"))


async def test_a_number_that_a_word_came_of_is_noted_with_that_word_and_nothing_else_is(plant: Plant) -> None:
    first, second, _ = await sent(plant, 3)
    keys = [row[0] for row in await plant.rows("select key from message where id = any($1::bigint[])", [int(first), int(second)])]
    reading = Reading((Report(first, Status.DELIVERED), Report(second, ABSENT.status, ABSENT.reason, ABSENT.fault, permanent=True)))
    async with at_commit(plant.pool, "raise exception 'full' using errcode = '53100'", "receipt"):
        with pytest.raises(asyncpg.DiskFullError):
            await plant.called_back(reading)
    assert await noted(plant) == []
    await plant.called_back(reading)
    assert await noted(plant) == sorted(keys)


async def test_a_word_that_moves_nothing_is_no_news_of_a_number(plant: Plant) -> None:
    (reference,) = await sent(plant, 1)
    for _ in range(2):
        await plant.called_back(Reading((Report(reference, Status.DELIVERED),)))
    assert (await plant.count("unlearned"), await plant.count("receipt")) == (1, 2)


async def test_a_vendors_refusal_of_a_number_is_noted(plant: Plant) -> None:
    plant.vendor.says = lambda message: Answer(message.reference, Outcome.REFUSED, Reason.NUMBER_ABSENT, permanent=True)
    await sent(plant, 1)
    assert await plant.messages() == [("failed", "number_absent")]
    assert await noted(plant) == [await plant.value("select key from message")]


async def test_silence_is_noted(plant: Plant) -> None:
    await sent(plant, 1)
    assert await noted(plant) == []
    await plant.end_leases_of_all()
    await plant.sweep_all()
    assert await plant.messages() == [("undelivered", "no_receipt")]
    assert await noted(plant) == [await plant.value("select key from message")]


@pytest.mark.parametrize("state", ["dead", "wrong_person"])
async def test_a_contact_that_was_given_up_is_not_used_again(plant: Plant, state: str) -> None:
    """The learner writes it so; here a test does."""
    await plant.post(known("p1", sms(number(1)), sms(number(2), relation="family")), known("p2", sms(number(1))))
    await plant.pool.execute("update contact set state = $1 where person_id = 'p1' and relation = 'self'", state)
    await plant.post(reminder("p1"))
    await plant.drain()
    assert plant.vendor.addresses == ["+86" + number(2)]
    plant.vendor.calls.clear()
    await plant.post(reminder("p2"))
    await plant.drain()
    assert plant.vendor.addresses == ["+86" + number(1)], "what is believed is of a person's contact"


async def test_an_unknown_reference_is_kept_for_later(plant: Plant) -> None:
    await plant.called_back(Reading((Report("123456", Status.DELIVERED), Report(None, Status.DELIVERED))))
    assert await plant.rows("select reference, position from receipt_unjoined order by position") == [("123456", 0), ("", 1)]


async def test_what_came_over_a_link_is_kept_though_it_says_nothing_yet(plant: Plant) -> None:
    plant.vendor.reading = Reading()
    await plant.receiving(VENDOR, Callback("PDU", {}, {}, b"one part of two"))
    await plant.receiving(VENDOR, Callback("GET", {}, {}, b"a probe"))
    rows = await plant.rows("select sealed from receipt")
    assert [plant.runtime.vault.open_raw(row["sealed"], b"receipt") for row in rows] == [b"one part of two"]
