"""Group commit: many callers hand in a few items each, one transaction does them all, each caller gets its own results."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Closed(Exception):
    """The batcher drains: nothing new is taken."""


class Batcher(Generic[T, R]):
    """Collects what arrives while earlier batches are on their way; an idle one starts at once, so nobody waits for company.

    Args:
        run: Does one batch and returns a result for each item, in order. What it raises reaches every caller of that batch.
        most: Items a batch may hold; a single submission is never split.
        at_once: Batches on their way at the same time.
        worth: Items that must wait before another batch joins one on its way: a few are better off sharing the next commit.
        linger_s: Seconds that fewer than `worth` wait for company before they start, where nobody waits for the result.
        poisoned: Whether an error may be the fault of one submission; then each of that batch is run once more, alone.

    """

    def __init__(
        self,
        run: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        most: int,
        at_once: int,
        worth: int = 1,
        linger_s: float = 0.0,
        poisoned: Callable[[Exception], bool] = lambda _: False,
    ) -> None:
        self._run = run
        self._most = most
        self._worth = worth
        self._count = 0
        self._poisoned = poisoned
        self._free = at_once
        self._waiting: deque[tuple[Sequence[T], asyncio.Future[Sequence[R]]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._linger_s = linger_s
        self._starting: asyncio.Handle | None = None

    async def submit(self, items: Sequence[T]) -> Sequence[R]:
        """Results for `items`, in order, once their batch is done.

        Raises:
            Closed: The process drains.

        """
        if self._closed:
            raise Closed
        future: asyncio.Future[Sequence[R]] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, future))
        self._count += len(items)
        self._soon()
        return await future

    async def drain(self) -> None:
        """Takes nothing new and waits for what was taken."""
        self._closed = True
        self._start()
        while self._tasks or self._waiting:
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.sleep(0)

    def _soon(self) -> None:
        """One turn of the loop lets everybody whose request is already here join this batch; a few wait for company."""
        if not self._free or not self._waiting:
            return
        loop, few = asyncio.get_running_loop(), self._count < self._worth and not self._closed
        if self._starting is None:
            self._starting = loop.call_later(self._linger_s, self._start) if few and self._linger_s else loop.call_soon(self._start)
        elif not few and isinstance(self._starting, asyncio.TimerHandle):
            self._starting.cancel()
            self._starting = loop.call_soon(self._start)

    def _start(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
            self._starting = None
        while self._free and self._waiting and (not self._tasks or self._count >= self._worth):
            self._free -= 1
            task = asyncio.get_running_loop().create_task(self._batch(self._next()))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _next(self) -> list[tuple[Sequence[T], asyncio.Future[Sequence[R]]]]:
        taken, count = [self._waiting.popleft()], 0
        count = len(taken[0][0])
        while self._waiting and count + len(self._waiting[0][0]) <= self._most:
            taken.append(self._waiting.popleft())
            count += len(taken[-1][0])
        self._count -= count
        return taken

    async def _batch(self, taken: list[tuple[Sequence[T], asyncio.Future[Sequence[R]]]]) -> None:
        try:
            results = await self._run([item for items, _ in taken for item in items])
        except Exception as error:  # noqa: BLE001 - handed to each caller, who is the edge
            if len(taken) > 1 and self._poisoned(error):
                for alone in taken:
                    await self._batch([alone])
                return
            for _, future in taken:
                if not future.done():
                    future.set_exception(error)
            return
        start = 0
        for items, future in taken:
            if not future.done():
                future.set_result(results[start : start + len(items)])
            start += len(items)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._free += 1
        if self._linger_s and not self._closed:
            self._soon()
        else:
            self._start()
