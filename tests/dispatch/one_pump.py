"""A pump with fakes on all sides."""

import asyncio
from collections.abc import Sequence

from gateway.dispatch.circuit import CircuitState
from gateway.dispatch.claim import Call, Claimed, Line
from gateway.dispatch.lease import lease
from gateway.dispatch.outcome import Started
from gateway.dispatch.outlets import Outlets
from gateway.dispatch.pump import Outlet, Pump
from providers.base.types import Answer, Outgoing
from tests.pipeline.plant import VENDOR, Vendor
from tests.pipeline.pumping import Plenty, Seeing

LINE = Line(VENDOR, 30.0, 10.0, 10)


class Queue:
    """Stands for the claim: hands out calls of numbered messages."""

    def __init__(self, messages: int, log: list[tuple[str, int]]) -> None:
        self.left, self.log = messages, log
        self.fails: Exception | None = None
        self.lease_s = 30.0
        self.open = asyncio.Event()
        self.open.set()
        self._next = 0

    async def __call__(self, channel: str, lane: str, count: int, line: Line) -> Claimed:
        self.log.append(("claim", count))
        await self.open.wait()
        if self.fails is not None:
            raise self.fails
        taken = min(count, self.left)
        self.left -= taken
        calls: list[Call] = []
        for start in range(0, taken, line.batch_size):
            batch = [self._message() for _ in range(start, min(start + line.batch_size, taken))]
            started = {m.reference: Started(int(m.reference), len(calls), 1, None, 0.0) for m in batch}
            calls.append(Call(len(calls), line.provider, lane, batch, started, lease(self.lease_s, 10.0)))
        return Claimed(calls, taken)

    def _message(self) -> Outgoing:
        self._next += 1
        return Outgoing(str(self._next), f"+86138{self._next:08}", "sms", "text", "t", {}, "")


class Answers:
    """Stands for the recorder."""

    def __init__(self) -> None:
        self.said: list[Answer] = []

    async def __call__(self, call: Call, answers: Sequence[Answer]) -> None:
        self.said.extend(answers)


class Bench:
    """A pump with fakes on all sides."""

    def __init__(self, messages: int, connections: int = 5, rate: float = 0.0) -> None:
        self.vendor, self.tokens, self.answers = Vendor(), Plenty(), Answers()
        self.queue = Queue(messages, self.tokens.log)
        self.outlets = Outlets({VENDOR: Outlet(self.vendor, LINE, rate, connections)}, {("sms", None): (VENDOR,)}, lambda: True)
        self.seen = Seeing(self.outlets)
        self.pump = Pump("sms", "normal", self.outlets.route("sms", "normal"), self.queue, self.tokens, self.answers, self.seen)

    async def drain(self) -> int:
        taken = await self.pump.drain(lambda: False)
        await self.pump.landed()
        return taken

    @property
    def circuit(self) -> CircuitState:
        return self.outlets.states()[VENDOR]
