"""Publishes the heads of all chains: kept in the store under a MAC and written to the log, so that a cut-off end or a missing chain shows."""

from datetime import datetime

import msgspec

from gateway.evidence.chain import Sealer
from gateway.logs import get_logger
from gateway.store.pool import Queries

HEADS = """
with recursive c(chain) as (
  select min(chain) from seal union all select (select min(chain) from seal where chain > c.chain) from c where c.chain is not null)
select c.chain, h.seq, h.mac from c cross join lateral (select seq, mac from seal where chain = c.chain order by seq desc limit 1) h
 where c.chain is not null"""
"""The last row of each chain, by index: a look at each chain, not at each row."""
LAST = "select heads, mac from seal_head order by id desc limit 1"
PUT = "insert into seal_head (at, heads, mac) values ($1, $2::jsonb, $3)"
LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
DIGITS = str.maketrans("abcdefghijklmnop", "0123456789abcdef")
log = get_logger("evidence")


def heads_mac(sealer: Sealer, before: bytes, at: datetime, heads: str) -> bytes:
    """MAC of one publication over the one before."""
    return sealer.mac(before, 0, 0, at, heads.encode())


def in_letters(mac: bytes) -> str:
    """A MAC for a log line, with letters a to p for its hexadecimal digits: the log's net would take some runs of digits for a telephone number."""
    return mac.hex().translate(LETTERS)


def of_letters(text: str) -> bytes:
    """The MAC back."""
    return bytes.fromhex(text.translate(DIGITS))


async def publish_heads(connection: Queries, sealer: Sealer) -> None:
    """Publishes where the heads have moved since the last time."""
    async with connection.transaction():
        rows = await connection.fetch(HEADS)
        heads = {str(row[0]): [row[1], row[2].hex()] for row in rows}
        last = await connection.fetchrow(LAST)
        if last is not None and msgspec.json.decode(last[0]) == heads:
            return
        now = await connection.fetchval("select now()")
        text = msgspec.json.encode(heads, order="sorted").decode()
        mac = heads_mac(sealer, last[1] if last is not None else bytes(32), now, text)
        await connection.execute(PUT, now, text, mac)
    log.info("heads", chains=len(heads), seals=sum(h[0] for h in heads.values()), mac=in_letters(mac))
