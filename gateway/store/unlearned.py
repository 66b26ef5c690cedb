"""Numbers that something came of since their beliefs were worked out. Written beside what came; the learner takes them out (scheduler/learning.py)."""

from collections.abc import Collection, Sequence

from gateway.store.copying import copy_in
from gateway.store.pool import Connection, Queries

COLUMNS = ("key",)

# Whoever commits more evidence of one of them later leaves a row of its own.
TAKE = """
delete from unlearned u
 using (select ctid from unlearned where at < now() - make_interval(secs => $2) limit $1 for update skip locked) t
 where u.ctid = t.ctid
returning u.key"""

# Looks no further than it must: this is asked often.
LATELY = "select count(*) from (select from unlearned where at > now() - make_interval(secs => $1) and at <= now() limit $2) u"

PUT_OFF = "insert into unlearned (key, at) select key, now() + make_interval(secs => $2) from unnest($1::bytea[]) as u(key)"

WAITING = "select exists(select from unlearned where at < now() - make_interval(secs => $1))"

# Numbers that something was sent to: of the others nothing can have become known. What is believed may be written just now, and say nothing of it yet.
OF_PERSONS = """
insert into unlearned (key) select distinct c.key from unnest($1::text[]) as u(person) join contact c on c.person_id = u.person
 where c.last_at is not null or exists (select from message m where m.key = c.key)"""


async def put(connection: Connection, keys: Collection[bytes]) -> None:
    """Notes that something came of these numbers, in the transaction that writes it."""
    await copy_in(connection, "unlearned", COLUMNS, [(key,) for key in keys])


async def put_off(connection: Queries, keys: Collection[bytes], seconds: float) -> None:
    """Notes these numbers for so many seconds from now. Whatever comes of one before that has a note of its own."""
    await connection.execute(PUT_OFF, list(keys), seconds)


async def take(connection: Connection, most: int, older_s: float = 0.0) -> Sequence[bytes]:
    """Takes at most `most` notes that are older than so many seconds, in the caller's transaction: their keys, each once."""
    return list({row[0] for row in await connection.fetch(TAKE, most, older_s)})


async def put_of(connection: Connection, persons: Sequence[str]) -> None:
    """Notes the numbers of these persons, who did something that speaks for or against them."""
    await connection.execute(OF_PERSONS, persons)


async def waiting(connection: Queries, seconds: float) -> bool:
    """Whether a note is older than so many seconds. By index: ask with the stages' connections."""
    return bool(await connection.fetchval(WAITING, seconds))


async def lately(connection: Queries, seconds: float, most: int) -> int:
    """How many notes came within so many seconds; counts no further than `most`."""
    return int(await connection.fetchval(LATELY, seconds, most))
