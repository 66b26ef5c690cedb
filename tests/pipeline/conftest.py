"""Fixtures of the stages over a real store; the neighbouring rooms take them from here."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import asyncpg
import pytest
import structlog

from gateway.config.schema import Sending
from gateway.engines.host import EngineHost
from gateway.intake.check import Addresses, Checker
from gateway.numbers import looks_like_identity_number
from gateway.regions import Regions
from gateway.runtime import Runtime, _normalise
from gateway.security.blind import Blind
from tests.conftest import TEMPLATE, _execute, database_dsn
from tests.pipeline.plant import Plant, open_plant

EMPTY = """
do $$ declare one text; begin
  for one in select tablename from pg_tables where schemaname = 'public' and tablename not in ('_pogo_migration', 'template_version') loop
    execute format('delete from %I', one);
  end loop;
end $$"""


@pytest.fixture(scope="session")
def reused_dsn(migrated: EngineHost) -> str:
    """One database for all tests that leave its schema as it is: making one for each test takes longer than most of them."""
    with suppress(asyncpg.DuplicateDatabaseError):  # the rooms share it
        _execute(migrated.store_dsn, f"create database reused template {TEMPLATE}")
    return database_dsn(migrated, "reused")


@pytest.fixture
def emptied_dsn(reused_dsn: str) -> str:
    """That database without a row; what was fixed by migrations stays."""
    _execute(reused_dsn, EMPTY)
    return reused_dsn


@pytest.fixture
async def plant(emptied_dsn: str) -> AsyncIterator[Plant]:
    async with open_plant(emptied_dsn) as opened:
        yield opened


@pytest.fixture
async def other(plant: Plant) -> AsyncIterator[Plant]:
    """A second process over the same store."""
    async with open_plant(plant.runtime.config.store.url) as opened:
        yield opened


@pytest.fixture
def runtime(plant: Plant) -> Runtime:
    return plant.runtime


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """No log lines: structlog's default shows the values of every frame of an error, which takes seconds."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), processors=[])
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def checker() -> Checker:
    """The checks of events that need no store, with the real ports."""
    ports = Addresses(_normalise, Blind(bytes(32)).key, Regions.load().exists, looks_like_identity_number)
    return Checker(ports)


@pytest.fixture
async def plants(emptied_dsn: str) -> AsyncIterator[list[Plant]]:
    """Two processes, and numbers that take any number of messages a day."""
    sending = Sending(window=("00:00", "24:00"), per_address_per_day=0)
    async with open_plant(emptied_dsn, sending=sending) as one, open_plant(emptied_dsn, sending=sending) as two:
        yield [one, two]
