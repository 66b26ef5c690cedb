"""Lists as files: whole, as of one moment, in constant memory, by a server-side cursor."""

import asyncio
import csv
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web
from asyncpg.pool import PoolConnectionProxy
from msgspec import Struct

from gateway.api.calls import FILES_AT_ONCE, HEADERS, Call
from gateway.api.cells import shown
from gateway.api.listing import CSV, XLSX, Cell, Listing
from gateway.api.problems import Problem
from gateway.api.query import ListQuery
from gateway.store.reading import lists
from gateway.store.reading.reader import STATEMENT_S, Statement

BATCH = 500
"""Rows in memory at a time; some 3 ms of the event loop each."""
EVERY = 2**62
"""More rows than any list has."""
STALLED_S = 60.0
"""A client that takes nothing for so long is cut off: it holds a connection and a snapshot of the store."""
PART = 256 * 1024
"""Bytes of a finished file sent at a time."""
WHOLE_S = 1800.0
"""How long one file may take from its first row to its last."""
SHEET_ROWS = 1_048_576
"""Rows of an XLSX sheet, the heading among them (ECMA-376; Excel's own limit)."""
MARK = "\ufeff".encode()
"""Without it Excel takes a CSV for the system's code page."""

AnyListing = Listing[Any, Any, Any]


class _Source(Struct, frozen=True):
    """Rows to be written, and the file's name without its ending."""

    name: str
    batches: AsyncIterator[list[Any]]


async def csv_answer(call: Call, listing: AnyListing, query: ListQuery) -> web.StreamResponse:
    """Streams the list as CSV (RFC 4180, UTF-8 with its mark)."""
    async with call.request.app[FILES_AT_ONCE], asyncio.timeout(WHOLE_S), _rows_of(call, listing, query) as source:
        first: list[Any] = await anext(source.batches, [])  # before the headers: an error can still be told
        async with _begun(call, f"{CSV}; charset=utf-8", f"{source.name}.csv") as response:
            await _write(response, MARK + _lines([[column.heading for column in listing.columns], *_cells(listing, first)]))
            async for rows in source.batches:
                await _write(response, _lines(_cells(listing, rows)))
    return response


async def xlsx_answer(call: Call, listing: AnyListing, query: ListQuery) -> web.StreamResponse:
    """Writes the list into a workbook on disk (masked, as on screen), then sends it: a workbook's directory stands at its end.

    Raises:
        Problem: 422, the list has more rows than a sheet holds.

    """
    from gateway.api.workbook import Workbook  # noqa: PLC0415 - XlsxWriter is loaded by those who export

    with TemporaryDirectory(prefix="tixing-") as folder:
        path = Path(folder, "list.xlsx")
        async with call.request.app[FILES_AT_ONCE], asyncio.timeout(WHOLE_S), _rows_of(call, listing, query, SHEET_ROWS - 1) as source:
            book = Workbook(path, [column.heading for column in listing.columns])
            async for rows in source.batches:
                await asyncio.to_thread(book.add, _cells(listing, rows))
            await asyncio.to_thread(book.close)
        return await _send(call, path, f"{source.name}.xlsx")


async def _send(call: Call, path: Path, filename: str) -> web.StreamResponse:
    file = await asyncio.to_thread(path.open, "rb")
    with file:
        async with _begun(call, XLSX, filename) as response:
            while part := await asyncio.to_thread(file.read, PART):
                await _write(response, part)
    return response


@asynccontextmanager
async def _begun(call: Call, kind: str, filename: str) -> AsyncIterator[web.StreamResponse]:
    """A response whose status has left: if it cannot be ended, only a broken connection tells the client that the file is not whole."""
    headers = HEADERS | {"Content-Type": kind, "Content-Disposition": f'attachment; filename="{filename}"'}
    response = web.StreamResponse(headers=headers)
    await response.prepare(call.request)
    try:
        yield response
    except BaseException:
        if call.request.transport is not None:
            call.request.transport.abort()
        raise
    await response.write_eof()


@asynccontextmanager
async def _rows_of(call: Call, listing: AnyListing, query: ListQuery, at_most: int | None = None) -> AsyncIterator[_Source]:
    async with call.snapshot() as connection:
        statement = await listing.select(call, connection, query, listing.first, EVERY)
        if at_most is not None:
            await _check_fits(connection, statement, at_most)
        async with aclosing(_batches(call, listing, connection, statement)) as batches:
            yield _Source(f"{listing.name}-{await lists.today(connection)}", batches)


async def _batches(call: Call, listing: AnyListing, connection: PoolConnectionProxy, statement: Statement) -> AsyncGenerator[list[Any]]:
    cursor = await connection.cursor(statement.sql, *statement.args)
    while found := await cursor.fetch(BATCH, timeout=STATEMENT_S):
        yield await listing.rows(call, connection, found)


async def _check_fits(connection: PoolConnectionProxy, statement: Statement, at_most: int) -> None:
    if await lists.count(connection, statement, at_most + 1) > at_most:
        raise Problem(
            422, f"This list has more rows than the {at_most:,} that an XLSX sheet holds: ask for format=csv, or narrow the filters."
        )


def _cells(listing: AnyListing, rows: Sequence[Any]) -> list[list[Cell]]:
    return [[column.cell(row) for column in listing.columns] for row in rows]


def _lines(rows: Sequence[Sequence[Cell]]) -> bytes:
    text = StringIO()
    csv.writer(text).writerows([shown(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


async def _write(response: web.StreamResponse, part: bytes) -> None:
    async with asyncio.timeout(STALLED_S):
        await response.write(part)
