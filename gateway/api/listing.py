"""A list: one declaration answers it as a page of JSON with a cursor, and whole as CSV or XLSX."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeAlias, TypeVar

import asyncpg

from gateway.api.calls import Call
from gateway.api.cursors import Cursors
from gateway.api.query import ListQuery
from gateway.api.shapes import Page
from gateway.store.reading.reader import Reader, Statement

Q = TypeVar("Q", bound=ListQuery)
R = TypeVar("R")
K = TypeVar("K", bound=tuple[Any, ...])
Cell: TypeAlias = str | int | float | date | datetime | None

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """A column of the files: its heading for people, and the cell of a row."""

    heading: str
    cell: Callable[[R], Cell]


@dataclass(frozen=True, slots=True)
class Listing(Generic[Q, R, K]):
    """What a list is made of."""

    name: str
    """Names the files and marks the cursors."""
    summary: str
    query: type[Q]
    row: type[R]
    first: K
    """The key before the first row."""
    cursors: Cursors[K]
    select: Callable[[Call, Reader, Q, K, int], Awaitable[Statement]]
    """The statement for at most so many rows after a key, in the order of keys."""
    key: Callable[[asyncpg.Record], K]
    """The key of a row of that statement."""
    rows: Callable[[Call, Reader, Sequence[asyncpg.Record]], Awaitable[list[R]]]
    """What these rows of that statement show: as many, in their order."""
    columns: tuple[Column[R], ...]

    async def page(self, call: Call, query: Q) -> Page[R]:
        """The page behind the query's cursor."""
        after = self.cursors.read(query.cursor) if query.cursor else self.first
        async with call.snapshot() as connection:
            found = await (await self.select(call, connection, query, after, query.limit + 1)).fetch(connection)
            items = await self.rows(call, connection, found[: query.limit])
        more = len(found) > query.limit
        return Page(items, self.cursors.write(self.key(found[query.limit - 1])) if more else None)
