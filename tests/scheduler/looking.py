"""Look-ups in tests: a gateway with a carrier's service over a socket, persons with a number each, and rounds without their pauses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import pytest

import scheduler.looking_up
from gateway.config.schema import LookupSection
from scheduler import calendar
from scheduler.looking_up import LookingUp
from tests.pipeline.events import known, number, sms, today
from tests.pipeline.plant import Plant, open_plant
from tests.standins.carrier import Carrier, options, serving


class Free:
    """A rate without a limit."""

    async def take(self, provider: str, rate_per_s: float, count: int) -> int:
        return count


class Jobs:
    """What a scheduler asks for, which nobody does."""

    async def plan(self) -> None: ...

    async def ask(self, name: str) -> None: ...

    async def drain(self, channel: str, lane: str, messages: int) -> None: ...


@pytest.fixture
async def carrier() -> Carrier:
    return Carrier()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds go by in a moment."""
    for pause in ("PAUSE_S", "AFTER_FAILURE_S", "EVERY_S"):
        monkeypatch.setattr(scheduler.looking_up, pause, 0.02)


@asynccontextmanager
async def asking(dsn: str, carrier: Carrier, rate_per_s: float = 0, **section: Any) -> AsyncIterator[Plant]:
    async with serving(carrier) as url:
        lookup = LookupSection(driver="http", rate_per_s=rate_per_s, timeout_s=1, options=options(url), **section)
        async with open_plant(dsn, lookup={"carrier": lookup}) as opened:
            yield opened


@pytest.fixture
async def plant(emptied_dsn: str, carrier: Carrier) -> AsyncIterator[Plant]:
    async with asking(emptied_dsn, carrier) as opened:
        yield opened


async def rounds(plant: Plant, count: int = 3, tokens: Any = None, one: LookingUp | None = None) -> LookingUp:
    """So many rounds, one after the other."""
    one = one or LookingUp(plant.runtime, tokens or Free())
    await one._lookups.open()
    try:
        for _ in range(count):
            await one._round()
            await asyncio.sleep(0.02)
    finally:
        await one._lookups.close()
    return one


def asked(carrier: Carrier) -> list[str]:
    return [one for call in carrier.asked for one in call]


def start(reminder_in_days: int) -> date:
    """The start of a cycle whose reminder is due in so many days."""
    return calendar.latest_start(today() + timedelta(days=reminder_in_days), calendar.REMINDER_MONTH - 1)


async def person(plant: Plant, n: int, state: str | None = None, due_in: int = 100, **contact: Any) -> str:
    """The n-th person with one number; returns that as services write it."""
    await plant.post(known(f"p{n}", sms(number(n)) | contact))
    await plant.pool.execute("update contact set state = $2 where person_id = $1", f"p{n}", state)
    await plant.pool.execute("update person set cycle_start = $2 where id = $1", f"p{n}", start(due_in))
    return number(n)
