"""The inbox over a real store: what is acknowledged is applied once, whoever dies, and one bad callback keeps no other."""

import asyncio
from typing import Any

import asyncpg
import pytest

from gateway.pipeline import inbox
from gateway.words import Fault, Reason, Status
from providers.base.types import Callback, Inbound, Reading, Report
from tests.pipeline.breaking import at_commit
from tests.pipeline.events import known, number, reminder, sms
from tests.pipeline.plant import VENDOR, Plant

ABSENT = Report("", Status.UNDELIVERED, Reason.NUMBER_ABSENT, Fault.RECIPIENT, permanent=True, vendor_code="空号")


async def sent(plant: Plant, count: int) -> list[str]:
    await plant.post(*(one for n in range(count) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))
    await plant.drain()
    return plant.vendor.seen


async def kept(plant: Plant, *reports: Report, replies: tuple[Inbound, ...] = (), body: bytes = b"a callback") -> None:
    plant.vendor.reading = Reading(reports, replies)
    try:
        await plant.keeping(VENDOR, Callback("POST", {}, {}, body))
    finally:
        plant.vendor.reading = None


async def applied(plant: Plant) -> int:
    return await plant.keeping.inbox.drain(lambda: False)


async def test_a_callback_waits_on_disk_and_is_applied_as_it_came(plant: Plant) -> None:
    delivered, absent = await sent(plant, 2)
    await kept(plant, Report(delivered, Status.DELIVERED, vendor_code="DELIVRD"), _about(absent), body=b"raw \xff bytes")
    assert (await plant.count("inbox"), await plant.count("receipt"), plant.jobs.receives) == (1, 0, 1)
    assert await plant.messages() == [("sent", None)] * 2
    assert await applied(plant) == 1
    assert await plant.messages() == [("delivered", None), ("undelivered", "number_absent")]
    row = await plant.row("select * from receipt")
    assert plant.runtime.vault.open_raw(row["sealed"], b"receipt") == b"raw \xff bytes"
    assert row["codes"] == ["DELIVRD", "空号"]
    assert await plant.count("inbox") == 0


async def test_what_stands_in_the_inbox_is_sealed(plant: Plant) -> None:
    (reference,) = await sent(plant, 1)
    await kept(
        plant, Report(reference, Status.DELIVERED, address=number(0)), replies=(Inbound(number(0), "收到"),), body=number(0).encode()
    )
    stored = (await plant.row("select sealed from inbox"))["sealed"]
    assert number(0).encode() not in stored
    assert "收到".encode() not in stored


async def test_a_reply_goes_through_the_inbox_too(plant: Plant) -> None:
    await sent(plant, 1)
    await kept(plant, replies=(Inbound("+86" + number(0), "退订"),))
    await applied(plant)
    assert await plant.count("inbound", "keyword = 'opt_out'") == 1


async def test_a_callback_that_cannot_be_kept_is_not_acknowledged(plant: Plant) -> None:
    (reference,) = await sent(plant, 1)
    async with at_commit(plant.pool, "raise exception 'full' using errcode = '53100'", "inbox"):
        with pytest.raises(asyncpg.DiskFullError):
            await kept(plant, Report(reference, Status.DELIVERED))
    assert await plant.count("inbox") == 0


async def test_one_that_dies_while_applying_leaves_it_to_the_next(plant: Plant, other: Plant) -> None:
    (reference,) = await sent(plant, 1)
    await kept(plant, Report(reference, Status.DELIVERED))
    async with at_commit(plant.pool, "raise exception 'gone' using errcode = '57P01'", "receipt"):
        with pytest.raises(asyncpg.PostgresError):
            await applied(plant)
    assert (await plant.count("inbox"), await plant.count("receipt")) == (1, 0)
    assert await applied(other) == 1
    assert await plant.messages() == [("delivered", None)]


async def test_two_that_apply_at_once_apply_each_callback_once(plant: Plant, other: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MOST", 3)
    references = await sent(plant, 30)
    for reference in references:
        await kept(plant, Report(reference, Status.DELIVERED))
    counts = await asyncio.gather(applied(plant), applied(other), applied(plant))
    assert (sum(counts), await plant.count("receipt"), await plant.count("inbox")) == (30, 30, 0)
    assert await plant.count("unlearned") == 30


def choked(monkeypatch: pytest.MonkeyPatch, body: bytes) -> Any:
    """From now on a callback with this body cannot be opened. Returns what opens it."""
    real = inbox.Inbox._opened

    def choking(self: inbox.Inbox, provider: str, sealed: bytes) -> Any:
        opened = real(self, provider, sealed)
        if opened.body == body:
            raise ValueError("odd")
        return opened

    monkeypatch.setattr(inbox.Inbox, "_opened", choking)
    return real


async def test_one_bad_callback_keeps_no_other_and_is_tried_again_later(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    first, bad, last = await sent(plant, 3)
    for reference in (first, bad, last):
        await kept(plant, Report(reference, Status.DELIVERED), body=reference.encode())
    real = choked(monkeypatch, bad.encode())
    assert await applied(plant) == 2
    assert (await plant.row("select tries, due_at > now() as later from inbox"))[:] == (1, True)
    assert await applied(plant) == 0, "not before its time"
    monkeypatch.setattr(inbox.Inbox, "_opened", real)
    await plant.pool.execute("update inbox set due_at = now()")
    assert await applied(plant) == 1
    assert await plant.messages() == [("delivered", None)] * 3


async def test_one_that_can_never_be_applied_keeps_no_other_however_often_it_was_tried(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = await sent(plant, 2)
    for reference in (bad, good):
        await kept(plant, Report(reference, Status.DELIVERED), body=reference.encode())
    await plant.pool.execute("update inbox set tries = 2000 where id = (select min(id) from inbox)")
    choked(monkeypatch, bad.encode())
    assert await applied(plant) == 1
    assert await plant.value("select due_at between now() + interval '59 minutes' and now() + interval '61 minutes' from inbox")


async def test_what_a_worker_heard_and_cannot_apply_is_kept_and_acknowledged_and_keeps_no_other(plant: Plant) -> None:
    """A link whose news are not taken sends them again for ever, and with them all that came in one body."""
    first, bad, last = await sent(plant, 3)
    odd = f"if new.message_ids = array[{bad}]::bigint[] then raise exception 'odd'; end if"
    async with at_commit(plant.pool, odd, "receipt"):
        await asyncio.gather(*(plant.report(Report(one, Status.DELIVERED)) for one in (first, bad, last)))
        assert sorted(await plant.messages()) == [("delivered", None)] * 2 + [("sent", None)]
        assert (await plant.count("inbox"), plant.jobs.receives) == (1, 1)
        assert await applied(plant) == 0
    await plant.pool.execute("update inbox set due_at = now()")
    assert await applied(plant) == 1
    assert await plant.messages() == [("delivered", None)] * 3


def _about(reference: str) -> Report:
    return Report(reference, ABSENT.status, ABSENT.reason, ABSENT.fault, permanent=True, vendor_code=ABSENT.vendor_code)
