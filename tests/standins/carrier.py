"""A stand-in of a carrier's look-up service: decides by the last four digits, as the vendors' stand-ins do, and keeps what it was asked."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.standins.listening import listening

TOKEN = "lookup-secret"
STATES = {"0001": "0", "0002": "2", "0003": "1", "0005": "3", "0006": "9"}
"""Last four digits → code: 0 absent, 1 in service, 2 suspended, 3 ported, 9 in no table; 0007 is left out of the answer. All others: in service."""


class Carrier:
    """One service. `faults`: what goes wrong with the next calls, in order."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.targets: list[str] = []
        self.faults: deque[str] = deque()
        self.before = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.targets.append(request.raw_path)
        if request.headers.get("Authorization") != TOKEN:
            return web.json_response({"code": "DENIED"}, status=401)
        numbers: list[str] = (await request.json())["mobiles"]
        self.asked.append(numbers)
        fault = self.faults.popleft() if self.faults else None
        if fault == "reset":
            assert request.transport is not None
            request.transport.abort()
        if fault == "busy":
            return web.json_response({"code": "BUSY", "mobiles": numbers}, status=503)
        if fault == "html":
            return web.Response(text=f"<html>{numbers}</html>", content_type="text/html")
        if fault == "other":
            return web.json_response({"code": 0, "data": "none"})
        return web.json_response({"code": 0, "data": [self._entry(one) for one in numbers if not one.endswith("0007")]})

    def _entry(self, number: str) -> dict[str, Any]:
        code = STATES.get(number[-4:], "1")
        entry: dict[str, Any] = {"mobile": f"{self.before}{number}", "status": int(code) if code == "1" else code}
        return entry | ({"operator": "unicom"} if code == "3" else {})


@asynccontextmanager
async def serving(carrier: Carrier) -> AsyncIterator[str]:
    """The URL it answers at, for as long as the context lasts."""
    app = web.Application()
    app.router.add_post("/v1/numbers", carrier.handle)
    async with listening(app) as url:
        yield f"{url}/v1/numbers"


def options(url: str) -> dict[str, Any]:
    """Of the driver `http`, for this service."""
    return {
        "url": url,
        "headers": {"Authorization": TOKEN},
        "body": {"mobiles": "{numbers}", "product": "空号检测"},
        "list": "data",
        "number": "mobile",
        "state": "status",
        "carrier": "operator",
        "states": {"0": "absent", "1": "active", "2": "suspended", "3": "ported"},
    }
