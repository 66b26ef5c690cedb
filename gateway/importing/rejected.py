"""FILE.rejected.csv: the rows that were not taken, as they came, with what is wrong; mended, it can be imported itself."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from gateway.importing.cells import Cell
from gateway.importing.rows import Flaw

ADDED = ("row", "column", "why", "kept")


class Rejected:
    """Written beside the file, mode 0600, since it holds what the file holds; appears under its name in the end, and only if there is a row."""

    def __init__(self, file: Path, headers: Sequence[str]) -> None:
        self.path = file.with_name(f"{file.name}.rejected.csv")
        self._part = self.path.with_name(f"{self.path.name}.part")
        self._part.unlink(missing_ok=True)
        descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._out: IO[str] = os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="", errors="replace")
        self._writer = csv.writer(self._out)
        self._writer.writerow([*ADDED, *headers])
        self.rows = 0

    def put(self, number: int, cells: Sequence[Cell], flaws: Sequence[Flaw], *, kept: bool = False) -> None:
        """A row with what is wrong with it. `kept`: the person was taken, without what the flaws name."""
        self.rows += 1
        columns = "; ".join(dict.fromkeys(flaw.column for flaw in flaws if flaw.column))
        why = "; ".join(f"{flaw.column}: {flaw.why}" if len(flaws) > 1 and flaw.column else flaw.why for flaw in flaws)
        self._writer.writerow([number, columns, why, "yes" if kept else "no", *(_shown(cell) for cell in cells)])

    def close(self) -> Path | None:
        """The file, or None where every row was taken; then one of an earlier import is gone, too."""
        self._out.close()
        if self.rows:
            self._part.replace(self.path)
            return self.path
        self.drop()
        self.path.unlink(missing_ok=True)
        return None

    def drop(self) -> None:
        """Leaves nothing: the import did not end."""
        self._out.close()
        self._part.unlink(missing_ok=True)


def _shown(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell == int(cell):
        return str(int(cell))
    return str(cell)
