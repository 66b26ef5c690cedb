"""Consents: whether an account (an openid) may be written to, as its owner last said; what is refused stands beside the number, where plan and claim look."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from gateway.store import numbers
from gateway.store.pool import Connection

NOES = ("unfollowed", "refused")
"""States in which nothing is sent."""


PUT = """
insert into consent (key, template, channel, provider, state, at)
select * from unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
    on conflict (key, template) do update set state = excluded.state, at = excluded.at, provider = excluded.provider where excluded.at >= consent.at"""

CLEAR = """
update consent c set state = u.state, at = u.at from unnest($1::bytea[], $2::text[], $3::timestamptz[]) as u(key, state, at)
 where c.key = u.key and c.at <= u.at and c.state = any($4::text[])"""

SHOW = """
insert into number (key, channel, refused, last_at)
select k.key, k.channel, r.refused, $3
  from unnest($1::bytea[], $2::text[]) as k(key, channel)
  cross join lateral (select array_agg(c.template order by c.template) as refused from consent c where c.key = k.key and c.state = any($4::text[])) r
 order by k.key
    on conflict (key) do update set refused = excluded.refused"""

OF_MESSAGES = "select id, key, channel, template from message where id = any($1::bigint[])"


class Word(Struct, frozen=True, gc=False):
    """What an owner of an account said. `template`: ours; empty: everything. `all_templates`: it also takes back every earlier no."""

    key: bytes
    template: str
    channel: str
    provider: str
    state: str
    at: datetime
    all_templates: bool = False


async def put(connection: Connection, words: Sequence[Word], at: datetime) -> None:
    """Writes what owners said, in its order; an older word changes nothing. Their numbers are held until the transaction ends."""
    channels = {word.key: word.channel for word in words}
    await numbers.hold(connection, channels)
    for word in words:  # a sign is rare, and one person's follow each other
        row = [word.key], [word.template], [word.channel], [word.provider], [word.state], [word.at]
        await connection.execute(PUT, *row)
        if word.all_templates:
            await connection.execute(CLEAR, [word.key], [word.state], [word.at], NOES)
    await connection.execute(SHOW, list(channels), list(channels.values()), at, NOES)


async def of_messages(connection: Connection, ids: Sequence[int]) -> list[tuple[int, bytes, str, str]]:
    """(message id, key, channel, template): where they went and with which text."""
    return [tuple(row) for row in await connection.fetch(OF_MESSAGES, ids)]
