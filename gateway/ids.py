"""Ids of facts: bigints, drawn in blocks so that a set of rows knows its ids before it is written."""

from itertools import chain
from typing import Any, Protocol

BLOCK = 1000
"""What one draw of the sequence `fact_id` is worth (its increment in the schema)."""


class Fetches(Protocol):
    """The part of a connection that this needs."""

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """Runs a query."""


class Draw:
    """Ids that belong to one transaction. Those it does not take are lost, which is harmless: ids only have to be unique."""

    __slots__ = ("take",)

    def __init__(self, ranges: list[range]) -> None:
        self.take = chain.from_iterable(ranges).__next__
        """The next id; StopIteration when more are taken than were drawn: a bug in the caller's arithmetic."""


class Ids:
    """Hands out ids without asking the store each time. One a process."""

    def __init__(self) -> None:
        self._free: list[range] = []

    async def draw(self, connection: Fetches, count: int) -> Draw:
        """`count` ids for the caller alone."""
        while (missing := count - sum(len(block) for block in self._free)) > 0:  # others may draw while this one waits
            rows = await connection.fetch("select nextval('fact_id') from generate_series(1, $1)", -(-missing // BLOCK))
            self._free += [range(row[0], row[0] + BLOCK) for row in rows]
        return Draw(self._cut(count))

    def _cut(self, count: int) -> list[range]:
        cut = []
        while count > 0:
            block = self._free.pop()
            cut.append(block[:count])
            if len(block) > count:
                self._free.append(block[count:])
            count -= len(cut[-1])
        return cut
