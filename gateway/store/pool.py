"""Connections to the store. Each carries a chain of seals of its own (gateway/evidence/chain.py)."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, cast

import asyncpg

from gateway.evidence.chain import Chain

COMMON = {"timezone": "UTC", "jit": "off", "lock_timeout": "30s", "idle_in_transaction_session_timeout": "60s"}
BY_INDEX = {
    # The stages' statements touch a set of rows by key (`any($1)`, `unnest`): index lookups in a nested loop, whatever the statistics
    # say. A plan made while a table is empty or just loaded would scan it whole, and a cached one would go on doing so. Where a key is
    # not unique, `any($1)` still leaves the planner the choice of walking another index and filtering: those join `unnest($1)` instead.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "max_parallel_workers_per_gather": "0",
}
"""For the pool of the stages; the reading side lets the planner choose."""


class Queries(Protocol):
    """What chores use of a connection: any connection fits."""

    async def execute(self, query: str, *args: Any) -> str:
        """Runs a statement."""

    async def fetch(self, query: str, *args: Any, timeout: float | None = None) -> list[Any]:
        """All rows."""

    async def fetchrow(self, query: str, *args: Any, timeout: float | None = None) -> Any:
        """The first row, or None."""

    async def fetchval(self, query: str, *args: Any, column: int = 0, timeout: float | None = None) -> Any:
        """The first column of the first row, or None."""

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """Commits at its end, rolls back where it raises."""


class Connection(Queries, Protocol):
    """What the stages use of a connection."""

    chain: Chain

    async def executemany(self, command: str, args: Sequence[tuple[Any, ...]]) -> None:
        """Runs a statement for each row of arguments, in one round trip."""

    async def copy_records_to_table(self, table_name: str, *, records: Sequence[tuple[Any, ...]], columns: Sequence[str]) -> str:
        """Rows by COPY."""

    async def copy_to_table(self, table_name: str, *, source: memoryview, format: str) -> str:  # noqa: A002 - asyncpg's word
        """Rows by COPY that are laid out already."""


class Pool(Protocol):
    """Connections to borrow."""

    def acquire(self, *, timeout: float | None = None) -> AbstractAsyncContextManager[Connection]:
        """One for as long as the context lasts; waits at most `timeout` seconds for it."""

    async def close(self) -> None:
        """Closes all, once they are back."""


class ChainedConnection(asyncpg.Connection):
    """A connection that knows the head of its own chain."""

    __slots__ = ("chain",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.chain = Chain()

    def get_reset_query(self) -> str:
        """Nothing to reset between borrowers: the stages leave no session state behind, and a round trip a transaction is saved."""
        return ""


async def open_pool(dsn: str, size: int, name: str) -> Pool:
    """Opens the stages' pool, of at most `size` connections. `name` shows in pg_stat_activity.

    Raises:
        OSError, asyncpg.PostgresError: The store cannot be reached.

    """
    return cast("Pool", await _open(dsn, size, f"tixing {name}", COMMON | BY_INDEX))


async def open_reading(dsn: str, size: int, name: str) -> asyncpg.Pool:
    """Opens the reading side's pool: the planner chooses, and statements may take long. Raises as `open_pool`."""
    return await _open(dsn, size, f"tixing {name} reading", COMMON)


async def _open(dsn: str, size: int, name: str, settings: dict[str, str]) -> asyncpg.Pool:
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        connection_class=ChainedConnection,
        server_settings=settings | {"application_name": name},
        max_inactive_connection_lifetime=0,
        statement_cache_size=400,
        command_timeout=120,
    )
