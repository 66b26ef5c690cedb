"""The HTTP I/O that all providers share: one call, written at most once, and what surely came of it.

A call goes through aiohttp's connection pool and response parser, but not through `ClientSession`, for three reasons. The session
re-sends idempotent methods when a kept-alive connection drops, and follows redirects: both can send a message twice, and here
neither exists. The session cannot ask `still_mine` between having a connection and writing to it; here question and write stand in
one synchronous stretch. And the session costs 52 µs a call where this costs 17 µs (`python -m tests.providers.link_speed`).

What proves what (invariant 4): all that fails before the write is `nothing_left`; after it, everything but a whole answer is
`unknown`. A task cancelled in a call gets its `CancelledError`: if `on_first_byte` was called, that call is unknown.
"""

import asyncio
import errno
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from aiohttp import ClientError, ClientRequest, ClientTimeout, TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader
from yarl import URL

from providers.base.endpoint import NO_HEADERS, Endpoint
from providers.base.inflate import CodingError, inflated
from providers.base.types import Settings, SettingsError, StillMine
from providers.base.words import Outcome

KEEPALIVE_S: Final = 4.0
"""How long an idle connection is kept. Shorter than vendors keep theirs (the shortest default we know is Node's, 5 s): a call written
to a connection that the vendor is just closing would be unknown."""

MAX_ANSWER_BYTES: Final = 1 << 20
"""A larger answer is not read on; the call is unknown."""

_READ_BUFFER_BYTES: Final = 1 << 16


class Heard(msgspec.Struct, frozen=True):
    """A whole answer. `headers` are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Silence(msgspec.Struct, frozen=True):
    """No answer. `outcome` is `nothing_left` or `unknown`; `detail` says why, in closed words."""

    outcome: Outcome
    detail: str


LEASE_ENDED: Final = Silence(Outcome.NOTHING_LEFT, "the lease ended before the first byte")
"""The one silence that is not the vendor's doing."""


class AnswerTooLargeError(ClientError):
    """The answer is larger than we read."""


class Link:
    """One provider's connections. Made anywhere; opened, used and closed in one running loop."""

    def __init__(self, settings: Settings, *, keepalive_s: float = KEEPALIVE_S, max_answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        if min(settings.timeout_s, settings.connect_timeout_s, settings.connections) <= 0:
            raise SettingsError(f"providers.{settings.name}: timeout_s, connect_timeout_s and connections must be above 0")
        self._limit = settings.connections
        self._timeout_s = settings.timeout_s
        connect_s = min(settings.connect_timeout_s, settings.timeout_s / 2)  # whatever it took to connect, half is left for the answer
        self._connect_timeout = ClientTimeout(total=None, connect=connect_s, sock_connect=connect_s)
        self._keepalive_s = keepalive_s
        self._max_answer_bytes = max_answer_bytes
        self._peers: dict[URL, ClientRequest] = {}
        self._in_flight = 0
        self._idle: asyncio.Event | None = None

    async def open(self) -> None:
        """Makes the pool; a connection is made by the first call that needs it."""
        self._loop = asyncio.get_running_loop()
        self._connector = TCPConnector(limit=self._limit, keepalive_timeout=self._keepalive_s)

    async def close(self) -> None:
        """Lets the calls in flight end (each within `timeout_s`), then closes the connections."""
        if self._in_flight:
            self._idle = asyncio.Event()
            await self._idle.wait()
        await self._connector.close()

    async def call(
        self,
        endpoint: Endpoint,
        body: bytes,
        still_mine: StillMine,
        on_first_byte: Callable[[], None],
        headers: Mapping[str, str] = NO_HEADERS,
        query: bytes = b"",
    ) -> Heard | Silence:
        """One call, written once or not at all, `timeout_s` long at most. `headers` and `query` are those of this call alone."""
        self._in_flight += 1
        try:
            return await self._call(endpoint.origin, endpoint.request(body, headers, query), still_mine, on_first_byte)
        finally:
            self._in_flight -= 1
            if self._idle is not None and not self._in_flight:
                self._idle.set()

    async def _call(self, origin: URL, request: bytes, still_mine: StillMine, on_first_byte: Callable[[], None]) -> Heard | Silence:
        deadline = self._loop.time() + self._timeout_s
        try:
            connection, protocol, transport = await self._connected(origin)
        except (ClientError, OSError, TimeoutError) as error:
            return Silence(Outcome.NOTHING_LEFT, f"no connection: {_said(error)}")
        reusable = True
        try:
            # Nothing is awaited from here to the write: no other task comes between the question and the bytes.
            if not still_mine():
                return LEASE_ENDED
            reusable = False
            protocol.set_response_params(read_until_eof=True, auto_decompress=False, read_bufsize=_READ_BUFFER_BYTES)
            on_first_byte()
            transport.write(request)
            answer = await self._answer(protocol, transport, deadline)
            reusable = isinstance(answer, Heard)
            return answer
        finally:
            (connection.release if reusable else connection.close)()

    async def _connected(self, origin: URL) -> tuple[Connection, ResponseHandler, asyncio.Transport]:
        """Raises what aiohttp raises where no connection can be had; not a byte of a request was written then."""
        peer = self._peers.get(origin)
        if peer is None:
            peer = self._peers[origin] = ClientRequest("POST", origin, loop=self._loop)
        while True:
            connection = await self._connector.connect(peer, [], self._connect_timeout)
            protocol = connection.protocol
            # Where a vendor spoke on an idle connection (a late 408), its words would be taken for the answer to this call.
            if protocol is not None and protocol.transport is not None and not protocol.should_close:
                return connection, protocol, protocol.transport
            connection.close()

    async def _answer(self, protocol: ResponseHandler, transport: asyncio.Transport, deadline: float) -> Heard | Silence:
        alarm = self._loop.call_at(deadline, transport.abort)
        try:
            message, payload = await protocol.read()
            while message.code < 200 and not message.upgrade:
                message, payload = await protocol.read()
            body = await self._whole(payload)
            if message.compression:
                body = inflated(body, message.compression, self._max_answer_bytes)
        except (ClientError, OSError, TimeoutError, HttpProcessingError, CodingError) as error:
            timed_out = self._loop.time() >= deadline
            return Silence(Outcome.UNKNOWN, f"no answer: {'timed out' if timed_out else _said(error)}")
        finally:
            alarm.cancel()
        return Heard(message.code, message.headers, body)

    async def _whole(self, payload: StreamReader) -> bytes:
        parts, size = [], 0
        while True:
            parts.append(payload.read_nowait(-1) if payload.is_eof() else await payload.readany())
            size += len(parts[-1])
            if size > self._max_answer_bytes:
                raise AnswerTooLargeError
            if payload.at_eof():
                return parts[0] if len(parts) == 1 else b"".join(parts)


def _said(error: Exception) -> str:
    """The kind of an error, without its text: that may hold a URL with a token in it."""
    number = getattr(error, "errno", None)
    name = errno.errorcode.get(number, "") if isinstance(number, int) else ""
    return f"{type(error).__name__} {name}".strip()
