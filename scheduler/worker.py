"""The arq worker: woken when there is something to do instead of looking for it, and alive through a Redis that is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from arq.connections import ArqRedis
from arq.worker import Worker
from redis.exceptions import RedisError

from gateway.logs import account, get_logger
from scheduler.jobs import QUEUE, RECEIVE, WAKE, decode, encode

MOST_JOBS = 16
"""Jobs a worker runs at once: each is a chunk of messages and has concurrency inside."""
LOOK_S = 0.5
"""Seconds between looks at the queue where no wake-up comes."""
ANSWER_S = 2.0
"""Seconds for a look at the queue: a Redis that says nothing is like one that is away."""
AWAY_S = 1.0
"""Seconds between tries while Redis is away; sending goes on meanwhile, straight from the store."""
log = get_logger(__name__)


class WakingWorker(Worker):
    """arq's worker with a wake-up. `without_redis` does the work that jobs would ask for while Redis is away."""

    def __init__(
        self,
        redis: ArqRedis,
        functions: list[Any],
        drain: Callable[[str, str], Awaitable[None]],
        receive: Callable[[], Awaitable[None]],
        without_redis: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(
            functions,
            redis_pool=redis,
            queue_name=QUEUE,
            job_serializer=encode,
            job_deserializer=decode,
            handle_signals=False,
            max_jobs=MOST_JOBS,
            keep_result=0,
            max_tries=3,
            job_timeout=30,
            poll_delay=LOOK_S,
            log_results=False,
        )
        self._without_redis = without_redis
        self._drain, self._receive = drain, receive
        self._draining: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._stopping = False

    async def main(self) -> None:
        """Runs until `stop`; replaces arq's loop, which polls and dies with its Redis."""
        listener = asyncio.create_task(self._listen())
        try:
            while not self._stopping:
                await self._look()
                await self._wait()
            while self.tasks:
                await asyncio.gather(*self.tasks.values(), return_exceptions=True)
                self.tasks = {key: task for key, task in self.tasks.items() if not task.done()}
            await asyncio.gather(*self._draining, return_exceptions=True)
        finally:
            listener.cancel()

    def stop(self) -> None:
        """Takes no more jobs; `main` returns when those that run are done."""
        self._stopping = True
        self._woken.set()

    async def _look(self) -> None:
        self._woken.clear()
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._poll_iteration()
        except (RedisError, OSError) as error:
            log.warning("redis_away", error=type(error).__name__)
            await self._go_on()
            await asyncio.sleep(AWAY_S)
            self._count_again()
        except Exception as error:  # noqa: BLE001 - an edge: what the bookkeeping of a job raised must not end the worker
            log.error("look_failed", **account(error))
            await asyncio.sleep(AWAY_S)

    def _count_again(self) -> None:
        """What arq counted before it asked Redis whether it may begin it, and then could not begin, must not hold a place for ever."""
        for _ in range(self.job_counter - sum(not task.done() for task in self.tasks.values())):
            self._release_sem_dec_counter_on_complete()

    async def _go_on(self) -> None:
        """Does what jobs would ask for; the store may be away as well."""
        try:
            await self._without_redis()
        except Exception as error:  # noqa: BLE001 - an edge: the next round tries again
            log.warning("store_away", error=type(error).__name__)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(LOOK_S):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _hear(self, data: Any) -> None:
        """A lane to drain, callbacks to apply, or a job to look for; what comes first is a number: the subscription."""
        word = data.decode(errors="replace") if isinstance(data, bytes) else ""
        channel, _, lane = word.partition(" ")
        if self._stopping:
            return
        if lane:
            self._begin(self._drain(channel, lane))
        elif word == RECEIVE:
            self._begin(self._receive())
        else:
            self._woken.set()

    def _begin(self, work: Awaitable[None]) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)

    async def _listen(self) -> None:
        while True:
            try:
                async with self.pool.pubsub() as subscription:
                    await subscription.subscribe(WAKE)
                    self._woken.set()
                    async for message in subscription.listen():
                        self._hear(message["data"])
            except Exception as error:  # noqa: BLE001 - an edge: a worker that stops listening would only look twice a second
                log.warning("not_listening", error=type(error).__name__)
                await asyncio.sleep(AWAY_S)
