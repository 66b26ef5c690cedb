"""Listings of contacts that a later one replaced. The contact itself is the latest; what it said before is kept here, as evidence."""

from collections.abc import Sequence

from gateway.model import Contact
from gateway.store.pool import Connection
from gateway.store.quality_state import verified_anew

# By way of the person, who has a few contacts: a number may stand for thousands of persons.
KEEP = """
insert into listing (person_id, key, source, verified_on, at)
select c.person_id, c.key, c.source, c.verified_on, c.updated_at
  from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::date[]) as u(person, channel, key, relation, source, verified_on)
  join contact c on c.person_id = u.person and c.channel = u.channel and c.key || '' = u.key and c.relation = u.relation
 where (c.source, c.verified_on, c.removed_at) is distinct from (u.source, u.verified_on, null)"""

CONFIRMED = f"""
insert into quality_change (key, person_id, before, after, why, at)
select c.key, c.person_id, c.gone, 'good', $7, now()
  from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::date[]) as u(person, channel, key, relation, source, verified_on)
  join contact c on c.person_id = u.person and c.channel = u.channel and c.key || '' = u.key and c.relation = u.relation
 where c.removed_at is null and c.gone is not null
   and {verified_anew("u", "c")}"""  # noqa: S608 - our own words
VERIFIED_ANEW = "号码放弃使用之后经重新核实。"


async def keep(connection: Connection, given: Sequence[tuple[str, Contact]]) -> None:
    """Keeps what the contacts of locked persons say now, where it will be replaced: (person id, contact as it will be).

    Where a number that was given up is verified anew, that is a change of its state (store/persons.py PUT_CONTACTS makes it).
    """
    columns = zip(*((person, c.channel, c.key, c.relation, c.source, c.verified_on) for person, c in given), strict=True)
    arrays = [*map(list, columns)]
    await connection.execute(KEEP, *arrays)
    await connection.execute(CONFIRMED, *arrays, VERIFIED_ANEW)
