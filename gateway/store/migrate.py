"""Brings the store to this version: applies `migrations/*.sql` in order, once, whoever starts first."""

from pathlib import Path

import asyncpg

from gateway.store.pool import Queries

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 7_461_001
"""Advisory lock so that several processes that start at once migrate one after the other."""


async def migrate(dsn: str) -> list[str]:
    """Applies what is missing and returns the names applied. Safe to run by many at once and again."""
    from pogo_core.util import migrate as pogo  # noqa: PLC0415 - only this command pays for its imports

    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("select pg_advisory_lock($1)", LOCK)
        before = await _applied(connection)
        await pogo.apply(connection, MIGRATIONS, schema_name="public")
        return sorted(await _applied(connection) - before)
    finally:
        await connection.close()


async def missing(connection: Queries) -> list[str]:
    """Names of migrations that this version has and the store has not."""
    return sorted({path.stem for path in MIGRATIONS.glob("*.sql")} - await _applied(connection))


async def _applied(connection: Queries) -> set[str]:
    if await connection.fetchval("select to_regclass('public._pogo_migration')") is None:
        return set()
    return {row["migration_id"] for row in await connection.fetch("select migration_id from public._pogo_migration")}
