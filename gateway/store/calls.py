"""Calls (attempts): written before the vendor is called, answered once, swept when their lease or their receipts' time is up."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.store.copying import copy_in
from gateway.store.pool import Connection

COLUMNS = ("id", "provider", "message_ids", "claimed_at", "claimed_by", "lease_until", "seal_id")

ANSWER = """
update call c set answered_at = $4, outcome = u.outcome, answers = u.answers, answer_seal = $5
  from unnest($1::bigint[], $2::text[], $3::bytea[]) as u(id, outcome, answers)
 where c.id = u.id and (c.outcome is null or (c.outcome = 'unknown' and c.answers is null))
returning c.id"""

LOCK_PERSONS = """
select p.id from person p where p.id in (select m.person_id from message m where m.id = any($1::bigint[]))
 order by p.id || '' for no key update"""

SETTLE = """
update message m set status = u.status, reason = u.reason, fault = u.fault, permanent = u.permanent, vendor_code = u.code,
                     final_at = case when u.status in ('failed', 'undelivered') then $8::timestamptz end, provisional = u.provisional
  from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::text[], $9::bool[])
    as u(id, call, status, reason, fault, permanent, code, provisional)
 where m.id = u.id and m.status in ('sending', 'unknown') and m.calls[cardinality(m.calls)] = u.call
returning m.id, m.person_id, m.lane, m.channel, m.status, m.key, m.reason"""

EXPIRED = """
select id, provider, message_ids from call where answered_at is null and lease_until < clock_timestamp() order by lease_until limit $1"""

GIVE_UP = """
update call set answered_at = $2, outcome = 'unknown', answer_seal = $3 where id = any($1::bigint[]) and answered_at is null returning id"""

OVERDUE = """
select c.id, c.message_ids from call c where not c.swept and c.provider = $1 and c.claimed_at < clock_timestamp() - $2::interval
   and c.answered_at is not null order by c.claimed_at limit $3"""

OVERDUE_OF_OTHERS = """
select c.id, c.message_ids from call c where not c.swept and not c.provider = any($1::text[]) and c.claimed_at < clock_timestamp() - $2::interval
   and c.answered_at is not null order by c.claimed_at limit $3"""

STILL_OPEN = """
select m.id, m.calls[cardinality(m.calls)] from message m
 where m.id = any($1::bigint[]) and m.calls[cardinality(m.calls)] = any($2::bigint[]) and m.status in ('sending', 'unknown')"""

SWEPT = "update call set swept = true where id = any($1::bigint[])"


class Effect(Struct, frozen=True, gc=False):
    """What an answer, a lease or a time-out does to one message of a call."""

    message_id: int
    call_id: int
    status: str
    reason: str | None = None
    fault: str | None = None
    permanent: bool | None = None
    vendor_code: str | None = None
    provisional: bool = False
    retry_at: datetime | None = None
    avoid: list[str] | None = None
    """Providers that it avoids when it is claimed again (gateway/dispatch/failover.py)."""


class Moved(Struct, frozen=True, gc=False):
    """A message that an effect really moved."""

    id: int
    person_id: str
    lane: str
    channel: str
    status: str
    key: bytes
    reason: str | None


async def insert(
    connection: Connection,
    provider: str,
    calls: Sequence[tuple[int, Sequence[int]]],
    at: datetime,
    by: str,
    lease_until: datetime,
    seal_id: int,
) -> None:
    """Writes attempts (call id, message ids) before they are made."""
    await copy_in(connection, "call", COLUMNS, [(ident, provider, messages, at, by, lease_until, seal_id) for ident, messages in calls])


async def answer(connection: Connection, answers: Sequence[tuple[int, str, bytes]], at: datetime, seal_id: int) -> set[int]:
    """Records what came of calls: (call id, outcome, sealed answers). Returns those recorded now.

    A call that the sweep gave up as unknown may still be settled, once, by its own worker: it knows better.
    """
    rows = await connection.fetch(ANSWER, [a[0] for a in answers], [a[1] for a in answers], [a[2] for a in answers], at, seal_id)
    return {row[0] for row in rows}


async def lock_persons(connection: Connection, message_ids: Sequence[int]) -> None:
    """Locks the persons of these messages, in person_id order."""
    await connection.fetch(LOCK_PERSONS, message_ids)


async def settle(connection: Connection, effects: Sequence[Effect], at: datetime) -> list[Moved]:
    """Moves messages forward whose last call this is and whom nothing settled meanwhile. Their persons are locked."""
    rows = await connection.fetch(
        SETTLE,
        [e.message_id for e in effects],
        [e.call_id for e in effects],
        [e.status for e in effects],
        [e.reason for e in effects],
        [e.fault for e in effects],
        [e.permanent for e in effects],
        [e.vendor_code for e in effects],
        at,
        [e.provisional for e in effects],
    )
    return [Moved(*row) for row in rows]


async def expired(connection: Connection, count: int) -> list[tuple[int, str, list[int]]]:
    """Calls whose lease ended with no answer: (call id, provider, message ids). Not locked: persons come first."""
    return [tuple(row) for row in await connection.fetch(EXPIRED, count)]


async def give_up(connection: Connection, ids: Sequence[int], at: datetime, seal_id: int) -> set[int]:
    """Nobody knows what came of these calls; their own workers may still say, once. Returns those given up now."""
    return {row[0] for row in await connection.fetch(GIVE_UP, ids, at, seal_id)}


async def overdue(connection: Connection, provider: str, after: timedelta, count: int) -> list[tuple[int, list[int]]]:
    """Calls whose receipts' time is up: (call id, message ids). Not locked: persons come first."""
    return [tuple(row) for row in await connection.fetch(OVERDUE, provider, after, count)]


async def overdue_of_others(connection: Connection, but: Sequence[str], after: timedelta, count: int) -> list[tuple[int, list[int]]]:
    """The same, of providers that are configured no more: all but these."""
    return [tuple(row) for row in await connection.fetch(OVERDUE_OF_OTHERS, but, after, count)]


async def still_open(connection: Connection, message_ids: Sequence[int], calls: Sequence[int]) -> list[tuple[int, int]]:
    """Messages that still wait for the receipt of one of these calls: (message id, call id)."""
    return [tuple(row) for row in await connection.fetch(STILL_OPEN, message_ids, calls)]


async def swept(connection: Connection, calls: Sequence[int]) -> None:
    """These calls need no more looking at."""
    await connection.execute(SWEPT, calls)
