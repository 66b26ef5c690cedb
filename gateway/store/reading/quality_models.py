"""Models that were learned, newest first, and one with its report."""

import asyncpg

from gateway.store.reading.reader import Reader, Statement

_ROW = "id, version, at, basis, report -> 'routes' as routes, id = (select max(id) from quality_model) as in_force"
LISTED = f"select {_ROW} from quality_model where id < $1 order by id desc limit $2"  # noqa: S608 - our own words
ONE = f"select {_ROW}, report from quality_model where version = $1"  # noqa: S608 - our own words

FIRST = 2**31 - 1
"""Before the newest."""


def listing(before: int, limit: int) -> Statement:
    """Models that were learned before that one."""
    return Statement(LISTED, (before, limit))


async def one(reader: Reader, version: str) -> asyncpg.Record | None:
    """The model of this version."""
    return await reader.fetchrow(ONE, version)
