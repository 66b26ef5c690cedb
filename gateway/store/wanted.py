"""Numbers about which a carrier's word would change what is done, found by walking over all persons: a page by the primary key, then their contacts."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import IntEnum

from msgspec import Struct

from gateway.store.pool import Connection

PAGE = "select max(id), count(*) from (select id from person where id > $1 order by id limit $2) p"

# Left out: whoever is not told anything more, numbers whose owner denied or opted out, and those that every service has had its say on.
WANTED = """
select c.key, c.sealed, p.cycle_start,
       case when p.cycle_start between $3 and $4 then 0 when c.state = 'dead' then 1 else 2 end
  from person p
  join contact c on c.person_id = p.id
  left join number n on n.key = c.key
 where p.id > $1 and p.id <= $2 and p.listed and not p.deceased
   and c.channel = 'sms' and c.removed_at is null and c.denied_at is null and n.opted_out_at is null
   and (c.state in ('dead', 'doubtful')
        or (coalesce(c.state, 'unverified') = 'unverified' and c.verified_on is null and p.cycle_start between $3 and $4))
   and not exists (select from lookup l where l.key = c.key and l.service = any($5) and l.expires_at > $6 and l.state <> 'unknown')
   and (select count(distinct l.service) from lookup l where l.key = c.key and l.service = any($5) and l.expires_at > $6) < cardinality($5::text[])
 order by p.id, c.id"""


class Need(IntEnum):
    """Why a number is asked about, the greatest need first."""

    SOON = 0
    """The person is reminded within days, and nobody knows whether the number works, or it is doubtful or dead."""
    DEAD = 1
    """It is not used any more: a word that it is in service gives it back."""
    DOUBTFUL = 2
    """It is used, and so is the next way to the person."""


class Wanted(Struct, frozen=True, gc=False):
    """A number to be asked about. `sealed`: contact.sealed, not opened before it is asked about."""

    key: bytes
    sealed: bytes
    start: date | None
    """Of the person's cycle: who began earlier is due earlier."""
    need: Need


class Page(Struct, frozen=True):
    """Some persons' numbers. `last`: the last person's id, None where there is nobody; `full`: there may be more persons after it."""

    last: str | None
    full: bool
    numbers: Sequence[Wanted]


class Asked(Struct, frozen=True):
    """What is looked for: starts of the cycles whose reminder is due soon, first and last; the services that could be asked; and as of when."""

    first: date
    last: date
    services: Sequence[str]
    now: datetime


async def after(connection: Connection, person: str, persons: int, asked: Asked) -> Page:
    """The next so many persons after this one, in the order of their ids."""
    row = await connection.fetchrow(PAGE, person, persons)
    last, count = row[0], row[1]
    if last is None:
        return Page(None, full=False, numbers=())
    rows = await connection.fetch(WANTED, person, last, asked.first, asked.last, list(asked.services), asked.now)
    return Page(last, count == persons, [Wanted(key, sealed, start, Need(need)) for key, sealed, start, need in rows])
