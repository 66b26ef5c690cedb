"""Overrides of suppressions: who asked, who confirmed, until when. Written under the person's lock; `contact.override_until` is what plan and claim read."""

from datetime import datetime, timedelta

from msgspec import Struct

from gateway.store.pool import Connection
from gateway.store.quality_state import GIVEN_UP, WRONG_PERSON

SEALED_FOR = b"override"
"""What a reason is sealed for."""

CONFIRM_WITHIN = timedelta(days=7)
"""How long an override that was asked for waits for somebody to confirm it."""

OVER_AT = f"case when o.confirmed_at is null then least(o.until, o.asked_at + interval '{CONFIRM_WITHIN.days} days') else o.until end"
"""When time ends an override `o`; nothing is written then."""

CONTACT = """
select key, channel, case when denied_at is not null then $3 else state end
  from contact where person_id = $1 and id = $2 and removed_at is null"""

STILL_GIVEN_UP = """
select exists(select from contact where person_id = $1 and key = $2 and removed_at is null
                 and (denied_at is not null or state = any($3::text[])))"""

ANY_OPEN = f"""
select exists(select from suppression_override o
               where o.person_id = $1 and o.key = $2 and o.ended_at is null and {OVER_AT} > $3)"""  # noqa: S608 - our own words

INSERT = """
insert into suppression_override (id, person_id, key, channel, contact_id, state, sealed, until, asked_by, asked_at, seal_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""

PERSON_OF = "select person_id from suppression_override where id = $1"

READ = f"""
select o.id, o.person_id, o.key, o.until, o.asked_by, o.confirmed_at is not null, o.ended_at is not null, {OVER_AT} <= $2
  from suppression_override o where o.id = $1"""  # noqa: S608 - our own words

CONFIRM = "update suppression_override set confirmed_by = $2, confirmed_at = $3, confirm_seal = $4 where id = $1"

END = "update suppression_override set ended_by = $2, ended_at = $3, ended_why = $4, end_seal = $5 where id = $1"

USE_UNTIL = "update contact set override_until = $3 where person_id = $1 and key = $2"


class Asked(Struct, frozen=True):
    """An override as it is asked for; in this order its columns stand in the digest. `sealed`: the reason."""

    id: int
    person_id: str
    key: bytes
    channel: str
    contact_id: int
    state: str
    sealed: bytes
    until: datetime
    asked_by: str
    asked_at: datetime


class Override(Struct, frozen=True):
    """An override as it stands. `over`: time has ended it."""

    id: int
    person_id: str
    key: bytes
    until: datetime
    asked_by: str
    confirmed: bool
    withdrawn: bool
    over: bool

    @property
    def ended(self) -> bool:
        """Whether it is neither asked for nor in force any more."""
        return self.withdrawn or self.over


async def contact(connection: Connection, person_id: str, contact_id: int) -> tuple[bytes, str, str | None] | None:
    """Of one of the person's contacts: key, channel, and in which state it was given up (another state: it was not)."""
    row = await connection.fetchrow(CONTACT, person_id, contact_id, WRONG_PERSON)
    return None if row is None else (row[0], row[1], row[2])


async def still_given_up(connection: Connection, person_id: str, key: bytes) -> bool:
    """Whether the person's contacts with that number are listed and given up."""
    return bool(await connection.fetchval(STILL_GIVEN_UP, person_id, key, GIVEN_UP))


async def any_open(connection: Connection, person_id: str, key: bytes, at: datetime) -> bool:
    """Whether an override of that number is asked for or in force."""
    return bool(await connection.fetchval(ANY_OPEN, person_id, key, at))


async def insert(connection: Connection, asked: Asked, seal_id: int) -> None:
    """Writes one that is asked for."""
    await connection.execute(INSERT, *(getattr(asked, name) for name in Asked.__struct_fields__), seal_id)


async def person_of(connection: Connection, override_id: int) -> str | None:
    """Whose it is: lock them before it is read."""
    return await connection.fetchval(PERSON_OF, override_id)  # type: ignore[no-any-return]


async def read(connection: Connection, override_id: int, at: datetime) -> Override:
    """One that is there, as it stands at `at`."""
    return Override(*await connection.fetchrow(READ, override_id, at))


async def confirm(connection: Connection, override: Override, who: str, at: datetime, seal_id: int) -> None:
    """Puts it in force: the person's contacts with that number are used until its end."""
    await connection.execute(CONFIRM, override.id, who, at, seal_id)
    await connection.execute(USE_UNTIL, override.person_id, override.key, override.until)


async def end(connection: Connection, override: Override, who: str, why: str, at: datetime, seal_id: int) -> None:
    """Ends it before its time."""
    await connection.execute(END, override.id, who, at, why, seal_id)
    if override.confirmed:
        await connection.execute(USE_UNTIL, override.person_id, override.key, None)
