"""What the stand-ins of WeChat and WeCom share: tokens that end, ways in which an answer goes wrong, pushes that are signed and encrypted."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, ClassVar, Protocol, TypeVar

import aiohttp
from aiohttp import web

from providers.base.types import Callback
from providers.base.wechat_crypto import signature

TOKEN, AES_KEY = "gwtoken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
NONCE = "1320562132"
Said = Mapping[str, Any]


class Crypto(Protocol):
    """wechatpy's, which knows nothing of ours."""

    def encrypt_message(self, msg: str, nonce: str, timestamp: str | None = None) -> str: ...


class Platform:
    """Gives tokens, takes calls, pushes. `faults` are what goes wrong with the next calls to send, in order; None: nothing."""

    path_of_token: ClassVar[str]
    paths: ClassVar[Sequence[str]]

    def __init__(self, crypto: Crypto, *, encrypted: bool = True) -> None:
        self.crypto, self.encrypted = crypto, encrypted
        self.faults: list[str | None] = []
        self.token_faults: list[str | None] = []
        self.taken: list[Said] = []
        self.calls: list[Said] = []
        self.bodies: list[bytes] = []
        self.token_calls: list[Said] = []
        self.valid: set[str] = set()
        self.token = ""
        self.made = 0
        self.expires_in = 7200
        self.callback_url: str | None = None
        self.answers: list[str] = []
        self._throttled: dict[str, int] = {}
        self._ids = count(3_662_956_322_040_938_501)
        self._pushes: set[asyncio.Task[None]] = set()

    # What a platform of its own says.
    async def token_answer(self, request: web.Request) -> Said:
        raise NotImplementedError

    def send_answer(self, path: str, call: Said) -> Said | None:
        raise NotImplementedError

    # Tokens.
    def new_token(self) -> str:
        self.made += 1
        self.token = f"TOKEN_{self.made}_" + "x" * 300
        self.valid = {self.token}
        return self.token

    def end_tokens(self) -> None:
        """All tokens have ended; the next fetch makes a new one."""
        self.valid, self.token = set(), ""

    def distrust_tokens(self) -> None:
        """The token is turned down and still given out: what a platform does that is not of one mind."""
        self.valid = set()

    def throttles(self, address: str) -> bool:
        self._throttled[address] = tries = self._throttled.get(address, 0) + 1
        return tries <= 2

    # HTTP.
    async def open(self) -> None:
        app = web.Application()
        app.router.add_route("*", self.path_of_token, self._token)
        for path in self.paths:
            app.router.add_post(path, self._send)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        assert self._runner.addresses
        self.endpoint = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        for push in self._pushes:
            push.cancel()
        await asyncio.gather(*self._pushes, return_exceptions=True)
        await self._runner.cleanup()

    async def _token(self, request: web.Request) -> web.StreamResponse:
        answer = await self.token_answer(request)
        return await self._spoilt(request, answer, self.token_faults.pop(0) if self.token_faults else None)

    async def _send(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.bodies.append(body)
        fault = self.faults.pop(0) if self.faults else None
        if fault == "busy":
            return web.Response(status=503, headers={"Retry-After": "1"})
        answer = self._judged(request, body)
        if answer is None:
            await asyncio.sleep(30)
        return await self._spoilt(request, answer or {}, fault)

    def _judged(self, request: web.Request, body: bytes) -> Said | None:
        if request.query.get("access_token") not in self.valid:
            return {"errcode": 42001 if self.made else 40001, "errmsg": "access_token expired rid: 1"}
        if b"\\u" in body:
            return {"errcode": 40033, "errmsg": "invalid charset"}
        try:
            call = json.loads(body)
        except ValueError:
            return {"errcode": 47001, "errmsg": "data format error"}
        self.calls.append(call)
        return self.send_answer(request.path, call)

    async def _spoilt(self, request: web.Request, answer: Said, fault: str | None) -> web.StreamResponse:
        body = json.dumps(answer, ensure_ascii=False).encode()
        transport = request.transport
        assert transport is not None
        if fault == "slow":
            await asyncio.sleep(0.3)
        elif fault == "silent":
            await asyncio.sleep(30)
        elif fault == "reset":
            transport.abort()
        elif fault == "truncate":
            transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body[: len(body) // 2]))
            transport.close()
        elif fault == "bad_gateway":
            return web.Response(status=502, text="<html>bad gateway</html>", content_type="text/html")
        elif fault == "html":
            return web.Response(text="<html>welcome</html>", content_type="text/html")
        elif fault == "redirect":
            return web.Response(status=302, headers={"Location": f"{self.endpoint}{self.paths[0]}"})
        elif fault == "huge":
            body = body[:-1] + b" " * (2 << 20) + b"}"
        return web.Response(body=body, content_type="application/json")

    # Pushes.
    def push(self, xml: str, *, age_s: float = 0.0, token: str = TOKEN) -> Callback:
        """What the platform posts, as our API hands it on."""
        stamp = str(int(time.time() - age_s))
        query = {"signature": signature(token, stamp, NONCE), "timestamp": stamp, "nonce": NONCE, "openid": "someone"}
        body = xml
        if self.encrypted:
            body = self.crypto.encrypt_message(xml, NONCE, stamp)
            sealed = body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
            query |= {"encrypt_type": "aes", "msg_signature": signature(token, stamp, NONCE, sealed)}
        return Callback("POST", query, {"content-type": "text/xml"}, body.encode())

    def post(self, xml: str, times: int = 1) -> None:
        """Posts it to `callback_url`, again up to three times where the answer is another than `success`."""
        if self.callback_url is not None:
            task = asyncio.get_running_loop().create_task(self._post(xml, times))
            self._pushes.add(task)
            task.add_done_callback(self._pushes.discard)

    async def _post(self, xml: str, times: int) -> None:
        async with aiohttp.ClientSession() as session:
            for _ in range(times):
                for _again in range(3):
                    pushed = self.push(xml)
                    async with session.post(self.callback_url or "", params=dict(pushed.query), data=pushed.body) as answer:
                        self.answers.append(f"{answer.status} {await answer.text()}")
                    if self.answers[-1] == "200 success":
                        break

    def number(self) -> int:
        """A message id: 64 bits, beyond what a float holds."""
        return next(self._ids)


AnyPlatform = TypeVar("AnyPlatform", bound=Platform)


@asynccontextmanager
async def platform(make: Callable[[], AnyPlatform]) -> AsyncIterator[AnyPlatform]:
    """A platform inside the test's own loop."""
    one = make()
    await one.open()
    try:
        yield one
    finally:
        await one.close()
