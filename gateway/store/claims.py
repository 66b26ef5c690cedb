"""The claim: takes messages out of the queue, locks their persons and reads all that the last check needs."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from gateway.store import numbers
from gateway.store.pool import Connection, Queries

TAKE = """
delete from queue q
 using (select ctid from queue where channel = $1 and lane = $2 and due_at <= now() and (avoid is null or not $4 = any(avoid) or avoid @> $5::text[])
         order by due_at limit $3 for update skip locked) t
 where q.ctid = t.ctid
returning q.message_id, q.person_id, q.due_at, now(), q.avoid"""
"""Passes over what must avoid this provider, but for what must avoid every provider of the route: somebody must end it."""

READ = """
select m.id, m.person_id, m.channel, m.lane, m.key, m.addressee, m.template, m.version, m.sealed, m.expires_at, cardinality(m.calls),
       m.created_at, n.kind, n.cause, n.insurance, n.effective, n.status, n.deadline, num.opted_out_at is not null,
       case when num.wrong_person_at is not null then coalesce((
         select bool_and(c.denied_at is not null and (c.override_until is null or c.override_until <= now()))
           from contact c where c.person_id = m.person_id and c.channel = m.channel and c.key || '' = m.key and c.removed_at is null), false) else false end,
       case when num.dead_at is not null then coalesce((
         select bool_and(c.state is not distinct from 'dead' and (c.override_until is null or c.override_until <= now())
                         and not coalesce($2 > 0 and c.last_at < now() - make_interval(days => $2), false))
           from contact c where c.person_id = m.person_id and c.channel = m.channel and c.key || '' = m.key and c.removed_at is null), false) else false end,
       num.refused
  from message m join notice n on n.id = m.notice_id left join number num on num.key = m.key
 where m.id = any($1::bigint[]) and m.status = 'queued'"""
"""The flags of a number say that it is worth a look at the person's own contacts with it. A number is held in two relations now and then: one that
is not given up, or may be tried again, is enough. They are reached by way of the person: a number may stand for thousands."""

SENT_TODAY = """
select k.key, (select count(*) from message o where o.key = k.key and o.sent_at >= $2 and o.status <> 'queued')
  from unnest($1::bytea[]) as k(key)"""

START = """
update message m set status = 'sending', provider = $5, sent_at = $4, segments = u.segments, reason = null, fault = null, permanent = null,
                     vendor_code = null, calls = m.calls || u.call
  from unnest($1::bigint[], $2::bigint[], $3::smallint[]) as u(id, call, segments)
 where m.id = u.id"""

STOP = """
update message m set status = u.status, reason = u.reason, fault = u.fault, final_at = $5
  from unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as u(id, status, reason, fault)
 where m.id = u.id and m.status = 'queued'"""

DEPTH = """
select channel, lane, count(*), extract(epoch from now() - min(due_at))::float8
  from queue where due_at <= now() group by 1, 2"""

BACKLOG = "select count(*) from (select from queue limit $1) q"

NEXT_DUE = "select min(due_at) from queue where channel = $1 and lane = $2"


Taken = tuple[int, str, datetime, datetime, list[str] | None]
"""A message out of the queue: id, person id, due at, now, providers to avoid."""


class Candidate(Struct, frozen=True, gc=False):
    """A message that may start now, with the notice it serves."""

    id: int
    person_id: str
    channel: str
    lane: str
    key: bytes
    addressee: str
    template: str
    version: str
    sealed: bytes
    expires_at: datetime | None
    attempts: int
    created_at: datetime
    kind: str
    cause: str
    insurances: str
    """Names joined by +."""
    effective: Any
    notice_status: str
    deadline: Any
    opted_out: bool
    wrong_person: bool
    dead: bool
    """Given up as dead, and not to be tried again yet."""
    refused: list[str] | None
    """Templates that the owner of the account said no to."""

    @property
    def insurance(self) -> list[str]:
        """The benefits that the notice is about."""
        return self.insurances.split("+") if self.insurances else []


async def take(
    connection: Connection, channel: str, lane: str, count: int, provider: str = "", route: Sequence[str] | None = None
) -> list[Taken]:
    """Takes at most `count` due messages out of the queue. Rolled back, they are in it again.

    `route`: all providers of the lane; what must avoid all of them is taken too.
    """
    return [tuple(row) for row in await connection.fetch(TAKE, channel, lane, count, provider, route)]


async def read(connection: Connection, ids: Sequence[int], probe_after_days: int = 0) -> list[Candidate]:
    """Reads the taken messages that are still queued, after their persons were locked.

    `probe_after_days`: without evidence for so long a dead number may be tried again; 0: never.
    """
    return [Candidate(*row) for row in await connection.fetch(READ, ids, probe_after_days)]


async def sent_today(connection: Connection, keys: Collection[bytes], since: datetime) -> dict[bytes, int | None]:
    """Attempts to each number since then that may have reached it; None: another claim holds that number at this moment.

    A message counts once: an attempt that was put off or never left reaches nobody. The numbers stay locked until this transaction
    ends, so that two claims cannot both take the last place of a number; counting is a statement of its own, since its snapshot must
    be younger than the locks.
    """
    ours = await numbers.try_hold(connection, list(keys))
    counts = {row[0]: row[1] for row in await connection.fetch(SENT_TODAY, ours, since)}
    return {key: counts.get(key) for key in keys}


async def start(
    connection: Connection, ids: Sequence[int], calls: Sequence[int], segments: Sequence[int], at: datetime, provider: str
) -> None:
    """The messages are on their way with these calls."""
    await connection.execute(START, ids, calls, segments, at, provider)


async def stop(connection: Connection, stopped: Sequence[tuple[int, str, str, str]], at: datetime) -> None:
    """Ends messages that must not leave: (id, status, reason, fault)."""
    await connection.execute(STOP, *(list(column) for column in zip(*stopped, strict=True)), at)


async def depth(connection: Queries) -> list[tuple[str, str, int, float]]:
    """What is due and waits: (channel, lane, messages, age of the oldest in seconds)."""
    return [tuple(row) for row in await connection.fetch(DEPTH)]


async def backlog(connection: Queries, most: int) -> int:
    """Messages in the queue, due or not; counts no further than `most`."""
    return int(await connection.fetchval(BACKLOG, most))


async def next_due(connection: Connection, channel: str, lane: str) -> datetime | None:
    """When the next message of a lane may be claimed."""
    return await connection.fetchval(NEXT_DUE, channel, lane)  # type: ignore[no-any-return]
