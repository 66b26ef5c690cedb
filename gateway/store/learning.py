"""How far the walk over all contacts has come: one row."""

from datetime import datetime

from msgspec import Struct

from gateway.store.pool import Queries

READ = "select model, after, began_at, ended_at from learning"

WRITE = """
insert into learning (one, model, after, began_at, ended_at) values (true, $1, $2, $3, $4)
    on conflict (one) do update set model = excluded.model, after = excluded.after, began_at = excluded.began_at, ended_at = excluded.ended_at"""


class Walk(Struct, frozen=True):
    """A walk: with which model, past which key, since when; `ended_at` None: under way."""

    model: int
    after: bytes
    began_at: datetime
    ended_at: datetime | None = None


async def read(connection: Queries) -> Walk | None:
    """The latest walk; None: there was none."""
    row = await connection.fetchrow(READ)
    return None if row is None else Walk(*row)


async def write(connection: Queries, walk: Walk) -> None:
    """Notes how far it came."""
    await connection.execute(WRITE, walk.model, walk.after, walk.began_at, walk.ended_at)
