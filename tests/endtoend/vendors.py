"""All vendors' stand-ins at once, in a loop of a thread of their own, as vendors live apart from the gateway. They push what they have to say."""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import aiohttp
from aiohttp import web

from providers.huawei.auth import UNSIGNED, signature
from tests.standins import cmpp, smpp
from tests.standins.aliyun import AliyunSms, aliyun_sms
from tests.standins.huawei import HuaweiSms, huawei_sms
from tests.standins.listening import listening
from tests.standins.platform import platform
from tests.standins.tencent import tencent_sms
from tests.standins.wechat import WechatPlatform
from tests.standins.wecom import WecomPlatform

PUSH_KEY, PUSH_SECRET = "PUSHAK", "push-secret-of-a-test"
CMPP_SECRET, SMPP_PASSWORD = "cmpp-geheim", "smpp-pw1"
LOST = "7004"
"""Whose reports get lost on their way to us, with vendors that can be asked."""
PUSH_EVERY_S = 0.1
T = TypeVar("T")


@dataclass
class Service:
    """Whoever Apprise tells: takes anything, decides by the last four characters of the path."""

    told: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        await request.read()
        address = request.path.rstrip("/").rpartition("/")[2]
        if address.endswith("0005"):
            return web.Response(status=400)
        self.told.append(address)
        if address.endswith("0007"):
            await asyncio.sleep(30)
        return web.Response()


class Forgetful(AliyunSms):
    """Loses some of its reports."""

    def pushes(self) -> list[bytes]:
        self.told = deque(said for said in self.told if not said[0]["phone_number"].endswith(LOST))
        return super().pushes()


class Vendors:
    """Started with `open`, once the gateway's callback addresses are known. `urls` and `ports` by provider."""

    def __init__(self, callback: Callable[[str], str]) -> None:
        self.callback = callback
        self.urls: dict[str, str] = {}
        self.ports: dict[str, int] = {}
        self.aliyun, self.huawei = Forgetful(), HuaweiSms()
        self.refused: list[str] = []
        """Pushes that the gateway answered with something else than 200."""
        self._posted: Counter[bytes] = Counter()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="vendors", daemon=True)

    def open(self) -> None:
        self._thread.start()
        self.run(self._open())

    def close(self) -> None:
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine there and waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def do(self, work: Callable[[], T]) -> T:
        """Calls something there."""

        async def call() -> T:
            return work()

        return self.run(call())

    async def _open(self) -> None:
        self._stack = AsyncExitStack()
        enter = self._stack.enter_async_context
        _, self.urls["aliyun"] = await enter(aliyun_sms(self.aliyun))
        self.tencent, self.urls["tencent"] = await enter(tencent_sms())
        self.pulled, self.urls["pulled"] = await enter(tencent_sms())
        self._mortal = AsyncExitStack()
        self.dying, self.urls["dying"] = await self._mortal.enter_async_context(tencent_sms())
        self._stack.push_async_exit(self._mortal)
        _, self.urls["huawei"] = await enter(huawei_sms(self.huawei))
        self.wechat = await enter(platform(WechatPlatform))
        self.wecom = await enter(platform(WecomPlatform))
        for name, one in (("wechat", self.wechat), ("wecom", self.wecom)):
            self.urls[name], one.callback_url = one.endpoint, self.callback(name)
        self.ismg = await enter(cmpp.ismg(secret=CMPP_SECRET.encode()))
        self.smsc = await enter(smpp.running(smpp.SmscOptions(password=SMPP_PASSWORD, receipts_first=True)))
        self.ports = {"cmpp": self.ismg.port, "smpp": self.smsc.port}
        self.service = Service()
        self.urls["notes"] = await self._site(self.service)
        self._session = await enter(aiohttp.ClientSession())
        self._pushing = [asyncio.create_task(_repeat(push)) for push in (self._push_aliyun, self._push_tencent, self._push_huawei)]

    def die(self) -> None:
        """One of the vendors is no more: connections to it are refused from now on."""
        self.run(self._mortal.aclose())

    async def _close(self) -> None:
        for task in self._pushing:
            task.cancel()
        await asyncio.gather(*self._pushing, return_exceptions=True)
        await self._stack.aclose()

    async def _site(self, service: Service) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", service.handle)
        return (await self._stack.enter_async_context(listening(app))).removeprefix("http://")

    async def _push_aliyun(self) -> None:
        if self.aliyun.told:
            await self.aliyun.push(self.callback("aliyun"))

    async def _push_tencent(self) -> None:
        self.tencent.reports = deque(one for one in self.tencent.reports if not one["PhoneNumber"].endswith(LOST))
        for body in self.tencent.pushes():
            await self._push("tencent", body, {"Content-Type": "application/json"})

    async def _push_huawei(self) -> None:
        """Each body as often as it comes up; `reports` always begins with the first."""
        said: Counter[bytes] = Counter(self.huawei.pushes())
        for body in (said - self._posted).elements():
            self._posted[body] += 1
            await self._push("huawei", body, signed(self.callback("huawei")))

    async def _push(self, provider: str, body: bytes, headers: dict[str, str]) -> None:
        async with self._session.post(self.callback(provider), data=body, headers=headers) as answer:
            if answer.status != 200:
                self.refused.append(f"{provider} {answer.status} {await answer.text()}")


def signed(url: str, secret: str = PUSH_SECRET) -> dict[str, str]:
    """The headers under which Huawei pushes a form to this address (推送AKSK鉴权)."""
    host, path = url.removeprefix("http://").split("/", 1)
    covered = {"host": host, "x-sdk-content-sha256": UNSIGNED, "x-sdk-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")}
    said = signature(secret, f"/{path}", covered, UNSIGNED)
    names = ";".join(sorted(covered))
    own = {"X-Sdk-Date": covered["x-sdk-date"], "X-Sdk-Content-Sha256": UNSIGNED, "Content-Type": "application/x-www-form-urlencoded"}
    return own | {"Authorization": f"SDK-HMAC-SHA256 Access={PUSH_KEY}, SignedHeaders={names}, Signature={said}"}


async def _repeat(push: Callable[[], Awaitable[None]]) -> None:
    while True:
        with suppress(aiohttp.ClientError, OSError, AssertionError):  # the gateway is not up yet, or stops
            await push()
        await asyncio.sleep(PUSH_EVERY_S)
