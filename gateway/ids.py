"""Ids of facts: bigints, handed out in blocks so that a set of rows knows its ids before it is written."""

from typing import Protocol

BLOCK = 1000
"""What one draw of the sequence `fact_id` is worth (its increment in the schema)."""


class Fetches(Protocol):
    """The part of a connection that this needs."""

    async def fetch(self, query: str, *args: object) -> list[tuple[int]]:
        """Runs a query."""


class Ids:
    """Hands out ids without asking the store each time. Gaps are harmless: ids only have to be unique."""

    def __init__(self) -> None:
        self._blocks: list[range] = []
        self._next = 0
        self._end = 0
        self._left = 0

    async def reserve(self, connection: Fetches, count: int) -> None:
        """Makes sure that at least `count` ids can be taken. Idempotent until they are taken."""
        if self._left >= count:
            return
        blocks = -(-(count - self._left) // BLOCK)
        rows = await connection.fetch("select nextval('fact_id') from generate_series(1, $1)", blocks)
        self._blocks += [range(row[0], row[0] + BLOCK) for row in rows]
        self._left += blocks * BLOCK

    def take(self) -> int:
        """The next id.

        Raises:
            IndexError: More were taken than reserved: a bug in the caller's arithmetic.

        """
        if self._next >= self._end:
            block = self._blocks.pop(0)
            self._next, self._end = block.start, block.stop
        self._next += 1
        self._left -= 1
        return self._next - 1
