"""Other numbers that were listed for persons, kept beside the numbers that they had before: evidence about these (quality/others.py)."""

from collections.abc import Sequence
from typing import Any

from gateway.model import Contact
from gateway.store.pool import Connection

# Of the same relation: a relative's new number says nothing of the person's own. Accounts are not numbers; nor is a number new that the person had before.
KEEP = """
with given as (
  select distinct on (u.person, u.key, u.relation) u.*
    from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::date[]) as u(person, channel, key, relation, source, verified_on)
   where u.channel in ('sms', 'voice')
     and not exists (select from contact c where c.person_id = u.person and c.key || '' = u.key)
   order by u.person, u.key, u.relation, u.verified_on nulls last, u.source),
left_behind as (
  insert into moved (person_id, key, source, verified_on, at)
  select distinct c.person_id, c.key, u.source, u.verified_on, now()
    from given u join contact c on c.person_id = u.person
   where c.relation = u.relation and c.channel in ('sms', 'voice') and c.removed_at is null
  returning key)
insert into unlearned (key) select distinct key from left_behind"""

READ = """
select k.key, m.person_id, m.source, m.verified_on - date '1970-01-01', extract(epoch from m.at)::bigint
  from unnest($1::bytea[]) as k(key) cross join lateral (select * from moved where key = k.key offset 0) m"""


async def keep(connection: Connection, given: Sequence[tuple[str, Contact]]) -> None:
    """Notes what contacts of locked persons, (person id, contact as it will be), say of the numbers that they had; before these contacts are written."""
    columns = zip(*((person, c.channel, c.key, c.relation, c.source, c.verified_on) for person, c in given), strict=True)
    await connection.execute(KEEP, *map(list, columns))


async def read(connection: Connection, keys: Sequence[bytes]) -> Sequence[Any]:
    """Rows: number, person, source and day of verification of the later number, second of its listing."""
    return await connection.fetch(READ, keys)
