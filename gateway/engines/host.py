"""The engines of one data folder, shared by every process that uses it: the first in starts them, the last out stops them.

    async with EngineHost(data_dir, "embedded", "embedded") as host:
        pool = await asyncpg.create_pool(host.store_dsn)

Who is in holds a shared lock on `engines/users.lock`; the kernel counts, so that a kill -9 leaves no wrong number behind. Engines
that outlive a killed gateway are joined by the next one. Nothing is started for an engine whose URL is given.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import asyncpg
import structlog
from redis.asyncio import Redis

from gateway.engines.binaries import REFUGE
from gateway.engines.errors import EngineError, Unreachable
from gateway.engines.locks import UsersLock, exclusive
from gateway.engines.postgres import PostgresServer
from gateway.engines.process import ended
from gateway.engines.redis import RedisServer

EMBEDDED = "embedded"
RETRY_S = 1.0
"""Pause of the watch after a start that failed: a full disk does not mend in milliseconds."""
ASK_S = 5.0
DURABILITY = ("fsync", "full_page_writes", "synchronous_commit")

log = structlog.get_logger(__name__)


class Engine(Protocol):
    """What the host needs of a server."""

    name: str

    def up(self) -> bool:
        """Whether it takes connections."""

    def pid(self) -> int | None:
        """Its process."""

    def start(self) -> bool:
        """Starts it; False where it was up."""

    def stop(self) -> None:
        """Stops it."""


class EngineHost:
    """PostgreSQL and Redis by their URLs, embedded ones started and shared. Enter it once a process."""

    def __init__(self, data_dir: Path, store_url: str, redis_url: str, refuge: Path = REFUGE) -> None:
        self._data_dir = data_dir.absolute()
        self._given_store, self._given_redis = store_url, redis_url
        self._postgres = PostgresServer(self._data_dir, refuge)
        self._redis = RedisServer(self._data_dir)
        self._engines: list[Engine] = []
        if store_url == EMBEDDED:
            self._engines.append(self._postgres)
        if redis_url == EMBEDDED:
            self._engines.append(self._redis)
        self._users = UsersLock(self._folder / "users.lock")

    @property
    def store_dsn(self) -> str:
        """For asyncpg. Holds a password: never log it."""
        return self._postgres.dsn if self._given_store == EMBEDDED else self._given_store

    @property
    def redis_url(self) -> str:
        """For redis-py and arq."""
        return self._redis.url if self._given_redis == EMBEDDED else self._given_redis

    async def __aenter__(self) -> Self:
        try:
            await _to_its_end(self.join)
        except asyncio.CancelledError:
            await _to_its_end(self.leave)
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await _to_its_end(self.leave)

    def join(self) -> None:
        """Counts us in and sees to it that the engines run. Raises EngineError, and is not in then."""
        if not self._engines:
            return
        try:
            self._make_folder()
            self._users.join()
        except PermissionError as e:
            raise Unreachable(f"{e.filename} belongs to someone else: run as its owner, or name another data_dir.") from e
        try:
            self._each(self._ensure)
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """Counts us out; stops the engines where nobody else is in."""
        try:
            if self._users.alone():
                self._each(self._end)
        finally:
            self._users.leave()

    async def watch(self) -> None:
        """Starts an engine that died again, until cancelled. Any number of processes may watch: one of them acts."""
        async with asyncio.TaskGroup() as group:
            for engine in self._engines:
                group.create_task(self._guard(engine), name=f"watch {engine.name}")

    async def describe(self) -> dict[str, str]:
        """What the engines say of themselves: versions and PostgreSQL's durability settings, for /readyz and the bench."""
        connection = await asyncpg.connect(self.store_dsn, timeout=ASK_S)
        try:
            said = {name: str(await connection.fetchval("select current_setting($1)", name)) for name in ("server_version", *DURABILITY)}
        finally:
            await connection.close(timeout=ASK_S)
        async with Redis.from_url(self.redis_url, socket_timeout=ASK_S) as redis:
            version = (await redis.info("server"))["redis_version"]
        return {"postgres": said.pop("server_version").split()[0], "redis": str(version), **said}

    @property
    def _folder(self) -> Path:
        return self._data_dir / "engines"

    def _make_folder(self) -> None:
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)

    async def _guard(self, engine: Engine) -> None:
        while True:
            pid = engine.pid()
            if pid is not None and await asyncio.to_thread(engine.up):
                await ended(pid)
                log.warning("engine died", engine=engine.name, pid=pid)
            try:
                await _to_its_end(lambda: self._ensure(engine))
            except (EngineError, OSError) as e:
                log.error("engine not started", engine=engine.name, why=str(e))
                await asyncio.sleep(RETRY_S)

    def _ensure(self, engine: Engine) -> None:
        with exclusive(self._folder / f"{engine.name}.lock"):
            began = engine.start()
        if began:
            log.info("engine started", engine=engine.name, pid=engine.pid())

    def _end(self, engine: Engine) -> None:
        with exclusive(self._folder / f"{engine.name}.lock"):
            engine.stop()
        log.info("engine stopped", engine=engine.name)

    def _each(self, act: Callable[[Engine], None]) -> None:
        """Acts on all engines at once, waits for all, then raises what the first that failed raised."""
        with ThreadPoolExecutor(max_workers=len(self._engines)) as pool:
            jobs = [pool.submit(act, engine) for engine in self._engines]
        for job in jobs:
            job.result()


async def _to_its_end(work: Callable[[], None]) -> None:
    """Runs blocking work in a thread and waits for its end even when cancelled: a half-started engine would be nobody's."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
