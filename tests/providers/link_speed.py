"""Measures what the link costs beside a bare aiohttp client, against a stand-in vendor in a process of its own.

python -m tests.providers.link_speed
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import count

import aiohttp
import uvloop
from yarl import URL

from providers.base.types import Outgoing, Settings
from providers.base.words import Outcome
from providers.http import Http
from tests.standins.vendor_config import config

CALLS, CONNECTIONS, ROUNDS = 20_000, 50, 3
BATCH = 100
TEXT = "【四川社保】王*国，请于2026年11月23日(含)前认证，四川e社保或就近网点，免费。已办请忽略。12333"


async def measured(call: Callable[[], Awaitable[object]], calls: int) -> tuple[float, float]:
    """Calls a second, and µs of CPU a call."""
    left = iter(range(calls))

    async def work() -> None:
        for _ in left:
            await call()

    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return calls / (time.perf_counter() - started), (time.process_time() - cpu) / calls * 1e6


def provider(url: str, batch_size: int) -> Http:
    options = {key: value for key, value in config(url, batch_size=batch_size).items() if key not in {"driver", "batch_size"}}

    async def receive(*_: object) -> object:
        raise NotImplementedError

    return Http(Settings("standin", "http", connections=CONNECTIONS, batch_size=batch_size, options=options), receive)  # type: ignore[arg-type]


async def compare(url: str) -> None:
    serial = count()

    def message() -> Outgoing:
        number = next(serial)
        return Outgoing(str(number), f"+8613{number % 10**5:05d}2345", "sms", TEXT, "t", {}, "s")

    async def bare() -> None:
        body = b'{"to":"+8613800132345","ref":"%d","text":"%b"}' % (next(serial), TEXT.encode())
        async with session.post(target, data=body) as answer:
            await answer.read()

    target = URL(url)
    for _ in range(ROUNDS):
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:
            report("bare aiohttp, 1 a call", await measured(bare, CALLS), 1)
        for size in (1, BATCH):
            http = provider(url, size)
            await http.open()

            async def send(http: Http = http, size: int = size) -> None:
                batch = [message() for _ in range(size)]
                answers = await http.send(batch, lambda: True, lambda: None)
                assert all(answer.outcome is Outcome.ACCEPTED for answer in answers)

            report(f"http provider, {size} a call", await measured(send, CALLS if size == 1 else CALLS // 40), size)
            await http.close()


def report(what: str, figures: tuple[float, float], size: int) -> None:
    rate, cost = figures
    sys.stdout.write(f"{what:28} {rate:8.0f} calls/s {rate * size:9.0f} messages/s {cost:8.1f} µs CPU/call {cost / size:6.2f} µs/message\n")


if __name__ == "__main__":
    vendor = subprocess.Popen([sys.executable, "-m", "tests.standins.vendor"], stdout=subprocess.PIPE)
    try:
        assert vendor.stdout is not None
        uvloop.run(compare(json.loads(vendor.stdout.readline())["url"]))
    finally:
        vendor.terminate()
        vendor.wait(10)
