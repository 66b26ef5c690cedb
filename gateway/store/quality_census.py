"""Counts of all contacts: live where there are few, else as the acting scheduler counted them last. Each month's last count stays, for the trend."""

from datetime import date, datetime
from typing import Any, Protocol

from msgspec import Struct

from gateway.store.pool import Queries
from gateway.store.quality_state import STATE, UNUSABLE

EVERY_S = 900.0
"""Seconds between counts."""
REST = 20.0
"""A count that takes long is followed by so many times its length without one."""
COUNT_S = 3600.0
"""How long one of a count's statements may take, in seconds."""

_BY_SET = "array_to_string(p.insurance, '+')"

COUNTS = f"""
select p.region, {_BY_SET} as insurance, c.source, c.channel, {STATE} as state, count(*) as contacts, count(b.opted_out_at) as opted_out,
       count(c.denied_at) as wrong_person, count(*) filter (where c.verified_on is null) as never_verified
  from contact c join person p on p.id = c.person_id left join number b on b.key = c.key
 where c.removed_at is null and not p.deceased{{regions}}
 group by 1, 2, 3, 4, 5"""  # noqa: S608 - our own words

PEOPLE = f"""
select p.region, {_BY_SET} as insurance, count(*) as persons, count(*) filter (where u.usable is null) as without_contact,
       count(*) filter (where u.usable is not true) as without_usable
  from person p left join (
       select c.person_id, bool_or({STATE} not in {UNUSABLE}) as usable
         from contact c{{narrow}} where c.removed_at is null{{within}} group by c.person_id) u on u.person_id = p.id
 where not p.deceased{{regions}}
 group by 1, 2"""  # noqa: S608 - our own words

SHARED = """
with held as materialized (
  select c.key, c.person_id, c.source, p.region
    from (select key from contact where removed_at is null group by key having count(*) >= {least}) s
    join contact c on c.key = s.key join person p on p.id = c.person_id
   where c.removed_at is null and not p.deceased)
select n.key, n.persons, o.sources, r.regions
  from (select key, count(distinct person_id)::int as persons from held group by key having count(distinct person_id) >= {least}) n
  join (select key, jsonb_object_agg(source, persons) as sources
          from (select key, source, count(distinct person_id) as persons from held group by 1, 2) x group by 1) o on o.key = n.key
  join (select key, jsonb_object_agg(region, persons) as regions
          from (select key, region, count(distinct person_id) as persons from held group by 1, 2) x group by 1) r on r.key = n.key"""
"""Numbers that stand for at least `least` living persons; the first pass counts contacts, which costs no sort."""

DUE = """
select not exists (select from quality_census where month = $1 and counted_at > $2::timestamptz - greatest($3::float8, took_s * $4) * interval '1 s')"""

NOW = "select clock_timestamp()"
MONTH = "select date_trunc('month', $1::timestamptz at time zone 'Asia/Shanghai')::date"

ALL = {"regions": "", "narrow": "", "within": ""}
FILL = (
    ("delete from quality_count where month = $1", f"insert into quality_count select $1::date, x.* from ({COUNTS.format(**ALL)}) x"),  # noqa: S608 - our own
    ("delete from quality_people where month = $1", f"insert into quality_people select $1::date, x.* from ({PEOPLE.format(**ALL)}) x"),  # noqa: S608 - our own
)

DONE = """
insert into quality_census (month, counted_at, took_s) values ($1, $2, extract(epoch from clock_timestamp() - now()))
    on conflict (month) do update set counted_at = excluded.counted_at, took_s = excluded.took_s"""


class Counting(Queries, Protocol):
    """A connection whose statements may be given their time."""

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        """Runs a statement."""


class Counted(Struct, frozen=True):
    """A count of all contacts that was taken."""

    month: date
    took_s: float


async def due(connection: Queries) -> bool:
    """Whether it is time to count again."""
    now = await connection.fetchval(NOW)
    return bool(await connection.fetchval(DUE, await connection.fetchval(MONTH, now), now, EVERY_S, REST))


async def take(connection: Counting, shared_from: int, at: datetime | None = None) -> Counted:
    """Counts everything for the month of `at` (None: now), in one transaction: seconds for a million contacts, minutes for tens of millions."""
    at = at or await connection.fetchval(NOW)
    month: date = await connection.fetchval(MONTH, at)
    async with connection.transaction():
        await connection.execute("lock table quality_census in exclusive mode")  # one counts at a time; others read on
        await connection.execute("set local work_mem = '128MB'")
        for clear, fill in FILL:
            await connection.execute(clear, month)
            await connection.execute(fill, month, timeout=COUNT_S)
        await connection.execute("delete from quality_shared")
        await connection.execute(f"insert into quality_shared {SHARED.format(least=shared_from)}", timeout=COUNT_S)
        await connection.execute(DONE, month, at)
        took: float = await connection.fetchval("select took_s from quality_census where month = $1", month)
    return Counted(month, took)
