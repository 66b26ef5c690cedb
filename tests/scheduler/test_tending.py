"""One process looks after a provider; another takes over when it dies, however it dies."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest

from gateway.pipeline.asking import Asking
from providers.base.abilities import HoldsLink, Pulls
from scheduler.providers import TendedProvider, tended
from scheduler.tending import Tending
from tests.pipeline.plant import Plant, Vendor

SLOW_MACHINE_S = 15.0


class Thing:
    def __init__(self, name: str = "acme") -> None:
        self.name = name
        self.is_open = False
        self.begins = 0
        self.fails = False

    async def begin(self) -> None:
        self.begins += 1
        if self.fails:
            raise ValueError("no")
        self.is_open = True

    async def end(self) -> None:
        self.is_open = False
        if self.fails:
            raise ValueError("no")


@asynccontextmanager
async def tending(dsn: str, *things: Thing) -> AsyncIterator[Tending]:
    made = Tending(dsn, "test", things)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        made.stop()
        async with asyncio.timeout(SLOW_MACHINE_S):
            await task


async def until(true: Callable[[], object], within_s: float = SLOW_MACHINE_S) -> float:
    began = time.monotonic()
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - what is awaited is anything a test can see
            await asyncio.sleep(0.01)
    return time.monotonic() - began


async def test_one_of_two_tends_and_the_other_takes_over_when_it_stops(store_dsn: str) -> None:
    one, two = Thing(), Thing()
    async with tending(store_dsn, one):
        await until(lambda: one.is_open)
        async with tending(store_dsn, two):
            await asyncio.sleep(1.5)
            assert (one.is_open, two.is_open) == (True, False)
    assert not one.is_open
    async with tending(store_dsn, two):
        await until(lambda: two.is_open)


async def test_many_things_spread_over_processes_and_each_has_one(store_dsn: str) -> None:
    ones, twos = [Thing(f"v{n}") for n in range(6)], [Thing(f"v{n}") for n in range(6)]
    async with tending(store_dsn, *ones) as first, tending(store_dsn, *twos) as second:
        await until(lambda: len(first.held | second.held) == 6)
        assert not first.held & second.held
        assert all(one.is_open != two.is_open for one, two in zip(ones, twos, strict=True))


async def test_a_lost_session_ends_everything_at_once_and_it_is_taken_up_again(store_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.tending.LOOK_S", 4.0)
    thing = Thing()
    async with tending(store_dsn, thing):
        await until(lambda: thing.is_open)
        await end_sessions(store_dsn)
        assert await until(lambda: not thing.is_open) < 3.0, "before the next look"
        await until(lambda: thing.is_open)
        assert thing.begins == 2


async def test_one_that_cannot_begin_keeps_nobody_from_the_others_or_from_trying(store_dsn: str) -> None:
    broken, well = Thing("a"), Thing("b")
    broken.fails = True
    async with tending(store_dsn, broken, well) as first:
        await until(lambda: well.is_open and broken.begins >= 2)
        assert first.held == {"b"}
        broken.fails = False
        await until(lambda: broken.is_open)


async def test_a_store_that_is_away_is_tried_again(store_dsn: str) -> None:
    thing = Thing()
    async with tending("postgresql://nobody@127.0.0.1:1/none", thing) as away:
        await asyncio.sleep(0.3)
        away._dsn = store_dsn
        await until(lambda: thing.is_open)


OWNER = """
import asyncio, sys
from scheduler.tending import Tending

class Thing:
    name = "acme"
    async def begin(self):
        print("mine", flush=True)
    async def end(self):
        print("ended", flush=True)

asyncio.run(Tending(sys.argv[1], "other", [Thing()]).run())
"""


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
async def test_another_takes_over_within_seconds_when_the_owner_is_killed(store_dsn: str, way: signal.Signals) -> None:
    owner = await asyncio.create_subprocess_exec(sys.executable, "-c", OWNER, store_dsn, stdout=subprocess.PIPE)
    try:
        assert owner.stdout is not None
        assert await asyncio.wait_for(owner.stdout.readline(), SLOW_MACHINE_S) != b""
        thing = Thing()
        async with tending(store_dsn, thing):
            await asyncio.sleep(1.2)
            assert not thing.is_open
            os.kill(owner.pid, way)
            assert await until(lambda: thing.is_open) < 10.0
    finally:
        with suppress(ProcessLookupError):
            owner.kill()
        await owner.wait()


async def end_sessions(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%tending' and datname = current_database()"
        )
    finally:
        await connection.close()


class Linked(Vendor):
    """Holds a link, keeps reports until they are fetched."""

    def __init__(self) -> None:
        super().__init__("acme")
        self.opened = self.pulls = 0
        self.is_open = False
        self.pull_every_s = 0.05
        self.fails = False
        self.pulling = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()

    def up(self) -> bool:
        return self.is_open

    async def open(self) -> None:
        self.opened += 1
        self.is_open = True

    async def close(self) -> None:
        self.is_open = False

    async def pull(self) -> int:
        self.pulling.set()
        await self.may_end.wait()
        self.pulls += 1
        if self.fails:
            raise OSError("13800138000 is not to be logged")
        return 1


def looked_after(plant: Plant, vendor: Linked, told: list[tuple[str, bool]]) -> TendedProvider:
    asking = Asking(plant.runtime.pool, plant.runtime.vault, frozenset())
    (one,) = tended({"acme": vendor, "plain": Vendor()}, asking, lambda name, well: told.append((name, well)))
    return one


async def test_a_link_is_open_and_pulled_from_only_where_it_is_tended(plant: Plant) -> None:
    vendor, told = Linked(), []  # type: ignore[var-annotated]
    assert isinstance(vendor, HoldsLink)
    assert isinstance(vendor, Pulls)
    one = looked_after(plant, vendor, told)
    assert (vendor.up(), vendor.pulls) == (False, 0)
    await one.begin()
    await until(lambda: vendor.pulls >= 3)
    assert vendor.up()
    await one.end()
    pulls = vendor.pulls
    await asyncio.sleep(0.2)
    assert (vendor.up(), vendor.pulls) == (False, pulls)
    assert set(told) == {("acme", True)}


async def test_a_pull_that_fails_is_told_and_tried_again(plant: Plant) -> None:
    vendor, told = Linked(), []  # type: ignore[var-annotated]
    vendor.fails = True
    one = looked_after(plant, vendor, told)
    await one.begin()
    await until(lambda: vendor.pulls >= 2)
    vendor.fails = False
    await until(lambda: ("acme", True) in told)
    await one.end()
    assert ("acme", False) in told


async def test_a_pull_on_its_way_ends_before_another_process_may_pull(plant: Plant) -> None:
    """What a vendor gave away is not given again: it must be on disk."""
    vendor, told = Linked(), []  # type: ignore[var-annotated]
    one = looked_after(plant, vendor, told)
    vendor.may_end.clear()
    await one.begin()
    await vendor.pulling.wait()
    ending = asyncio.create_task(one.end())
    await asyncio.sleep(0.1)
    assert not ending.done()
    vendor.may_end.set()
    await ending
    assert vendor.pulls == 1


async def test_a_pull_that_is_switched_off_is_off(plant: Plant) -> None:
    vendor, told = Linked(), []  # type: ignore[var-annotated]
    vendor.pull_every_s = 0
    one = looked_after(plant, vendor, told)
    await one.begin()
    await asyncio.sleep(0.2)
    await one.end()
    assert vendor.pulls == 0
