"""Measures submits a second with window 32 and reports on, beside a bare socket loop that writes ready-made PDUs, against a stand-in SMSC in a process of its own.

python -m tests.providers.smpp.speed
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import cast

import uvloop

from providers.base.types import Callback, Outgoing, Reading
from providers.base.words import Outcome
from providers.smpp.pdu import HEADER, RESPONSE, Address, Command, ShortMessage, bind, pdu
from tests.providers.contract import until
from tests.providers.smpp.provider import linked

SUBMITS, WINDOW, ROUNDS, BATCH = 20_000, 32, 3, 50
TEXT = "【四川社保】王*国，请于2026年11月23日(含)前认证，四川e社保或就近网点，免费。已办请忽略。12333"

Figures = tuple[float, float]
"""Submits a second, µs of our CPU a submit, both with its report."""


class Bare(asyncio.Protocol):
    """Writes ready-made submits, 32 on the way, and answers every deliver_sm at once: the least that can be done."""

    def __init__(self) -> None:
        address = Address("8613800132345", 1, 1)
        self.body = ShortMessage(Address("10690001"), address, TEXT.encode("utf-16-be"), 8, 0, 1).octets()
        self.left, self.answered, self.heard, self.sequence, self.rest = SUBMITS, 0, 0, 1, b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.write = cast("asyncio.Transport", transport).write
        self.write(pdu(Command.BIND_TRANSCEIVER, 1, bind("esme01", "secret08")))

    def data_received(self, data: bytes) -> None:
        data, at, out = self.rest + data, 0, []
        while len(data) - at >= 16:
            length, command, _, sequence = HEADER.unpack_from(data, at)
            if len(data) - at < length:
                break
            at += length
            if command == Command.DELIVER_SM:
                self.heard += 1
                out.append(pdu(Command.DELIVER_SM | RESPONSE, sequence, b"\0"))
                continue
            self.answered += command == Command.SUBMIT_SM | RESPONSE
            for _ in range(min(self.left, WINDOW if command == Command.BIND_TRANSCEIVER | RESPONSE else 1)):
                self.left, self.sequence = self.left - 1, self.sequence + 1
                out.append(pdu(Command.SUBMIT_SM, self.sequence, self.body))
        self.rest = data[at:]
        if out:
            self.write(b"".join(out))
        if self.heard == self.answered == SUBMITS and not self.done.done():
            self.done.set_result(None)


async def bare(port: int) -> None:
    """20,000 submits and their reports through a bare socket."""
    transport, protocol = await asyncio.get_running_loop().create_connection(Bare, "127.0.0.1", port)
    await protocol.done
    transport.close()


async def driver(port: int) -> None:
    """The same through the provider, every report read as the gateway would."""
    serial, heard = count(1), 0

    async def receive(_: str, callback: Callback) -> Reading:
        nonlocal heard
        reading = smpp.read(callback)
        heard += len(reading.reports)
        return reading

    async def work() -> None:
        for batch in batches:
            answers = await smpp.send(batch, lambda: True, lambda: None)
            assert all(answer.outcome is Outcome.ACCEPTED for answer in answers)

    async with linked(port, receive, window=WINDOW, batch_size=BATCH, timeout_s=10) as smpp:
        batches = iter([[_message(next(serial)) for _ in range(BATCH)] for _ in range(SUBMITS // BATCH)])
        await asyncio.gather(*(work() for _ in range(4)))
        await until(lambda: heard == SUBMITS)


def _message(number: int) -> Outgoing:
    return Outgoing(str(number), f"+8613{number:05d}2345", "sms", TEXT, "t", {}, "s")


async def measured(run: Callable[[int], Awaitable[None]], port: int) -> Figures:
    started, cpu = time.perf_counter(), time.process_time()
    await run(port)
    return SUBMITS / (time.perf_counter() - started), (time.process_time() - cpu) / SUBMITS * 1e6


async def compare(port: int) -> None:
    for _ in range(ROUNDS):
        (bare_rate, bare_cost), (rate, cost) = await measured(bare, port), await measured(driver, port)
        sys.stdout.write(f"bare socket {bare_rate:8.0f}/s {bare_cost:6.1f} µs   driver {rate:8.0f}/s {cost:6.1f} µs   ")
        sys.stdout.write(f"ratio {rate / bare_rate:5.2f}\n")


if __name__ == "__main__":
    smsc = subprocess.Popen([sys.executable, "-m", "tests.standins.smpp", "--deliver-window", "32"], stdout=subprocess.PIPE)
    try:
        assert smsc.stdout is not None
        uvloop.run(compare(json.loads(smsc.stdout.readline())["port"]))
    finally:
        smsc.terminate()
        smsc.wait(10)
