"""Vendors' codes that no table knows: counted, with the messages they were said of, and mapped by operators at run time."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from gateway.store.pool import Connection, Queries

ANSWER, REPORT = "answer", "report"
"""Stages: what a vendor says when it is given a message, and later."""

COUNT = """
insert into unmapped_code (provider, stage, code, seen, first_at, last_at, example)
select provider, stage, code, seen, $6, $6, example
  from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bytea[]) as u(provider, stage, code, seen, example) order by 1, 2, 3
    on conflict (provider, stage, code) do update
   set seen = unmapped_code.seen + excluded.seen, last_at = excluded.last_at,
       example = coalesce(unmapped_code.example, excluded.example)"""

REMEMBER = """
insert into unmapped_message (provider, stage, code, message_id, fact_id, vendor_id)
select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[])"""

MEANINGS = """
select m.provider, m.code, m.meaning::text from code_meaning m
 where m.stage = $1 and m.provider = any($2::text[]) and m.code = any($3::text[])"""

EVERY = """
select c.provider, c.stage, c.code, c.seen, c.first_at, c.last_at, c.example, m.meaning::text,
       (select count(*) from unmapped_message u where u.provider = c.provider and u.stage = c.stage and u.code = c.code)
  from unmapped_code c left join code_meaning m using (provider, stage, code)
 order by m.code is not null, c.seen desc, 1, 2, 3"""

STAGES = "select stage from unmapped_code where provider = $1 and code = $2 order by stage"

MAP = """
insert into code_meaning (provider, stage, code, meaning, who) values ($1, $2, $3, $4::text::jsonb, $5)
    on conflict (provider, stage, code) do update set meaning = excluded.meaning, who = excluded.who, at = now()"""

UNMAP = "delete from code_meaning where provider = $1 and code = $2 and ($3::text is null or stage = $3) returning stage"

WAITING = """
select distinct u.provider, u.stage, u.code from unmapped_message u join code_meaning m using (provider, stage, code)"""

TAKE = """
delete from unmapped_message u
 using (select ctid from unmapped_message where provider = $1 and stage = $2 and code = $3 limit $4 for update skip locked) t
 where u.ctid = t.ctid
returning u.message_id, u.fact_id, u.vendor_id"""


class Unmapped(Struct, frozen=True, gc=False):
    """A code that was said of a message. `message_id` None: of none that we know; `fact_id`: the call or receipt; `example`: sealed."""

    provider: str
    stage: str
    code: str
    message_id: int | None
    fact_id: int
    vendor_id: str | None = None
    example: bytes | None = None
    again: bool = False
    """It was counted before."""


class Row(Struct, frozen=True):
    """A code as operators see it; `waiting`: messages that would be read again if it were mapped."""

    provider: str
    stage: str
    code: str
    seen: int
    first_at: datetime
    last_at: datetime
    example: bytes | None
    meaning: str | None
    waiting: int


async def remember(connection: Connection, said: Sequence[Unmapped], at: datetime) -> None:
    """Counts codes, and keeps which messages they were said of."""
    times = Counter((u.provider, u.stage, u.code) for u in said if not u.again)
    if times:
        examples = {(u.provider, u.stage, u.code): u.example for u in reversed(said) if u.example is not None}
        columns = [k[0] for k in times], [k[1] for k in times], [k[2] for k in times]
        await connection.execute(COUNT, *columns, list(times.values()), [examples.get(k) for k in times], at)
    of_messages = [u for u in said if u.message_id is not None]
    if of_messages:
        await connection.execute(REMEMBER, *(list(column) for column in zip(*map(_row, of_messages), strict=True)))


async def remember_again(connection: Connection, provider: str, stage: str, code: str, said: Sequence[tuple[int, int, str | None]]) -> None:
    """Puts back what `take` took."""
    columns = list(zip(*((provider, stage, code, *one) for one in said), strict=True))
    await connection.execute(REMEMBER, *(list(column) for column in columns))


def _row(said: Unmapped) -> tuple[Any, ...]:
    return said.provider, said.stage, said.code, said.message_id, said.fact_id, said.vendor_id


async def meanings(connection: Connection, stage: str, asked: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """What operators said of codes at run time: (provider, code) → JSON. Those of whom they said nothing are missing."""
    rows = await connection.fetch(MEANINGS, stage, list({p for p, _ in asked}), list({c for _, c in asked}))
    return {(row[0], row[1]): row[2].encode() for row in rows}


async def every(connection: Queries) -> list[Row]:
    """All codes that were ever said and in no table, unmapped ones first, the most frequent first."""
    return [Row(*row) for row in await connection.fetch(EVERY)]


async def stages(connection: Queries, provider: str, code: str) -> list[str]:
    """At which stages a code was seen."""
    return [row[0] for row in await connection.fetch(STAGES, provider, code)]


async def put(connection: Queries, provider: str, stage: str, code: str, meaning: object, who: str) -> None:
    """Maps a code."""
    await connection.execute(MAP, provider, stage, code, msgspec.json.encode(meaning).decode(), who)


async def remove(connection: Queries, provider: str, code: str, stage: str | None) -> list[str]:
    """Takes a mapping back; returns the stages at which there was one."""
    return [row[0] for row in await connection.fetch(UNMAP, provider, code, stage)]


async def waiting(connection: Queries) -> list[tuple[str, str, str]]:
    """Codes that are mapped by now and whose messages wait to be read again: (provider, stage, code)."""
    return [tuple(row) for row in await connection.fetch(WAITING)]


async def take(connection: Connection, provider: str, stage: str, code: str, most: int) -> list[tuple[int, int, str | None]]:
    """Takes messages that a code was said of, each once: (message id, call or receipt, vendor's id of the part)."""
    return [tuple(row) for row in await connection.fetch(TAKE, provider, stage, code, most)]
