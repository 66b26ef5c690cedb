"""An engine that was killed is started again, by one of those who watch."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
from redis.asyncio import Redis

from gateway.engines.account import unprivileged
from gateway.engines.host import EngineHost
from gateway.engines.postgres import PostgresServer
from gateway.engines.process import alive, ended, wait_until
from gateway.engines.redis import RedisServer

SOON_S = 30.0
"""Bound for a busy test machine; about a second is what it takes."""


@asynccontextmanager
async def watched(data_dir: Path, watchers: int = 1) -> AsyncIterator[EngineHost]:
    async with EngineHost(data_dir, "embedded", "embedded") as host:
        tasks = [asyncio.create_task(host.watch()) for _ in range(watchers)]
        await asyncio.sleep(0.1)
        try:
            yield host
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def killed_and_back(server: PostgresServer | RedisServer) -> None:
    """Kills it, and waits until another process of it takes connections."""
    before = server.pid()
    assert before is not None
    os.kill(before, signal.SIGKILL)
    await until(lambda: server.up() and server.pid() != before)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not condition():  # noqa: ASYNC110 - another process makes it true
            await asyncio.sleep(0.02)


async def test_a_killed_postgres_comes_back_with_all_that_was_committed(data_dir: Path) -> None:
    async with watched(data_dir) as host:
        connection = await asyncpg.connect(host.store_dsn)
        await connection.execute("create table t as select generate_series(1, 1000) as n")
        await killed_and_back(PostgresServer(data_dir))
        connection.terminate()
        again = await asyncpg.connect(host.store_dsn)
        assert await again.fetchval("select count(*) from t") == 1000
        await again.close()


async def test_a_killed_redis_comes_back_empty(data_dir: Path) -> None:
    async with watched(data_dir) as host:
        async with Redis.from_url(host.redis_url) as redis:
            await redis.set("k", "v")
        await killed_and_back(RedisServer(data_dir))
        async with Redis.from_url(host.redis_url) as redis:
            assert await redis.dbsize() == 0


async def test_it_comes_back_each_time(data_dir: Path) -> None:
    async with watched(data_dir):
        for server in (PostgresServer(data_dir), RedisServer(data_dir)) * 3:
            await killed_and_back(server)


async def test_of_many_who_watch_one_starts_it(data_dir: Path) -> None:
    async with watched(data_dir, watchers=4):
        await killed_and_back(PostgresServer(data_dir))
        await asyncio.sleep(0.5)
        said = (data_dir / "postgres" / "server.log").read_text()
    assert said.count("starting PostgreSQL") == 2
    assert "FATAL" not in said, "a second one was started and stumbled over the first"


async def test_a_pid_file_that_names_a_stranger_is_no_hindrance(data_dir: Path) -> None:
    server = PostgresServer(data_dir)
    async with EngineHost(data_dir, "embedded", "embedded"):
        first = server.pid()
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await ended(first)
        stranger = unprivileged(data_dir / "postgres").launch(["sleep", "60"], Path(os.devnull))
        file = server.data / "postmaster.pid"
        file.write_text(file.read_text().replace(str(first), str(stranger), 1))
        try:
            async with EngineHost(data_dir, "embedded", "embedded") as host:
                assert (await host.describe())["fsync"] == "on"
            assert alive(stranger)
        finally:
            os.kill(stranger, signal.SIGKILL)


async def test_word_of_an_end_comes_at_once() -> None:
    process = await asyncio.create_subprocess_exec("sleep", "60")
    asyncio.get_running_loop().call_later(0.05, process.kill)
    async with asyncio.timeout(SOON_S):
        await ended(process.pid)
    await process.wait()
    await ended(process.pid)


def test_a_zombie_is_not_alive() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    assert wait_until(lambda: not alive(pid), 5)
    os.waitpid(pid, 0)
