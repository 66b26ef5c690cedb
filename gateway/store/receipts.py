"""Receipts: callback bodies, what they said of which message, and what that moved."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.store.copying import copy_in
from gateway.store.pool import Connection

READ = """
select m.id, m.status, m.provisional, m.notice_id, m.person_id, m.key, m.channel, m.provider, m.sent_at, m.reason
  from message m
 where m.id = any($1::bigint[])"""

MOVE = """
update message m set status = $3, reason = $4, fault = $5, permanent = $6, vendor_code = $7, final_at = $8, provisional = false, receipts = m.receipts || u.receipt
  from unnest($1::bigint[], $2::bigint[]) as u(id, receipt)
 where m.id = u.id"""

RECORD = """
update message m set receipts = m.receipts || u.receipts
  from (select id, array_agg(receipt order by receipt) as receipts from unnest($1::bigint[], $2::bigint[]) as r(id, receipt) group by id) u
 where m.id = u.id"""

COLUMNS = ("id", "provider", "received_at", "sealed", "message_ids", "statuses", "reasons", "codes", "seal_id")

CARRIERS = """
select m.id, array_agg(distinct c.provider) from message m join call c on c.id = any(m.calls) where m.id = any($1::bigint[]) group by m.id"""


class Standing(Struct, frozen=True, gc=False):
    """Where a message stands when a report about it comes."""

    id: int
    status: str
    provisional: bool
    notice_id: int
    person_id: str
    key: bytes
    channel: str
    provider: str | None
    sent_at: datetime | None
    reason: str | None


class Move(Struct, frozen=True, gc=False):
    """A final word that callbacks say of messages; mostly one word for nearly all of them."""

    status: str
    reason: str | None
    fault: str
    permanent: bool | None
    vendor_code: str | None


class ReceiptRow(Struct, frozen=True, gc=False):
    """A callback body with what it said: parallel lists over its reports that name a message of ours."""

    id: int
    provider: str
    sealed: bytes
    message_ids: list[int]
    statuses: list[str]
    reasons: list[str]
    codes: list[str]


async def read(connection: Connection, ids: Sequence[int]) -> dict[int, Standing]:
    """Where messages stand; those we do not know are missing from the answer."""
    return {row[0]: Standing(*row) for row in await connection.fetch(READ, ids)}


async def carriers(connection: Connection, ids: Sequence[int]) -> dict[int, set[str]]:
    """Providers that these messages were ever given to."""
    return {row[0]: set(row[1]) for row in await connection.fetch(CARRIERS, ids)}


async def move(connection: Connection, moves: Mapping[Move, Sequence[tuple[int, int]]], at: datetime) -> None:
    """Writes steps that were decided under the persons' locks: what was said → (message id, receipt id)."""
    for m, told in moves.items():
        ids, said_in = [pair[0] for pair in told], [pair[1] for pair in told]
        await connection.execute(MOVE, ids, said_in, m.status, m.reason, m.fault, m.permanent, m.vendor_code, at)


async def record(connection: Connection, pairs: Sequence[tuple[int, int]]) -> None:
    """Notes receipts that changed nothing: (message id, receipt id)."""
    await connection.execute(RECORD, [p[0] for p in pairs], [p[1] for p in pairs])


async def insert(connection: Connection, rows: Sequence[ReceiptRow], at: datetime, seal_id: int) -> None:
    """Writes callback bodies."""
    copied = [(r.id, r.provider, at, r.sealed, r.message_ids, r.statuses, r.reasons, r.codes, seal_id) for r in rows]
    await copy_in(connection, "receipt", COLUMNS, copied)
