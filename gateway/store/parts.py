"""Parts: the ids under which a vendor will report a message, one a segment; and reports that no message is known for yet."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.store.copying import copy_in
from gateway.store.pool import Connection, Queries

COLUMNS = ("provider", "vendor_id", "message_id", "call_id", "part", "parts")

FIND = """
select p.provider, p.vendor_id, p.message_id, p.call_id, p.parts, m.key, m.final_at is not null and not m.provisional
  from unnest($1::text[]) as u(vendor_id) join part p on p.vendor_id = u.vendor_id join message m on m.id = p.message_id
 where p.provider = any($2::text[]) order by p.call_id desc"""

SAY = """
update part p set status = u.status
  from unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) as u(provider, vendor_id, call_id, status)
 where p.vendor_id = u.vendor_id and p.provider = u.provider and p.call_id = u.call_id and p.status is null"""

STANDING = """
select p.message_id, p.call_id, p.vendor_id, p.status from unnest($1::bigint[]) as u(message) join part p on p.message_id = u.message and p.parts > 1"""

OF_CALLS = """
select u.place, m.id
  from unnest($1::int[], $2::bigint[], $3::bytea[]) as u(place, call_id, key)
  join call c on c.id = u.call_id
  join message m on m.key = u.key and m.id + 0 = any(c.message_ids)"""  # by the key: a call may hold a thousand messages

UNJOINED = """
insert into receipt_unjoined (receipt_id, position, provider, reference, received_at, vendor_id, message_id, sealed)
select receipt, position, provider, reference, $5, vendor_id, message_id, sealed
  from unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $6::text[], $7::bigint[], $8::bytea[])
    as u(receipt, position, provider, reference, vendor_id, message_id, sealed)"""

# Joins, not `exists`: those the planner turned into a hash of the whole table. What these find must be what joining finds, or it is looked for
# again and again: a report with a number for a reference is about that message or none, and one whose id was given before may wait for another.
# But a message that ended after the report had come is no other: another report of it was quicker.
_KNOWN = """
select u.receipt_id, u.position
  from receipt_unjoined u join part p on p.vendor_id = u.vendor_id and p.provider = u.provider join message m on m.id = p.message_id
 where u.message_id is null and (m.final_at is null or m.provisional or m.final_at > u.received_at) and {which}
union
select u.receipt_id, u.position
  from receipt_unjoined u join message m on m.id = u.message_id join call c on c.id = any(m.calls) and c.provider = u.provider where {which}"""

KNOWN_OF_RECEIPTS = _KNOWN.format(which="u.receipt_id = any($1::bigint[])")

KNOWN_OF_PARTS = """
select u.receipt_id, u.position from unnest($1::text[]) as v(vendor_id) join receipt_unjoined u on u.vendor_id = v.vendor_id
 where u.provider = any($2::text[]) and u.message_id is null"""

KNOWN_LATELY = _KNOWN.format(which="u.received_at > now() - $1::interval and u.sealed is not null") + " limit $2"

ANY_UNJOINED = "select exists (select from receipt_unjoined where received_at > now() - $1::interval)"

TAKE = """
delete from receipt_unjoined r using unnest($1::bigint[], $2::int[]) as u(receipt, position)
 where r.receipt_id = u.receipt and r.position = u.position and r.sealed is not null
returning r.receipt_id, r.position, r.provider, r.sealed"""

Place = tuple[int, int]
"""Where a report stands: receipt id, position in it."""


class Part(Struct, frozen=True, gc=False):
    """What a vendor's id stands for. `key`: where the message went; `ended`: its status is final."""

    provider: str
    vendor_id: str
    message_id: int
    call_id: int
    parts: int
    key: bytes
    ended: bool


class Unjoined(Struct, frozen=True, gc=False):
    """A report that names no message we know; `sealed` holds the whole of it."""

    receipt_id: int
    position: int
    provider: str
    reference: str
    vendor_id: str | None
    message_id: int | None
    sealed: bytes


async def insert(connection: Connection, provider_of: Sequence[tuple[str, int, int, Sequence[str]]]) -> None:
    """Writes the ids under which reports will come: (provider, call id, message id, vendor's ids in the order of the segments)."""
    rows = [
        (provider, vendor_id, message, call, place, len(ids))
        for provider, call, message, ids in provider_of
        for place, vendor_id in enumerate(ids, 1)
    ]
    await copy_in(connection, "part", COLUMNS, rows)


async def find(connection: Connection, vendor_ids: Sequence[str], providers: Sequence[str]) -> list[Part]:
    """What these ids stand for, the latest call first."""
    return [Part(*row) for row in await connection.fetch(FIND, vendor_ids, providers)]


async def of_calls(connection: Connection, asked: Sequence[tuple[int, int, bytes]]) -> dict[int, int]:
    """(place, call id, key of an address) → place: message id. No call holds an address twice."""
    rows = await connection.fetch(OF_CALLS, [a[0] for a in asked], [a[1] for a in asked], [a[2] for a in asked])
    return {row[0]: row[1] for row in rows}


async def say(connection: Connection, said: Sequence[tuple[Part, str]]) -> None:
    """Notes the final word on parts; one that a part has stays."""
    columns = [p.provider for p, _ in said], [p.vendor_id for p, _ in said], [p.call_id for p, _ in said], [status for _, status in said]
    await connection.execute(SAY, *columns)


async def standing(connection: Connection, message_ids: Sequence[int]) -> dict[tuple[int, int], dict[str, str | None]]:
    """Of messages that have several parts: (message id, call id) → the final word on each, by the vendor's id."""
    found: dict[tuple[int, int], dict[str, str | None]] = {}
    for message, call, vendor_id, status in await connection.fetch(STANDING, message_ids):
        found.setdefault((message, call), {})[vendor_id] = status
    return found


async def unjoined(connection: Connection, rows: Sequence[Unjoined], at: datetime) -> None:
    """Keeps reports that name no message we know."""
    await connection.execute(
        UNJOINED,
        [r.receipt_id for r in rows],
        [r.position for r in rows],
        [r.provider for r in rows],
        [r.reference for r in rows],
        at,
        [r.vendor_id for r in rows],
        [r.message_id for r in rows],
        [r.sealed for r in rows],
    )


async def known_of_receipts(connection: Queries, receipts: Sequence[int]) -> list[Place]:
    """Which unjoined reports of these receipts name a message that is known by now."""
    return [tuple(row) for row in await connection.fetch(KNOWN_OF_RECEIPTS, receipts)]


async def known_of_parts(connection: Queries, vendor_ids: Sequence[str], providers: Sequence[str]) -> list[Place]:
    """Which unjoined reports came under these ids."""
    return [tuple(row) for row in await connection.fetch(KNOWN_OF_PARTS, vendor_ids, providers)]


async def known_lately(connection: Queries, within: timedelta, most: int) -> list[Place]:
    """Which unjoined reports received within that time name a message that is known by now."""
    return [tuple(row) for row in await connection.fetch(KNOWN_LATELY, within, most)]


async def any_unjoined(connection: Queries, within: timedelta) -> bool:
    """Whether there are any received within that time."""
    return bool(await connection.fetchval(ANY_UNJOINED, within))


async def take(connection: Connection, places: Sequence[Place]) -> list[tuple[int, int, str, bytes]]:
    """Takes unjoined reports off the record of what waits, each once: (receipt id, position, provider, sealed report)."""
    rows = await connection.fetch(TAKE, [p[0] for p in places], [p[1] for p in places])
    return [tuple(row) for row in rows]
