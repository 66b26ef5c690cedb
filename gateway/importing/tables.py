"""Files → rows, one after the other and never the whole: CSV in UTF-8, UTF-16 or GB18030, workbooks, NDJSON."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

import msgspec
from msgspec import Struct

from gateway.importing.cells import Cell
from gateway.importing.columns import NESTED, OURS, Column, Columns, column_of, read_header
from gateway.importing.errors import UnusableFile
from gateway.importing.rows import BadRow, Flaw, Named, named_cells

DELIMITERS = ",;\t"
LONGEST_CELL = 1_000_000
"""Characters of a cell; Python's csv refuses more with a clear word."""
A_BLOCK = 1 << 20


class Row(Struct, frozen=True):
    """A row: its number in the file (the header is 1), its cells that say something or what is wrong with it, and its cells as they came."""

    number: int
    named: Named
    nested: dict[str, Any]
    cells: list[Cell]
    bad: BadRow | None = None


class Table(Struct, frozen=True):
    """An open file. `position` of `size` tells how far its rows were read (size 0: nobody knows); `close` it in the end."""

    headers: list[str]
    unread: set[str]
    of_contacts: bool
    rows: Iterator[Row]
    size: int
    position: Callable[[], int]
    close: Callable[[], object]


def open_table(path: Path) -> Table:
    """Opens a file by its ending. Raises UnusableFile, OSError."""
    kind = path.suffix.lower()
    openers = {
        ".csv": _open_csv,
        ".txt": _open_csv,
        ".tsv": _open_csv,
        ".xlsx": _open_workbook,
        ".xlsm": _open_workbook,
        ".ndjson": _open_ndjson,
    }
    openers |= {".jsonl": _open_ndjson}
    if kind in {".xls", ".et", ".ods"}:
        raise UnusableFile(f"{kind} cannot be read: save it as .xlsx or .csv")
    if kind not in openers:
        raise UnusableFile(f"{path.name} does not end in .csv, .xlsx or .ndjson")
    return openers[kind](path)


def _open_csv(path: Path) -> Table:
    csv.field_size_limit(LONGEST_CELL)
    with ExitStack() as opened:  # closes where the header is refused
        raw = opened.enter_context(path.open("rb"))
        encoding = encoding_of(raw)
        lines = opened.enter_context(io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline=""))
        first = lines.readline()
        reader = csv.reader(_lines(first, lines), delimiter=max(DELIMITERS, key=first.count))
        headers = [header.strip() for header in next(reader, [])]
        columns = _header(headers, path)
        rows = _csv_rows(reader, columns, encoding)
        return Table(headers, set(columns.unread), columns.of_contacts, rows, path.stat().st_size, raw.tell, opened.pop_all().close)


def _lines(first: str, rest: io.TextIOWrapper) -> Iterator[str]:
    yield first
    yield from rest


def _csv_rows(reader: Any, columns: Columns, encoding: str) -> Iterator[Row]:
    for number in count(2):
        bad = None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cells, bad = [], BadRow([Flaw("", f"not CSV: {error}")])
        if not any(cell.strip() for cell in cells) and bad is None:
            continue
        if len(cells) > len(columns.by_place) and any(cell.strip() for cell in cells[len(columns.by_place) :]):
            bad = BadRow(
                [Flaw("", f"{len(cells)} cells, the header has {len(columns.by_place)}: put cells that hold the separator in quotes")]
            )
        if any(not cell.isprintable() and _broken(cell) for cell in cells):
            bad = BadRow([Flaw("", f"holds bytes that are no {encoding}: save the file as UTF-8")])
            cells = [cell.encode(errors="replace").decode() for cell in cells]
        yield Row(number, [] if bad else named_cells(columns.by_place, cells), {}, cells, bad)


def _broken(cell: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in cell)


def encoding_of(raw: BinaryIO) -> str:
    """The encoding by its mark, else UTF-8 where most lines that are not ASCII are UTF-8, else GB18030. Reads all of it once, and goes back."""
    start = raw.read(4)
    raw.seek(0)
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if start.startswith(mark):
            return name
    good = bad = 0
    for line in raw:
        if not line.isascii():
            try:
                line.decode()
                good += 1
            except UnicodeDecodeError:
                bad += 1
    raw.seek(0)
    return "utf-8" if good >= bad else "gb18030"


def _open_workbook(path: Path) -> Table:
    import openpyxl  # noqa: PLC0415 - 100 ms that a CSV need not wait
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415 - see above

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError, InvalidFileException):
        raise UnusableFile(f"{path.name} is no workbook: is it a CSV or an .xls with another ending?") from None
    with ExitStack() as opened:
        opened.callback(book.close)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its own size may be wrong
        rows, seen = sheet.iter_rows(values_only=True), _Counter()
        headers = [str(cell).strip() if cell is not None else "" for cell in next(rows, ())]
        while headers and not headers[-1]:
            headers.pop()
        columns = _header(headers, path)
        found = _sheet_rows(rows, columns, seen)
        return Table(headers, set(columns.unread), columns.of_contacts, found, 0, seen.get, opened.pop_all().close)


class _Counter:
    def __init__(self) -> None:
        self.rows = 0

    def get(self) -> int:
        return self.rows


def _sheet_rows(rows: Iterator[tuple[Any, ...]], columns: Columns, seen: _Counter) -> Iterator[Row]:
    for number, cells in enumerate(rows, 2):
        seen.rows += 1
        if any(cell is not None and str(cell).strip() for cell in cells):
            yield Row(number, named_cells(columns.by_place, cells), {}, list(cells[: len(columns.by_place)]))


def _open_ndjson(path: Path) -> Table:
    with ExitStack() as opened:
        raw = opened.enter_context(path.open("rb"))
        headers, unread = list(_first_object(raw)), set[str]()
        of_contacts = any(column is not None and column.field == "address" for column in map(column_of, headers))
        rows = _ndjson_rows(raw, headers, unread)
        return Table(headers, unread, of_contacts, rows, path.stat().st_size, raw.tell, opened.pop_all().close)


def _first_object(raw: BinaryIO) -> dict[str, Any]:
    """The first line's, to know the columns by; goes back to the start."""
    line = next((line for line in raw if line.strip()), b"{}")
    raw.seek(0)
    found = _object(line)
    if found is None:
        raise UnusableFile("its first line is no JSON object: an .ndjson file has one on each line")
    return found


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(line.removeprefix(codecs.BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _ndjson_rows(raw: BinaryIO, headers: list[str], unread: set[str]) -> Iterator[Row]:
    known: dict[str, Column | None] = {}
    for number, line in enumerate(raw, 1):
        if not line.strip():
            continue
        found = _object(line)
        if found is None:
            yield Row(number, [], {}, [], BadRow([Flaw("", "not a JSON object")]))
            continue
        nested = {key: value for key, value in found.items() if key in NESTED and value is not None}
        for key in found.keys() - known.keys() - NESTED:
            known[key] = column_of(key)
            if known[key] is None and key not in OURS:
                unread.add(key)
        cells = {key: value for key, value in found.items() if key not in NESTED}
        named = named_cells([known[key] for key in cells], list(cells.values()))
        yield Row(number, named, nested, [found.get(header) for header in headers])


def _header(headers: list[str], path: Path) -> Columns:
    if not headers:
        raise UnusableFile(f"{path.name} is empty: its first row must hold the names of the columns")
    return read_header(headers)
