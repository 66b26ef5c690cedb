"""Look-ups of numbers: a carrier's service over HTTP, a memory, a rate, a record, and numbers in no log and no URL."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog

from gateway.dispatch.tokens import RateTokens
from gateway.lookup import drivers
from gateway.lookup.asking import Lookups, Service
from gateway.lookup.port import Found, Lookup, LookupFailed, LookupState
from gateway.store import lookups
from gateway.store.pool import Pool, open_pool
from providers.base.types import Settings
from scheduler.jobs import open_redis
from tests.standins.carrier import Carrier, options, serving

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
MONTH, DAY = timedelta(days=30), timedelta(days=1)


def number(last: int) -> str:
    return f"+861380013{last:04d}"


def keyed(*lasts: int) -> dict[bytes, str]:
    return {b"key %d" % last: number(last) for last in lasts}


class Free:
    """A rate without a limit, which remembers what was taken."""

    def __init__(self, most: int = 1_000_000) -> None:
        self.most = most
        self.taken: list[tuple[str, int]] = []

    async def take(self, provider: str, rate_per_s: float, count: int) -> int:
        self.taken.append((provider, count))
        given = min(self.most, count)
        self.most -= given
        return given


class Oracle:
    """A service in the process."""

    def __init__(self, state: LookupState = LookupState.ACTIVE) -> None:
        self.state = state
        self.asked: list[list[str]] = []
        self.fails = False

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def ask(self, numbers: Sequence[str]) -> Mapping[str, Found]:
        self.asked.append(list(numbers))
        if self.fails:
            raise LookupFailed("HTTP status 503")
        return {one: Found(self.state) for one in numbers}


@pytest.fixture
async def pool(store_dsn: str) -> AsyncIterator[Pool]:
    opened = await open_pool(store_dsn, 4, "tests")
    yield opened
    await opened.close()


@pytest.fixture
async def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
async def service(carrier: Carrier) -> AsyncIterator[Lookup]:
    async with serving(carrier) as url:
        built = drivers.build(Settings("carrier", "http", timeout_s=1, options=options(url)))
        await built.open()
        yield built
        await built.close()


def asking(pool: Pool, *services: Lookup, tokens: Any = None, batch_size: int = 100) -> Lookups:
    named = [Service(f"s{place}", one, 5, batch_size, MONTH) for place, one in enumerate(services)]
    return Lookups(pool, tokens or Free(), named)


async def test_it_says_what_the_service_says(service: Lookup, carrier: Carrier) -> None:
    found = await service.ask([number(last) for last in (1, 2, 3, 5, 6, 7, 8)])

    assert found == {
        number(1): Found(LookupState.ABSENT),
        number(2): Found(LookupState.SUSPENDED),
        number(3): Found(LookupState.ACTIVE),
        number(5): Found(LookupState.PORTED, "unicom"),
        number(6): Found(LookupState.UNKNOWN),
        number(8): Found(LookupState.ACTIVE),
    }
    assert carrier.asked == [[f"1380013{last:04d}" for last in (1, 2, 3, 5, 6, 7, 8)]]


@pytest.mark.parametrize("before", ["86", "+86"])
async def test_an_answer_is_joined_by_its_number_however_that_is_written(service: Lookup, carrier: Carrier, before: str) -> None:
    carrier.before = before

    assert await service.ask([number(1), number(2)]) == {number(1): Found(LookupState.ABSENT), number(2): Found(LookupState.SUSPENDED)}


@pytest.mark.parametrize("fault", ["busy", "html", "other", "reset"])
async def test_a_service_that_fails_says_nothing_and_names_no_number(service: Lookup, carrier: Carrier, fault: str) -> None:
    carrier.faults.append(fault)

    with pytest.raises(LookupFailed) as failed:
        await service.ask([number(1)])

    assert "13800" not in str(failed.value)
    assert (await service.ask([number(1)]))[number(1)].state is LookupState.ABSENT


async def test_a_service_that_nobody_can_reach_fails(unused_tcp_port: int) -> None:
    built = drivers.build(Settings("carrier", "http", timeout_s=1, options=options(f"http://127.0.0.1:{unused_tcp_port}/v1/numbers")))
    await built.open()
    try:
        with pytest.raises(LookupFailed):
            await built.ask([number(1)])
    finally:
        await built.close()


async def test_an_answer_is_kept_and_nobody_asks_again_until_it_expires(pool: Pool) -> None:
    oracle = Oracle()
    ask = asking(pool, oracle)

    first = await ask.ask(keyed(1, 2), NOW)
    again = await ask.ask(keyed(1, 2, 3), NOW + MONTH - DAY)
    oracle.state = LookupState.ABSENT
    later = await ask.ask(keyed(1), NOW + MONTH)

    assert oracle.asked == [[number(1), number(2)], [number(3)], [number(1)]]
    assert [one.key for one in first.new] == [b"key 1", b"key 2"]
    assert [one.key for one in again.new] == [b"key 3"]
    assert {key: word.state for key, word in again.words.items()} == dict.fromkeys(keyed(1, 2, 3), "active")
    assert later.words[b"key 1"].state == "absent"


async def test_what_was_said_stays_on_record(pool: Pool) -> None:
    oracle = Oracle()
    ask = asking(pool, oracle)
    await ask.ask(keyed(1), NOW)
    oracle.state = LookupState.ABSENT
    await ask.ask(keyed(1, 2), NOW + MONTH)

    async with pool.acquire() as connection:
        told = await lookups.history(connection, list(keyed(1, 2)))

    assert [(one.key, one.service, one.state, one.at) for one in told] == [
        (b"key 1", "s0", "active", NOW),
        (b"key 1", "s0", "absent", NOW + MONTH),
        (b"key 2", "s0", "absent", NOW + MONTH),
    ]


async def test_a_service_that_does_not_know_is_asked_again_the_next_day_and_another_one_at_once(pool: Pool) -> None:
    first, second = Oracle(LookupState.UNKNOWN), Oracle()
    ask = asking(pool, first, second)

    looked = await ask.ask(keyed(1), NOW)
    await ask.ask(keyed(1), NOW + DAY - timedelta(hours=1))
    await ask.ask(keyed(1), NOW + DAY)

    assert looked.words[b"key 1"].service == "s1"
    assert [one.service for one in looked.new] == ["s0", "s1"]
    assert (len(first.asked), len(second.asked)) == (2, 1)


async def test_no_more_is_asked_than_the_rate_allows_in_calls_of_the_configured_size(pool: Pool) -> None:
    oracle, tokens = Oracle(), Free(most=5)
    ask = asking(pool, oracle, tokens=tokens, batch_size=2)

    looked = await ask.ask(keyed(*range(1, 9)), NOW)
    more = await ask.ask(keyed(*range(1, 9)), NOW)

    assert [len(asked) for asked in oracle.asked] == [2, 2, 1]
    assert len(looked.words) == 5
    assert len(more.words) == 5
    assert tokens.taken == [("lookup:s0", 8), ("lookup:s0", 3)]


async def test_the_rate_is_one_for_all_processes_and_without_redis_nothing_is_asked(pool: Pool, redis_url: str) -> None:
    oracle = Oracle()
    async with open_redis(redis_url) as redis, open_redis("redis://127.0.0.1:1") as away:
        one, other, lost = (asking(pool, oracle, tokens=RateTokens(client)) for client in (redis, redis, away))
        began = time.monotonic()
        await one.ask(keyed(1), NOW)  # a bucket that Redis does not know starts empty
        await asyncio.sleep(0.5)
        await one.ask(keyed(*range(1, 9)), NOW)
        await other.ask(keyed(*range(11, 19)), NOW)
        await lost.ask(keyed(21), NOW)
        took_s = time.monotonic() - began

    assert 1 <= sum(len(asked) for asked in oracle.asked) <= 5 * took_s + 1


async def test_what_a_failing_service_did_not_say_is_asked_later(pool: Pool) -> None:
    oracle = Oracle()
    oracle.fails = True
    ask = asking(pool, oracle, batch_size=1)

    looked = await ask.ask(keyed(1, 2), NOW)
    oracle.fails = False
    again = await ask.ask(keyed(1, 2), NOW)

    assert looked.words == {}
    assert len(oracle.asked) == 3, "after a failure the rest of the round is not tried"
    assert len(again.new) == 2


async def test_only_mainland_mobile_numbers_are_asked_about(pool: Pool) -> None:
    oracle = Oracle()
    looked = await asking(pool, oracle).ask({b"hk": "+85291234567", b"line": "+862886123456", b"openid": "oABCDEFG"}, NOW)

    assert (oracle.asked, looked.words) == ([], {})


async def test_no_number_stands_in_a_url_a_log_line_or_the_record(
    pool: Pool, service: Lookup, carrier: Carrier, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ask = asking(pool, service)
    with structlog.testing.capture_logs() as logs:
        carrier.faults += ["busy", "html", "reset"]
        for _ in range(3):
            await ask.ask(keyed(1, 2), NOW)
        await ask.ask(keyed(1, 2, 7), NOW)
    async with pool.acquire() as connection:
        rows = [str(tuple(row)) for row in await connection.fetch("select * from lookup")]

    assert [line["event"] for line in logs] == ["lookup_failed"] * 3
    said = "\n".join([*map(str, logs), *(record.getMessage() for record in caplog.records), *carrier.targets, *rows])
    assert "13800" not in said
    assert len(rows) == 3


async def test_the_memory_is_found_by_its_index(pool: Pool) -> None:
    async with pool.acquire() as connection:
        words = [lookups.Answered(b"%d" % n, "s0", "active", "", NOW, NOW) for n in range(3000)]
        await lookups.record(connection, words)
        await connection.execute("analyze lookup")
        for statement, args in ((lookups.VALID, ("s0", [b"7", b"8"], NOW)), (lookups.HISTORY, ([b"7", b"8"],))):
            plan = await connection.fetchval(f"explain (format json) {statement}", *args)
            assert "lookup_key" in plan
            assert "Seq Scan" not in plan
