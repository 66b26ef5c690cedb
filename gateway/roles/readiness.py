"""What /readyz says: store, Redis, migrations, and whether what is committed survives a power cut."""

import asyncio

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.api.services import Readiness
from gateway.store.migrate import missing
from gateway.store.pool import Pool

PROBE_S = 2.0
OK = "ok"
GOOD = frozenset({OK, "on", "remote_apply", "remote_write"})
"""Probes that are well, and settings under which what is committed stays (the last two wait for a standby as well)."""
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


async def probe(pool: Pool, redis: Redis) -> Readiness:
    """Looks at everything at once; never takes longer than two seconds, never raises."""
    store, queue = await asyncio.gather(_store(pool), _redis(redis))
    checks = store | queue
    return Readiness(all(value in GOOD for value in checks.values()), checks)


async def _store(pool: Pool) -> dict[str, str]:
    try:
        async with asyncio.timeout(PROBE_S), pool.acquire() as connection:
            lacking = await missing(connection)
            settings = {name: str(await connection.fetchval(f"show {name}")) for name in DURABLE}
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return {"store": f"away: {type(error).__name__}"}
    return {"store": OK, "migrations": f"missing: {', '.join(lacking)}" if lacking else OK} | settings


async def _redis(redis: Redis) -> dict[str, str]:
    try:
        async with asyncio.timeout(PROBE_S):
            await redis.ping()
    except (OSError, RedisError) as error:
        return {"redis": f"away: {type(error).__name__}"}
    return {"redis": OK}
