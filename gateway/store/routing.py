"""Several providers a route: what operators and the drift of weights decided, how providers do, and messages that must avoid some."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.store.copying import copy_in
from gateway.store.pool import Connection, Queries

STATES = """
select name, weight, rest, weight_at, weight_why, suspended_at, suspended_by, suspended_why from provider_state order by name"""

SUSPEND = """
insert into provider_state (name, suspended_at, suspended_by, suspended_why) values ($1, now(), $2, $3)
    on conflict (name) do update set suspended_at = now(), suspended_by = $2, suspended_why = $3 where provider_state.suspended_at is null
returning name"""

RESUME = """
update provider_state set suspended_at = null, suspended_by = null, suspended_why = null where name = $1 and suspended_at is not null
returning name"""

WEIGH = """
insert into provider_state (name, weight, rest, weight_at, weight_why) values ($1, $2, $3, $4, $5)
    on conflict (name) do update set weight = $2, rest = $3, weight_at = $4, weight_why = $5"""

KEEP = "insert into provider_weight (at, name, before, weight, rest, why, detail) values ($1, $2, $3, $4, $5, $6, $7)"

HISTORY = "select at, name, before, weight, rest, why, detail from provider_weight where name = $1 order by at desc limit $2"

SLICES = """
  from generate_series(0, $3::int - 1) p(n) cross join lateral (
         select c.id, c.provider, c.outcome, c.message_ids[1] as message from call c
          where not c.swept and c.claimed_at >= now() - make_interval(secs => $1::float8 - p.n * ($1::float8 - $2::float8) / $3)
            and c.claimed_at < now() - make_interval(secs => $1::float8 - (p.n + 1) * ($1::float8 - $2::float8) / $3) and c.answered_at is not null
          order by c.claimed_at limit $4) s"""
"""The first calls of each of `$3` slices of the time from `$1` to `$2` seconds ago: a sample that costs the same at any load."""

FAILED = "select s.provider, count(*), count(*) filter (where s.outcome in ('nothing_left', 'unknown'))" + SLICES + " group by 1"

LATE = (
    """
select s.provider, count(*), count(*) filter (where m.final_at is null or m.final_at > m.sent_at + make_interval(secs => $5)),
       count(*) filter (where m.receipts <> '{}')"""
    + SLICES
    + """ join message m on m.id = s.message
 where s.outcome = 'accepted' and m.calls[cardinality(m.calls)] = s.id group by 1"""
)

REPORTING = "select name from provider_state where reports_at > now() - interval '7 days'"

REPORTS = """
insert into provider_state (name, reports_at) select name, now() from unnest($1::text[]) as u(name)
    on conflict (name) do update set reports_at = now() where provider_state.reports_at is distinct from now()"""

AVOIDING = ("message_id", "person_id", "lane", "channel", "due_at", "avoid")

SENT_TO = """
select k.key, array(select m.sent_at from message m where m.key = k.key and m.provider = $2 and m.sent_at >= $3 and m.status <> 'queued'
                     order by m.sent_at desc limit $4)
  from unnest($1::bytea[]) as k(key)"""

NOBODY_LEFT = """
update message m set status = 'failed', reason = coalesce(m.reason, 'provider_unavailable'), fault = coalesce(m.fault, 'provider'), final_at = $2
 where m.id = any($1::bigint[]) and m.status = 'queued'
returning m.person_id, m.reason"""


class State(Struct, frozen=True):
    """What was decided of a provider. `weight` None: at rest."""

    name: str
    weight: float | None
    rest: float | None
    weight_at: datetime | None
    weight_why: str | None
    suspended_at: datetime | None
    suspended_by: str | None
    suspended_why: str | None


class Counts(Struct, frozen=True):
    """How a provider did: calls and those that failed; messages whose report should be here and those that are late."""

    calls: int = 0
    failed: int = 0
    due: int = 0
    late: int = 0


Kept = tuple[datetime, str, float, float, float, str, str]
"""A step of a weight on record: (at, name, before, weight, rest, why, detail)."""


async def states(connection: Queries) -> dict[str, State]:
    """All that was decided, by provider."""
    return {row[0]: State(*row) for row in await connection.fetch(STATES)}


async def suspend(connection: Queries, name: str, who: str, why: str) -> bool:
    """Nothing new is claimed for this provider; False: it was suspended already."""
    return await connection.fetchval(SUSPEND, name, who, why) is not None


async def resume(connection: Queries, name: str) -> bool:
    """It may be used again; False: it was not suspended."""
    return await connection.fetchval(RESUME, name) is not None


async def weigh(connection: Queries, step: Kept) -> None:
    """Sets a weight and keeps the step."""
    at, name, _, weight, rest, why, _ = step
    await connection.execute(WEIGH, name, weight, rest, at, why)
    await connection.execute(KEEP, *step)


async def history(connection: Queries, name: str, most: int) -> list[Kept]:
    """The last steps of a provider's weight, newest first."""
    return [tuple(row) for row in await connection.fetch(HISTORY, name, most)]


async def counts(connection: Queries, failing_s: float, late_s: float, slices: int, most: int) -> dict[str, Counts]:
    """How providers did over the last `failing_s` seconds, and whether reports came within `late_s`: from a sample of at most `most` calls a slice.

    Of each call its first message is looked at. A provider of which no report ever came is not judged by its reports.
    """
    failed = {row[0]: row[1:] for row in await connection.fetch(FAILED, failing_s, 0.0, slices, most)}
    late = {row[0]: row[1:] for row in await connection.fetch(LATE, 3 * late_s, late_s, slices, most, late_s)}
    if reported := [name for name, row in late.items() if row[2]]:
        await connection.execute(REPORTS, reported)
    reporting = {row[0] for row in await connection.fetch(REPORTING)}
    return {
        name: Counts(*failed.get(name, (0, 0)), *(late[name][:2] if name in late and name in reporting else ())) for name in failed | late
    }


async def enqueue_avoiding(
    connection: Connection, rows: Sequence[tuple[int, str, str, str, datetime | None]], now: datetime, avoid: Mapping[int, Sequence[str]]
) -> None:
    """Makes messages claimable (again), but for the providers they must avoid: rows as `messages.enqueue`, names by message id."""
    await copy_in(connection, "queue", AVOIDING, [(*row[:4], row[4] or now, list(avoid.get(row[0], ())) or None) for row in rows])


async def sent_to(connection: Connection, keys: Sequence[bytes], provider: str, since: datetime, most: int) -> dict[bytes, list[datetime]]:
    """When a provider was given messages to these numbers since then, newest first, at most `most` each. The numbers are locked (`claims.sent_today`)."""
    return {row[0]: row[1] for row in await connection.fetch(SENT_TO, keys, provider, since, most)}


async def nobody_left(connection: Connection, ids: Sequence[int], at: datetime) -> list[tuple[str, str]]:
    """Ends queued messages that every provider of their route refused, for the last reason: (person id, reason)."""
    if not ids:
        return []
    return [tuple(row) for row in await connection.fetch(NOBODY_LEFT, ids, at)]
