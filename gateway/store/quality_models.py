"""Models that were learned: each kept once under its version, the newest in force; and the sample of numbers that the next one learns from."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from gateway.store.pool import Queries

LOCK = 7_461_003
"""Advisory lock of whoever learns: two at a time would be one too many."""
TRY_LOCK, UNLOCK = "select pg_try_advisory_lock($1)", "select pg_advisory_unlock($1)"

KEEP = """
with made as (insert into quality_model (version, model, basis, report) values ($1, $2, $3, $4) on conflict (version) do nothing returning id)
select id from made union all select id from quality_model where version = $1 limit 1"""

NEWEST_ID = "select id from quality_model order by id desc limit 1"
NEWEST = "select id, version, at, model, basis, report from quality_model order by id desc limit 1"
LISTED = "select id, version, at, '' as model, basis, report from quality_model order by id desc limit $1"

# Not before a model has served its time, the first one not before the first message has; nor while little came since. Messages' ids rise with time.
DUE = """
select coalesce((select at from quality_model order by id desc limit 1), (select created_at from message order by id limit 1))
         < now() - make_interval(secs => $1)
   and (select count(*) from (select from message where id > coalesce(
         (select (basis ->> 'message_id')::bigint from quality_model order by id desc limit 1), 0) limit $2) fresh) >= $2"""

# Keys are keyed hashes: those that follow points spread evenly over them are a fair sample, found by as many look-ups in the index `message_key`.
ALL = """
with recursive found as (
  (select key, channel from message order by key limit 1)
  union all
  select n.key, n.channel from found f cross join lateral (select key, channel from message where key > f.key order by key limit 1) n)
select key, channel from found limit $1"""
AT_POINTS = """
select distinct m.key, m.channel
  from unnest($1::bytea[]) as p(point) cross join lateral (select key, channel from message where key >= p.point order by key limit 1) m"""
POINTS = 2_000
"""Points that one statement looks at."""

CROWDED = """
select c.key from unnest($1::bytea[]) as k(key) join contact c on c.key = k.key group by c.key having count(distinct c.person_id) > $2"""

NOW = """
select clock_timestamp() as now, (now() at time zone 'Asia/Shanghai')::date - date '1970-01-01' as day,
       coalesce((select id from message order by id desc limit 1), 0) as message_id"""


class KeptModel(Struct, frozen=True):
    """A row: model, basis and report as JSON. The model is left out of lists."""

    id: int
    version: str
    at: datetime
    model: str
    basis: str
    report: str


class Moment(Struct, frozen=True):
    """The store's clock, its day in Shanghai counted from 1970-01-01, and its last message."""

    now: datetime
    day: int
    message_id: int


async def lock(connection: Queries) -> bool:
    """Takes the right to learn for this connection's session; False: somebody else has it."""
    return bool(await connection.fetchval(TRY_LOCK, LOCK))


async def unlock(connection: Queries) -> None:
    """Gives it back."""
    await connection.execute(UNLOCK, LOCK)


async def keep(connection: Queries, version: str, model: str, basis: str, report: str) -> int:
    """Keeps a model, in force from now on, and returns its id; one of that version that is there already stays as it is."""
    found: int | None = None
    while found is None:  # somebody else keeps the same one just now and has not committed: a statement sees none of it, the next one does
        found = await connection.fetchval(KEEP, version, model, basis, report)
    return found


async def newest_id(connection: Queries) -> int:
    """The id of the newest model, cheaply: whoever holds a model asks whether it still is the one in force. 0: there is none."""
    return await connection.fetchval(NEWEST_ID) or 0


async def newest(connection: Queries) -> KeptModel | None:
    """The newest model."""
    row = await connection.fetchrow(NEWEST)
    return None if row is None else KeptModel(*row)


async def listed(connection: Queries, most: int) -> list[KeptModel]:
    """The latest models, newest first."""
    return [KeptModel(*row) for row in await connection.fetch(LISTED, most)]


async def due(connection: Queries, every_s: float, fresh: int) -> bool:
    """Whether it is time to learn again: so long after the last model (the first message, where there is none), with so many messages since."""
    return bool(await connection.fetchval(DUE, every_s, fresh))


async def moment(connection: Queries) -> Moment:
    """What is now."""
    return Moment(*await connection.fetchrow(NOW))


async def sample(connection: Queries, channels: frozenset[str], most: int) -> list[bytes]:
    """Numbers of these channels that messages went to: all of them, or a fair sample of at most so many."""
    found = await connection.fetch(ALL, most + 1)
    if len(found) > most:
        found, points = [], [(n * 2**64 // most).to_bytes(8) for n in range(most)]
        for at in range(0, most, POINTS):
            found += await connection.fetch(AT_POINTS, points[at : at + POINTS])
    return list(dict.fromkeys(row[0] for row in found if row[1] in channels))


async def crowded(connection: Queries, keys: Sequence[bytes], most: int) -> frozenset[bytes]:
    """Those of the numbers that stand for more than so many persons."""
    return frozenset(row[0] for row in await connection.fetch(CROWDED, keys, most))
