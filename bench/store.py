"""Questions to the store of the product under test, over one connection of our own."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import asyncpg

DURABILITY = ("fsync", "full_page_writes", "synchronous_commit", "wal_level", "shared_buffers", "server_version")
"""Settings without which no figure about commits means anything."""

DELIVERED = "select count(*) from message where status = 'delivered'"
STATUSES = "select status_now, count(*) from message_now group by 1"


class StoreReader:
    """Blocking reads; connects anew where the connection broke, as it does when PostgreSQL is killed."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._loop = asyncio.new_event_loop()
        self._connection: asyncpg.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._connection is not None:
            self._loop.run_until_complete(self._connection.close(timeout=5))
        self._loop.close()

    def rows(self, query: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """All rows. Raises what asyncpg raises."""
        return self._loop.run_until_complete(self._fetch(query, arguments))

    def value(self, query: str, *arguments: Any) -> Any:
        """The first column of the first row."""
        return self.rows(query, *arguments)[0][0]

    def settings(self) -> dict[str, str]:
        """What PostgreSQL shows of its durability."""
        return {name: str(self.value("select current_setting($1)", name)) for name in DURABILITY}

    def statuses(self) -> dict[str, int]:
        """Messages by the status they show."""
        return {str(status): int(count) for status, count in self.rows(STATUSES)}

    async def _fetch(self, query: str, arguments: Sequence[Any]) -> Sequence[asyncpg.Record]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._dsn, timeout=10)
        return await self._connection.fetch(query, *arguments, timeout=60)
