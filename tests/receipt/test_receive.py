"""Callbacks over a real store: what is acknowledged is stored, and one that is odd holds up no other."""

import asyncio

import asyncpg
import pytest

from gateway.pipeline.learning import Word, learn
from gateway.words import Fault, Reason, Status
from providers.base.types import Callback, Reading, Report
from tests.pipeline.breaking import at_commit
from tests.pipeline.events import known, number, reminder, requested, sms
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
    assert await plant.value("select sum(delivered) from number") == 20


async def test_a_number_proved_absent_twice_is_not_used_again(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1)), sms(number(2), relation="family")), requested("p1"), requested("p1"))
    await plant.drain()
    await plant.called_back(
        Reading(tuple(Report(r, ABSENT.status, ABSENT.reason, ABSENT.fault, permanent=True) for r in plant.vendor.seen))
    )
    assert await plant.rows("select absent_streak, state from number") == [(2, "dead")]
    plant.vendor.calls.clear()
    await plant.plan()
    await plant.post(reminder("p1"), reminder("p2", sms(number(1))))
    await plant.drain()
    assert set(plant.vendor.addresses) == {"+86" + number(2)}


async def test_the_first_words_on_a_number_from_two_transactions_add_up(plant: Plant, other: Plant) -> None:
    await plant.post(known("p1", sms(number(1))))
    words = [Word(await plant.value("select key from contact"), "sms", Status.UNDELIVERED, Reason.NUMBER_ABSENT)]
    now = await plant.now()
    async with plant.runtime.pool.acquire() as one:
        async with one.transaction():
            await learn(one, words, now)
            second = asyncio.create_task(learning(other, words))
            await asyncio.sleep(0.2)
        await second
    assert await plant.rows("select failed, absent_streak, state from number") == [(2, 2, "dead")]


async def learning(plant: Plant, words: list[Word]) -> None:
    async with plant.runtime.pool.acquire() as connection, connection.transaction():
        await learn(connection, words, await plant.now())


async def test_words_on_the_same_numbers_in_any_order_never_wait_for_each_other(plant: Plant, other: Plant) -> None:
    await plant.post(*(known(f"p{n}", sms(number(n))) for n in range(30)))
    keys = [row[0] for row in await plant.rows("select key from contact")]

    def words(order: list[bytes]) -> list[Word]:
        return [Word(key, "sms", Status.DELIVERED, None) for key in order]

    await asyncio.gather(*(learning((plant, other)[n % 2], words(keys[n:] + keys[:n])) for n in range(10)))
    assert {row[0] for row in await plant.rows("select delivered from number")} == {10}


async def test_an_unknown_reference_is_kept_for_later(plant: Plant) -> None:
    await plant.called_back(Reading((Report("123456", Status.DELIVERED), Report(None, Status.DELIVERED))))
    assert await plant.rows("select reference, position from receipt_unjoined order by position") == [("123456", 0), ("", 1)]


async def test_what_came_over_a_link_is_kept_though_it_says_nothing_yet(plant: Plant) -> None:
    plant.vendor.reading = Reading()
    await plant.receiving(VENDOR, Callback("PDU", {}, {}, b"one part of two"))
    await plant.receiving(VENDOR, Callback("GET", {}, {}, b"a probe"))
    rows = await plant.rows("select sealed from receipt")
    assert [plant.runtime.vault.open_raw(row["sealed"], b"receipt") for row in rows] == [b"one part of two"]
