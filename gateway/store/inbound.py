"""Replies (MO): stored, joined to the last message, and what they say of a contact."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.store.pool import Connection

HOLDERS = "select key, person_id from contact where key = any($1::bytea[]) and removed_at is null"

LAST_MESSAGE = """
select distinct on (key) key, id, person_id from message where key = any($1::bytea[]) and sent_at is not null order by key, sent_at desc, id desc"""

OF_MESSAGES = "select id, channel, key, person_id from message where id = any($1::bigint[])"

INSERT = """
insert into inbound (id, provider, key, message_id, keyword, sealed, received_at, seal_id)
select id, provider, key, message, keyword, sealed, $7, $8
  from unnest($1::bigint[], $2::text[], $3::bytea[], $4::bigint[], $5::text[], $6::bytea[]) as u(id, provider, key, message, keyword, sealed)"""

DENY = """
update contact c set denied_at = $3 from unnest($1::bytea[], $2::text[]) as u(key, person)
 where c.key = u.key and (c.person_id = u.person or u.person = '') and c.denied_at is null"""

# One that nobody reported on yet ends its notice no more once it is delivered (gateway/pipeline/receive.py).
DENY_MESSAGES = """
with answered as (
  update message set reason = 'wrong_person' where id = any($1::bigint[]) and status in ('sending', 'unknown', 'sent', 'delivered') returning notice_id)
update notice set denied = true where id in (select notice_id from answered) and not denied"""


class InboundRow(Struct, frozen=True):
    """A reply to be written."""

    id: int
    provider: str
    key: bytes
    channel: str
    message_id: int | None
    keyword: str
    sealed: bytes


async def holders(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, list[str]]:
    """Which persons hold these addresses."""
    found: dict[bytes, list[str]] = {}
    for key, person in await connection.fetch(HOLDERS, keys):
        found.setdefault(key, []).append(person)
    return found


async def last_messages(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, tuple[int, str]]:
    """The last message that left to each address, and whose it is."""
    return {row[0]: (row[1], row[2]) for row in await connection.fetch(LAST_MESSAGE, keys)}


async def of_messages(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, bytes, str]]:
    """Where messages went: channel and key of their number, and whose they are."""
    return {row[0]: (row[1], row[2], row[3]) for row in await connection.fetch(OF_MESSAGES, ids)}


async def insert(connection: Connection, rows: Sequence[InboundRow], at: datetime, seal_id: int) -> None:
    """Writes replies."""
    columns = [r.id for r in rows], [r.provider for r in rows], [r.key for r in rows], [r.message_id for r in rows]
    await connection.execute(INSERT, *columns, [r.keyword for r in rows], [r.sealed for r in rows], at, seal_id)


async def deny(connection: Connection, denied: Collection[tuple[bytes, str]], at: datetime) -> None:
    """Somebody answered "not me": (key, person id) of contacts that are not used any more; without a person, whoever holds the number."""
    await connection.execute(DENY, [key for key, _ in denied], [person for _, person in denied], at)


async def deny_messages(connection: Connection, ids: Sequence[int]) -> None:
    """Somebody answered "not me" to these messages: whoever has them, the person was not told. Their persons are locked."""
    await connection.execute(DENY_MESSAGES, ids)
