"""Rows into tables by COPY: the cheapest way in, for sets whose keys were looked up under the persons' locks.

An array parameter costs asyncpg an abstract-class check an element; COPY does not. A key that somebody else wrote meanwhile raises
UniqueViolationError, and the transaction starts again.
"""

from collections.abc import Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from gateway.store.pool import Connection

FEW = 16
"""Below this many rows a prepared insert is quicker: one round trip instead of two, and looking for empty columns is not worth it."""


async def copy_in(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Writes rows, each with a value for each column. Columns that are null in every row are left out: they need not be encoded."""
    if len(rows) < FEW:
        await connection.executemany(_insert(table, tuple(columns)), rows)
        return
    filled = [place for place, column in enumerate(zip(*rows, strict=True)) if column.count(None) < len(rows)]
    if len(filled) < len(columns):
        columns, pick = [columns[place] for place in filled], itemgetter(*filled)
        rows = [pick(row) for row in rows]
    await connection.copy_records_to_table(table, records=rows, columns=columns)


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    return f"insert into {table} ({', '.join(columns)}) values ({places})"  # noqa: S608 - our own columns
