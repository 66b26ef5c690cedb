"""The scheduler: one acts (a lock in the store says which), asks for what is due, refills what Redis lost, and shows the store's gauges."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import asyncpg
from msgspec import structs

from gateway.evidence.heads import publish_heads
from gateway.logs import account, get_logger
from gateway.metrics import Metrics
from gateway.pipeline.drift import Drift
from gateway.pipeline.joining import LATELY
from gateway.pipeline.poison import poisoned
from gateway.routing import switch
from gateway.runtime import Runtime
from gateway.store import claims, codes, gauges, inbox, parts, persons, routing
from gateway.store.pool import Queries
from scheduler.jobs import ArqJobs

LEADER = 7_461_002
"""Advisory lock that the acting scheduler holds for as long as its connection lives."""
ASK_AGAIN_S = 2.0
"""Seconds between tries to become the one that acts."""
STALE_S = 0.5
"""A lane whose oldest message waits longer than this lost its wake-up."""
log = get_logger("scheduler")


class LongChore(Protocol):
    """Work that takes long: a look begins it, and it goes on beside the chores."""

    every_s: float
    """Seconds between looks."""

    async def __call__(self, connection: Queries) -> None:
        """Looks whether there is anything to do."""

    async def stop(self) -> None:
        """Cuts it off."""


class Scheduler:
    """Runs the table of chores below while it is the one that acts."""

    def __init__(self, runtime: Runtime, jobs: ArqJobs, metrics: Metrics, long_chores: Sequence[LongChore] = ()) -> None:
        self._runtime, self._jobs, self._metrics = runtime, jobs, metrics
        self._counted = gauges.Census()
        config = runtime.config
        self._drift = Drift({name: float(one.weight) for name, one in config.providers.items()}, [one.providers for one in config.route])
        self._long_chores = long_chores
        self._chores: list[tuple[float, Callable[[Queries], Awaitable[None]]]] = [
            (0.5, self._plan),
            (1.0, self._refill),
            (1.0, self._inbox),
            (1.0, self._leases),
            (5.0, self._receipts),
            (3.0, self._mapped),
            (30.0, self._unjoined),
            (900.0, self._census),
            (10.0, self._gauges),
            (10.0, self._weights),
            (60.0, self._heads),
            *((one.every_s, one) for one in self._long_chores),
        ]

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping` is set."""
        while not stopping.is_set():
            try:
                async with self._runtime.reading.acquire() as connection:
                    if await connection.fetchval("select pg_try_advisory_lock($1)", LEADER):
                        log.info("acting")
                        try:
                            await self._act(connection, stopping)
                        finally:
                            for one in self._long_chores:
                                await one.stop()
                            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                                await connection.execute("select pg_advisory_unlock($1)", LEADER)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("store_away", error=type(error).__name__)
            self._metrics.forget_store()
            await _pause(stopping, ASK_AGAIN_S)

    async def _act(self, connection: Queries, stopping: asyncio.Event) -> None:
        """One chore that stumbles over a row keeps no other from its turn."""
        due = dict.fromkeys(range(len(self._chores)), 0.0)
        while not stopping.is_set():
            now = time.monotonic()
            for index, (every_s, chore) in enumerate(self._chores):
                if due[index] <= now:
                    due[index] = now + every_s
                    try:
                        await chore(connection)
                    except Exception as error:
                        if not poisoned(error):
                            raise
                        log.error("chore_failed", chore=getattr(chore, "__name__", type(chore).__name__), **account(error))
            await _pause(stopping, 0.1)

    async def _plan(self, connection: Queries) -> None:
        if await persons.any_due(connection):
            await self._jobs.plan()

    async def _refill(self, connection: Queries) -> None:
        """Asks again for lanes that wait although they are due: their wake-ups were lost, or their window just opened."""
        if not self._runtime.window_open():
            return
        for channel, lane, messages, oldest_s in await claims.depth(connection):
            if oldest_s > STALE_S:
                await self._jobs.drain(channel, lane, messages)

    async def _inbox(self, connection: Queries) -> None:
        """Asks again for callbacks that wait: their wake-up was lost, or they are to be tried again."""
        if (await inbox.oldest_s(connection) or 0.0) > STALE_S:
            await self._jobs.ask("receive")

    async def _leases(self, connection: Queries) -> None:
        if await gauges.any_lease_ended(connection):
            await self._jobs.ask("sweep_leases")

    async def _receipts(self, _: Queries) -> None:
        await self._jobs.ask("sweep_receipts")

    async def _mapped(self, connection: Queries) -> None:
        if await codes.waiting(connection):
            await self._jobs.ask("look_again")

    async def _unjoined(self, connection: Queries) -> None:
        if await parts.any_unjoined(connection, LATELY):
            await self._jobs.ask("look_again")

    async def _gauges(self, connection: Queries) -> None:
        found, states = await gauges.read(connection, self._counted), await routing.states(connection)
        switches = {name: switch(rest, states.get(name)) for name, rest in self._drift.rests.items()}
        self._metrics.store(
            structs.replace(
                found,
                weights={name: one.weight for name, one in switches.items()},
                suspended={name: one.suspended for name, one in switches.items()},
            )
        )

    async def _census(self, connection: Queries) -> None:
        self._counted = await gauges.census(connection)

    async def _weights(self, connection: Queries) -> None:
        await self._drift(connection)

    async def _heads(self, connection: Queries) -> None:
        await publish_heads(connection, self._runtime.sealer)


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopping.wait()
