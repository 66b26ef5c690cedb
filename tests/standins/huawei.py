"""A stand-in of Huawei Cloud Message & SMS: checks both ways of signing, decides by the last four digits as CONTRACT.md says of the sandbox.

The checks are written out anew from the vendor's documents, not borrowed from the driver; its vectors stand in `test_huawei_auth.py`.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode

from aiohttp import web

from tests.standins.listening import listening

KEY, SECRET, SENDER = "testAppKey", "testAppSecret", "8824110605000"
TEMPLATES = frozenset({"8ff55eac1d0b478ab3c06c3c6a492300"})
REPORTED = {"0001": ["MK:0001"], "0002": ["MK:0005"], "0003": ["MK:0023"], "0004": [], "0008": ["BLACK"], "0009": ["DELIVRD", "DELIVRD"]}
REPLIES = {"0010": "退订", "0011": "非本人"}
_WSSE = re.compile(r'UsernameToken Username="([^"]*)",PasswordDigest="([^"]*)",Nonce="([A-Za-z0-9]{1,128})",Created="([^"]*)"')
_AKSK = re.compile(r"SDK-HMAC-SHA256 Access=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})")


class HuaweiSms:
    """One application. `segments`: of every message; `digest`: which reading of the X-WSSE formula the server has; `faults`: as `_spoilt` says."""

    def __init__(self, *, segments: int = 1, digest: str = "raw") -> None:
        self.segments, self.digest = segments, digest
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self.taken: list[dict[str, Any]] = []
        self.error: str | None = None
        self.faults: deque[str] = deque()
        self.nonces: set[str] = set()
        self._numbers = count(1)
        self._throttled: dict[str, int] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.headers.append(dict(request.headers))
        refused = self.error or self._refuses(request, body)
        if refused:
            return web.json_response({"code": refused, "description": "said by a stand-in"}, status=400)
        form = request.path == "/sms/batchSendSms/v1"
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()} if form else json.loads(body)
        self.calls.append((request.path, asked))
        wanted = _form_messages(asked) if form else _json_messages(asked)
        refused = self._unsound(asked, wanted)
        if refused:
            return web.json_response({"code": refused, "description": "said by a stand-in"}, status=400)
        return await self._spoilt(request, [self._entry(number, asked) for number, _, _ in wanted])

    async def _spoilt(self, request: web.Request, entries: list[dict[str, Any] | None]) -> web.StreamResponse:
        fault = self.faults.popleft() if self.faults else None
        told = [entry for entry in entries if entry is not None]
        if fault == "reset":
            assert request.transport is not None
            request.transport.abort()
        if fault == "slow" or not told:
            await asyncio.sleep(30)
        if fault == "bad_gateway":
            return web.Response(status=502, body=b"<html>bad gateway</html>", content_type="text/html")
        if fault == "truncate":
            return web.Response(body=b'{"code":"000000","resu', content_type="application/json")
        return web.json_response({"code": "000000", "description": "Success", "result": told[::-1]})

    def _refuses(self, request: web.Request, body: bytes) -> str | None:
        authorization = request.headers.get("Authorization", "")
        if not authorization:
            return "E000001"
        if authorization == 'WSSE realm="SDP",profile="UsernameToken",type="Appkey"':
            return self._refuses_wsse(request.headers.get("X-WSSE", ""))
        return self._refuses_aksk(request, body, authorization)

    def _refuses_wsse(self, token: str) -> str | None:
        found = _WSSE.fullmatch(token)
        if found is None:
            return "E000020"
        user, password, nonce, created = found.groups()
        at = datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if user != KEY or abs((datetime.now(UTC) - at).total_seconds()) > 86_400 or nonce in self.nonces:
            return "E000101"
        self.nonces.add(nonce)
        hashed = hashlib.sha256((nonce + created + SECRET).encode())
        right = base64.b64encode(hashed.digest() if self.digest == "raw" else hashed.hexdigest().encode()).decode()
        return None if password == right else "E000101"

    def _refuses_aksk(self, request: web.Request, body: bytes, authorization: str) -> str | None:
        found = _AKSK.fullmatch(authorization)
        if found is None or found[1] != KEY:
            return "E000045"
        at = datetime.strptime(request.headers["X-Sdk-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if abs((datetime.now(UTC) - at).total_seconds()) > 900:
            return "E000045"
        payload = request.headers.get("X-Sdk-Content-Sha256") or hashlib.sha256(body).hexdigest()
        lines = [f"{name}:{request.headers[name]}" for name in found[2].split(";")]
        canonical = "\n".join(["POST", request.path + "/", "", *lines, "", found[2], payload])
        to_sign = "\n".join(["SDK-HMAC-SHA256", request.headers["X-Sdk-Date"], hashlib.sha256(canonical.encode()).hexdigest()])
        return None if hmac.new(SECRET.encode(), to_sign.encode(), "sha256").hexdigest() == found[3] else "E000045"

    def _unsound(self, asked: dict[str, Any], wanted: list[tuple[str, str, Any]]) -> str | None:
        numbers = [number for number, _, _ in wanted]
        if len(numbers) > 500 or not all(re.fullmatch(r"\+?\d{1,20}", number) for number in numbers):
            return "E000510"
        if len(set(numbers)) < len(numbers):
            return "E200041"
        if asked["from"] != SENDER:
            return "E200018"
        return None if all(template in TEMPLATES and isinstance(values, list) for _, template, values in wanted) else "E200029"

    def _entry(self, number: str, asked: dict[str, Any]) -> dict[str, Any] | None:
        status = "000000"
        if number.endswith("0005"):
            status = "E200028"
        elif number.endswith("0006") and self._throttles(number):
            status = "E200015"
        message_id = f"eb4e63dd-b55f-41d5-8c65-7b4a3c8a5e01_{next(self._numbers)}"
        if status == "000000":
            self.taken.append({"to": number, "id": message_id, "extend": asked.get("extend")})
        if number.endswith("0007"):
            return None
        said = {"originTo": number, "createTime": "2024-01-01T00:00:00Z", "from": asked["from"], "smsMsgId": message_id}
        return said | {"status": status, "countryId": "CN", "total": self.segments}

    def _throttles(self, number: str) -> bool:
        self._throttled[number] = tries = self._throttled.get(number, 0) + 1
        return tries <= 2

    def reports(self) -> list[dict[str, str]]:
        """What it would report of all that it took, one entry a segment."""
        said = []
        for taken in self.taken:
            for code in REPORTED.get(taken["to"][-4:], ["DELIVRD"]):
                for number in range(1, self.segments + 1):
                    entry = {"smsMsgId": taken["id"], "status": code, "total": str(self.segments), "sequence": str(number), "source": "2"}
                    entry |= {"updateTime": "2018-04-13T06:31:46Z", "orgCode": "000"}
                    said.append(entry | ({"extend": taken["extend"], "to": taken["to"]} if taken["extend"] else {}))
        return said

    def pushes(self, *, batched: bool = False) -> list[bytes]:
        """The bodies it would post: a form each, or lists of 50; then a form for each reply."""
        reports = self.reports()
        if batched:
            bodies = [json.dumps({"statusReportList": reports[start : start + 50]}).encode() for start in range(0, len(reports), 50)]
        else:
            bodies = [urlencode(report).encode() for report in reports]
        replies = [(taken["to"], REPLIES[taken["to"][-4:]]) for taken in self.taken if taken["to"][-4:] in REPLIES]
        return bodies + [urlencode({"smsMsgId": "r1", "from": number, "to": SENDER, "body": text}).encode() for number, text in replies]


def _form_messages(asked: dict[str, Any]) -> list[tuple[str, str, Any]]:
    return [(number, asked["templateId"], json.loads(asked["templateParas"])) for number in asked["to"].split(",")]


def _json_messages(asked: dict[str, Any]) -> list[tuple[str, str, Any]]:
    return [(number, one["templateId"], one["templateParas"]) for one in asked["smsContent"] for number in one["to"]]


@asynccontextmanager
async def huawei_sms(vendor: HuaweiSms | None = None) -> AsyncIterator[tuple[HuaweiSms, str]]:
    """A running stand-in and its address."""
    vendor = vendor or HuaweiSms()
    app = web.Application()
    app.router.add_post("/sms/{operation}/v1", vendor.handle)
    async with listening(app) as url:
        yield vendor, url
