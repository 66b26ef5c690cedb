"""A stand-in SMSC that speaks SMPP 3.4, in the test's loop (`running`) or in a process of its own.

    python -m tests.standins.smpp --port 0 --latency-ms 0 --receipt-delay-ms 20

It prints one line, `{"port": …, "pid": …}`, runs until SIGTERM or SIGINT, and prints what its book says. It decides by the last four digits of
the destination, as CONTRACT.md says of the sandbox; `FAULTS` says what else may go wrong with a share of the submits.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

import uvloop

from providers.base.segments import header_of
from providers.smpp.codes import RX_T_APPN, code
from providers.smpp.pdu import RECEIPT, UDHI, Address, ShortMessage, Tag
from tests.standins.book import Book, Taken
from tests.standins.smpp_session import SmppSession

FAULTS: Mapping[str, str] = {
    "reset": "takes it, then resets the connection",
    "silent": "takes it, never answers",
    "late": "takes it, answers after late_ms",
    "truncate": "takes it, sends half of the answer, ends its side",
    "html": "takes it, answers with an HTML page (502) as a front end would",
    "double": "takes it, answers twice and reports twice",
    "lose": "takes it and answers, never reports",
    "throttle": "takes nothing, ESME_RTHROTTLED",
    "full": "takes nothing, ESME_RMSGQFUL",
    "nack": "takes nothing, generic_nack ESME_RINVCMDLEN",
}
REFUSING: Mapping[str, int] = {"throttle": 0x58, "full": 0x14}
REPORTED: Mapping[str, tuple[str, ...]] = {
    "0001": ("MK:0001",),
    "0002": ("MK:0005",),
    "0003": ("UNDELIV",),
    "0004": (),
    "0007": (),
    "0008": ("HD:0001",),
    "0009": ("DELIVRD", "ACCEPTD", "DELIVRD"),
}
REPLIES = {"0010": "退订", "0011": "非本人"}
_STATES = {"DELIVRD": 2, "ACCEPTD": 6}


@dataclass(slots=True)
class SmscOptions:
    """How the SMSC behaves. `faults`: share of submits by name. `deliver_window`: deliver_sm without an answer, a connection."""

    port: int = 0
    system_id: str = "esme01"
    password: str = "secret08"
    latency_ms: float = 0.0
    late_ms: float = 2000.0
    receipt_delay_ms: float = 0.0
    receipts_first: bool = False
    """The receipt leaves before the answer to its submit."""
    receipts: Literal["text", "tlv", "both"] = "both"
    answer_ids: str = "{0:08X}"
    receipt_ids: str = "{0:08X}"
    error_bodies: bool = False
    """Whether an answer that says no has a body all the same."""
    deliver_window: int = 10
    enquire_ms: float = 0.0
    """Above 0: how often the SMSC asks whether we live."""
    deaf: bool = False
    """It does not answer enquire_link."""
    redeliver_ms: float = 50.0
    faults: Mapping[str, float] = field(default_factory=dict)
    seed: int = 1


class Smsc:
    """Takes messages, keeps the book, reports. News waits until a receiver is bound, and is sent again until it is taken."""

    def __init__(self, options: SmscOptions) -> None:
        self.options = options
        self.book = Book()
        self.sessions: list[SmppSession] = []
        self.logins = self.bound = self.most_waiting = self.news_taken = self.news_put_off = self.enquiries = 0
        self.news: deque[bytes] = deque()
        self._ids = count(1)
        self._throttled: dict[tuple[str, str], int] = {}
        self._random = random.Random(options.seed)

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = await self._loop.create_server(lambda: SmppSession(self), "127.0.0.1", self.options.port)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self._server.close()
        for session in [*self.sessions]:
            session.abort()
        await asyncio.sleep(0)

    def submitted(self, session: SmppSession, sequence: int, message: ShortMessage) -> None:
        """Takes a submit_sm, or does not, and answers."""
        self.book.calls += 1
        to, text, number = message.destination.number, _text(message), _number(message)
        ending, fault = to[-4:], self._fault()
        if fault == "nack":
            session.nack(sequence, 0x02)
            return
        status = 0x0B if ending == "0005" else 0x58 if ending == "0006" and self._throttles(to, text) else REFUSING.get(fault or "", 0)
        if status:
            self.book.refused += 1
            session.answer(sequence, status, b"\0" if self.options.error_bodies else b"")
            return
        self.book.take((Taken(to, f"{to} {number} {text}", text),))
        serial = next(self._ids)
        if ending == "0007" or fault == "silent":
            return
        news = [] if fault == "lose" else self._news(message, serial, ending, number) * (2 if fault == "double" else 1)
        if self.options.receipts_first:
            self._report(news)
        self._answer(session, sequence, f"{self.options.answer_ids.format(serial)}\0".encode(), fault)
        if news and not self.options.receipts_first:
            self._loop.call_later(self.options.receipt_delay_ms / 1000, self._report, news)

    def _answer(self, session: SmppSession, sequence: int, body: bytes, fault: str | None) -> None:
        if fault == "reset":
            session.abort()
        elif fault == "html":
            session.html()
        elif fault == "truncate":
            session.half(sequence, body)
        elif fault == "late" or self.options.latency_ms:
            pause_s = (self.options.late_ms if fault == "late" else self.options.latency_ms) / 1000
            self._loop.call_later(pause_s, session.answer, sequence, 0, body)
        else:
            session.answer(sequence, 0, body)
        if fault == "double":
            session.answer(sequence, 0, body)

    def say(self, body: bytes) -> None:
        """Sends a deliver_sm with this body to whoever receives."""
        self._report([body])

    def _report(self, news: list[bytes]) -> None:
        self.news.extend(news)
        self.spread()

    def spread(self) -> None:
        """Gives what waits to receivers with room in their windows."""
        for session in self.sessions:
            if not self.news:
                return
            session.deliver()

    def taken(self, status: int, body: bytes) -> None:
        """A deliver_sm was answered."""
        if status == 0:
            self.news_taken += 1
        elif status in {RX_T_APPN, 0x08, 0x14}:
            self.news_put_off += 1
            self._loop.call_later(self.options.redeliver_ms / 1000, self.say, body)
        else:
            sys.stderr.write(f"deliver_sm refused: {code(status)}\n")

    def _fault(self) -> str | None:
        if not self.options.faults:
            return None
        drawn = self._random.random()
        for name, share in self.options.faults.items():
            drawn -= share
            if drawn < 0:
                return name
        return None

    def _throttles(self, to: str, text: str) -> bool:
        self._throttled[to, text] = tries = self._throttled.get((to, text), 0) + 1
        return tries <= 2

    def _news(self, message: ShortMessage, serial: int, ending: str, number: int) -> list[bytes]:
        words = REPORTED.get(ending, ("DELIVRD",)) if message.registered_delivery else ()
        news = [self._receipt(message, self.options.receipt_ids.format(serial), word) for word in words]
        if ending in REPLIES and number == 1:
            news.append(ShortMessage(message.destination, message.source, REPLIES[ending].encode("utf-16-be"), 8).octets())
        return news

    def _receipt(self, message: ShortMessage, id_: str, word: str) -> bytes:
        stat = word if self.options.receipts != "tlv" else ""
        text = f"id:{id_} sub:001 dlvrd:001 submit date:2401010000 done date:2401010001 stat:{stat} err:000 text:" if stat else ""
        tlvs: dict[int, bytes] = {}
        if self.options.receipts != "text":
            tlvs = {Tag.RECEIPTED_MESSAGE_ID: f"{id_}\0".encode(), Tag.MESSAGE_STATE: bytes((_STATES.get(word, 5),))}
        return ShortMessage(message.destination, message.source, text.encode(), 0, RECEIPT, 0, tlvs).octets()


def reply(source: str, text: str, *, to: str = "10690001") -> bytes:
    """The body of a deliver_sm with what a person wrote."""
    return ShortMessage(Address(source, 1, 1), Address(to), text.encode("utf-16-be"), 8).octets()


@asynccontextmanager
async def running(options: SmscOptions | None = None) -> AsyncIterator[Smsc]:
    """An SMSC inside the test's own loop."""
    smsc = Smsc(options or SmscOptions())
    await smsc.open()
    try:
        yield smsc
    finally:
        await smsc.close()


def _number(message: ShortMessage) -> int:
    """Which part of its message this is."""
    if message.esm_class & UDHI:
        return header_of(message.content).number
    return message.tlvs.get(Tag.SAR_SEGMENT_SEQNUM, b"\1")[0]


def _text(message: ShortMessage) -> str:
    content = message.content
    if message.esm_class & UDHI:
        content = content[header_of(content).octets :]
    return content.decode("utf-16-be" if message.data_coding == 8 else "latin-1")


def _faults(written: str) -> dict[str, float]:
    shares = {name: float(share) for name, _, share in (part.partition("=") for part in written.split(",") if part)}
    if unknown := set(shares) - set(FAULTS):
        raise argparse.ArgumentTypeError(f"unknown faults {', '.join(unknown)}; known: {', '.join(FAULTS)}")
    return shares


def _options() -> SmscOptions:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--receipt-delay-ms", type=float, default=0.0)
    parser.add_argument("--deliver-window", type=int, default=10)
    parser.add_argument("--faults", type=_faults, default={}, help="; ".join(f"{name}: {what}" for name, what in FAULTS.items()))
    given = parser.parse_args()
    return SmscOptions(
        given.port,
        latency_ms=given.latency_ms,
        receipt_delay_ms=given.receipt_delay_ms,
        deliver_window=given.deliver_window,
        faults=given.faults,
    )


async def _serve(options: SmscOptions) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(options) as smsc:
        sys.stdout.write(json.dumps({"port": smsc.port, "pid": os.getpid()}) + "\n")
        sys.stdout.flush()
        await stop.wait()
        sys.stdout.write(json.dumps(smsc.book.stats() | {"news_taken": smsc.news_taken, "news_waiting": len(smsc.news)}) + "\n")


if __name__ == "__main__":
    uvloop.run(_serve(_options()))
