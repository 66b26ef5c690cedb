"""Connections to the store. Each carries a chain of seals of its own (gateway/evidence/chain.py)."""

from typing import Any

import asyncpg

from gateway.evidence.chain import Chain

SETTINGS = {
    "timezone": "UTC",
    "jit": "off",
    # Array parameters (`any($1)`, `unnest`) would be planned anew for every set; the generic plan is the index plan we want.
    "plan_cache_mode": "force_generic_plan",
    "lock_timeout": "30s",
    "statement_timeout": "0",
    "application_name": "tixing",
}


class Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types for its Cython base
    """A connection that knows the head of its own chain."""

    __slots__ = ("chain",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.chain = Chain()


async def open_pool(dsn: str, size: int, name: str) -> asyncpg.Pool:
    """Opens a pool of at most `size` connections. `name` shows in pg_stat_activity.

    Raises:
        OSError, asyncpg.PostgresError: The store cannot be reached.

    """
    pool = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        connection_class=Connection,
        server_settings=SETTINGS | {"application_name": f"tixing {name}"},
        max_inactive_connection_lifetime=0,
        statement_cache_size=400,
        command_timeout=120,
    )
    if pool is None:
        raise OSError(dsn)
    return pool
