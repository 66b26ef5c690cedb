"""What the reading side needs of a connection, and the stretch of regions a caller may see."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias

import asyncpg
from msgspec import Struct

Rows: TypeAlias = list[asyncpg.Record]
STATEMENT_S = 60.0
"""How long one reading statement may take, in seconds."""


PLAN_FOR_VALUES = "set local plan_cache_mode = force_custom_plan"
"""Before the statements of lists, in a transaction: the pool forces generic plans, which know neither a region's size nor a page's."""


class Reader(Protocol):
    """The part of a connection that reading uses."""

    async def fetch(self, query: str, *args: object, timeout: float | None = None) -> Rows:
        """All rows."""

    async def fetchrow(self, query: str, *args: object, timeout: float | None = None) -> asyncpg.Record | None:
        """The first row."""

    async def fetchval(self, query: str, *args: object, column: int = 0, timeout: float | None = None) -> Any:
        """One value of the first row."""


class Readers(Protocol):
    """Connections to borrow for reading: either pool."""

    def acquire(self, *, timeout: float | None = None) -> AbstractAsyncContextManager[Reader]:
        """One for as long as the context lasts; waits at most `timeout` seconds for it."""


class Span(Struct, frozen=True):
    """Regions from `low` to below `high`, as PostgreSQL compares them byte by byte: a region and everything below it is one stretch of codes."""

    low: str = ""
    high: str = "\U0010ffff"

    @property
    def everywhere(self) -> bool:
        """True where nothing is left out, not even persons of no known region."""
        return not self.low

    def holds(self, region: str) -> bool:
        """Whether a region lies inside."""
        return self.low <= region < self.high

    def within(self, other: "Span") -> "Span":
        """What both hold; of two that share nothing, a stretch that holds nothing."""
        return Span(max(self.low, other.low), min(self.high, other.high))


EVERYWHERE = Span()


def span(code: str | None) -> Span:
    """A region code (GB/T 2260, trailing zeros or not) and all below it: 510000 → 51…, 510100 → 5101…; None is everywhere."""
    if not code:
        return EVERYWHERE
    stem = code
    while len(stem) > 2 and stem.endswith("00"):
        stem = stem[:-2]
    return Span(stem, stem[:-1] + chr(ord(stem[-1]) + 1))


class Statement(Struct, frozen=True):
    """A statement with its arguments; in those of lists the last argument is the number of rows wanted."""

    sql: str
    args: tuple[object, ...]

    async def fetch(self, reader: Reader) -> Rows:
        """Its rows."""
        return await reader.fetch(self.sql, *self.args, timeout=STATEMENT_S)
