"""A store in which something of every kind happened, sealed and published."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from gateway.evidence.heads import publish_heads
from providers.base.types import Callback, Inbound, Reading, Report
from providers.base.words import Fault, Reason, Status
from tests.pipeline.events import certified, deceased, known, lapsed, number, reminder, sms
from tests.pipeline.plant import VENDOR, Plant, open_plant

PERSONS = ("delivered", "absent", "slept", "late", "replied")


@pytest.fixture
async def plant(store_dsn: str) -> AsyncIterator[Plant]:
    async with open_plant(store_dsn, connections=3) as opened:
        await tell(opened)
        yield opened


async def tell(plant: Plant) -> None:
    """Told, absent, given up and answered late, told late after nobody was, replied; one who died, one who certified in time; an override."""
    await plant.post(*(reminder(name, sms(number(n))) for n, name in enumerate(PERSONS)))
    await plant.post(
        known("dead", sms(number(90))), deceased("dead"), lapsed("dead"), reminder("in-time", sms(number(91))), certified("in-time")
    )
    sleeping = (await plant.claim(count=1)).calls
    await plant.end_leases()
    await plant.sweep.leases()
    await plant.send(*sleeping)  # its worker woke up, and knows better than the sweep
    await plant.drain()
    refs = {row[0]: str(row[1]) for row in await plant.runtime.reading.fetch("select person_id, id from message")}
    await plant.report(told(refs["delivered"]), told(refs["replied"]), absent(refs["absent"]))
    await plant.sweep_all(after=timedelta())
    await plant.plan()
    await plant.report(told(refs["late"]), told(refs["slept"]))
    await reply(plant, number(4), refs["replied"])
    await override(plant)
    async with plant.pool.acquire() as connection:
        await publish_heads(connection, plant.runtime.sealer)


async def override(plant: Plant) -> None:
    """One that was asked for, confirmed and withdrawn."""
    contact = await plant.value("update contact set state = 'dead' where person_id = 'absent' returning id")
    asked = await plant.overriding.ask("absent", contact, "本人来访", await plant.now() + timedelta(days=9), "anna")
    assert isinstance(asked, int)
    assert [await plant.overriding.confirm(asked, "bert"), await plant.overriding.withdraw(asked, "carl")] == [None, None]


def told(reference: str) -> Report:
    return Report(reference, Status.DELIVERED, vendor_code="DELIVRD")


def absent(reference: str) -> Report:
    return Report(reference, Status.UNDELIVERED, Reason.NUMBER_ABSENT, Fault.RECIPIENT, permanent=True, vendor_code="ABSENT")


async def reply(plant: Plant, address: str, reference: str) -> None:
    class Heard:
        def read(self, _: Callback) -> Reading:
            return Reading([], [Inbound(address, "退订", reference)])

    plant.receiving.providers = {VENDOR: Heard()}  # type: ignore[dict-item]
    await plant.receiving(VENDOR, Callback("POST", {}, {}, b"TD"))
    plant.receiving.providers = {VENDOR: plant.vendor}
