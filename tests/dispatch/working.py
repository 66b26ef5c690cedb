"""A worker in the test's process: real stages, real `http` providers over real sockets to stand-in vendors, without arq."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from socket import socket
from typing import Any, cast

from gateway.config.schema import ProviderSection, Route
from gateway.dispatch.outlets import Outlets
from gateway.dispatch.pump import Tokens
from gateway.dispatch.tokens import RateTokens
from gateway.sending import Sending, build_providers, outlets_of
from providers.base.types import Callback, Reading
from tests.pipeline.plant import Plant, open_plant
from tests.pipeline.pumping import Plenty, Seeing
from tests.standins.vendor import Vendor, VendorOptions, running
from tests.standins.vendor_config import config

ONE, TWO = "vendor_one", "vendor_two"


def section(url: str, *, batch_size: int = 1, **base: Any) -> ProviderSection:
    """`[providers.NAME]` of the stand-in vendor."""
    options = config(url, batch_size=batch_size)
    driver, size = options.pop("driver"), options.pop("batch_size")
    return ProviderSection(driver=driver, batch_size=size, options=options, **base)


def dead_url() -> str:
    """Nobody listens there."""
    with socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}/send"


class Working:
    """Drains lanes as they are asked for; stands for arq and for the scheduler's refill."""

    def __init__(self, plant: Plant, outlets: Outlets, tokens: Tokens) -> None:
        self.plant, self.outlets = plant, outlets
        self.seen = Seeing(outlets)
        self.sending = Sending(plant.runtime, outlets, cast("RateTokens", tokens), self, self.seen, lambda *_: None)
        self._tasks: set[asyncio.Task[int]] = set()
        self._stopping = False

    async def drain(self, channel: str, lane: str, messages: int) -> None:
        del messages
        task = asyncio.ensure_future(self.sending.pumps[channel, lane].drain(lambda: self._stopping))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def plan(self) -> None: ...

    async def receive(self) -> None: ...

    async def wake(self) -> None:
        """Asks for every lane, as the scheduler does once a second."""
        for channel, lane in self.sending.pumps:
            await self.drain(channel, lane, 1)

    async def until_empty(self, within_s: float) -> None:
        """Works until no message is queued or on its way."""
        over = time.monotonic() + within_s
        while time.monotonic() < over:
            await self.wake()
            await asyncio.sleep(0.1)
            if not await self.plant.count("queue") and not self._tasks:
                await self.sending.landed()
                if not await self.plant.count("queue"):
                    return
        raise AssertionError(f"{await self.plant.count('queue')} messages wait after {within_s} s")

    async def stop(self) -> None:
        self._stopping = True
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.sending.landed()


async def _nobody(_: str, __: Callback) -> Reading:
    return Reading()


@asynccontextmanager
async def working(plant: Plant, tokens: Tokens | None = None) -> AsyncIterator[Working]:
    providers = build_providers(plant.runtime.config, _nobody)
    for provider in providers.values():
        await provider.open()
    worker = Working(plant, outlets_of(plant.runtime, providers), tokens or Plenty())
    try:
        yield worker
    finally:
        await worker.stop()
        for provider in providers.values():
            await provider.close()


@asynccontextmanager
async def gateway(dsn: str, sections: Mapping[str, ProviderSection], tokens: Tokens | None = None, **more: Any) -> AsyncIterator[Working]:
    """A plant whose sms go by these providers, and its worker."""
    route = (Route(channel="sms", providers=tuple(sections)),)
    async with open_plant(dsn, providers=dict(sections), route=route, **more) as plant, working(plant, tokens) as worker:
        yield worker


@asynccontextmanager
async def vendors(*options: VendorOptions) -> AsyncIterator[Sequence[Vendor]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(running(one)) for one in options]
