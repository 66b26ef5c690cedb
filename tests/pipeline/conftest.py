"""Fixtures of the stages over a real store; the neighbouring rooms take them from here."""

from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from gateway.intake.check import Addresses, Checker
from gateway.numbers import looks_like_identity_number
from gateway.regions import Regions
from gateway.runtime import Runtime, _normalise
from gateway.security.blind import Blind
from tests.pipeline.plant import Plant, open_plant


@pytest.fixture
async def plant(store_dsn: str) -> AsyncIterator[Plant]:
    async with open_plant(store_dsn) as opened:
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
