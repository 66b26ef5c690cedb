"""Engines for the tests: one private PostgreSQL and Redis a session, a fresh migrated database and an empty Redis a test."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, cycle
from pathlib import Path

import asyncpg
import pytest
import redis
from hypothesis import HealthCheck, settings

from gateway.engines.host import EngineHost
from gateway.store.migrate import migrate

# What stands beside the tests and asserts for them says what it found, too.
pytest.register_assert_rewrite(*(f"tests.{folder.name}" for folder in Path(__file__).parent.iterdir() if folder.is_dir()))

pytest_plugins = ("tests.hanging",)

# How long an example takes is the machine's doing, not the code's. Everything else stays as hypothesis has it here or, where CI is set, there.
settings.register_profile("any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

TEMPLATE = "tixing_template"
_serial = count(1)
_redis_databases = cycle(range(1, 16))


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder that every account can reach (pytest's own tmp_path is closed to all but its owner), gone after the test."""
    folder = make_data_dir()
    yield folder
    remove_data_dir(folder)


@pytest.fixture(scope="session")
def engines() -> Iterator[EngineHost]:
    """The session's engines, entered. Tests that kill engines start their own."""
    folder = make_data_dir()
    host = EngineHost(folder, "embedded", "embedded")
    host.join()
    yield host
    host.leave()
    remove_data_dir(folder)


@pytest.fixture(scope="session")
def migrated(engines: EngineHost) -> EngineHost:
    """The session's engines with a migrated database to copy from."""
    _execute(engines.store_dsn, f"create database {TEMPLATE}")
    _apart(migrate, database_dsn(engines, TEMPLATE))
    return engines


@pytest.fixture
def store_dsn(migrated: EngineHost) -> Iterator[str]:
    """A fresh, migrated database."""
    name = f"test_{next(_serial)}"
    _execute(migrated.store_dsn, f"create database {name} template {TEMPLATE}")
    yield database_dsn(migrated, name)
    _drop(migrated, name)


@pytest.fixture
def bare_dsn(engines: EngineHost) -> Iterator[str]:
    """A fresh, empty database."""
    name = f"bare_{next(_serial)}"
    _execute(engines.store_dsn, f"create database {name}")
    yield database_dsn(engines, name)
    _drop(engines, name)


@pytest.fixture
def redis_url(engines: EngineHost) -> str:
    """An empty Redis database of its own (one of fifteen, in turn)."""
    url = engines.redis_url.replace("db=0", f"db={next(_redis_databases)}")
    with redis.Redis.from_url(url) as connection:
        connection.flushdb()
    return url


def make_data_dir() -> Path:
    """A temporary data folder that an engine's account may pass through; remove it with `remove_data_dir`."""
    folder = Path(tempfile.mkdtemp(prefix="tixing-test-"))
    folder.chmod(0o711)
    return folder


def remove_data_dir(folder: Path) -> None:
    """Removes it, and the database where that had to be placed elsewhere."""
    shutil.rmtree((folder / "postgres").resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def database_dsn(host: EngineHost, name: str) -> str:
    """The DSN of another database of the same server."""
    return host.store_dsn.replace("@/tixing?", f"@/{name}?")


def _execute(dsn: str, statement: str) -> None:
    async def ask(dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    _apart(ask, dsn)


def _drop(host: EngineHost, name: str) -> None:
    """Drops a database, whoever is connected. A worker of autovacuum in it is the one that only a superuser may end: it goes by itself."""
    for patience_s in (0.2, 1.0, 5.0, 0.0):
        try:
            return _execute(host.store_dsn, f"drop database {name} with (force)")
        except asyncpg.InsufficientPrivilegeError:
            if not patience_s:
                raise
            time.sleep(patience_s)
    return None


def _apart(work: Callable[[str], Awaitable[object]], dsn: str) -> None:
    """Runs a coroutine in a loop of its own thread: whatever loop the test has, it is not touched."""

    async def run() -> None:
        await work(dsn)

    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(asyncio.run, run()).result()
