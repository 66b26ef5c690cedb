"""What the record holds about numbers, read in sets for the beliefs about them, and those beliefs, written beside the contacts."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from gateway.store import lookups
from gateway.store.lookups import Answered
from gateway.store.pool import Connection

# Times are whole seconds since 1970-01-01 UTC and days those since 1970-01-01: numbers are read into columns several times as fast as times are.
CONTACTS = """
select c.key, c.person_id, c.channel, c.source, c.verified_on - date '1970-01-01', extract(epoch from c.updated_at)::bigint, c.removed_at is null,
       c.denied_at is not null, c.state, c.p_reach, c.p_alive, c.p_mine, c.delivered, c.failed, c.observations,
       extract(epoch from c.last_at)::bigint, c.xmin
  from unnest($1::bytea[]) as k(key) join contact c on c.key = k.key"""

LISTINGS = """
select k.key, l.person_id, l.source, l.verified_on - date '1970-01-01', extract(epoch from l.at)::bigint
  from unnest($1::bytea[]) as k(key) cross join lateral (select * from listing where key = k.key offset 0) l"""

# What nobody reported on is counted when it was sent: the wait for a report says nothing of the day the phone was silent. A message's end is one text
# of few values, and its number a place in the question: each column of a row costs as much as finding it.
MESSAGES = r"""
select k.place - 1, m.person_id,
       concat(m.status, e'\x1f', m.reason, e'\x1f', m.permanent, e'\x1f', m.provider, e'\x1f', m.template, e'\x1f', m.vendor_code),
       extract(epoch from case when m.reason = 'no_receipt' then m.sent_at else coalesce(m.final_at, m.sent_at) end)::bigint
  from unnest($1::bytea[]) with ordinality as k(key, place) join message m on m.key = k.key
 where m.status in ('delivered', 'undelivered', 'failed') and m.sent_at is not null"""

REPLIES = """
select i.key, coalesce(m.person_id, ''), i.keyword, i.provider, extract(epoch from i.received_at)::bigint
  from unnest($1::bytea[]) as k(key) cross join lateral (select * from inbound where key = k.key offset 0) i left join message m on m.id = i.message_id"""

CERTIFIED = "select p.id, p.certified from unnest($1::text[]) as u(id) join person p on p.id = u.id where p.certified <> '{}'"

# `offset 0` keeps each number's look-up by itself. On the statistics of a young table the planner would take the table first, and look every row up
# in the question: that was most of what a walk took.
DEAD = """
select k.key from unnest($1::bytea[]) as k(key)
 cross join lateral (select from number n where n.key = k.key and n.dead_at is not null offset 0) n"""

AFTER = "select key from contact where key > $1 order by key limit $2"

# By way of the person, who has a few contacts: a number may stand for thousands of persons. Rows that somebody else holds are left out: whoever
# waited here could wait for one who waits for us.
LOCK = """
select c.person_id, c.key, c.xmin
  from unnest($1::text[], $2::bytea[]) as u(person, key) join contact c on c.person_id = u.person and c.key || '' = u.key
 where c.removed_at is null
   for no key update of c skip locked"""

PUT = """
update contact c
   set state = u.state, p_reach = u.reach, p_alive = u.alive, p_mine = u.mine, delivered = u.delivered, failed = u.failed,
       observations = u.observations, last_at = u.last, why = u.why, believed_at = now(), model = $13,
       denied_at = case when u.denied then coalesce(c.denied_at, to_timestamp(u.denied_s)) end
  from unnest($1::text[], $2::bytea[], $3::text[], $4::real[], $5::real[], $6::real[], $7::int[], $8::int[], $9::int[], $10::timestamptz[], $11::text[],
              $12::bool[], $14::bigint[])
    as u(person, key, state, reach, alive, mine, delivered, failed, observations, last, why, denied, denied_s)
 where c.person_id = u.person and c.key || '' = u.key and c.removed_at is null"""

MARK_DEAD = """
insert into number (key, channel, dead_at, last_at) select key, channel, now(), now() from unnest($1::bytea[], $2::text[]) as u(key, channel) order by key
    on conflict (key) do update set dead_at = excluded.dead_at"""

UNMARK_DEAD = "update number set dead_at = null where key = any($1::bytea[])"


class Evidence(Struct, frozen=True):
    """The record about some numbers, as rows of the statements above."""

    keys: Sequence[bytes]
    contacts: Sequence[Any]
    listings: Sequence[Any]
    messages: Sequence[Any]
    replies: Sequence[Any]
    lookups: Sequence[Answered]
    dead: frozenset[bytes]
    """Numbers that are marked dead."""


class Belief(Struct, frozen=True, gc=False):
    """What is believed of a number as one person's contact."""

    person_id: str
    key: bytes
    state: str
    p_reach: float
    p_alive: float
    p_mine: float
    delivered: int
    failed: int
    observations: int
    last_at: datetime | None
    why: str
    denied: bool
    """A "not me" stops it."""
    denied_s: int
    """When that was answered, in seconds."""


async def evidence(connection: Connection, keys: Sequence[bytes]) -> Evidence:
    """All that is on record about these numbers."""
    return Evidence(
        keys,
        await connection.fetch(CONTACTS, keys),
        await connection.fetch(LISTINGS, keys),
        await connection.fetch(MESSAGES, keys),
        await connection.fetch(REPLIES, keys),
        await lookups.history(connection, keys),
        frozenset(row[0] for row in await connection.fetch(DEAD, keys)),
    )


def joined(parts: Sequence[Evidence]) -> Evidence:
    """Several sets of numbers as one."""
    keys: list[bytes] = []
    messages = []
    for part in parts:
        messages += [(len(keys) + place, *said) for place, *said in part.messages]
        keys += part.keys
    return Evidence(
        keys,
        [row for part in parts for row in part.contacts],
        [row for part in parts for row in part.listings],
        messages,
        [row for part in parts for row in part.replies],
        [row for part in parts for row in part.lookups],
        frozenset[bytes]().union(*(part.dead for part in parts)),
    )


async def certified(connection: Connection, persons: Sequence[str]) -> dict[str, Sequence[date]]:
    """When these persons certified, ascending; those who never did are missing."""
    return {row[0]: row[1] for row in await connection.fetch(CERTIFIED, persons)}


async def keys_after(connection: Connection, after: bytes, contacts: int) -> list[bytes]:
    """The numbers of the next so many contacts in the order of keys, each once. A number's last contacts may be left out: its key is what counts."""
    return list(dict.fromkeys(row[0] for row in await connection.fetch(AFTER, after, contacts)))


async def lock(connection: Connection, pairs: Sequence[tuple[str, bytes]]) -> dict[tuple[str, bytes], list[int]]:
    """Locks the contacts of (person id, key) that nobody else holds: which transaction wrote each of their rows last, as in `contacts`."""
    held: dict[tuple[str, bytes], list[int]] = {}
    for person, key, written_by in await connection.fetch(LOCK, [p for p, _ in pairs], [k for _, k in pairs]):
        held.setdefault((person, key), []).append(written_by)
    return held


async def put(connection: Connection, beliefs: Sequence[Belief], model: int) -> None:
    """Writes beliefs beside their locked contacts."""
    columns = [list(column) for column in zip(*((
        b.person_id, b.key, b.state, b.p_reach, b.p_alive, b.p_mine, b.delivered, b.failed, b.observations, b.last_at, b.why, b.denied, b.denied_s,
    ) for b in beliefs), strict=True)]  # fmt: skip
    await connection.execute(PUT, *columns[:-1], model, columns[-1])


async def mark_dead(connection: Connection, dead: Sequence[tuple[bytes, str]], alive: Sequence[bytes]) -> None:
    """Marks numbers (key, channel) that are dead as somebody's contact, so that the claim looks closer; and takes marks away."""
    if dead:
        await connection.execute(MARK_DEAD, [key for key, _ in dead], [channel for _, channel in dead])
    if alive:
        await connection.execute(UNMARK_DEAD, alive)
