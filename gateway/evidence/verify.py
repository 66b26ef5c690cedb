"""Walks all chains of seals and compares them with the facts: whatever was changed, deleted, added or cut off afterwards shows.

In sets and by cursors, in one snapshot: memory stays the same however much is stored, and a gateway that runs is not held up.
"""

from collections.abc import Callable, Iterable, Sequence

from gateway.evidence import backing, links, published
from gateway.evidence.chain import FactKind, Sealer
from gateway.evidence.comparing import Comparing, unpacked
from gateway.evidence.facts import SOURCES, Source, named
from gateway.evidence.findings import Report
from gateway.evidence.session import Session

A_SET = 10_000
"""Entries compared at once."""
A_PAGE = 5000
PREFETCH = 100
"""Seals fetched at once: one holds up to some ten thousand bytes."""

COUNT = "select count(*) from seal"

CHAINS = """
with recursive c(chain) as (
  select min(chain) from seal union all select (select min(chain) from seal where chain > c.chain) from c where c.chain is not null)
select chain from c where chain is not null order by 1"""

SEALS = "select id, chain, seq, at, entries, mac from seal where chain = $1 order by seq"

ENTRIES = "select id, entries from seal where id = any($1::bigint[])"

WITH_BEFORE = """
select s.id, s.chain, s.seq, s.at, s.entries, s.mac, b.mac as before
  from seal s left join seal b on b.chain = s.chain and b.seq = s.seq - 1 where s.id = any($1::bigint[]) order by s.id"""

Progress = Callable[[int, int], object]
"""Told how many seals are done, of how many."""


async def everything(
    connection: Session, sealer: Sealer, kept: Iterable[str] = (), progress: Progress = lambda _done, _all: None
) -> Report:
    """Verifies the whole store. `kept`: lines with publications kept elsewhere (see `published.kept_outside`)."""
    report = Report()
    async with connection.transaction(isolation="repeatable_read", readonly=True):  # one state of the store for everything
        heads = await published.newest(connection, sealer, report)
        await published.kept_outside(connection, kept, report)
        total, comparing = await connection.fetchval(COUNT), Comparing(connection, sealer, report, A_SET)
        chains = [row[0] for row in await connection.fetch(CHAINS)]
        for chain in chains:
            link = links.Links(sealer, report, chain, heads.get(chain))
            async for row in connection.cursor(SEALS, chain, prefetch=PREFETCH):
                link.take(row)
                await comparing.take(row)
                progress(report.seals, total)
            link.end()
        await comparing.flush()
        links.gone(heads, set(chains), report)
        for source in SOURCES:
            if await connection.fetchval(source.count) > comparing.linked[source.kind]:
                await _unsealed(connection, source, report)
        await backing.check(connection, report)
    return report


async def one_person(connection: Session, sealer: Sealer, person_id: str) -> Report | None:
    """Verifies what is stored of one person: its facts, the seals they stand in, and that each of these follows from the one before.

    What was deleted of the person shows in a walk of everything only. None: nothing is stored of such a person.
    """
    report = Report()
    async with connection.transaction(isolation="repeatable_read", readonly=True):  # one state of the store for everything
        facts = {(of.kind, row[0]): row[1] for of in SOURCES for row in await connection.fetch(of.person, person_id)}
        if not facts:
            return None
        comparing, chains, standing = Comparing(connection, sealer, report, A_SET), set(), set()
        for row in await connection.fetch(WITH_BEFORE, list({seal for seal in facts.values() if seal is not None})):
            if not links.alone(sealer, row, row["before"]):
                report.wrong(f"chain {row['chain']}, row {row['seq']}", "does not follow from the row before it", row["at"])
            chains.add(row["chain"])
            report.seals += 1
            await comparing.take(row, only=facts)
            standing |= {(kind, fact) for kind, fact, _ in unpacked(row["entries"]) if facts.get((kind, fact)) == row["id"]}
        await comparing.flush()
        report.chains = len(chains)
        for kind, fact in sorted(facts.keys() - standing):
            report.wrong(named(kind, fact), "stands in no seal: it was added by another hand, or its seal was deleted or changed")
        await backing.check(connection, report, person_id)
    return report


async def _unsealed(connection: Session, source: Source, report: Report) -> None:
    """Names the facts of a kind that stand in no seal: there are more of them than entries."""
    cursor = await connection.cursor(source.every)
    while rows := await cursor.fetch(A_PAGE):
        entries = await _entries(connection, source.kind, list({row[1] for row in rows if row[1] is not None}))
        for ident, seal in rows:
            if ident not in entries.get(seal, ()):
                report.wrong(named(source.kind, ident), "stands in no seal: it was added by another hand, or its seal was deleted")


async def _entries(connection: Session, kind: FactKind, seals: Sequence[int]) -> dict[int, set[int]]:
    return {row[0]: {fact for of, fact, _ in unpacked(row[1]) if of is kind} for row in await connection.fetch(ENTRIES, seals)}
