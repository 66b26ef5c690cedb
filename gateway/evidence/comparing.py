"""Entries of seals against the facts they name: there, in this seal, with this content, at this moment."""

import struct
from collections import defaultdict
from collections.abc import Container, Sequence
from datetime import datetime
from typing import Any

import asyncpg
from msgspec import Struct

from gateway.evidence.chain import FactKind, Sealer, entries_of
from gateway.evidence.facts import A_TRANSACTION, SOURCE_OF, Source, earlier, named
from gateway.evidence.findings import Report
from gateway.evidence.session import Session

ERASED = "select fact_id from erasure where kind = $1 and fact_id = any($2::bigint[])"


def unpacked(packed: bytes) -> list[tuple[FactKind, int, bytes]]:
    """The entries of a seal; none where its bytes were changed so that they hold no entries: its MAC has told of that."""
    try:
        return list(entries_of(packed))
    except (ValueError, struct.error):
        return []


class Sealed(Struct, frozen=True, gc=False):
    """One entry, and the seal it stands in."""

    id: int
    digest: bytes
    seal: int
    at: datetime


class Comparing:
    """Collects entries and compares them a set at a time, so that memory stays the same however long the chains are."""

    def __init__(self, connection: Session, sealer: Sealer, report: Report, most: int) -> None:
        self._connection, self._sealer, self._report, self._most = connection, sealer, report, most
        self._waiting: dict[FactKind, list[Sealed]] = defaultdict(list)
        self.linked: dict[FactKind, int] = defaultdict(int)
        """Facts that stand where their own seal says."""

    async def take(self, seal: asyncpg.Record, only: Container[tuple[FactKind, int]] | None = None) -> None:
        """The entries of a seal (id, at, entries): all of them, or those of some facts."""
        for kind, fact, digest in unpacked(seal["entries"]):
            if only is None or (kind, fact) in only:
                self._waiting[kind].append(Sealed(fact, digest, seal["id"], seal["at"]))
        if sum(map(len, self._waiting.values())) >= self._most:
            await self.flush()

    async def flush(self) -> None:
        """Compares what waits."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        for kind, sealed in waiting.items():
            await self._compare(SOURCE_OF[kind], sealed)

    async def _compare(self, source: Source, sealed: Sequence[Sealed]) -> None:
        ids = [one.id for one in sealed]
        rows = {row[0]: tuple(row) for row in await self._connection.fetch(source.read, ids, min(ids), max(ids))}
        gone = [one.id for one in sealed if one.id not in rows or rows[one.id][3]]
        erased = {row[0] for row in await self._connection.fetch(ERASED, source.table, gone)} if gone else set()
        for one in sealed:
            self._one(source, one, rows.get(one.id), erased)
        self._report.facts += len(sealed)

    def _one(self, source: Source, one: Sealed, row: tuple[Any, ...] | None, erased: set[int]) -> None:
        about, report = named(source.kind, one.id), self._report
        if row is None:
            if one.id in erased:
                report.erased += 1
            else:
                report.wrong(about, "was deleted", one.at)
            return
        if row[1] != one.seal:
            if row[1] is None or not self._was(source.kind, one):
                report.wrong(about, "was changed: it names another seal than the one it stands in", one.at)
            return
        self.linked[source.kind] += 1
        if row[3]:
            if one.id in erased:
                report.erased += 1
            else:
                report.wrong(about, "its content was taken away, and no erasure is on record", one.at)
        elif self._sealer.digest(*row[4:]) != one.digest:
            report.wrong(about, "was changed since it was sealed", one.at)
        elif abs(row[2] - one.at) > A_TRANSACTION:
            report.wrong(about, f"its time was changed to {row[2]:%Y-%m-%d %H:%M:%S} UTC", one.at)

    def _was(self, kind: FactKind, one: Sealed) -> bool:
        """Whether the entry is of what a later fact replaced by right."""
        return any(self._sealer.digest(*content) == one.digest for content in earlier(kind, one.id, one.at))
