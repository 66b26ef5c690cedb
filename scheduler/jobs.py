"""Jobs over arq: names, serialising, asking for them. arq stands behind this file alone, so that it can be replaced."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.asyncio import ConnectionPool

from gateway.logs import get_logger
from gateway.redis_away import unless_away

QUEUE = "tixing:jobs"
WAKE = "tixing:wake"
"""Channel on which workers hear that there is something to do: `CHANNEL LANE`, RECEIVE, or LOOK for a job in the queue."""
LOOK = "look"
RECEIVE = "receive"
"""The wake-up for the inbox."""
A_JOB = 500
"""Messages that are worth a job of their own: jobs run side by side on all workers."""
MOST_JOBS = 40
"""Jobs asked for at once, however much there is to send: each drains until nothing is left."""
SPREAD_S = 0.25
"""Seconds between jobs for one lane where every worker was woken."""
MOST_WAITING = 500
"""Jobs that may wait in the queue; those that are not asked for then the sweep asks for later."""
EXPIRES_S = 600
"""Seconds after which a job that nobody took is dropped."""
encode: Any = msgspec.msgpack.Encoder(enc_hook=repr).encode
decode: Any = msgspec.msgpack.Decoder().decode
log = get_logger(__name__)


def redis_settings(url: str) -> RedisSettings:
    """Settings of arq for redis+sentinel://host:port,host:port/MASTER/DB."""
    hosts, _, rest = url.removeprefix("redis+sentinel://").partition("/")
    master, _, database = rest.partition("/")
    sentinels = [(host, int(port or 26379)) for host, _, port in (one.partition(":") for one in hosts.split(","))]
    return RedisSettings(host=sentinels, sentinel=True, sentinel_master=master or "mymaster", database=int(database or 0))


@asynccontextmanager
async def open_redis(url: str) -> AsyncIterator[ArqRedis]:
    """A Redis client that speaks arq's jobs in msgpack (arq's own pickle would run what it reads). Connects when it is first needed."""
    if url.startswith("redis+sentinel://"):
        redis = await create_pool(redis_settings(url), job_serializer=encode, job_deserializer=decode, default_queue_name=QUEUE)
    else:
        pool: Any = ConnectionPool.from_url(url)
        redis = ArqRedis(pool, job_serializer=encode, job_deserializer=decode, default_queue_name=QUEUE)
    try:
        yield redis
    finally:
        await redis.aclose(close_connection_pool=True)


class ArqJobs:
    """Asks for jobs. Whoever asks has already committed what it asks for, so a Redis that is away is no failure."""

    def __init__(self, redis: ArqRedis) -> None:
        self._redis = redis
        self._looked_at = 0.0
        self._full = False
        self._spread_at: dict[tuple[str, str], float] = {}

    async def drain(self, channel: str, lane: str, messages: int) -> None:
        """Asks for the lane to be drained: by a wake-up where workers hear it, and by as many jobs as the messages are worth.

        A few messages need no job: arq's bookkeeping takes longer than sending them. A worker that hears the wake-up and dies is no
        loss, since the sweep asks again for what waits.
        """
        heard = await self._wake(f"{channel} {lane}")
        if heard is None:
            return
        jobs = self._spread(channel, lane, messages // A_JOB) if heard else -(-messages // A_JOB)
        for _ in range(min(MOST_JOBS, jobs)):
            if not await self._ask("drain", channel, lane):
                break

    def _spread(self, channel: str, lane: str, jobs: int) -> int:
        """Where workers listen and all drain already, more jobs a second than they can begin only cost them time."""
        now = time.monotonic()
        if not jobs or now < self._spread_at.get((channel, lane), 0.0) + SPREAD_S:
            return 0
        self._spread_at[channel, lane] = now
        return jobs

    async def plan(self) -> None:
        """Asks the planner to look."""
        await self.ask("plan")

    async def receive(self) -> None:
        """Wakes the workers; where none hears it, the scheduler's look asks again."""
        await self._wake(RECEIVE)

    async def ask(self, name: str) -> None:
        """Asks for a job that is worth doing once a second, however often it is asked for.

        The second is part of its id: a job that died with its worker holds its id for half a minute, and must not hold the next one.
        """
        await self._ask(name, job_id=f"{name}:{int(time.time())}")

    async def _ask(self, name: str, *args: Any, job_id: str | None = None) -> bool:
        """Whether it stands in the queue."""
        return await unless_away(self._enqueue(name, args, job_id), False, partial(log.warning, "job_not_asked_for", job=name))

    async def _enqueue(self, name: str, args: Sequence[Any], job_id: str | None) -> bool:
        if await self._queue_is_full():
            return False
        await self._redis.enqueue_job(name, *args, _job_id=job_id, _expires=EXPIRES_S)
        await self._redis.publish(WAKE, LOOK)
        return True

    async def _wake(self, word: str) -> int | None:
        """How many workers heard it; None: Redis is away."""
        return await unless_away(self._redis.publish(WAKE, word), None, partial(log.warning, "workers_not_woken"))

    async def _queue_is_full(self) -> bool:
        """Looked at once a second: where nobody works the queue off, more of the same is no use."""
        now = time.monotonic()
        if now >= self._looked_at + 1:
            self._looked_at = now
            self._full = await self._redis.zcard(QUEUE) > MOST_WAITING
        return self._full
