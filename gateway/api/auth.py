"""Who calls: bearer tokens, their scopes, sources and regions."""

import asyncio
from collections.abc import Callable
from functools import partial
from time import monotonic

from aiohttp import web
from aiohttp.hdrs import AUTHORIZATION
from msgspec import Struct

from gateway.api.problems import Problem
from gateway.security.tokens import hash_of
from gateway.store.reading import tokens
from gateway.store.reading.reader import EVERYWHERE, Readers, Span, span
from gateway.words import Scope

TTL_S = 5.0
"""How long a token is believed without asking the store: the longest that a revocation takes to act."""
REMEMBERED = 1000
"""Tokens kept in memory; guessed ones must not fill it."""
ACQUIRE_S = 5.0
"""How long a request waits for a connection, in seconds, before it is told to come back."""


class Bearer(Struct, frozen=True):
    """A token that was shown and found. `sources` empty: any event source; `span`: the regions it may see, `region` their code (None: all)."""

    name: str
    scopes: frozenset[str]
    span: Span = EVERYWHERE
    sources: frozenset[str] = frozenset()
    region: str | None = None

    def sees(self, region: str | None) -> bool:
        """Whether something of that region may be shown; what has no region is for those who see everything."""
        return self.span.holds(region or "")


BEARER = web.RequestKey("bearer", Bearer)


class Tokens:
    """Finds tokens in the store and remembers them for a few seconds, so that a revocation acts soon and a request costs no query."""

    def __init__(self, pool: Readers, ttl_s: float = TTL_S, clock: Callable[[], float] = monotonic) -> None:
        self._pool = pool
        self._ttl_s = ttl_s
        self._clock = clock
        self._found: dict[bytes, tuple[float, Bearer | None]] = {}
        self._looking: dict[bytes, asyncio.Task[Bearer | None]] = {}

    async def admit(self, request: web.Request, *scopes: Scope) -> Bearer:
        """The caller's token, which has one of `scopes` and which the request's log line will name.

        Raises:
            Problem: 401 without a valid token, 403 where it lacks the scopes.
            asyncpg.PostgresError, OSError: The store cannot be asked.

        """
        scheme, _, token = request.headers.get(AUTHORIZATION, "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthenticated("Show a token: Authorization: Bearer TOKEN.")
        token_hash = hash_of(token.strip())
        until, bearer = self._found.get(token_hash, (0.0, None))
        if self._clock() >= until:
            bearer = await self._look(token_hash)
        if bearer is None:
            raise _unauthenticated("This token is unknown or revoked.")
        request[BEARER] = bearer
        if bearer.scopes.isdisjoint(scopes):
            wanted = " or ".join(scopes)
            raise Problem(403, f"This token lacks the scope {wanted}.", headers={"WWW-Authenticate": 'Bearer error="insufficient_scope"'})
        return bearer

    async def _look(self, token_hash: bytes) -> Bearer | None:
        """Asks the store once, however many requests wait for the same token."""
        task = self._looking.get(token_hash)
        if task is None:
            task = self._looking[token_hash] = asyncio.get_running_loop().create_task(self._read(token_hash))
            task.add_done_callback(partial(self._looked, token_hash))
        return await asyncio.shield(task)

    def _looked(self, token_hash: bytes, task: asyncio.Task[Bearer | None]) -> None:
        self._looking.pop(token_hash, None)
        if not task.cancelled():
            task.exception()  # whoever waited has it; nobody may have

    async def _read(self, token_hash: bytes) -> Bearer | None:
        async with self._pool.acquire(timeout=ACQUIRE_S) as connection:
            row = await tokens.find(connection, token_hash)
        bearer = (
            Bearer(row["name"], frozenset(row["scopes"]), span(row["region"]), frozenset(row["sources"]), row["region"]) if row else None
        )
        if len(self._found) >= REMEMBERED:
            self._found.clear()
        self._found[token_hash] = (self._clock() + self._ttl_s, bearer)
        return bearer


def _unauthenticated(detail: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="tixing"'})
