"""Publications of heads: a chain of their own, and what they promise of the chains of seals."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from gateway.evidence.chain import Sealer
from gateway.evidence.findings import Report
from gateway.evidence.heads import heads_mac, of_letters
from gateway.evidence.session import Session

READ = "select id, at, heads::text as heads, mac from seal_head order by id"
KNOWN = "select mac from seal_head where mac = any($1::bytea[])"
_MAC = re.compile(r"\bmac\"?\s*[=:]\s*\"?([a-p]{64})\b")

Heads = dict[int, tuple[int, bytes]]
"""Chain → rows, MAC of the last."""


async def newest(connection: Session, sealer: Sealer, report: Report) -> Heads:
    """Walks all publications; returns what the newest says of each chain that was ever published."""
    heads: Heads = {}
    before = bytes(32)
    async for row in connection.cursor(READ, prefetch=50):
        about = f"publication {row['id']}"
        given: Mapping[str, tuple[int, str]] = msgspec.json.decode(row["heads"], type=dict[str, tuple[int, str]])
        if not sealer.same(heads_mac(sealer, before, row["at"], _as_sealed(given)), row["mac"]):
            report.wrong(about, "was changed, or one before it is missing", row["at"])
        _compare(heads, {int(chain): (seq, bytes.fromhex(mac)) for chain, (seq, mac) in given.items()}, about, row["at"], report)
        before = row["mac"]
        report.publications += 1
    return heads


def _as_sealed(given: Mapping[str, tuple[int, str]]) -> str:
    """The text as `publish_heads` sealed it: the store keeps JSON in an order of its own."""
    return msgspec.json.encode(given, order="sorted").decode()


def _compare(heads: Heads, later: Heads, about: str, at: datetime, report: Report) -> None:
    """Chains only grow: one that a later publication leaves out or shortens was cut when it was published."""
    for chain, (rows, _) in heads.items():
        if chain not in later:
            report.wrong(about, f"leaves out chain {chain}, which was published before with {rows} rows", at)
        elif later[chain][0] < rows:
            report.wrong(about, f"names {later[chain][0]} rows of chain {chain}, of which {rows} were published before", at)
    heads.update({chain: head for chain, head in later.items() if chain not in heads or head[0] >= heads[chain][0]})


async def kept_outside(connection: Session, lines: Iterable[str], report: Report) -> int:
    """Compares with publications kept elsewhere: log lines `heads … mac=…`. Returns how many were read."""
    kept = list(dict.fromkeys(found[1] for line in lines if (found := _MAC.search(line))))
    known = {row[0] for row in await connection.fetch(KNOWN, [of_letters(mac) for mac in kept])}
    for mac in kept:
        if of_letters(mac) not in known:
            report.wrong(
                "publications", f"the one with mac {mac} is not in the store: the newest ones, and what they held, were taken away"
            )
    return len(kept)
