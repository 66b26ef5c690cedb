"""A stand-in vendor's reports: posted in batches over kept-alive connections, again and again until the gateway says 2xx."""

import asyncio
from collections import deque
from dataclasses import dataclass

import aiohttp
import msgspec


class Said(msgspec.Struct, omit_defaults=True):
    """A report (`status`) or a person's reply (`text`)."""

    to: str
    ref: str | None = None
    id: str | None = None
    status: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class CallbackOptions:
    """Where reports go and how. `linger_ms`: how long a batch waits to be filled once its first report is due."""

    url: str | None = None
    batch: int = 100
    delay_ms: float = 0.0
    linger_ms: float = 5.0
    connections: int = 2


class Callbacks:
    """Posts what the vendor has to say."""

    def __init__(self, options: CallbackOptions) -> None:
        self.options = options
        self.posted = self.calls = self.retries = 0
        self._due: deque[tuple[float, Said]] = deque()
        self._posters: list[asyncio.Task[None]] = []
        self._encode = msgspec.json.Encoder().encode

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        self._posters = [self._loop.create_task(self._post()) for _ in range(self.options.connections)]

    async def close(self) -> None:
        for poster in self._posters:
            poster.cancel()
        await asyncio.gather(*self._posters, return_exceptions=True)
        await self._session.close()

    def say(self, said: Said) -> None:
        """Queues a report; without a URL there is nobody to tell."""
        if self.options.url is not None:
            self._due.append((self._loop.time() + self.options.delay_ms / 1000, said))

    def clear(self) -> None:
        self._due.clear()
        self.posted = self.calls = self.retries = 0

    def stats(self) -> dict[str, int]:
        return {"waiting": len(self._due), "posted": self.posted, "calls": self.calls, "retries": self.retries}

    async def _post(self) -> None:
        while True:
            batch = self._batch()
            if batch:
                await self._until_taken(batch)
            else:
                await asyncio.sleep(0.002)

    def _batch(self) -> list[Said]:
        """What is due, once it fills a batch or has lingered long enough."""
        due, now, size = self._due, self._loop.time(), self.options.batch
        if not due or due[0][0] > now:
            return []
        full = len(due) >= size and due[size - 1][0] <= now
        if not full and now - due[0][0] < self.options.linger_ms / 1000:
            return []
        batch: list[Said] = []
        while due and len(batch) < size and due[0][0] <= now:
            batch.append(due.popleft()[1])
        return batch

    async def _until_taken(self, batch: list[Said]) -> None:
        body = self._encode(
            {"reports": [one for one in batch if one.text is None], "replies": [one for one in batch if one.text is not None]}
        )
        pause_s = 0.05
        while not await self._taken(body):
            self.retries += 1
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 1.0)
        self.posted += len(batch)

    async def _taken(self, body: bytes) -> bool:
        self.calls += 1
        try:
            async with self._session.post(self.options.url or "", data=body, headers={"Content-Type": "application/json"}) as answer:
                await answer.read()
                return 200 <= answer.status < 300
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False
