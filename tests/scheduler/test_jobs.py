"""Asking for jobs: never more than a queue should hold, and never an error for whoever asks."""

import time

from scheduler.jobs import A_JOB, MOST_JOBS, QUEUE, ArqJobs, open_redis, redis_settings
from tests.pipeline.plant import NO_REDIS


async def test_where_no_worker_hears_a_few_messages_get_a_job_too(redis_url: str) -> None:
    async with open_redis(redis_url) as redis:
        await ArqJobs(redis).drain("sms", "normal", 1)
        assert await redis.zcard(QUEUE) == 1


async def test_a_lane_gets_as_many_jobs_as_its_messages_are_worth(redis_url: str) -> None:
    async with open_redis(redis_url) as redis:
        jobs = ArqJobs(redis)
        await jobs.drain("sms", "normal", A_JOB * 3 + 1)
        assert await redis.zcard(QUEUE) == 4
        await jobs.drain("sms", "normal", 10**9)
        assert await redis.zcard(QUEUE) <= 4 + MOST_JOBS


async def test_the_queue_does_not_grow_where_nobody_works(redis_url: str) -> None:
    async with open_redis(redis_url) as redis:
        for _ in range(100):
            await ArqJobs(redis).drain("sms", "normal", 10**9)
        assert await redis.zcard(QUEUE) <= 1000


async def test_what_is_asked_many_times_at_once_stands_in_the_queue_a_few_times(redis_url: str) -> None:
    async with open_redis(redis_url) as redis:
        jobs = ArqJobs(redis)
        began = time.monotonic()
        for _ in range(50):
            await jobs.plan()
            await jobs.ask("sweep_leases")
        assert await redis.zcard(QUEUE) <= 2 * (2 + time.monotonic() - began)


async def test_jobs_that_nobody_takes_are_forgotten(redis_url: str) -> None:
    async with open_redis(redis_url) as redis:
        await ArqJobs(redis).plan()
        keys = [key async for key in redis.scan_iter("arq:job:*")]
        assert keys
        assert all([0 < await redis.ttl(key) <= 86_400 for key in keys])


async def test_without_redis_asking_raises_nothing() -> None:
    async with open_redis(NO_REDIS) as redis:
        jobs = ArqJobs(redis)
        await jobs.plan()
        await jobs.drain("sms", "normal", 5)
        await jobs.ask("sweep_leases")


def test_a_sentinel_url_is_read() -> None:
    settings = redis_settings("redis+sentinel://one:1234,two/main/3")
    assert settings.host == [("one", 1234), ("two", 26379)]
    assert (settings.sentinel, settings.sentinel_master, settings.database) == (True, "main", 3)
