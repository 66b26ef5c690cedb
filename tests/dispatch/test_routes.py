"""Several providers over real sockets: failover, switches, lanes, shares."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import pytest
from msgspec import structs
from redis.asyncio import Redis

from gateway.dispatch.hints import CircuitHints
from gateway.dispatch.tokens import RateTokens
from gateway.pipeline.drift import Drift
from gateway.routing import Routing
from gateway.store import routing
from gateway.words import Outcome
from providers.base.types import Answer, Outgoing
from tests.dispatch.working import ONE, TWO, Working, dead_url, gateway, section, vendors
from tests.pipeline.events import known, lapsed, number, requested, sms
from tests.pipeline.plant import LINE, Plant
from tests.standins.book import Arrival
from tests.standins.vendor import Vendor, VendorOptions


async def post(plant: Plant, people: range, priority: str = "normal", **data: Any) -> None:
    await plant.post(*(one for n in people for one in (known(f"p{n}", sms(number(n))), requested(f"p{n}", priority=priority, **data))))


async def test_the_providers_of_a_route_share_its_messages_by_weight(emptied_dsn: str) -> None:
    async with (
        vendors(VendorOptions(), VendorOptions()) as (one, two),
        gateway(emptied_dsn, {ONE: section(one.url, weight=3), TWO: section(two.url, weight=1)}) as worker,
    ):
        for start in range(0, 160, 10):
            await post(worker.plant, range(start, start + 10))
            await worker.until_empty(40)
        assert one.book.taken + two.book.taken == 160
        assert 108 <= one.book.taken <= 132


async def test_with_one_of_two_vendors_dead_urgent_messages_reach_the_other_within_ten_seconds(emptied_dsn: str) -> None:
    async with (
        vendors(VendorOptions()) as (alive,),
        gateway(emptied_dsn, {ONE: section(dead_url()), TWO: section(alive.url)}) as worker,
    ):
        posted: dict[str, float] = {}
        for start in range(0, 300, 30):
            await worker.plant.post(*(one for n in range(start, start + 30) for one in (known(f"p{n}", sms(number(n))), lapsed(f"p{n}"))))
            posted |= dict.fromkeys([f"+86{number(n)}" for n in range(start, start + 30)], time.monotonic())
            await worker.wake()
            await asyncio.sleep(0.1)
        await worker.until_empty(40)
        took_s = sorted(arrival.at - posted[arrival.to] for arrival in alive.book.arrivals.values())
        assert len(took_s) == 300
        assert took_s[int(0.99 * 300)] < 10
        assert alive.book.stats()["twice"] == 0


async def test_a_vendor_that_hangs_keeps_only_what_was_on_its_way_in_the_first_moments(emptied_dsn: str) -> None:
    """Nobody can say what a vendor took that answers nothing; what comes later goes to the other."""
    async with (
        vendors(VendorOptions(latency_ms=60_000), VendorOptions()) as (hanging, alive),
        gateway(emptied_dsn, {ONE: section(hanging.url, timeout_s=3.5, connections=4), TWO: section(alive.url)}) as worker,
    ):
        for start in range(0, 200, 10):
            await post(worker.plant, range(start, start + 10), "urgent")
            await worker.wake()
            await asyncio.sleep(0.1)
        await worker.until_empty(40)
        assert hanging.book.taken <= 8
        assert alive.book.taken == 200 - hanging.book.taken


async def test_a_suspended_provider_is_left_within_two_seconds_and_nothing_waits_for_it(emptied_dsn: str, redis_url: str) -> None:
    async with (
        vendors(VendorOptions(), VendorOptions()) as (one, two),
        gateway(emptied_dsn, {ONE: section(one.url), TWO: section(two.url)}) as worker,
        Redis.from_url(redis_url) as redis,
    ):
        obeying = asyncio.create_task(
            Routing(worker.outlets, CircuitHints(redis, worker.outlets, [ONE, TWO])).run(worker.plant.runtime.reading)
        )
        try:
            assert await routing.suspend(cast("Any", worker.plant.pool), ONE, "somebody", "delivers nothing")
            assert not await routing.suspend(cast("Any", worker.plant.pool), ONE, "somebody", "again")
            await _until(lambda: worker.outlets._switches[ONE].suspended)
            await post(worker.plant, range(40))
            await worker.until_empty(40)
            assert (one.book.taken, two.book.taken) == (0, 40)
            assert await routing.resume(cast("Any", worker.plant.pool), ONE)
            await _until(lambda: not worker.outlets._switches[ONE].suspended)
            await post(worker.plant, range(40, 80))
            await worker.until_empty(40)
            assert one.book.taken > 0
        finally:
            obeying.cancel()


async def test_an_urgent_message_does_not_wait_for_a_full_bulk_lane_at_a_slow_vendor(emptied_dsn: str) -> None:
    """The bulk lane would take seven seconds."""
    async with (
        vendors(VendorOptions(latency_ms=700)) as (slow,),
        gateway(emptied_dsn, {ONE: section(slow.url, connections=6)}) as worker,
    ):
        await post(worker.plant, range(60), "bulk")
        await worker.wake()
        await _until(lambda: slow.book.taken)
        for n in range(100, 105):
            began = time.monotonic()
            await post(worker.plant, range(n, n + 1), "urgent")
            await worker.drain("sms", "urgent", 1)
            assert (await _arrival(slow, n)).at - began < 3
        bulk = sorted(one.at for one in slow.book.arrivals.values() if int(one.to[-8:-1]) < 100)
        assert sum(at < bulk[0] + 0.65 for at in bulk) <= 4, "before the first was answered"
        assert await worker.plant.count("queue", "lane = 'bulk'") > 5


async def test_an_urgent_message_does_not_wait_for_the_tokens_that_a_bulk_lane_would_take(emptied_dsn: str, redis_url: str) -> None:
    async with (
        Redis.from_url(redis_url) as redis,
        vendors(VendorOptions()) as (vendor,),
        gateway(emptied_dsn, {ONE: section(vendor.url, rate_per_s=20)}, RateTokens(redis)) as worker,
    ):
        posted = time.monotonic()
        await post(worker.plant, range(200), "bulk")
        bulk = asyncio.create_task(_keep_draining(worker, "bulk"))
        try:
            await asyncio.sleep(1.2)
            for n in range(300, 304):
                began = time.monotonic()
                await post(worker.plant, range(n, n + 1), "urgent")
                await worker.drain("sms", "urgent", 1)
                assert (await _arrival(vendor, n)).at - began < 3
        finally:
            bulk.cancel()
        assert await worker.plant.count("queue", "lane = 'bulk'") > 0
        assert vendor.book.taken <= 20 * (time.monotonic() - posted) + 1


async def _keep_draining(worker: Working, lane: str) -> None:
    while True:
        await worker.drain("sms", lane, 1)
        await asyncio.sleep(0.02)


async def _until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - a vendor's book and a worker's switches tell nobody
            await asyncio.sleep(0.005)


async def _arrival(vendor: Vendor, n: int) -> Arrival:
    """When the n-th number was written to."""

    def found() -> list[Arrival]:
        return [arrival for arrival in vendor.book.arrivals.values() if arrival.to == f"+86{number(n)}"]

    await _until(found)
    return found()[0]


async def test_weights_follow_what_the_store_says_of_calls_and_workers_obey(plant: Plant, other: Plant) -> None:
    drift = Drift({"a": 1.0, "b": 2.0}, [("a", "b")])
    await post(plant, range(60))
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.UNKNOWN if int(m.reference) % 2 else Outcome.ACCEPTED)
    for n in range(30):
        plant.vendor.answers = lambda batch, bad=n % 2: [Answer(m.reference, Outcome.UNKNOWN if bad else Outcome.ACCEPTED) for m in batch]  # type: ignore[misc]
        line = structs.replace(LINE, provider="a" if n % 2 else "b", batch_size=1, route=("a", "b"))
        await plant.send(*(await plant.claim(count=2, line=line)).calls)
    async with plant.pool.acquire() as connection:
        (step,) = await drift(cast("Any", connection))
        assert (step.name, step.before, step.weight, str(step.why)) == ("a", 1.0, 0.8, "failing")
        assert await drift(cast("Any", connection)) == []  # it dwells
        await connection.execute("update provider_state set weight_at = weight_at - interval '61 seconds'")
        assert [step.weight for step in await drift(cast("Any", connection))] == [0.6]
        states = await routing.states(connection)
        assert states["a"].weight == pytest.approx(0.6)
        assert states["a"].weight_why == "failing"
        kept = await routing.history(connection, "a", 10)
        assert [(round(row[2], 3), round(row[3], 3), row[5]) for row in kept] == [(0.8, 0.6, "failing"), (1.0, 0.8, "failing")]
        assert "calls 30, failed 30" in kept[0][6]


async def test_late_reports_are_counted_of_providers_that_report_at_all(plant: Plant) -> None:
    await post(plant, range(60))
    for provider in ("a", "b", "silent"):
        line = structs.replace(LINE, provider=provider, batch_size=1)
        await plant.send(*(await plant.claim(count=20, line=line)).calls)
    await plant.pool.execute("update call set claimed_at = now() - interval '400 seconds'")
    await plant.pool.execute("update message set sent_at = now() - interval '400 seconds'")
    await plant.pool.execute(
        "update message set receipts = '{1}', status = 'delivered', final_at = sent_at + interval '2 seconds' where provider = 'a'"
    )
    late = "receipts = '{2}', status = 'delivered', final_at = sent_at + interval '399 seconds'"
    await plant.pool.execute(
        f"update message set {late} where provider = 'b' and id in (select id from message where provider = 'b' limit 12)"
    )
    async with plant.pool.acquire() as connection:
        counts = await routing.counts(cast("Any", connection), 180.0, 300.0, 30, 100)
    assert {name: (one.due, one.late) for name, one in counts.items()} == {"a": (20, 0), "b": (20, 20), "silent": (0, 0)}


async def test_only_messages_that_are_alike_share_a_call_and_each_call_knows_its_id(plant: Plant) -> None:
    await post(plant, range(6))
    await plant.post(
        *(requested(f"p{n}", params={"name": "王", "matter": "补充材料", "until": "2030年1月1日", "place": "窗口"}) for n in range(6))
    )

    def alike(message: Outgoing) -> str:
        return message.params["matter"]

    claimed = await plant.claim(line=structs.replace(LINE, alike=alike, batch_size=4))
    assert sorted(len(call.batch) for call in claimed.calls) == [2, 2, 4, 4]
    assert all(len({alike(message) for message in call.batch}) == 1 for call in claimed.calls)
    assert all({message.call for message in call.batch} == {str(call.id)} for call in claimed.calls)
    stored = {row[0] for row in await plant.rows("select id from call")}
    assert {int(message.call) for call in claimed.calls for message in call.batch} == stored


async def test_who_is_first_in_a_route_gets_no_more_than_its_share_of_single_messages(emptied_dsn: str) -> None:
    async with (
        vendors(VendorOptions(), VendorOptions()) as (one, two),
        gateway(emptied_dsn, {ONE: section(one.url), TWO: section(two.url)}) as worker,
    ):
        for n in range(10):
            await post(worker.plant, range(n, n + 1))
            await worker.until_empty(40)
        assert Counter(one=one.book.taken, two=two.book.taken) == {"one": 5, "two": 5}
