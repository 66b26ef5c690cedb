"""Somebody whose notice ended with nobody informed, over a real store."""

from typing import Any

from gateway.words import Fault, Reason, Status
from providers.base.types import Report
from tests.pipeline.events import known, reminder
from tests.pipeline.plant import Plant

ROWS = "select o.notice_id, o.why, array_to_string(o.tried, ' ') as tried from outreach o where o.closed_at is null and o.notice_id is not null order by o.id"


def absent(reference: str) -> Report:
    return Report(reference, Status.UNDELIVERED, Reason.NUMBER_ABSENT, Fault.RECIPIENT, permanent=True, vendor_code="MK:0001")


async def fails(plant: Plant) -> list[str]:
    """Sends what is due, all of it in vain, until nobody is left to try; where it went."""
    went: list[str] = []
    while True:
        before = len(plant.vendor.seen)
        await plant.plan()
        await plant.drain()
        if len(plant.vendor.seen) == before:
            return went
        went += plant.vendor.addresses[before:]
        await plant.report(*(absent(reference) for reference in plant.vendor.seen[before:]))


async def unreached(plant: Plant, *contacts: dict[str, Any], first: dict[str, Any] | None = None) -> int:
    """p1 was not reached; the notice."""
    await plant.post(known("p1", *contacts), first or reminder("p1"))
    await fails(plant)
    assert await plant.notices("status") == [("uninformed",)]
    return int(await plant.value("select id from notice"))


async def listed(plant: Plant) -> list[tuple[int, str, str]]:
    return [tuple(row) for row in await plant.rows(ROWS)]


async def sends(plant: Plant) -> list[str]:
    """Plans and sends what is due; where it went."""
    before = len(plant.vendor.seen)
    await plant.plan()
    await plant.drain()
    return plant.vendor.addresses[before:]
