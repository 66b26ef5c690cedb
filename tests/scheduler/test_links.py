"""Workers with a provider that holds a link: one of them sends, reports come in there, another takes over."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

import scheduler.roles
from gateway.config import Config
from gateway.config.schema import Redis
from gateway.words import Outcome, Status
from providers.base.types import Answer, Callback, Outgoing, Receive, Report, StillMine
from scheduler.jobs import ArqJobs, open_redis
from tests.pipeline.events import known, number, reminder, sms
from tests.pipeline.plant import OTHER, VENDOR, Plant, Vendor, config_of, open_plant
from tests.scheduler.test_tending import until
from tests.scheduler.working import worker


class Carrier:
    """Where all links lead: what was sent over which, and how many were open at once."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.sent: list[tuple[Link, str]] = []
        self.most_open = 0


class Link(Vendor):
    """A provider with a link, which reports by ids of its own before it answers."""

    def __init__(self, carrier: Carrier, receive: Receive) -> None:
        super().__init__()
        self.carrier, self.receive = carrier, receive
        self.is_open = False
        carrier.links.append(self)

    def up(self) -> bool:
        return self.is_open

    async def open(self) -> None:
        self.is_open = True
        self.carrier.most_open = max(self.carrier.most_open, sum(link.is_open for link in self.carrier.links))

    async def close(self) -> None:
        self.is_open = False

    async def send(self, batch: Sequence[Outgoing], still_mine: StillMine, on_first_byte: Callable[[], None]) -> Sequence[Answer]:
        assert self.is_open
        on_first_byte()
        self.carrier.sent += [(self, message.reference) for message in batch]
        reports = [Report(None, Status.DELIVERED, vendor_id=f"{m.reference}-{n}") for m in batch for n in (1, 2)]
        await self.receive(VENDOR, Callback("PDU", {}, {}, encoded(reports)))
        return [Answer(m.reference, Outcome.ACCEPTED, parts=(f"{m.reference}-1", f"{m.reference}-2")) for m in batch]


def encoded(reports: Sequence[Report]) -> bytes:
    return msgspec.json.encode(reports)


async def test_one_worker_holds_the_link_and_sends_and_another_takes_over(
    emptied_dsn: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier = Carrier()

    def build(_: Config, receive: Receive) -> dict[str, Any]:
        return {VENDOR: Link(carrier, receive), OTHER: Vendor(OTHER)}

    monkeypatch.setattr(scheduler.roles, "build_providers", build)
    config = config_of(emptied_dsn, redis=Redis(url=redis_url))
    async with open_redis(redis_url) as redis, open_plant(emptied_dsn) as plant, worker(config) as stop_first:
        jobs = ArqJobs(redis)
        await until(lambda: carrier.links and carrier.links[0].is_open)
        async with worker(config):
            await until(lambda: len(carrier.links) == 2)
            await send(plant, jobs, 0, 20)
            await delivered(plant, 20)
            assert {link for link, _ in carrier.sent} == {carrier.links[0]}
            stop_first.set()
            await until(lambda: carrier.links[1].is_open)
            await send(plant, jobs, 20, 40)
            await delivered(plant, 40)
            assert {link for link, _ in carrier.sent[20:]} == {carrier.links[1]}
    assert carrier.most_open == 1
    assert len({reference for _, reference in carrier.sent}) == len(carrier.sent)
    assert not any(link.is_open for link in carrier.links)


async def send(plant: Plant, jobs: ArqJobs, first: int, last: int) -> None:
    await plant.post(*(one for n in range(first, last) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))
    await jobs.drain("sms", "normal", last - first)


async def delivered(plant: Plant, count: int) -> None:
    async with asyncio.timeout(10):
        while await plant.count("message", "status = 'delivered'") < count:  # noqa: ASYNC110 - another process's rows
            await asyncio.sleep(0.05)
    await all_joined(plant)


async def all_joined(plant: Plant) -> None:
    """A report that came again may be joined a moment after the first."""
    async with asyncio.timeout(20):
        while await plant.count("receipt_unjoined"):  # noqa: ASYNC110 - another process's rows
            await asyncio.sleep(0.05)
