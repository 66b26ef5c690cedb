"""The engines of a data folder: started once, shared by all who use them, stopped by the last one out."""

import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from gateway.engines.host import EngineHost
from gateway.engines.postgres import PostgresServer
from gateway.engines.redis import RedisServer

STAYS = """
import sys, time
from pathlib import Path
from gateway.engines.host import EngineHost
EngineHost(Path(sys.argv[1]), "embedded", "embedded").join()
print("in", flush=True)
time.sleep(60)
"""


def both(data_dir: Path) -> EngineHost:
    return EngineHost(data_dir, "embedded", "embedded")


def pids(data_dir: Path) -> tuple[int | None, int | None]:
    return PostgresServer(data_dir).pid(), RedisServer(data_dir).pid()


async def ask(host: EngineHost, statement: str) -> object:
    connection = await asyncpg.connect(host.store_dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_it_starts_both_and_they_say_that_they_are_durable(data_dir: Path) -> None:
    async with both(data_dir) as host:
        said = await host.describe()
        async with Redis.from_url(host.redis_url) as redis:
            kept = await redis.config_get("save"), await redis.config_get("appendonly")
    assert {said["fsync"], said["full_page_writes"], said["synchronous_commit"]} == {"on"}
    assert int(said["postgres"].split(".")[0]) >= 15
    assert kept == ({"save": ""}, {"appendonly": "no"})


async def test_it_keeps_what_was_written_and_the_password_over_a_stop(data_dir: Path) -> None:
    async with both(data_dir) as first:
        await ask(first, "create table kept (word text)")
        await ask(first, "insert into kept values ('提醒')")
        dsn = first.store_dsn
    async with both(data_dir) as second:
        assert second.store_dsn == dsn
        assert await ask(second, "select word from kept") == "提醒"


async def test_a_second_one_joins_and_only_the_last_one_out_stops_them(data_dir: Path) -> None:
    async with both(data_dir) as first:
        async with both(data_dir) as second:
            started = pids(data_dir)
            assert await ask(second, "select 1") == 1
        assert pids(data_dir) == started
        assert await ask(first, "select 1") == 1
    assert not PostgresServer(data_dir).up()
    assert not RedisServer(data_dir).up()


async def test_two_data_folders_live_side_by_side(data_dir: Path) -> None:
    async with both(data_dir / "a") as a, both(data_dir / "b") as b:
        await ask(a, "create table only_here ()")
        assert await ask(a, "select to_regclass('only_here')::text") == "only_here"
        assert await ask(b, "select to_regclass('only_here')::text") is None
        async with Redis.from_url(a.redis_url) as redis_a, Redis.from_url(b.redis_url) as redis_b:
            await redis_a.set("k", "a")
            assert await redis_b.get("k") is None


async def test_a_given_url_is_passed_on_and_nothing_is_started(data_dir: Path) -> None:
    async with EngineHost(data_dir / "var", "postgresql://u:p@db/x", "redis://cache:6379/0") as host:
        assert host.store_dsn == "postgresql://u:p@db/x"
        assert host.redis_url == "redis://cache:6379/0"
    assert not (data_dir / "var").exists()


def kill_a_gateway_that_is_in(data_dir: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", STAYS, data_dir], stdout=subprocess.PIPE, text=True) as gateway:
        assert gateway.stdout is not None
        assert any(line == "in\n" for line in gateway.stdout)
        gateway.kill()


async def test_the_engines_of_a_killed_gateway_are_joined_and_then_stopped(data_dir: Path) -> None:
    kill_a_gateway_that_is_in(data_dir)
    orphans = pids(data_dir)
    async with both(data_dir) as host:
        assert pids(data_dir) == orphans
        assert await ask(host, "select 1") == 1
    assert pids(data_dir) == (None, None)


async def test_the_gateways_role_is_no_superuser_and_needs_its_password(data_dir: Path) -> None:
    async with both(data_dir) as host:
        assert await ask(host, "select rolsuper from pg_roles where rolname = current_user") is False
        folder = PostgresServer(data_dir).sockets
        assert folder.stat().st_mode & 0o077 == 0
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(host=str(folder), port=5432, user="tixing", database="tixing", password="guess")
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
            await asyncpg.connect(host=str(folder), port=5432, user="nobody", database="tixing", password="")
    assert (data_dir / "engines" / "postgres.password").stat().st_mode & 0o777 == 0o600


async def test_a_thrown_away_password_is_made_anew(data_dir: Path) -> None:
    async with both(data_dir) as host:
        await ask(host, "create table kept ()")
    (data_dir / "engines" / "postgres.password").unlink()
    async with both(data_dir) as host:
        assert await ask(host, "select to_regclass('kept')::text") == "kept"


async def test_a_path_too_long_for_a_socket_gets_one_elsewhere(data_dir: Path) -> None:
    deep = data_dir / ("长" * 30) / ("d" * 80)
    deep.mkdir(mode=0o711, parents=True)
    deep.parent.chmod(0o711)
    async with both(deep) as host, both(deep) as joined:
        short = PostgresServer(deep).sockets
        assert not short.is_relative_to(data_dir)
        assert await ask(joined, "select 1") == 1
        async with Redis.from_url(host.redis_url) as redis:
            assert await redis.ping()
    assert not short.exists()


async def test_nothing_personal_reaches_the_servers_log(data_dir: Path) -> None:
    async with both(data_dir) as host:
        await ask(host, "create table p (number text primary key)")
        await ask(host, "insert into p values ('13800138000')")
        with pytest.raises(asyncpg.UniqueViolationError):
            await ask(host, "insert into p values ('13800138000')")
    said = (data_dir / "postgres" / "server.log").read_text()
    assert "p_pkey" in said
    assert "13800138000" not in said
