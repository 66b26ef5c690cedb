"""Connections to the store. Each carries a chain of seals of its own (gateway/evidence/chain.py)."""

from typing import Any

import asyncpg

from gateway.evidence.chain import Chain

COMMON = {"timezone": "UTC", "jit": "off", "lock_timeout": "30s", "idle_in_transaction_session_timeout": "60s"}
BY_INDEX = {
    # The stages' statements touch a set of rows by key (`any($1)`, `unnest`): index lookups in a nested loop, whatever the statistics
    # say. A plan made while a table is empty or just loaded would scan it whole, and a cached one would go on doing so.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""For the pool of the stages; the reading side lets the planner choose."""


class Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types for its Cython base
    """A connection that knows the head of its own chain."""

    __slots__ = ("chain",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.chain = Chain()


async def open_pool(dsn: str, size: int, name: str, *, by_index: bool = True) -> asyncpg.Pool:
    """Opens a pool of at most `size` connections. `name` shows in pg_stat_activity; `by_index`: for the stages (see BY_INDEX).

    Raises:
        OSError, asyncpg.PostgresError: The store cannot be reached.

    """
    pool = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        connection_class=Connection,
        server_settings=COMMON | (BY_INDEX if by_index else {}) | {"application_name": f"tixing {name}"},
        max_inactive_connection_lifetime=0,
        statement_cache_size=400,
        command_timeout=120,
    )
    if pool is None:
        raise OSError(dsn)
    return pool
