"""Rows of the seal chain."""

from gateway.evidence.chain import SealRow
from gateway.store.pool import Connection

INSERT = "insert into seal (id, chain, seq, at, entries, mac) values ($1, $2, $3, $4, $5, $6)"


async def insert(connection: Connection, row: SealRow) -> None:
    """Writes the seal of this transaction; `row.committed(connection.chain)` after its commit."""
    await connection.execute(INSERT, row.id, row.chain, row.seq, row.at, row.entries, row.mac)
