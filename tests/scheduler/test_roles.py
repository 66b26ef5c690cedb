"""A process that cannot begin, or breaks off, leaves nothing open: no connection to the store, no provider, no task, no port."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

import scheduler.roles
from gateway.config import Config
from gateway.config.schema import MetricsEndpoint, Redis, Server
from gateway.roles.api import run_api
from gateway.roles.ports import Rooms
from gateway.runtime import open_runtime
from providers.base.types import Receive
from scheduler import calendar
from scheduler.roles import open_jobs, run_scheduler, run_worker
from tests.pipeline.plant import OTHER, VENDOR, Plant, Vendor, config_of

ROOMS = Rooms(calendar, calendar, open_jobs, run_worker, run_scheduler)


class Broke(Exception):
    """What went wrong."""


class Opened(Vendor):
    """Knows whether it is open; `fails` to open."""

    def __init__(self, name: str = VENDOR, *, fails: bool = False) -> None:
        super().__init__(name)
        self.fails, self.is_open, self.opens = fails, False, 0

    async def open(self) -> None:
        if self.fails:
            raise Broke
        self.is_open, self.opens = True, self.opens + 1

    async def close(self) -> None:
        assert self.is_open
        self.is_open = False


@pytest.fixture
def providers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Opened]:
    made = {VENDOR: Opened(), OTHER: Opened(OTHER)}

    def build(_: Config, __: Receive) -> dict[str, Any]:
        return {**made}

    monkeypatch.setattr(scheduler.roles, "build_providers", build)
    return made


@pytest.fixture
async def config(plant: Plant, redis_url: str, unused_tcp_port: int) -> AsyncIterator[Config]:
    """Everything that was begun has ended when the test has."""
    tasks, sessions = asyncio.all_tasks(), await connections(plant)
    yield config_of(plant.runtime.config.store.url, redis=Redis(url=redis_url), metrics=MetricsEndpoint(port=unused_tcp_port))
    assert asyncio.all_tasks() - tasks <= {asyncio.current_task()}
    async with asyncio.timeout(10):
        while await connections(plant) > sessions:  # noqa: ASYNC110 - the store notices the end of one a moment later
            await asyncio.sleep(0.02)
    (await asyncio.start_server(lambda *_: None, "127.0.0.1", unused_tcp_port)).close()


async def connections(plant: Plant) -> int:
    """Of others to this store."""
    own = "datname = current_database() and backend_type = 'client backend' and application_name not like 'tixing test%'"
    return await plant.count("pg_stat_activity", own)


async def test_a_worker_that_can_open_only_some_of_its_providers_closes_those(config: Config, providers: dict[str, Opened]) -> None:
    providers[OTHER].fails = True
    with pytest.raises(Broke):
        await run_worker(config, asyncio.Event())
    assert (providers[VENDOR].opens, providers[VENDOR].is_open) == (1, False)


async def test_a_worker_that_cannot_read_the_switches_closes_everything(
    config: Config, providers: dict[str, Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def begin(*_: object) -> None:
        raise Broke

    monkeypatch.setattr("scheduler.roles.Routing.begin", begin)
    with pytest.raises(Broke):
        await run_worker(config, asyncio.Event())
    assert [(one.opens, one.is_open) for one in providers.values()] == [(1, False)] * 2


@pytest.mark.parametrize("way", ["breaks off", "is cancelled"])
async def test_a_worker_that_ends_early_closes_everything(
    config: Config, providers: dict[str, Opened], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    working = asyncio.Event()

    async def main(_: object) -> None:
        working.set()
        if way == "breaks off":
            raise Broke
        await asyncio.sleep(60)

    monkeypatch.setattr("scheduler.worker.WakingWorker.main", main)
    running = asyncio.create_task(run_worker(config, asyncio.Event()))
    await working.wait()
    if way == "is cancelled":
        running.cancel()
    with pytest.raises((Broke, asyncio.CancelledError)):
        await running
    assert [(one.opens, one.is_open) for one in providers.values()] == [(1, False)] * 2


@pytest.mark.parametrize("role", [run_worker, run_scheduler])
async def test_a_process_whose_port_for_metrics_is_taken_closes_everything(config: Config, role: Any) -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", config.metrics.port)
    async with taken:
        with pytest.raises(OSError, match="in use"):
            await role(config, asyncio.Event())


async def test_an_api_whose_port_is_taken_closes_everything(config: Config, plant: Plant) -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    server = Server(host="127.0.0.1", port=taken.sockets[0].getsockname()[1])
    config = config_of(plant.runtime.config.store.url, redis=config.redis, server=server)
    async with taken:
        with pytest.raises(OSError, match="in use"):
            await run_api(config, ROOMS, asyncio.Event())


async def test_where_the_reading_side_cannot_be_opened_the_stages_pool_is_closed(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> asyncpg.Pool:
        raise Broke

    monkeypatch.setattr("gateway.runtime.open_reading", fails)
    with pytest.raises(Broke):
        async with open_runtime(config, calendar, "worker", migrating=False):
            raise AssertionError("it opened")
