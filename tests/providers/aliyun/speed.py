"""Measures `aliyun` beside a bare aiohttp client, against an instant stand-in in a process of its own. About ten seconds.

python -m tests.providers.aliyun.speed
"""

import asyncio
import json
import subprocess
import sys
from itertools import count
from typing import cast

import aiohttp
import uvloop

from providers.aliyun import Aliyun
from providers.base.types import Outgoing, Settings
from providers.base.words import Outcome
from tests.providers.link_speed import measured, report

CALLS, CONNECTIONS, ROUNDS, BATCH = 10_000, 50, 3, 100
PARAMS = {"name": "王*国", "deadline": "2026年11月23日", "means": "四川e社保或就近网点", "phone": "12333"}
TEMPLATE = {"code": "SMS_154950909", "params": {name: f"{{{name}}}" for name in PARAMS}}
ANSWER = b'{"RequestId":"819BE656-D2E0-4858-8B21-B2E477085AAF","Message":"OK","BizId":"9006195^0","Code":"OK"}'


class Instant(asyncio.Protocol):
    """Takes everything and looks at nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._held = cast("asyncio.Transport", transport), b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        head, end, rest = self._held.partition(b"\r\n\r\n")
        if end and len(rest) >= int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]):
            self._held = b""
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER)
            )


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Instant, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}) + "\n")
    sys.stdout.flush()
    await server.serve_forever()


def provider(url: str, batch_size: int) -> Aliyun:
    options = {
        "endpoint": url,
        "access_key_id": "testAccessKeyId",
        "access_key_secret": "testAccessKeySecret",
        "templates": {"*": TEMPLATE},
    }

    async def receive(*_: object) -> object:
        raise NotImplementedError

    return Aliyun(Settings("standin", "aliyun", connections=CONNECTIONS, batch_size=batch_size, options=options), receive)  # type: ignore[arg-type]


async def compare(url: str) -> None:
    serial = count()

    def message() -> Outgoing:
        number = next(serial)
        return Outgoing(str(number), f"+861{3 * 10**9 + number % 10**9}", "sms", "", "reminder", PARAMS, "四川社保", "7")

    one, many = provider(url, 1), provider(url, BATCH)
    ready = [one.write([message()]), many.write([message() for _ in range(BATCH)])]

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS), headers={"Accept-Encoding": "identity"}) as session:

        async def bare(place: int) -> None:
            request = ready[place]
            headers = {**request.headers, "Content-Type": "application/x-www-form-urlencoded"}
            async with session.post(f"{url}/?x=1", data=request.body, headers=headers) as answer:
                await answer.read()

        for _ in range(ROUNDS):
            for place, (driver, size) in enumerate(((one, 1), (many, BATCH))):
                calls = CALLS if size == 1 else CALLS // 10
                report(f"bare aiohttp, {size} a call", await measured(lambda place=place: bare(place), calls), size)  # type: ignore[misc]
                await driver.open()

                async def send(driver: Aliyun = driver, size: int = size) -> None:
                    answers = await driver.send([message() for _ in range(size)], lambda: True, lambda: None)
                    assert all(answer.outcome is Outcome.ACCEPTED for answer in answers)

                report(f"aliyun, {size} a call", await measured(send, calls), size)
                await driver.close()


if __name__ == "__main__":
    if sys.argv[1:] == ["--vendor"]:
        uvloop.run(serve())
    else:
        vendor = subprocess.Popen([sys.executable, "-m", "tests.providers.aliyun.speed", "--vendor"], stdout=subprocess.PIPE)
        try:
            assert vendor.stdout is not None
            uvloop.run(compare(json.loads(vendor.stdout.readline())["url"]))
        finally:
            vendor.terminate()
            vendor.wait(10)
