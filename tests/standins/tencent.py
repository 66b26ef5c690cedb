"""A stand-in of Tencent Cloud SMS: checks signatures with the vendor's own SDK, decides by the last four digits as CONTRACT.md says of the sandbox.

Answers are HTTP 200, errors too. What it has to say waits in queues for the pull APIs and stands in `pushes` as it would be posted.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

import msgspec
from aiohttp import web
from tencentcloud.common.abstract_client import AbstractClient  # type: ignore[import-untyped]
from tencentcloud.common.http.request import RequestInternal  # type: ignore[import-untyped]

from tests.standins.listening import listening

SECRET_ID, SECRET_KEY, APP_ID = "AKIDtestSecretId", "testSecretKey", "1400006666"
TEMPLATES = frozenset({"1110", "1111"})
REPORTED: dict[str, list[tuple[str, str]]] = {
    "0001": [("FAIL", "MK:0001")],
    "0002": [("FAIL", "MK:0005")],
    "0003": [("FAIL", "MK:0023")],
    "0004": [],
    "0008": [("FAIL", "DB:0144")],
    "0009": [("SUCCESS", "DELIVRD"), ("SUCCESS", "DELIVRD")],
}
REPLIES = {"0010": "退订", "0011": "非本人"}
_CHINA_S = 8 * 3600


class TencentSms:
    """One application. `error`: a code for every call; `faults`: what the next calls do, see `_spoilt`."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self.taken: list[dict[str, Any]] = []
        self.reports: deque[dict[str, Any]] = deque()
        self.replies: deque[dict[str, Any]] = deque()
        self.told: list[dict[str, Any]] = []
        self.error: str | None = None
        self.faults: deque[str] = deque()
        self.carries_context = True
        self.clock_ahead_s = 0.0
        self._numbers = count(1)
        self._throttled: dict[str, int] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.headers.append(dict(request.headers))
        fault = self.faults.popleft() if self.faults else None
        if fault == "busy":
            return self._failed("RequestLimitExceeded")
        refused = self.error or self._refuses(request, body)
        if refused:
            return self._failed(refused)
        asked = msgspec.json.decode(body)
        action = request.headers["X-TC-Action"]
        self.calls.append((action, asked))
        answer = getattr(self, action)(asked)
        if answer is None:
            await asyncio.sleep(30)
        return await self._spoilt(request, fault, answer)

    async def _spoilt(self, request: web.Request, fault: str | None, answer: Any) -> web.StreamResponse:
        if fault == "reset":
            assert request.transport is not None
            request.transport.abort()
        if fault == "slow":
            await asyncio.sleep(30)
        if fault == "bad_gateway":
            return web.Response(status=502, body=b"<html>bad gateway</html>", content_type="text/html")
        if fault == "truncate":
            return web.Response(body=b'{"Response":{"SendStat', content_type="application/json")
        return self._said(answer)

    def _refuses(self, request: web.Request, body: bytes) -> str | None:
        given = request.headers
        if abs(int(given["X-TC-Timestamp"]) - time.time() - self.clock_ahead_s) > 300:
            return "AuthFailure.SignatureExpire"
        if given["X-TC-Version"] != "2021-01-11" or "X-TC-Region" not in given:
            return "NoSuchVersion"
        if given["Authorization"] != self.authorization(given, request.path, body):
            return "AuthFailure.SignatureFailure"
        return None

    def authorization(self, given: Any, path: str, body: bytes) -> str:
        """What the vendor's own SDK would have written."""
        request = RequestInternal(
            given["Host"], "POST", path, {key: given[key] for key in ("Content-Type", "Host", "X-TC-Timestamp")}, body
        )
        date = datetime.fromtimestamp(int(given["X-TC-Timestamp"]), UTC).strftime("%Y-%m-%d")
        signature = AbstractClient._get_tc3_signature(None, {}, request, date, "sms", SECRET_KEY)
        scope = f"Credential={SECRET_ID}/{date}/sms/tc3_request"
        return f"TC3-HMAC-SHA256 {scope}, SignedHeaders=content-type;host, Signature={signature}"

    def SendSms(self, asked: dict[str, Any]) -> dict[str, Any] | None:  # noqa: N802 - the vendor's name of the call
        numbers = asked["PhoneNumberSet"]
        if len(numbers) > 200:
            return {"Error": {"Code": "LimitExceeded.PhoneNumberCountLimit", "Message": "too many"}}
        if asked["SmsSdkAppId"] != APP_ID:
            return {"Error": {"Code": "InvalidParameterValue.SdkAppIdNotExist", "Message": "no such app"}}
        if asked["TemplateId"] not in TEMPLATES:
            return {"Error": {"Code": "FailedOperation.TemplateIncorrectOrUnapproved", "Message": "no such template"}}
        answered = [number for number in numbers if not number.endswith("0007")]
        for number in set(numbers) - set(answered):
            self._take(number, asked)
        entries = [self._entry(number, asked) for number in answered]
        return {"SendStatusSet": entries[::-1]} if entries else None

    def _entry(self, number: str, asked: dict[str, Any]) -> dict[str, Any]:
        code, serial = "Ok", ""
        if number.endswith("0005"):
            code = "FailedOperation.ContainSensitiveWord"
        elif number.endswith("0006") and self._throttles(number):
            code = "LimitExceeded.PhoneNumberThirtySecondLimit"
        else:
            serial = self._take(number, asked)
        message = "send success" if code == "Ok" else "refused"
        context = asked.get("SessionContext", "")
        said = {"SerialNo": serial, "PhoneNumber": number, "Fee": int(code == "Ok"), "SessionContext": context}
        return said | {"Code": code, "Message": message, "IsoCode": "CN"}

    def _throttles(self, number: str) -> bool:
        self._throttled[number] = tries = self._throttled.get(number, 0) + 1
        return tries <= 2

    def _take(self, number: str, asked: dict[str, Any]) -> str:
        serial = f"2019:{next(self._numbers)}"
        self.taken.append({"to": number, "serial": serial, "context": asked.get("SessionContext", "")})
        for status, code in REPORTED.get(number[-4:], [("SUCCESS", "DELIVRD")]):
            report = {
                "UserReceiveTime": int(time.time()),
                "CountryCode": "86",
                "SubscriberNumber": number.removeprefix("+86"),
                "PhoneNumber": number,
                "SerialNo": serial,
                "ReportStatus": status,
                "Description": code,
                "SessionContext": asked.get("SessionContext", "") if self.carries_context else "",
            }
            self.reports.append(report)
            self.told.append(report)
        if number[-4:] in REPLIES:
            text = REPLIES[number[-4:]]
            reply = {"ExtendCode": "", "CountryCode": "86", "PhoneNumber": number, "SignName": "四川社保", "ReplyContent": text}
            self.replies.append(reply | {"ReplyTime": int(time.time()), "SubscriberNumber": number[3:]})
        return serial

    def PullSmsSendStatus(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - see SendSms
        return {"PullSmsSendStatusSet": _drawn(self.reports, asked["Limit"])}

    def PullSmsReplyStatus(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - see SendSms
        return {"PullSmsReplyStatusSet": _drawn(self.replies, asked["Limit"])}

    def PullSmsSendStatusByPhoneNumber(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - see SendSms
        within = range(asked["BeginTime"], asked["EndTime"] + 1)
        found = [one for one in self.told if one["PhoneNumber"] == asked["PhoneNumber"] and one["UserReceiveTime"] in within]
        return {"PullSmsSendStatusSet": found[: asked["Limit"]]}

    def pushes(self) -> list[bytes]:
        """The bodies it would post, a hundred reports each, then the replies one by one; what a pull drew before is not there."""
        reports = [_as_pushed(one) for one in _drawn(self.reports, len(self.reports))]
        bodies = [msgspec.json.encode(reports[start : start + 100]) for start in range(0, len(reports), 100)]
        return bodies + [msgspec.json.encode(_reply_as_pushed(one)) for one in _drawn(self.replies, len(self.replies))]

    def _failed(self, code: str) -> web.Response:
        return self._said({"Error": {"Code": code, "Message": "said by a stand-in"}})

    def _said(self, response: Any) -> web.Response:
        return web.json_response({"Response": {**response, "RequestId": "a0aabda6-cf91-4f3e-a81f-9198114a2279"}})


def _drawn(queue: deque[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    return [queue.popleft() for _ in range(min(most, len(queue)))]


def _as_pushed(one: dict[str, Any]) -> dict[str, str]:
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(one["UserReceiveTime"] + _CHINA_S))
    words = "用户短信送达成功" if one["ReportStatus"] == "SUCCESS" else "失败"
    said = {"user_receive_time": at, "nationcode": "86", "mobile": one["SubscriberNumber"], "report_status": one["ReportStatus"]}
    said |= {"errmsg": one["Description"], "description": words, "sid": one["SerialNo"]}
    return said | ({"ext": one["SessionContext"]} if one["SessionContext"] else {})


def _reply_as_pushed(one: dict[str, Any]) -> dict[str, Any]:
    said = {"extend": one["ExtendCode"], "mobile": one["SubscriberNumber"], "nationcode": "86", "sign": one["SignName"]}
    return said | {"text": one["ReplyContent"], "time": one["ReplyTime"]}


@asynccontextmanager
async def tencent_sms() -> AsyncIterator[tuple[TencentSms, str]]:
    """A running stand-in and its address."""
    vendor = TencentSms()
    app = web.Application()
    app.router.add_post("/{path:.*}", vendor.handle)
    async with listening(app) as url:
        yield vendor, url
