"""XLSX, row by row: XlsxWriter keeps one row in memory and the rest in a file beside the workbook."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]  # it ships no types

from gateway.api.cells import inert
from gateway.api.listing import Cell
from gateway.api.query import SHANGHAI

WIDTH = 18


class Workbook:
    """One sheet with a heading. Blocks: call `add` and `close` in a thread."""

    def __init__(self, path: Path, headings: Sequence[str]) -> None:
        # Texts stay texts: the options switch off what XlsxWriter would make of "=…" and of addresses.
        self._book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_formulas": False, "strings_to_urls": False}
        )
        self._sheet = self._book.add_worksheet()
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._sheet.set_column(0, len(headings) - 1, WIDTH)
        self._sheet.freeze_panes(1, 0)
        self._sheet.write_row(0, 0, headings, self._book.add_format({"bold": True}))
        self._next = 1

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Writes rows below those that stand."""
        for row in rows:
            for column, cell in enumerate(row):
                self._write(column, cell)
            self._next += 1

    def close(self) -> None:
        """Finishes the file."""
        self._book.close()

    def _write(self, column: int, cell: Cell) -> None:
        if isinstance(cell, str):
            self._sheet.write_string(self._next, column, inert(cell))
        elif isinstance(cell, datetime):
            self._sheet.write_datetime(self._next, column, cell.astimezone(SHANGHAI).replace(tzinfo=None), self._moment)
        elif isinstance(cell, date):
            self._sheet.write_datetime(self._next, column, cell, self._day)
        elif cell is not None:
            self._sheet.write_number(self._next, column, cell)
