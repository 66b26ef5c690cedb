"""What the rate limiter costs, and what it keeps for whom."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis

from gateway.dispatch.pump import KEPT
from gateway.dispatch.tokens import RateTokens
from gateway.words import Lane

WITHIN_S = 0.005


async def test_asking_for_tokens_adds_no_more_than_five_milliseconds_to_a_claim(redis_url: str) -> None:
    """p99 beyond that of a bare question to the same Redis at the same moment: whoever else uses this machine slows both."""
    async with Redis.from_url(redis_url) as redis:
        tokens = RateTokens(redis)
        rounds: list[float] = []
        while len(rounds) < 10 and min(rounds, default=1.0) >= WITHIN_S:
            rounds.append(await _added_s(lambda: tokens.take("vendor", 5000, 100), redis.ping))
    assert min(rounds) < WITHIN_S, rounds


async def _added_s(ask: Callable[[], Awaitable[object]], bare: Callable[[], Awaitable[object]]) -> float:
    """What asking takes longer than a bare question, p99 of each; four lanes' pumps of a worker do both in turn."""
    took: dict[str, list[float]] = {"ask": [], "bare": []}

    async def one(name: str, question: Callable[[], Awaitable[object]]) -> None:
        began = time.perf_counter()
        await question()
        took[name].append(time.perf_counter() - began)

    async def lane() -> None:
        for _ in range(100):
            await one("ask", ask)
            await asyncio.sleep(0.002)
            await one("bare", bare)

    await asyncio.gather(lane(), lane(), lane(), lane())
    p99 = {name: sorted(times)[int(0.99 * len(times))] for name, times in took.items()}
    return p99["ask"] - p99["bare"]


async def test_a_lane_leaves_tokens_to_those_before_it(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        tokens = RateTokens(redis)
        await tokens.take("vendor", 100, 1)
        await asyncio.sleep(1.1)
        began = time.monotonic()
        bulk = await tokens.take("vendor", 100, 500, KEPT[Lane.BULK])
        normal = await tokens.take("vendor", 100, 500, KEPT[Lane.NORMAL])
        urgent = await tokens.take("vendor", 100, 500)
        meanwhile = 100 * (time.monotonic() - began) + 1
        assert bulk == 80
        assert 10 <= normal <= 10 + meanwhile
        assert 10 <= urgent <= 10 + meanwhile


async def test_a_slow_rate_serves_every_lane(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        tokens, rates = RateTokens(redis), (0.9, 2.0)
        for rate in rates:
            await tokens.take(f"vendor {rate}", rate, 1)
        await asyncio.sleep(1.25)
        for rate in rates:
            assert await tokens.take(f"vendor {rate}", rate, 5, KEPT[Lane.BULK]) >= 1


async def test_a_clock_that_goes_back_costs_no_more_than_a_bucket_that_starts_empty(redis_url: str) -> None:
    """Another Redis takes over, or its clock is set right: the time that has not come yet must not be waited for."""
    async with Redis.from_url(redis_url) as redis:
        tokens = RateTokens(redis)
        await tokens.take("vendor", 100, 1)
        await redis.hset("tixing:rate:vendor", mapping={"tokens": "50", "at": str(time.time() + 3600)})
        assert await tokens.take("vendor", 100, 10) == 10, "what was there is there"
        began = time.monotonic()
        await tokens.take("vendor", 100, 500)
        await asyncio.sleep(0.2)
        assert 15 <= await tokens.take("vendor", 100, 500) <= 100 * (time.monotonic() - began) + 1
