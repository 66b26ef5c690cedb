"""Posts events as fast as the gateway takes them, or at a given rate: raw sockets and bytes that were made before the clock starts.

`python -m bench.loader` reads a `Plan` (one line of JSON) from standard input, builds, says "ready", waits for a line, posts, and writes a `Posted`.
"""

import asyncio
import sys
import time
from collections import deque
from datetime import date

import msgspec
import uvloop

from bench.load import build

MEDIA = {"ndjson": "application/x-ndjson", "single": "application/cloudevents+json"}
TAKEN = 202
BUSY = frozenset({429, 503})
"""Refusals that ask to come again."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to post. `mode` ndjson puts `chunk` events into a request, single one; `rate_per_s` 0 means as fast as the answers come."""

    port: int
    token: str
    mode: str
    kind: str
    first: int
    count: int
    deadline: date
    connections: int = 4
    chunk: int = 1
    rate_per_s: float = 0


class Posted(msgspec.Struct, kw_only=True):
    """What came of it. Times are CLOCK_MONOTONIC in seconds; `sent_at` holds one per request where a rate was asked for."""

    first_byte: float = 0
    last_answer: float = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    asked_to_wait: int = 0
    trouble: str = ""
    sent_at: list[float] = []
    answered_in: list[float] = []


class Taken(msgspec.Struct):
    """The part of a 202 that is counted."""

    accepted: int
    duplicate: int
    rejected: list[msgspec.Raw]


def requests_of(plan: Plan) -> list[bytes]:
    """Whole HTTP requests, ready to be written."""
    events = build(plan.kind, range(plan.first, plan.first + plan.count), plan.deadline)
    size = plan.chunk if plan.mode == "ndjson" else 1
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{plan.port}\r\nAuthorization: Bearer {plan.token}\r\n"
        f"Content-Type: {MEDIA[plan.mode]}\r\nContent-Length: "
    ).encode()
    bodies = (b"\n".join(events[start : start + size]) for start in range(0, len(events), size))
    return [b"%b%d\r\n\r\n%b" % (head, len(body), body) for body in bodies]


class Poster:
    """Hands requests to connections that are free and sums up the answers."""

    def __init__(self, requests: list[bytes], rate_per_s: float) -> None:
        self.requests = requests
        self.rate_per_s = rate_per_s
        self.posted = Posted()
        self.started: list[float] = [0.0] * len(requests)
        self.waiting: deque[int] = deque(() if rate_per_s else range(len(requests)))
        self.idle: list[Connection] = []
        self.open = len(requests)
        self.done = asyncio.Event()

    def start(self, connections: list["Connection"]) -> None:
        """First byte. Every connection takes a request; with a rate, a timer hands them out."""
        self.posted.first_byte = time.monotonic()
        self.idle = list(reversed(connections))
        if self.rate_per_s:
            self._offer(0, asyncio.get_running_loop().time())
        else:
            self._hand_out()

    def _offer(self, index: int, start: float) -> None:
        self.started[index] = time.monotonic()
        self.waiting.append(index)
        self._hand_out()
        if index + 1 < len(self.requests):
            asyncio.get_running_loop().call_at(start + (index + 1) / self.rate_per_s, self._offer, index + 1, start)

    def _hand_out(self) -> None:
        while self.waiting and self.idle:
            self.idle.pop().post(self.waiting.popleft())

    def answered(self, connection: "Connection", index: int, status: int, retry_after_s: float, body: bytes) -> None:
        """One answer is complete."""
        if status in BUSY:
            self.posted.asked_to_wait += 1
            asyncio.get_running_loop().call_later(retry_after_s, self._again, index)
        elif status == TAKEN:
            self._count(index, msgspec.json.decode(body, type=Taken))
        else:
            self.fail(f"{status} {body[:400]!r}")
        self.idle.append(connection)
        self._hand_out()

    def _again(self, index: int) -> None:
        self.waiting.append(index)
        self._hand_out()

    def _count(self, index: int, taken: Taken) -> None:
        posted = self.posted
        posted.accepted += taken.accepted
        posted.duplicate += taken.duplicate
        posted.rejected += len(taken.rejected)
        if taken.rejected and not posted.trouble:
            posted.trouble = f"rejected: {bytes(taken.rejected[0])[:400]!r}"
        posted.last_answer = time.monotonic()
        if self.rate_per_s:
            posted.answered_in.append(posted.last_answer - self.started[index])
        self.open -= 1
        if not self.open:
            self.done.set()

    def fail(self, trouble: str) -> None:
        """Something that a bench cannot go on with."""
        self.posted.trouble = trouble
        self.done.set()


class Connection(asyncio.Protocol):
    """One kept-alive connection with one request on it at a time."""

    def __init__(self, poster: Poster) -> None:
        self.poster = poster
        self.transport: asyncio.Transport | None = None
        self.index = -1
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self.transport = transport  # type: ignore[assignment]  # uvloop's transports are no subclasses

    def post(self, index: int) -> None:
        """Writes a request."""
        assert self.transport is not None
        self.index = index
        self.transport.write(self.poster.requests[index])

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol: collects one answer."""
        self.buffer += data
        head_end = self.buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self.buffer[:head_end].lower()
        length = int(header(head, b"content-length") or 0)
        if len(self.buffer) < head_end + 4 + length:
            return
        body, self.buffer = self.buffer[head_end + 4 :], b""
        retry_after_s = float(header(head, b"retry-after") or 0.5)
        self.poster.answered(self, self.index, int(head[9:12]), retry_after_s, body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        if not self.poster.done.is_set():
            self.poster.fail(f"connection lost: {exc!r}")


def header(head: bytes, key: bytes) -> bytes:
    """The value of a header in a lower-case head; empty where it is absent."""
    start = head.find(b"\r\n" + key + b":")
    if start < 0:
        return b""
    start += len(key) + 3
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else len(head)].strip()


async def run() -> None:
    """Reads the plan, posts, reports."""
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=Plan)
    poster = Poster(requests_of(plan), plan.rate_per_s)
    loop = asyncio.get_running_loop()
    pairs = [await loop.create_connection(lambda: Connection(poster), "127.0.0.1", plan.port) for _ in range(plan.connections)]
    _say({"ready": len(poster.requests)})
    sys.stdin.buffer.readline()
    poster.start([protocol for _, protocol in pairs])
    await poster.done.wait()
    if plan.rate_per_s:
        poster.posted.sent_at = poster.started
    _say(poster.posted)


def _say(value: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    uvloop.run(run())
