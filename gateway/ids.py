"""Ids of facts: bigints, drawn in blocks so that a set of rows knows its ids before it is written."""

from typing import Any, Protocol

BLOCK = 1000
"""What one draw of the sequence `fact_id` is worth (its increment in the schema)."""
SPARE = 20
"""Blocks kept at hand beyond what a caller asks for: whoever needs more than it thought goes on without asking the store."""


class Fetches(Protocol):
    """The part of a connection that this needs."""

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """Runs a query."""


class OutOfIds(Exception):
    """A set took thousands of ids more than it drew: split it."""


class Ids:
    """Hands out ids without asking the store each time. One a process. Gaps are harmless: ids only have to be unique."""

    def __init__(self) -> None:
        self._free: list[range] = []

    async def draw(self, connection: Fetches, count: int) -> "Draw":
        """About `count` ids for the caller alone."""
        while (missing := count + SPARE * BLOCK - sum(len(block) for block in self._free)) > 0:  # others may draw while this one waits
            blocks = max(SPARE, -(-missing // BLOCK))
            rows = await connection.fetch("select nextval('fact_id') from generate_series(1, $1)", blocks)
            self._free += [range(row[0], row[0] + BLOCK) for row in rows]
        return Draw(self)

    def block(self) -> range:
        """A block for one draw.

        Raises:
            OutOfIds: None is left.

        """
        if not self._free:
            raise OutOfIds
        return self._free.pop()

    def give_back(self, block: range) -> None:
        """What a draw did not take."""
        if block:
            self._free.append(block)


class Draw:
    """Ids that belong to one transaction."""

    __slots__ = ("_end", "_ids", "_next")

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._next = self._end = 0

    def take(self) -> int:
        """The next id. Raises OutOfIds."""
        if self._next == self._end:
            block = self._ids.block()
            self._next, self._end = block.start, block.stop
        self._next += 1
        return self._next - 1

    def done(self) -> None:
        """Gives back what was not taken."""
        self._ids.give_back(range(self._next, self._end))
        self._next = self._end = 0
