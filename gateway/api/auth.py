"""Who calls: bearer tokens, their scopes and regions."""

import asyncpg


class Tokens:
    """Finds tokens in the store and remembers them for a few seconds, so that a revocation acts soon and a request costs no query."""

    def __init__(self, pool: asyncpg.Pool, ttl_s: float = 5.0) -> None:
        self._pool = pool
        self._ttl_s = ttl_s
