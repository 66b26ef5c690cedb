"""Calls whose vendor is to be asked what became of them: when, how often, and until when."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.store.pool import Connection

PUT = """
insert into ask (call_id, provider, ask_at) select call, provider, $3 from unnest($1::bigint[], $2::text[]) as u(call, provider)
    on conflict (call_id) do nothing"""

LAST = """
insert into ask (call_id, provider, ask_at, ends_at) select call, $2, now(), now() + $3::interval from unnest($1::bigint[]) as u(call)
    on conflict (call_id) do update set ask_at = now(), ends_at = coalesce(ask.ends_at, excluded.ends_at)"""

TAKE = """
update ask a set asks = a.asks + 1,
                 ask_at = now() + case when a.ends_at is null then ($3::interval[])[least(a.asks + 1, cardinality($3::interval[]))] else $4 end
  from (select call_id from ask where provider = $1 and ask_at <= now() order by ask_at limit $2 for update skip locked) t
 where a.call_id = t.call_id
returning a.call_id"""

OPEN = """
select m.id, c.id, m.sealed, m.sent_at, c.answers from call c join message m on m.id = any(c.message_ids)
 where c.id = any($1::bigint[]) and m.calls[cardinality(m.calls)] = c.id and m.sent_at is not null and m.sealed is not null
   and (m.status in ('sending', 'unknown') or (m.provisional and m.reason = 'no_receipt'))"""

ENDED = """
select a.call_id, c.message_ids from ask a join call c on c.id = a.call_id
 where a.ends_at <= now() order by a.ends_at limit $1 for update of a skip locked"""

DROP = "delete from ask where call_id = any($1::bigint[])"

DROP_OF_OTHERS = "delete from ask where ends_at is null and not provider = any($1::text[])"


class Open(Struct, frozen=True, gc=False):
    """A message whose end is not known. `sealed`, `answers`: sealed address and what the vendor answered to its call."""

    message_id: int
    call_id: int
    sealed: bytes
    sent_at: datetime
    answers: bytes | None


async def put(connection: Connection, calls: Sequence[tuple[int, str]], at: datetime) -> None:
    """Has vendors asked at that moment: (call id, provider)."""
    await connection.execute(PUT, [c[0] for c in calls], [c[1] for c in calls], at)


async def last(connection: Connection, calls: Sequence[int], provider: str, grace: timedelta) -> None:
    """Has a vendor asked now; what is still open when `grace` is over ends."""
    await connection.execute(LAST, calls, provider, grace)


async def take(connection: Connection, provider: str, most: int, waits: Sequence[timedelta], last_wait: timedelta) -> list[int]:
    """Takes calls to be asked about now; the next time is put off by the n-th of `waits`, whoever dies over the asking.

    The last questions about a call, before it ends, are `last_wait` apart.
    """
    return [row[0] for row in await connection.fetch(TAKE, provider, most, list(waits), last_wait)]


async def still_open(connection: Connection, calls: Sequence[int]) -> list[Open]:
    """Messages that are still at these calls with no word of their end."""
    return [Open(*row) for row in await connection.fetch(OPEN, calls)]


async def ended(connection: Connection, most: int) -> list[tuple[int, list[int]]]:
    """Calls whose vendors were asked in vain until their time was up: (call id, message ids); nobody else gets them until this transaction ends."""
    return [tuple(row) for row in await connection.fetch(ENDED, most)]


async def drop(connection: Connection, calls: Sequence[int]) -> None:
    """Nothing more is to be asked about these calls."""
    await connection.execute(DROP, calls)


async def drop_of_others(connection: Connection, but: Sequence[str]) -> None:
    """Nobody can ask about calls of providers that cannot be asked, or are configured no more; the sweep of receipts ends their messages."""
    await connection.execute(DROP_OF_OTHERS, but)
