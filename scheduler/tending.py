"""Which process looks after a provider: it alone holds its link, pulls its reports and asks it questions. Another takes over when that one dies.

The right to is an advisory lock of a session of its own: it ends with the process, or with its way to the store. Whoever loses it stops at once.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Protocol
from zlib import crc32

import asyncpg

from gateway.logs import account, get_logger

CLASS = 7_461_003
"""First half of the locks' keys; the second is the provider's name, hashed."""
LOOK_S = 1.0
"""Seconds between looks at what nobody tends, and whether the session still stands."""
ANSWER_S = 3.0
"""Seconds the store may take to answer; beyond that the locks count as lost. Shorter than the store waits for us (KEEPALIVE)."""
KEEPALIVE = {"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3", "tcp_user_timeout": "10000"}
"""After some ten seconds without a sign of this machine the store gives its locks to others."""
MODESTY_S = 0.1
"""Seconds that a process waits for others, for each that it tends already: links spread over the processes."""
TRY = "select pg_try_advisory_lock($1, $2)"
UNLOCK = "select pg_advisory_unlock($1, $2)"
_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
log = get_logger("worker")


class Tended(Protocol):
    """Something that one process at a time does. `name` is the same in every process."""

    name: str

    async def begin(self) -> None:
        """This process is the one now."""

    async def end(self) -> None:
        """It is no longer: stop at once. Called after a `begin` that raised, too."""


class Tending:
    """Tends what nobody else does, for as long as it runs. `dsn`: the store, without a pooler in between that shares sessions."""

    def __init__(self, dsn: str, name: str, things: Sequence[Tended]) -> None:
        self._dsn, self._name = dsn, name
        self._things = {_key(thing.name): thing for thing in things}
        self._held: dict[int, Tended] = {}
        self._lost = asyncio.Event()
        self._stopping = False

    @property
    def held(self) -> frozenset[str]:
        """Names of what this process tends now."""
        return frozenset(thing.name for thing in self._held.values())

    async def run(self) -> None:
        """Until `stop`; then everything has ended and may be tended by others."""
        while not self._stopping and self._things:
            try:
                await self._session()
            except _AWAY as error:
                log.warning("tending_lost", providers=len(self._held), error=type(error).__name__)
            if not self._stopping:
                await asyncio.sleep(LOOK_S)

    def stop(self) -> None:
        """Ends everything."""
        self._stopping = True
        self._lost.set()

    async def _session(self) -> None:
        settings = KEEPALIVE | {"application_name": f"tixing {self._name} tending"}
        connection = await asyncpg.connect(self._dsn, server_settings=settings, timeout=ANSWER_S, command_timeout=ANSWER_S)
        self._lost.clear()
        connection.add_termination_listener(lambda _: self._lost.set())
        try:
            while not self._stopping and not connection.is_closed():
                await self._look(connection)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._lost.wait()
                        return
        finally:
            await self._end()
            connection.terminate()

    async def _look(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        await connection.execute("select 1")
        for key, thing in self._things.items():
            if key in self._held or self._lost.is_set():
                continue
            await asyncio.sleep(min(len(self._held), 4) * MODESTY_S)
            if await connection.fetchval(TRY, CLASS, key):
                await self._begin(connection, key, thing)

    async def _begin(self, connection: "asyncpg.Connection[asyncpg.Record]", key: int, thing: Tended) -> None:
        self._held[key] = thing
        log.info("tending", provider=thing.name)
        try:
            await thing.begin()
        except Exception as error:  # noqa: BLE001 - an edge: one that cannot begin must not keep this process from the others
            log.error("tending_failed", provider=thing.name, **account(error))
            await _ended(self._held.pop(key))
            await connection.fetchval(UNLOCK, CLASS, key)

    async def _end(self) -> None:
        held, self._held = self._held, {}
        await asyncio.gather(*(_ended(thing) for thing in held.values()))


async def _ended(thing: Tended) -> None:
    try:
        await thing.end()
    except Exception as error:  # noqa: BLE001 - an edge: the others must end all the same
        log.error("tending_ends_badly", provider=thing.name, **account(error))


def _key(name: str) -> int:
    """A lock's second half: 32 bits with a sign."""
    return int.from_bytes(crc32(name.encode()).to_bytes(4), signed=True)
