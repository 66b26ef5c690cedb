"""API tokens: stored hashed."""

from collections.abc import Sequence

from gateway.store.pool import Queries

CREATE = "insert into token (name, hash, scopes, region, sources) values ($1, $2, $3, $4, $5)"
LIST = "select name, scopes, region, sources, created_at, revoked_at from token order by created_at"
REVOKE = "update token set revoked_at = now() where name = $1 and revoked_at is null returning name"


async def create(
    connection: Queries, name: str, token_hash: bytes, scopes: Sequence[str], region: str | None, sources: Sequence[str]
) -> None:
    """Stores a new token.

    Raises:
        asyncpg.UniqueViolationError: The name is taken.

    """
    await connection.execute(CREATE, name, token_hash, list(scopes), region, list(sources))


async def every(connection: Queries) -> list[tuple[object, ...]]:
    """All tokens: name, scopes, region, sources, created, revoked."""
    return [tuple(row) for row in await connection.fetch(LIST)]


async def revoke(connection: Queries, name: str) -> bool:
    """Revokes a token; False where there is none of that name, or it was revoked before."""
    return await connection.fetchval(REVOKE, name) is not None
