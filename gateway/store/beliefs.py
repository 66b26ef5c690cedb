"""What the record holds about numbers, read in sets for the beliefs about them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gateway.store import lookups, moved
from gateway.store.lookups import Answered
from gateway.store.pool import Connection

# Times are whole seconds since 1970-01-01 UTC and days those since 1970-01-01: numbers are read into columns several times as fast as times are.
CONTACTS = """
select c.key, c.person_id, c.channel, c.source, c.verified_on - date '1970-01-01', extract(epoch from c.updated_at)::bigint, c.removed_at is null,
       c.denied_at is not null, c.state, c.p_reach, c.p_alive, c.p_mine, c.delivered, c.failed, c.observations,
       extract(epoch from c.last_at)::bigint, tidsend(c.ctid) || xidsend(c.xmin)
  from unnest($1::bytea[]) as k(key) join contact c on c.key = k.key"""

LISTINGS = """
select k.key, l.person_id, l.source, l.verified_on - date '1970-01-01', extract(epoch from l.at)::bigint
  from unnest($1::bytea[]) as k(key) cross join lateral (select * from listing where key = k.key offset 0) l"""

# What nobody reported on is counted when it was sent: the wait for a report says nothing of the day the phone was silent. There are many: they come as
# columns in one row, for each row costs as much as finding it. A message's end is one text of few values, and its number a place in the question.
MESSAGES = r"""
select string_agg(int4send(k.place::int - 1), ''), array_agg(m.person_id),
       array_agg(m.status || e'\x1f' || coalesce(m.reason, '') || e'\x1f' || case when m.permanent then 't' when not m.permanent then 'f' else '' end
                 || e'\x1f' || coalesce(m.provider, '') || e'\x1f' || m.template || e'\x1f' || coalesce(m.vendor_code, '')),
       string_agg(timestamptz_send(case when m.reason = 'no_receipt' then m.sent_at else coalesce(m.final_at, m.sent_at) end), '')
  from unnest($1::bytea[]) with ordinality as k(key, place) join message m on m.key = k.key
 where m.status in ('delivered', 'undelivered', 'failed') and m.sent_at is not null"""

REPLIES = """
select i.key, coalesce(m.person_id, ''), i.keyword, i.provider, extract(epoch from i.received_at)::bigint
  from unnest($1::bytea[]) as k(key) cross join lateral (select * from inbound where key = k.key offset 0) i left join message m on m.id = i.message_id"""

CERTIFIED = """
select array_agg(p.id), array_agg(array_send(p.certified)) from unnest($1::text[]) as u(id) join person p on p.id = u.id where p.certified <> '{}'"""

# `offset 0` keeps each number's look-up by itself. On the statistics of a young table the planner would take the table first, and look every row up
# in the question: that was most of what a walk took.
DEAD = """
select k.key from unnest($1::bytea[]) as k(key)
 cross join lateral (select from number n where n.key = k.key and n.dead_at is not null offset 0) n"""

AFTER = "select key from contact where key > $1 order by key limit $2"

Ints = NDArray[np.int64]
SINCE_S, DAY_S = 946_684_800, 86_400
"""2000-01-01 UTC, from which PostgreSQL counts microseconds and days."""
ARRAY_HEADER = 20
"""Bytes before the elements of an array of one dimension."""


class Messages(Struct, frozen=True):
    """Messages that ended, as columns."""

    place: Ints
    """Of the number, in the question."""
    person: Sequence[str]
    said: Sequence[str]
    """How it ended: status, reason, permanent, provider, template, vendor code."""
    at_s: Ints

    def only(self, wanted: NDArray[np.bool_]) -> "Messages":
        """Those to some numbers. `wanted`: of each place."""
        rows = np.flatnonzero(wanted[self.place])
        person, said = ([column[row] for row in rows.tolist()] for column in (self.person, self.said))
        return Messages(self.place[rows], person, said, self.at_s[rows])


class Certified(Struct, frozen=True):
    """When persons certified: arrays of dates as PostgreSQL sends them. Those who never did are missing."""

    packed: Mapping[str, bytes]

    def of(self, persons: Iterable[str]) -> tuple[Ints, Ints]:
        """How often each of these did, and on which days since 1970, person after person, ascending."""
        arrays = [self.packed.get(person, b"")[ARRAY_HEADER:] for person in persons]
        sizes_and_days = np.frombuffer(b"".join(arrays), dtype=">i4").reshape(-1, 2)
        return np.array([len(one) // 8 for one in arrays], dtype=np.int64), sizes_and_days[:, 1].astype(np.int64) + SINCE_S // DAY_S


class Evidence(Struct, frozen=True):
    """The record about some numbers, as rows of the statements above."""

    keys: Sequence[bytes]
    contacts: Sequence[Any]
    listings: Sequence[Any]
    messages: Messages
    replies: Sequence[Any]
    lookups: Sequence[Answered]
    dead: frozenset[bytes]
    """Numbers that are marked dead."""
    moved: Sequence[Any] = ()
    """Later numbers of their persons."""


async def evidence(connection: Connection, keys: Sequence[bytes]) -> Evidence:
    """All that is on record about these numbers."""
    return Evidence(
        keys,
        await connection.fetch(CONTACTS, keys),
        await connection.fetch(LISTINGS, keys),
        _columns(await connection.fetchrow(MESSAGES, keys)),
        await connection.fetch(REPLIES, keys),
        await lookups.history(connection, keys),
        frozenset(row[0] for row in await connection.fetch(DEAD, keys)),
        await moved.read(connection, keys),
    )


def _columns(row: Any) -> Messages:
    places, persons, said, times = row
    at_us = np.frombuffer(times or b"", dtype=">i8").astype(np.int64)
    whole = (at_us + 500_000) // 1_000_000 + SINCE_S  # as the statements round
    return Messages(np.frombuffer(places or b"", dtype=">i4").astype(np.int64), persons or (), said or (), whole)


def joined(parts: Sequence[Evidence]) -> Evidence:
    """Several sets of numbers as one."""
    said = [part.messages for part in parts]
    before = np.cumsum([0, *(len(part.keys) for part in parts)])[:-1]
    return Evidence(
        [key for part in parts for key in part.keys],
        [row for part in parts for row in part.contacts],
        [row for part in parts for row in part.listings],
        Messages(
            np.concatenate([np.zeros(0, dtype=np.int64), *(m.place + first for m, first in zip(said, before, strict=True))]),
            [person for m in said for person in m.person],
            [one for m in said for one in m.said],
            np.concatenate([np.zeros(0, dtype=np.int64), *(m.at_s for m in said)]),
        ),
        [row for part in parts for row in part.replies],
        [row for part in parts for row in part.lookups],
        frozenset[bytes]().union(*(part.dead for part in parts)),
        [row for part in parts for row in part.moved],
    )


async def certified(connection: Connection, persons: Sequence[str]) -> Certified:
    """When these persons certified."""
    ids, days = await connection.fetchrow(CERTIFIED, persons)
    return Certified(dict(zip(ids or (), days or (), strict=True)))


async def keys_after(connection: Connection, after: bytes, contacts: int) -> list[bytes]:
    """The numbers of the next so many contacts in the order of keys, each once. A number's last contacts may be left out: its key is what counts."""
    return list(dict.fromkeys(row[0] for row in await connection.fetch(AFTER, after, contacts)))
