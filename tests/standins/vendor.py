"""A stand-in SMS vendor that speaks JSON over HTTP, in a process of its own.

    python -m tests.standins.vendor --port 0 --latency-ms 0 --receipts http://127.0.0.1:8080/callbacks/NAME/TOKEN --receipt-batch 100

It prints one line, `{"port": …, "url": …, "pid": …}`, and runs until SIGTERM or SIGINT.

- `POST /send` takes `{"to","ref","text"}`, or `{"messages": [{"to","ref","text"}, …]}`, and answers one entry a message:
  `{"code","ref","id"}`, or `{"results": [{"code","ref","id"}, …]}`. `vendor_config.config()` gives the matching
  `[providers.NAME]` section, `vendor.toml` is the same as text.
- It decides by the last four digits of `to`, as CONTRACT.md says of the sandbox, and posts reports and replies to `--receipts`.
- `--faults reset=0.01,busy=0.02` makes that share of the calls go wrong; `FAULTS` says how, and which of them took the messages.
- `GET /_stats` counts what was taken once, twice, never; `GET /_arrivals` gives `{reference: {"at","to"}}`, `at` in seconds of the
  machine's monotonic clock; `POST /_expect` takes a JSON list of addresses that must be written to; `POST /_set` takes any of
  `{"latency_ms","receipts"}`; `POST /_reset` forgets all.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import msgspec
import uvloop

from tests.standins.book import Book, Taken
from tests.standins.callbacks import CallbackOptions, Callbacks, Said
from tests.standins.vendor_http import VendorHttp

FAULTS: Mapping[str, str] = {
    "reset": "takes the messages, then resets the connection instead of answering",
    "truncate": "takes the messages, sends half an answer, closes",
    "bad_gateway": "takes the messages, answers 502",
    "garbage": "takes the messages, answers 200 with what is no JSON",
    "slow": "takes the messages, answers after --slow-ms",
    "busy": "takes nothing, answers 503 with Retry-After",
    "throttle": "takes nothing, answers 429 with Retry-After",
    "lose": "takes and answers, never reports",
    "double": "takes and answers, reports twice and out of order",
}
REPORTED: Mapping[str, Sequence[str]] = {
    "0001": ["ABSENT"],
    "0002": ["SUSPEND"],
    "0003": ["OFF"],
    "0004": [],
    "0007": [],
    "0008": ["BLACK"],
    "0009": ["DELIVRD", "ACCEPTD", "DELIVRD"],
}
DELIVERED = ["DELIVRD"]
REPLIES = {"0010": "退订", "0011": "非本人"}


@dataclass(frozen=True, slots=True)
class VendorOptions:
    """How the vendor behaves. `faults`: share of calls by name, see `FAULTS`. `max_batch`: more messages a call get a 413."""

    port: int = 0
    latency_ms: float = 0.0
    slow_ms: float = 2000.0
    max_batch: int = 1000
    faults: Mapping[str, float] = field(default_factory=dict)
    seed: int = 1
    callbacks: CallbackOptions = field(default_factory=CallbackOptions)


class Call(msgspec.Struct):
    """The body of a call, single or batch."""

    messages: list[Taken] | None = None
    to: str = ""
    ref: str = ""
    text: str = ""


class Vendor:
    """Takes messages, keeps the book, reports."""

    def __init__(self, options: VendorOptions) -> None:
        self.options = options
        self.book = Book()
        self.callbacks = Callbacks(options.callbacks)
        self.bytes_in = 0
        self._decode = msgspec.json.Decoder(Call).decode
        self._ids = count(1)
        self._throttled: dict[str, int] = {}
        self._random = random.Random(options.seed)

    async def open(self) -> None:
        await self.callbacks.open()
        self._server = await asyncio.get_running_loop().create_server(
            lambda: VendorHttp(self), "127.0.0.1", self.options.port, backlog=1024
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/send"

    async def close(self) -> None:
        self._server.close()
        await self.callbacks.close()

    def fault(self) -> str | None:
        """What goes wrong with this call."""
        if not self.options.faults:
            return None
        drawn = self._random.random()
        for name, share in self.options.faults.items():
            drawn -= share
            if drawn < 0:
                return name
        return None

    def call(self, body: bytes, fault: str | None) -> tuple[int, bytes | None]:
        """Takes the messages of a call. No body: the vendor never answers."""
        self.book.calls += 1
        try:
            call = self._decode(body)
        except msgspec.MsgspecError:
            return 400, b'{"code":"BAD"}'
        if call.messages is None:
            entry = self._entry(Taken(call.to, call.ref, call.text), fault)
            return 200, entry and b"{%b}" % entry
        if len(call.messages) > self.options.max_batch:
            return 413, b'{"code":"TOO_MANY"}'
        entries = [entry for entry in (self._entry(message, fault) for message in call.messages) if entry]
        return 200, b'{"results":[%b]}' % b",".join([b"{%b}" % entry for entry in entries])

    def control(self, path: str, body: bytes) -> Any:
        """The endpoints of whoever runs the test."""
        if path == "/_stats":
            return self.book.stats() | {"receipts": self.callbacks.stats()}
        if path == "/_arrivals":
            return self.book.arrivals
        if path == "/_expect":
            self.book.expect(msgspec.json.decode(body, type=list[str]))
        elif path == "/_set":
            self._set(msgspec.json.decode(body))
        else:
            self.book = Book()
            self.callbacks.clear()
        return {}

    def _set(self, given: Mapping[str, Any]) -> None:
        self.options = replace(self.options, latency_ms=given.get("latency_ms", self.options.latency_ms))
        self.callbacks.options = replace(self.callbacks.options, url=given.get("receipts", self.callbacks.options.url))

    def _entry(self, message: Taken, fault: str | None) -> bytes | None:
        """The members of one message's entry; None where there is no entry."""
        ending = message.to[-4:]
        reference = message.ref.encode()
        if ending == "0005" or (ending == "0006" and self._throttles(message.ref)):
            self.book.refused += 1
            return b'"code":"%b","ref":"%b"' % (b"REFUSED" if ending == "0005" else b"THROTTLED", reference)
        self.book.take((message,))
        number = next(self._ids)
        if fault != "lose":
            self._report(message, f"v{number}", ending, twice=fault == "double")
        return None if ending == "0007" else b'"code":"0","ref":"%b","id":"v%d"' % (reference, number)

    def _throttles(self, reference: str) -> bool:
        self._throttled[reference] = tries = self._throttled.get(reference, 0) + 1
        return tries <= 2

    def _report(self, message: Taken, vendor_id: str, ending: str, *, twice: bool) -> None:
        for status in [*REPORTED.get(ending, DELIVERED), *(("ACCEPTD", *REPORTED.get(ending, DELIVERED)) if twice else ())]:
            self.callbacks.say(Said(message.to, message.ref, vendor_id, status))
        if ending in REPLIES:
            self.callbacks.say(Said(message.to, text=REPLIES[ending]))


@asynccontextmanager
async def running(options: VendorOptions) -> AsyncIterator[Vendor]:
    """A vendor inside the test's own loop."""
    vendor = Vendor(options)
    await vendor.open()
    try:
        yield vendor
    finally:
        await vendor.close()


def _faults(written: str) -> dict[str, float]:
    shares = {name: float(share) for name, _, share in (part.partition("=") for part in written.split(",") if part)}
    if unknown := set(shares) - set(FAULTS):
        raise argparse.ArgumentTypeError(f"unknown faults {', '.join(unknown)}; known: {', '.join(FAULTS)}")
    return shares


def _options() -> VendorOptions:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--batch", type=int, default=1000, help="most messages a call")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--slow-ms", type=float, default=2000.0)
    parser.add_argument("--faults", type=_faults, default={}, help="; ".join(f"{name}: {what}" for name, what in FAULTS.items()))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--receipts", help="callback URL")
    parser.add_argument("--receipt-batch", type=int, default=100)
    parser.add_argument("--receipt-delay-ms", type=float, default=0.0)
    parser.add_argument("--receipt-linger-ms", type=float, default=5.0)
    parser.add_argument("--receipt-connections", type=int, default=2)
    given = parser.parse_args()
    callbacks = CallbackOptions(
        given.receipts, given.receipt_batch, given.receipt_delay_ms, given.receipt_linger_ms, given.receipt_connections
    )
    return VendorOptions(given.port, given.latency_ms, given.slow_ms, given.batch, given.faults, given.seed, callbacks)


async def _serve(options: VendorOptions) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(options) as vendor:
        sys.stdout.write(json.dumps({"port": vendor.port, "url": vendor.url, "pid": os.getpid()}) + "\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    uvloop.run(_serve(_options()))
