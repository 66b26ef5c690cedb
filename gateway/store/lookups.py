"""What carriers' services said of numbers: evidence that is added to and never overwritten; the last word also saves asking again."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from gateway.store.copying import copy_in
from gateway.store.pool import Connection

COLUMNS = ("key", "service", "state", "carrier", "at", "expires_at")

VALID = """
select l.key, l.service, l.state, l.carrier, l.at, l.expires_at
  from unnest($2::bytea[]) as k(key) cross join lateral (
       select * from lookup l where l.key = k.key and l.service = $1 order by l.at desc limit 1) l
 where l.expires_at > $3"""

HISTORY = """
select l.key, l.service, l.state, l.carrier, l.at, l.expires_at
  from unnest($1::bytea[]) as k(key) join lookup l on l.key = k.key order by l.key, l.at, l.id"""


class Answered(Struct, frozen=True, gc=False):
    """A word on a number: whose, what, and until when nobody asks that service again."""

    key: bytes
    service: str
    state: str
    carrier: str
    at: datetime
    expires_at: datetime


async def valid(connection: Connection, service: str, keys: Sequence[bytes], now: datetime) -> dict[bytes, Answered]:
    """The last words of a service on numbers, where they have not expired."""
    return {row[0]: Answered(*row) for row in await connection.fetch(VALID, service, keys, now)}


async def history(connection: Connection, keys: Sequence[bytes]) -> list[Answered]:
    """All that was ever said of numbers, each number's in order of time."""
    return [Answered(*row) for row in await connection.fetch(HISTORY, keys)]


async def record(connection: Connection, words: Sequence[Answered]) -> None:
    """Adds words."""
    await copy_in(connection, "lookup", COLUMNS, [(w.key, w.service, str(w.state), w.carrier, w.at, w.expires_at) for w in words])
