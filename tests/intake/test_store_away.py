"""PostgreSQL away at any moment: 503 and come again; what was accepted stands, and the gateway recovers by itself."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from gateway.engines.host import EngineHost
from gateway.engines.postgres import PostgresServer
from gateway.store.migrate import migrate
from tests.pipeline.breaking import at_commit, on_insert
from tests.pipeline.events import known, number, raw, reminder, sms
from tests.pipeline.front import Client, Front, client_of
from tests.pipeline.plant import NO_REDIS, Plant, open_plant

ONE = {"Content-Type": "application/cloudevents+json"}


async def status_of(client: Client, person: str) -> int:
    response = await client.post("/v1/events", data=raw(known(person)), headers=ONE)
    if response.status == 503:
        assert int(response.headers["Retry-After"]) > 0
    return response.status


@pytest.mark.parametrize(
    "statement",
    [
        "perform pg_terminate_backend(pg_backend_pid())",
        "raise exception 'disk full' using errcode = '53100'",
        "raise exception 'read only' using errcode = '25006'",
        "raise exception 'shutting down' using errcode = '57P01'",
    ],
)
async def test_a_store_that_fails_for_a_while_is_503_and_nothing_is_half_done(client: Client, plant: Plant, statement: str) -> None:
    for breaking in (on_insert, at_commit):
        async with breaking(plant.pool, statement):
            assert await status_of(client, "p1") == 503
    assert await plant.count("person") == await plant.count("event") == await plant.count("seal") == 0
    assert await status_of(client, "p1") == 202


async def test_an_error_that_nobody_foresaw_is_500_and_says_nothing(client: Client, plant: Plant) -> None:
    async with at_commit(plant.pool, "raise exception 'the number 13800138000 is wrong'"):
        response = await client.post("/v1/events", data=raw(known("p1")), headers=ONE)
        assert response.status == 500
        assert "13800138000" not in await response.text()
    assert await status_of(client, "p1") == 202


async def test_a_store_that_restarts_in_the_middle_loses_nothing_that_was_accepted(data_dir: Path) -> None:
    async with EngineHost(data_dir, "embedded", NO_REDIS) as host:
        await migrate(host.store_dsn)
        server = PostgresServer(data_dir)
        async with open_plant(host.store_dsn) as plant, client_of(Front(plant)) as client:
            assert await status_of(client, "before") == 202
            posting = asyncio.create_task(many(client))
            await asyncio.sleep(0.3)
            await asyncio.to_thread(server.stop)
            assert await status_of(client, "away") == 503
            assert (await client.get("/v1/persons/before")).status == 503
            await asyncio.to_thread(server.start)
            statuses = await posting
            assert {202, 503} <= set(statuses.values()) <= {202, 503}
            assert await status_of(client, "after") == 202
            accepted = {person for person, status in statuses.items() if status == 202}
            stored = {row[0] for row in await plant.rows("select person_id from event")}
            assert accepted | {"before", "after"} <= stored
            assert await plant.count("person") == await plant.count("event")
            await plant.post(reminder("after", sms(number(1))))
            await plant.drain()
            assert plant.vendor.addresses == ["+86" + number(1)]


async def test_a_store_that_dies_in_the_moment_of_the_end_does_not_spoil_it(store_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(pool: asyncpg.Pool) -> None:
        pool.terminate()
        raise BrokenPipeError

    monkeypatch.setattr(asyncpg.Pool, "close", broken)
    async with open_plant(store_dsn) as plant:
        await plant.post(known("p1"))


async def many(client: Client) -> dict[str, int]:
    """Posts until the store was away and is back, whatever it is told."""
    statuses: dict[str, int] = {}
    until = asyncio.get_running_loop().time() + 30
    n = 0
    while asyncio.get_running_loop().time() < until:
        people = [f"p{n + k}" for k in range(8)]
        statuses.update(zip(people, await asyncio.gather(*(status_of(client, p) for p in people)), strict=True))
        n += 8
        if 503 in statuses.values() and 202 in list(statuses.values())[-8:]:
            break
        await asyncio.sleep(0.02)
    return statuses
