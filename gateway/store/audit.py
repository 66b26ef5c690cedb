"""Who did what by hand."""

from gateway.store.pool import Queries

NOTE = "insert into audit (who, what, detail) values ($1, $2, $3)"


async def note(connection: Queries, who: str, what: str, detail: str = "") -> None:
    """Writes one act; `detail` holds ids, never personal data."""
    await connection.execute(NOTE, who, what, detail)
