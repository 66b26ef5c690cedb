"""Beliefs, written beside the contacts they are about.

They come by COPY, laid out by numpy, into a table that only this connection sees, and go on from there in sets: an array parameter costs asyncpg as
much an element as working the belief out costs a number. Rows are found by where they stand, as they were read.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np
from msgspec import Struct

from gateway.store.pool import Connection

STAGE = """
create temp table if not exists believed (
    place int, first bool, contact tid, version xid, p_reach real, p_alive real, p_mine real, delivered int, failed int, observations int, last_s bigint,
    denied bool, denied_s bigint, before text, state text, why text) on commit delete rows;
delete from believed"""

# Rows that somebody else holds or has written since are left out: whoever waited here could wait for one who waits for us.
LOCK = """
with held as materialized (
    select b.place from believed b join contact c on c.ctid = b.contact where c.xmin = b.version and c.removed_at is null
       for no key update of c skip locked)
select array_agg(place) from held"""

LEAVE = "delete from believed where place = any($1::int[])"

PUT = """
with written as (
    update contact c
       set state = b.state, p_reach = b.p_reach, p_alive = b.p_alive, p_mine = b.p_mine, delivered = b.delivered, failed = b.failed,
           observations = b.observations, last_at = to_timestamp(nullif(b.last_s, 0)), why = b.why, believed_at = now(), model = $1,
           denied_at = case when b.denied then coalesce(c.denied_at, to_timestamp(b.denied_s)) end
      from believed b where c.ctid = b.contact
    returning c.key, c.person_id, b.before, b.state, b.why, b.first)
insert into quality_change (key, person_id, before, after, why, at)
select key, person_id, before, state, why, now() from written where first and before <> state"""

FIGURES = (
    ("p_reach", ">f4"), ("p_alive", ">f4"), ("p_mine", ">f4"), ("delivered", ">i4"), ("failed", ">i4"), ("observations", ">i4"), ("last_s", ">i8"),
    ("denied", "?"), ("denied_s", ">i8"),
)  # fmt: skip
PLACED = (("place", ">i4"), ("first", "?"), ("contact", "V6"), ("version", "V4"))
SIZED = [part for name, kind in (*PLACED, *FIGURES) for part in ((f"{name}_size", ">i4"), (name, kind))]
ROW = np.dtype([("fields", ">i2"), *SIZED])
"""A row of `believed` as COPY takes it, up to its three texts."""
HEADER, END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"

MARK_DEAD = """
insert into number (key, channel, dead_at, last_at) select key, channel, now(), now() from unnest($1::bytea[], $2::text[]) as u(key, channel) order by key
    on conflict (key) do update set dead_at = excluded.dead_at"""

UNMARK_DEAD = "update number set dead_at = null where key = any($1::bytea[])"


class Belief(Struct, frozen=True, gc=False):
    """What is believed of a number as one person's contact."""

    person_id: str
    key: bytes
    rows: Sequence[bytes]
    """Where its rows stand, in the versions that were read (`beliefs.CONTACTS`)."""
    before: str
    state: str
    why: str
    p_reach: float
    p_alive: float
    p_mine: float
    delivered: int
    failed: int
    observations: int
    last_s: int
    """When something last came of the number, in seconds; 0: never."""
    denied: bool
    """A "not me" stops it."""
    denied_s: int
    """When that was answered, in seconds."""


async def put(connection: Connection, beliefs: Sequence[Belief], model: int) -> list[Belief]:
    """Writes beliefs and changes of state: those whose rows nobody else holds, and are all as they were read. Returns the others."""
    if not beliefs:
        return []
    await connection.execute(STAGE)
    await connection.copy_to_table("believed", source=_laid_out(beliefs), format="binary")
    held = Counter(await connection.fetchval(LOCK) or ())
    left = [place for place, one in enumerate(beliefs) if held[place] != len(one.rows)]
    if left:
        await connection.execute(LEAVE, left)
    await connection.execute(PUT, model)
    return [beliefs[place] for place in left]


async def mark_dead(connection: Connection, dead: Sequence[tuple[bytes, str]], alive: Sequence[bytes]) -> None:
    """Marks numbers (key, channel) that are dead as somebody's contact, so that the claim looks closer; and takes marks away."""
    if dead:
        await connection.execute(MARK_DEAD, [key for key, _ in dead], [channel for _, channel in dead])
    if alive:
        await connection.execute(UNMARK_DEAD, alive)


def _laid_out(beliefs: Sequence[Belief]) -> memoryview:
    """Rows of `believed`, one a row of `contact`, in PostgreSQL's binary format."""
    of = np.repeat(np.arange(len(beliefs)), [len(one.rows) for one in beliefs])
    rows = np.zeros(len(of), dtype=ROW)
    rows["fields"] = len(PLACED) + len(FIGURES) + 3
    for name, _ in (*PLACED, *FIGURES):
        rows[f"{name}_size"] = ROW[name].itemsize
    rows["place"], rows["first"] = of, np.diff(of, prepend=-1)
    found = np.frombuffer(b"".join([row for one in beliefs for row in one.rows]), dtype=[("contact", "V6"), ("version", "V4")])
    rows["contact"], rows["version"] = found["contact"], found["version"]
    for name, _ in FIGURES:
        rows[name] = np.array([getattr(one, name) for one in beliefs])[of]
    texts = [_states(one.before, one.state) + _text(one.why) for one in beliefs]
    fixed, size = rows.tobytes(), ROW.itemsize
    parts = [part for at, place in enumerate(of.tolist()) for part in (fixed[at * size : (at + 1) * size], texts[place])]
    return memoryview(b"".join((HEADER, *parts, END)))


@cache
def _states(before: str, state: str) -> bytes:
    return _text(before) + _text(state)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(4) + encoded
