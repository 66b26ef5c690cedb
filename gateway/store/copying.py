"""Rows into tables by COPY: the cheapest way in, for sets whose keys were looked up under the persons' locks.

An array parameter costs asyncpg an abstract-class check an element; COPY does not. A key that somebody else wrote meanwhile raises
UniqueViolationError, and the transaction starts again.
"""

from collections.abc import Sequence
from typing import Any

from gateway.store.pool import Connection


async def copy_in(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Writes rows, each with a value for each column."""
    await connection.copy_records_to_table(table, records=rows, columns=columns)
