"""The rows of chains: each must hold the MAC over the one before, and be what was published."""

from collections.abc import Mapping

import asyncpg

from gateway.evidence.chain import GENESIS, Sealer
from gateway.evidence.findings import Report


class Links:
    """Walks one chain, row by row in order of `seq`. `published`: (rows, MAC of the last) of the newest publication that names it."""

    def __init__(self, sealer: Sealer, report: Report, chain: int, published: tuple[int, bytes] | None) -> None:
        self._sealer, self._report, self._chain, self._published = sealer, report, chain, published
        self._seq, self._mac = 0, GENESIS
        report.chains += 1

    def take(self, row: asyncpg.Record) -> None:
        """The next row: chain, seq, at, entries, mac."""
        seq, at, entries, mac = row["seq"], row["at"], row["entries"], row["mac"]
        about = f"chain {self._chain}, row {seq}"
        if seq != self._seq + 1:
            gone = f"row {self._seq + 1}" if seq == self._seq + 2 else f"rows {self._seq + 1} to {seq - 1}"
            self._report.wrong(f"chain {self._chain}", f"{gone} missing before row {seq}", at)
        elif not self._sealer.same(self._sealer.mac(self._mac, self._chain, seq, at, entries), mac):
            self._report.wrong(about, "does not follow from the row before it: this seal was changed, or put in another's place", at)
        if self._published is not None and seq == self._published[0] and not self._sealer.same(mac, self._published[1]):
            self._report.wrong(about, "is not the row that was published", at)
        self._seq, self._mac = seq, mac
        self._report.seals += 1

    def end(self) -> None:
        """After its last row."""
        if self._published is not None and self._seq < self._published[0]:
            self._report.wrong(f"chain {self._chain}", f"its end was cut off: {self._published[0]} rows were published, it has {self._seq}")


def alone(sealer: Sealer, row: asyncpg.Record, before: bytes | None) -> bool:
    """Whether one row follows from the MAC of the one before (None: there is none)."""
    if before is None and row["seq"] != 1:
        return False
    computed = sealer.mac(GENESIS if row["seq"] == 1 else before or b"", row["chain"], row["seq"], row["at"], row["entries"])
    return sealer.same(computed, row["mac"])


def gone(published: Mapping[int, tuple[int, bytes]], found: set[int], report: Report) -> None:
    """Chains that were published and are not there at all."""
    for chain in sorted(published.keys() - found):
        report.wrong(f"chain {chain}", f"missing: it was published with {published[chain][0]} rows")
