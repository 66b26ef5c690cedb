"""The way in over real HTTP and a real store."""

from collections.abc import AsyncIterator

import pytest

from tests.pipeline.conftest import checker, emptied_dsn, other, plant, quiet, reused_dsn, runtime
from tests.pipeline.front import PROVIDERS, Client, Front, client_of
from tests.pipeline.plant import Plant, open_plant

__all__ = ["checker", "emptied_dsn", "other", "plant", "quiet", "reused_dsn", "runtime"]


@pytest.fixture
async def called(emptied_dsn: str) -> AsyncIterator[Plant]:
    """A plant whose vendor may call back."""
    async with open_plant(emptied_dsn, providers=PROVIDERS) as opened:
        yield opened


@pytest.fixture
def front(plant: Plant) -> Front:
    return Front(plant)


@pytest.fixture
async def client(front: Front) -> AsyncIterator[Client]:
    """With a token that may post anything."""
    async with client_of(front) as opened:
        yield opened
