"""One request as a handler sees it, and what it answers with."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import msgspec
from aiohttp import web
from aiohttp.hdrs import ACCEPT
from asyncpg.pool import PoolConnectionProxy

from gateway.api.auth import ACQUIRE_S, Bearer
from gateway.api.problems import Missing, Problem
from gateway.api.query import B, Q, parse, parse_body
from gateway.api.services import Services
from gateway.store.reading.reader import PLAN_FOR_VALUES
from gateway.store.vault import Vault

LARGEST_ID = 2**63 - 1
JSON = "application/json"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""What every answer says: it may hold personal data, and nobody shall guess its type."""
FILES_AT_ONCE = web.AppKey("files_at_once", asyncio.Semaphore)
"""CSV and XLSX files that a process makes at a time; others wait. Each holds a connection of the pool."""
_QUALITY = re.compile(r"[01](\.[0-9]{0,3})?")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in."""

    request: web.Request
    services: Services
    bearer: Bearer
    vault: Vault

    def connection(self) -> AbstractAsyncContextManager[PoolConnectionProxy]:
        """A connection of the pool; TimeoutError where none is free in time."""
        return self.services.pool.acquire(timeout=ACQUIRE_S)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[PoolConnectionProxy]:
        """A connection that sees the store as of one moment and plans for the values it is given: filters differ too much for one plan."""
        async with self.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(PLAN_FOR_VALUES)
            yield connection

    def query(self, wanted: type[Q]) -> Q:
        """The parameters behind the question mark."""
        return parse(self.request.query, wanted)

    async def body(self, wanted: type[B]) -> B:
        """The JSON that was posted. Raises as `parse_body`, and 413 where it is too long."""
        return parse_body(await self.request.read(), wanted)

    def number(self, what: str) -> int:
        """The id in the path. Raises Missing where it is no id: nothing can be there."""
        text = self.request.match_info["id"]
        if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= LARGEST_ID):
            raise Missing(what)
        return int(text)

    def text(self, what: str) -> str:
        """The opaque id in the path. Raises Missing where the store could not hold it."""
        text = self.request.match_info["id"]
        if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise Missing(what)
        return text

    def accepts(self, *kinds: str) -> str:
        """The first of `kinds` that the caller takes, by the header Accept in its order.

        Raises:
            Problem: 406, it takes none of them.

        """
        for wanted in _by_preference(self.request.headers.get(ACCEPT, "*/*")):
            for kind in kinds:
                if wanted in {kind, f"{kind.partition('/')[0]}/*", "*/*"}:
                    return kind
        raise Problem(406, f"This path answers {', '.join(kinds)}.")


def _by_preference(accept: str) -> list[str]:
    """The media types of the header Accept, best first, without those refused by q=0 (RFC 9110, 12.5.1)."""
    ranked = []
    for part in accept.lower().split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
        ranked.append((kind or "*/*", float(quality) if _QUALITY.fullmatch(quality) else 1.0))
    return [kind for kind, quality in sorted(ranked, key=lambda pair: -pair[1]) if quality > 0]


def json_answer(value: object, status: int = 200) -> web.Response:
    """A value as JSON."""
    return web.Response(body=_encode(value), status=status, content_type=JSON, headers=HEADERS)
