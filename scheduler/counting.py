"""Counts all contacts once in a while, beside the other chores: on a store of millions that takes minutes, and the chores go on."""

import asyncio

import asyncpg

from gateway.logs import account, get_logger
from gateway.store import quality_census
from gateway.store.pool import Queries

log = get_logger("scheduler")


class Counting:
    """At most one count at a time, by a connection of its own."""

    every_s = 10.0

    def __init__(self, reading: asyncpg.Pool, shared_from: int) -> None:
        self._reading, self._shared_from = reading, shared_from
        self._count: asyncio.Task[None] | None = None

    async def __call__(self, connection: Queries) -> None:
        """Begins a count where it is time to."""
        if self._count is None and await quality_census.due(connection):
            self._count = asyncio.create_task(self._take(), name="contacts are counted")

    async def stop(self) -> None:
        """Cuts a count off: it leaves nothing."""
        if self._count is not None:
            self._count.cancel()
            await asyncio.wait([self._count])
            self._count = None

    async def _take(self) -> None:
        try:
            async with self._reading.acquire() as connection:
                counted = await quality_census.take(connection, self._shared_from)
            log.info("contacts_counted", month=f"{counted.month:%Y-%m}", took_s=round(counted.took_s, 3))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("contacts_not_counted", **account(error))
        self._count = None
