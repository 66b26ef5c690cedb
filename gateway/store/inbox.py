"""The inbox: callbacks that were acknowledged, until a worker has applied them."""

from collections.abc import Sequence
from datetime import timedelta

from gateway.store.pool import Connection, Queries

PUT = "insert into inbox (provider, sealed) select * from unnest($1::text[], $2::bytea[])"

TAKE = """
delete from inbox where id in (select id from inbox where due_at <= now() order by id limit $1 for update skip locked)
returning id, provider, sealed"""

TAKE_ONE = "delete from inbox where id = $1 returning id, provider, sealed"

PUT_OFF = "update inbox set tries = tries + 1, due_at = now() + least(power(2, least(tries, 12)), 3600) * $2::interval where id = $1"

OLDEST_S = "select extract(epoch from now() - due_at)::float8 from inbox where due_at <= now() order by id limit 1"


async def put(connection: Connection, callbacks: Sequence[tuple[str, bytes]]) -> None:
    """Keeps callbacks: (provider, sealed)."""
    await connection.execute(PUT, [provider for provider, _ in callbacks], [sealed for _, sealed in callbacks])


async def take(connection: Connection, count: int) -> list[tuple[int, str, bytes]]:
    """Takes out at most `count` callbacks that are due, oldest first: (id, provider, sealed). They come back if the transaction does not commit."""
    return sorted(tuple(row) for row in await connection.fetch(TAKE, count))


async def take_one(connection: Connection, ident: int) -> list[tuple[int, str, bytes]]:
    """Takes out this one, if it is still there."""
    return [tuple(row) for row in await connection.fetch(TAKE_ONE, ident)]


async def put_off(connection: Queries, ident: int, pause: timedelta) -> None:
    """Applying this one failed: it is due again after `pause`, twice as long each time, an hour of pauses at most."""
    await connection.execute(PUT_OFF, ident, pause)


async def oldest_s(connection: Queries) -> float | None:
    """Seconds that the oldest callback has been due; None: none is."""
    oldest: float | None = await connection.fetchval(OLDEST_S)
    return oldest
