"""Publishes the heads of all chains: kept in the store under a MAC and written to the log, so that a cut-off end or a missing chain shows."""

from datetime import datetime

import msgspec

from gateway.evidence.chain import Sealer
from gateway.logs import get_logger
from gateway.store.pool import Queries

HEADS = "select distinct on (chain) chain, seq, mac from seal order by chain, seq desc"
LAST = "select heads, mac from seal_head order by id desc limit 1"
PUT = "insert into seal_head (at, heads, mac) values ($1, $2::jsonb, $3)"
log = get_logger("evidence")


def heads_mac(sealer: Sealer, before: bytes, at: datetime, heads: str) -> bytes:
    """MAC of one publication over the one before."""
    return sealer.mac(before, 0, 0, at, heads.encode())


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
    log.info("heads", chains=len(heads), seals=sum(h[0] for h in heads.values()), mac=mac.hex())
