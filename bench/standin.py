"""The tests' stand-in vendor with what a bench asks often and cheaply: how much was taken and reported, how many calls are open.

`python -m bench.standin TERMS` (JSON, see `Terms`) prints one line, `{"port": …}`, and runs until SIGTERM.
"""

import asyncio
import signal
import sys
import time
from collections import deque
from typing import Any

import msgspec
import uvloop

from tests.standins.callbacks import CallbackOptions
from tests.standins.vendor import Vendor, VendorOptions


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How this vendor behaves. It reports nothing until `POST /_set` has named a callback address. `faults`: tests.standins.vendor."""

    latency_ms: float = 0
    receipt_batch: int = 100
    receipt_delay_ms: float = 0
    receipt_connections: int = 16
    """A vendor that sends thousands a second does not wait for each hundred to be acknowledged."""
    faults: dict[str, float] = {}


class Count(msgspec.Struct, frozen=True):
    """`GET /_count`: messages taken, reports that the gateway confirmed, calls waiting for their answer."""

    taken: int
    reported: int
    open_calls: int


class CountedVendor(Vendor):
    """Adds `/_count`; `/_stats` walks over everything that ever arrived."""

    def __init__(self, options: VendorOptions) -> None:
        super().__init__(options)
        self._called_at: deque[float] = deque()

    def call(self, body: bytes, fault: str | None) -> tuple[int, bytes | None]:
        """Remembers when the call came: it stays open for the latency."""
        if self.options.latency_ms:
            self._called_at.append(time.monotonic())
        return super().call(body, fault)

    def control(self, path: str, body: bytes) -> Any:
        """Part of Vendor."""
        return self._count() if path == "/_count" else super().control(path, body)

    def _count(self) -> Count:
        answered_before = time.monotonic() - self.options.latency_ms / 1000
        while self._called_at and self._called_at[0] < answered_before:
            self._called_at.popleft()
        return Count(self.book.taken, self.callbacks.posted, len(self._called_at))


def options_of(terms: Terms) -> VendorOptions:
    """The same in the stand-in's words."""
    callbacks = CallbackOptions(None, terms.receipt_batch, terms.receipt_delay_ms, connections=terms.receipt_connections)
    return VendorOptions(latency_ms=terms.latency_ms, callbacks=callbacks, faults=terms.faults)


async def serve(terms: Terms) -> None:
    """Runs until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    vendor = CountedVendor(options_of(terms))
    await vendor.open()
    sys.stdout.write(f'{{"port":{vendor.port}}}\n')
    sys.stdout.flush()
    await stop.wait()
    await vendor.close()


if __name__ == "__main__":
    uvloop.run(serve(msgspec.json.decode(sys.argv[1], type=Terms)))
