"""Just enough HTTP/1.1 for a stand-in vendor, and the ways in which its answers go wrong."""

import asyncio
from typing import TYPE_CHECKING, cast

import msgspec

if TYPE_CHECKING:
    from tests.standins.vendor import Vendor

TAKES_NOTHING = frozenset({"busy", "throttle"})


class VendorHttp(asyncio.Protocol):
    """Kept-alive connections, bodies with a length."""

    def __init__(self, vendor: "Vendor") -> None:
        self._vendor = vendor
        self._loop = asyncio.get_running_loop()
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by its ways, not by its class

    def data_received(self, data: bytes) -> None:
        self._vendor.bytes_in += len(data)
        held = self._held + data if self._held else data
        while (end := held.find(b"\r\n\r\n")) >= 0:
            stop = end + 4 + _length(held, end)
            if len(held) < stop:
                break
            self._request(held[: held.index(b"\r\n")], held[end + 4 : stop])
            held = held[stop:]
        self._held = held

    def _request(self, line: bytes, body: bytes) -> None:
        path = line.split(b" ", 2)[1]
        if path.startswith(b"/_"):
            self._answer(200, msgspec.json.encode(self._vendor.control(path.decode(), body)))
            return
        fault = self._vendor.fault()
        if fault in TAKES_NOTHING:
            self._later(503 if fault == "busy" else 429, b'{"code":"LATER"}', b"Retry-After: 1\r\n")
            return
        status, answer = self._vendor.call(body, fault)
        if answer is not None:
            self._spoilt(status, answer, fault)

    def _spoilt(self, status: int, answer: bytes, fault: str | None) -> None:
        if fault == "reset":
            self._transport.abort()
        elif fault == "truncate":
            self._transport.write(_written(status, answer)[: -len(answer) // 2])
            self._transport.close()
        elif fault == "bad_gateway":
            self._later(502, b"<html>bad gateway</html>")
        elif fault == "garbage":
            self._later(200, b"<html>welcome</html>")
        elif fault == "slow":
            self._loop.call_later(self._vendor.options.slow_ms / 1000, self._answer, status, answer)
        else:
            self._later(status, answer)

    def _later(self, status: int, answer: bytes, headers: bytes = b"") -> None:
        if self._vendor.options.latency_ms:
            self._loop.call_later(self._vendor.options.latency_ms / 1000, self._answer, status, answer, headers)
        else:
            self._answer(status, answer, headers)

    def _answer(self, status: int, answer: bytes, headers: bytes = b"") -> None:
        if not self._transport.is_closing():
            self._transport.write(_written(status, answer, headers))


def _length(held: bytes, end: int) -> int:
    start = held.find(b"Content-Length: ", 0, end)
    return int(held[start + 16 : held.index(b"\r\n", start)]) if start >= 0 else 0


def _written(status: int, answer: bytes, headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d x\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b" % (status, headers, len(answer), answer)
