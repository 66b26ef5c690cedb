"""callback → inbox → receive: a callback is acknowledged when it is on disk, and applied by a worker, many a transaction.

The process that answers vendors only writes: one row, one commit. What a callback does to messages, notices and numbers is a worker's job; it
takes rows out of the inbox in the transaction that applies them, so that each is applied once, whatever dies in between.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import msgspec

from gateway.logs import account, get_logger
from gateway.pipeline.incoming import Incoming
from gateway.pipeline.poison import poisoned
from gateway.pipeline.receive import Receive
from gateway.receipt.texts import encodable
from gateway.store import inbox
from gateway.store.pool import Connection, Pool
from gateway.store.vault import Vault
from providers.base.types import Inbound, Reading, Report

MOST = 20
"""Callbacks that are applied in one transaction."""
FIRST_PAUSE = timedelta(seconds=1)
"""Until a callback that could not be applied is tried again; twice as long each time."""
PURPOSE = b"inbox"
log = get_logger(__name__)


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A callback as it stands in the inbox, sealed."""

    body: bytes
    reports: Sequence[Report]
    inbound: Sequence[Inbound]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode


class Inbox:
    """Both ends of the inbox. `woken` tells workers that something is in it."""

    def __init__(self, pool: Pool, vault: Vault, receive: Receive, woken: Callable[[], Awaitable[None]]) -> None:
        self._pool, self._vault, self._receive, self._woken = pool, vault, receive, woken

    async def put(self, incoming: Sequence[Incoming]) -> Sequence[None]:
        """Keeps callbacks, in one transaction; when it returns they are on disk."""
        rows = [(i.provider, self._sealed(i)) for i in incoming]
        async with self._pool.acquire() as connection:
            await inbox.put(connection, rows)
        await self._woken()
        return [None] * len(incoming)

    async def drain(self, stopping: Callable[[], bool]) -> int:
        """Applies what is due until nothing is left; returns how many callbacks that were. Several may drain at once.

        Raises:
            asyncpg.PostgresError, OSError: The store is away; nothing is lost.

        """
        total = 0
        while not stopping():
            taken: list[int] = []
            try:
                applied = await self._receive.out_of(lambda connection: self._take(connection, taken))  # noqa: B023 - awaited here
            except Exception as error:
                if not taken or not poisoned(error):
                    raise
                applied = await self._each_alone(taken)
            total += applied
            if len(taken) < MOST:
                break
        return total

    async def _take(self, connection: Connection, taken: list[int]) -> list[Incoming]:
        rows = await inbox.take(connection, MOST)
        taken[:] = [ident for ident, _, _ in rows]
        return [self._opened(provider, sealed) for _, provider, sealed in rows]

    async def _each_alone(self, idents: Sequence[int]) -> int:
        """One of these cannot be applied, and must not keep the others: it waits, and is tried again."""
        applied = 0
        for ident in idents:
            try:
                applied += await self._receive.out_of(lambda connection: self._take_one(connection, ident))  # noqa: B023 - awaited here
            except Exception as error:  # noqa: BLE001 - an edge: whatever it is, this callback stays and the next has its turn
                log.error("callback_not_applied", callback=ident, **account(error))
                async with self._pool.acquire() as connection:
                    await inbox.put_off(connection, ident, FIRST_PAUSE)
        return applied

    async def _take_one(self, connection: Connection, ident: int) -> list[Incoming]:
        return [self._opened(provider, sealed) for _, provider, sealed in await inbox.take_one(connection, ident)]

    def _sealed(self, incoming: Incoming) -> bytes:
        return self._vault.seal_raw(_packed(incoming.body, incoming.reading.reports, incoming.reading.inbound), PURPOSE)

    def _opened(self, provider: str, sealed: bytes) -> Incoming:
        kept = _decode(self._vault.open_raw(sealed, PURPOSE))
        return Incoming(provider, kept.body, Reading(kept.reports, kept.inbound))


def _packed(body: bytes, reports: Sequence[Report], inbound: Sequence[Inbound]) -> bytes:
    try:
        return _encode(Kept(body, reports, inbound))
    except UnicodeEncodeError:
        return _encode(Kept(body, [encodable(r) for r in reports], [encodable(m) for m in inbound]))
