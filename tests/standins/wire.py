"""A TCP server that does to each request what a test says, byte by byte, and remembers what came."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Script = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""What to do with a whole request: write what you like, close or reset if you like."""


class Wire:
    """What a scripted server saw."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.connections = 0
        self.bytes_in = 0
        self.requests: list[bytes] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/send"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            while not writer.is_closing():
                request = await self._request(reader)
                self.requests.append(request)
                await self.script(request, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        self.bytes_in += len(head)
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0] or 0)
        body = await reader.readexactly(length)
        self.bytes_in += length
        return head + body


@asynccontextmanager
async def wire(script: Script) -> AsyncIterator[Wire]:
    """A scripted server in the test's own loop."""
    server = Wire(script)
    await server.open()
    try:
        yield server
    finally:
        await server.close()


def saying(status: int, body: bytes = b"", headers: bytes = b"") -> Script:
    """Answers every request alike. `headers` are whole lines."""

    async def script(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(said(status, body, headers))
        await writer.drain()

    return script


def said(status: int, body: bytes = b"", headers: bytes = b"") -> bytes:
    """A whole answer."""
    return b"HTTP/1.1 %d x\r\n%bContent-Length: %d\r\n\r\n%b" % (status, headers, len(body), body)
