"""API tokens, found by the hash of what the caller shows."""

import asyncpg

from gateway.store.reading.reader import Reader

FIND = "select name, scopes, region, sources from token where hash = $1 and revoked_at is null"


async def find(reader: Reader, token_hash: bytes) -> asyncpg.Record | None:
    """The token's name, scopes, region and sources; None for one that is unknown or revoked."""
    return await reader.fetchrow(FIND, token_hash, timeout=5)
