"""A stand-in of Alibaba Cloud SMS: checks signatures with the vendor's own SDK, decides by the last four digits as CONTRACT.md says of the sandbox.

It answers a call with one code and takes all of it or nothing, remembers nonces, looks at the clock, and pushes what it has to say to `push_to` as the
vendor does: JSON arrays, again until it hears 200 and a number as `code`.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web
from alibabacloud_openapi_util.client import Client as Signer  # type: ignore[import-untyped]

from tests.standins.listening import listening

KEY_ID, SECRET, TEMPLATE, SIGN = "testAccessKeyId", "testAccessKeySecret", "SMS_154950909", "四川社保"
REPORTED: Mapping[str, Sequence[str]] = {
    "0001": ["INVALID_NUMBER"],
    "0002": ["MOBILE_ACCOUNT_ABNORMAL"],
    "0003": ["MOBILE_NOT_ON_SERVICE"],
    "0004": [],
    "0008": ["MOBILE_IN_BLACK"],
    "0009": ["DELIVERED", "DELIVERED"],
}
REPLIES = {"0010": "退订", "0011": "非本人"}
_CHINA_S, _CLOCK_S = 8 * 3600, 900


class AliyunSms:
    """One account. `error`: (status, code) of every call; `faults`: what the next calls do, see `_spoilt`."""

    def __init__(self) -> None:
        self.requests = 0
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.taken: list[dict[str, str]] = []
        self.told: deque[list[dict[str, Any]]] = deque()
        self.details: list[dict[str, Any]] = []
        self.error: tuple[int, str] | None = None
        self.faults: deque[str] = deque()
        self.clock_ahead_s = 0.0
        self._nonces: set[str] = set()
        self._numbers = count(1)
        self._throttled: dict[str, int] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        body = (await request.read()).decode()
        asked = {**request.query, **dict(parse_qsl(body, keep_blank_values=True))}
        refused = self.error or self._refuses(request, body, asked)
        if refused:
            status, code = refused
            said = {"RequestId": "r", "HostId": request.host, "Code": code, "Message": _why(code, request, body)}
            return web.json_response(said, status=status)
        action = request.headers.get("x-acs-action") or asked["Action"]
        self.calls.append((action, asked))
        answer = getattr(self, action)(asked)
        return await self._spoilt(request, self.faults.popleft() if self.faults else None, answer)

    async def _spoilt(self, request: web.Request, fault: str | None, answer: dict[str, Any] | None) -> web.StreamResponse:
        if fault == "reset":
            assert request.transport is not None
            request.transport.abort()
        if fault == "slow" or answer is None:
            await asyncio.sleep(30)
        if fault == "bad_gateway":
            return web.Response(status=502, body=b"<html>bad gateway</html>", content_type="text/html")
        if fault == "truncate":
            return web.Response(body=b'{"RequestId":"x","Code":"O', content_type="application/json")
        return web.json_response({"RequestId": "819BE656-D2E0-4858-8B21-B2E477085AAF", **(answer or {})})

    # What the vendor's gateway looks at, with its own SDK's signers.
    def _refuses(self, request: web.Request, body: str, asked: dict[str, str]) -> tuple[int, str] | None:
        version3 = "Authorization" in request.headers
        given = request.headers if version3 else asked
        date, nonce = (
            given.get("x-acs-date" if version3 else "Timestamp"),
            given.get("x-acs-signature-nonce" if version3 else "SignatureNonce"),
        )
        said = datetime.strptime(date or "", "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
        if abs(said - time.time() - self.clock_ahead_s) > _CLOCK_S:
            return 400, "InvalidTimeStamp.Expired"
        if (asked.get("AccessKeyId") or f"{given.get('Authorization')}".partition("Credential=")[2].partition(",")[0]) != KEY_ID:
            return 404, "InvalidAccessKeyId.NotFound"
        if not (self._v3(request, body) if version3 else self._v1(asked)):
            return 400, "SignatureDoesNotMatch"
        if given.get("x-acs-version" if version3 else "Version") != "2017-05-25":
            return 400, "InvalidVersion"
        if nonce in self._nonces:
            return 400, "SignatureNonceUsed"
        self._nonces.add(str(nonce))
        return None

    def _v3(self, request: web.Request, body: str) -> bool:
        names = request.headers["Authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
        must = {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256", "content-type"}
        payload = Signer.hex_encode(Signer.hash(body.encode(), "ACS3-HMAC-SHA256"))
        whole = SimpleNamespace(
            method=request.method, pathname=request.path, query=dict(request.query), headers={name: request.headers[name] for name in names}
        )
        expected = Signer.get_authorization(whole, "ACS3-HMAC-SHA256", payload, KEY_ID, SECRET)
        return must <= set(names) and request.headers["x-acs-content-sha256"] == payload and request.headers["Authorization"] == expected

    def _v1(self, asked: dict[str, str]) -> bool:
        others = {key: value for key, value in asked.items() if key != "Signature"}
        expected: str = Signer.get_rpcsignature(others, "POST", SECRET)
        return asked.get("Signature") == expected

    # The service itself.
    def SendSms(self, asked: dict[str, str]) -> dict[str, Any] | None:  # noqa: N802 - the vendor's name of the call
        return self._send(asked, asked["PhoneNumbers"].split(","), [asked["SignName"]], [asked["TemplateParam"]])

    def SendBatchSms(self, asked: dict[str, str]) -> dict[str, Any] | None:  # noqa: N802 - see SendSms
        numbers, signs, params = (json.loads(asked[name]) for name in ("PhoneNumberJson", "SignNameJson", "TemplateParamJson"))
        if not len(numbers) == len(signs) == len(params):
            return _said("isv.INVALID_PARAMETERS")
        return self._send(asked, numbers, signs, [json.dumps(one) for one in params])

    def _send(self, asked: dict[str, str], numbers: list[str], signs: list[str], params: list[str]) -> dict[str, Any] | None:
        if len(numbers) > 100:
            return _said("isv.MOBILE_COUNT_OVER_LIMIT")
        if asked["TemplateCode"] != TEMPLATE:
            return _said("isv.SMS_TEMPLATE_ILLEGAL", "该账号下找不到对应模板")
        if set(signs) != {SIGN}:
            return _said("isv.SMS_SIGNATURE_ILLEGAL")
        if any(not isinstance(value, str) for one in params for value in json.loads(one).values()):
            return _said("isv.INVALID_JSON_PARAM")
        refused = next((said for said in map(self._refuses_number, numbers) if said), None)
        return refused or self._take(asked, numbers)

    def _refuses_number(self, number: str) -> dict[str, Any] | None:
        if not (number.isdigit() and len(number) == 11):
            return _said("isv.MOBILE_NUMBER_ILLEGAL", f"{number}invalid mobile number")
        if number.endswith("0005"):
            return _said("isv.SMS_CONTENT_ILLEGAL", "短信内容包含禁止发送内容")
        if number.endswith("0006") and self._throttles(number):
            return _said("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1")
        return None

    def _throttles(self, number: str) -> bool:
        self._throttled[number] = tries = self._throttled.get(number, 0) + 1
        return tries <= 2

    def _take(self, asked: dict[str, str], numbers: list[str]) -> dict[str, Any] | None:
        biz_id, out_id = f"{next(self._numbers)}^0", asked.get("OutId", "")
        for number in numbers:
            self.taken.append({"to": number, "biz_id": biz_id, "out_id": out_id})
            codes = REPORTED.get(number[-4:], ["DELIVERED"])
            self.details.append(_detail(number, out_id, biz_id, codes[-1] if codes else None))
            if codes:
                self.told.append([_report(number, out_id, biz_id, code) for code in codes])
            if number[-4:] in REPLIES:
                self.told.append([_reply(number)])
        return None if any(number.endswith("0007") for number in numbers) else {"Message": "OK", "Code": "OK", "BizId": biz_id}

    def QuerySendDetails(self, asked: dict[str, str]) -> dict[str, Any]:  # noqa: N802 - see SendSms
        found = [
            {key: value for key, value in one.items() if key != "BizId"}
            for one in self.details
            if one["PhoneNum"] == asked["PhoneNumber"]
            and one["SendDate"][:10].replace("-", "") == asked["SendDate"]
            and asked.get("BizId", one["BizId"]) == one["BizId"]
        ]
        size, page = int(asked["PageSize"]), int(asked["CurrentPage"])
        shown = found[(page - 1) * size : page * size]
        return {"Code": "OK", "Message": "OK", "TotalCount": str(len(found)), "SmsSendDetailDTOs": {"SmsSendDetailDTO": shown}}

    def pushes(self) -> list[bytes]:
        """The bodies that it would post: reports and replies in arrays of their own."""
        said, self.told = [one for several in self.told for one in several], deque()
        kinds = [[one for one in said if ("err_code" in one) is kind] for kind in (True, False)]
        return [json.dumps(kind, ensure_ascii=False).encode() for kind in kinds if kind]

    async def push(self, url: str, tries: int = 4) -> int:
        """Probes the address, then posts each body until it is taken; gives the number of posts."""
        posts = 0
        async with aiohttp.ClientSession() as session:
            async with session.get(url) as answer:
                assert isinstance((await answer.json())["code"], int)
            for body in self.pushes():
                for _ in range(tries):
                    posts += 1
                    async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
                        if answer.status == 200 and isinstance((await answer.json())["code"], int):
                            break
        return posts


def _why(code: str, request: web.Request, body: str) -> str:
    """The real one repeats the whole request where the signature is wrong."""
    return (
        f"Specified signature is not matched with our calculation. server string to sign is:{request.path_qs}{body}"
        if "Sig" in code
        else code
    )


def _said(code: str, message: str = "said by a stand-in") -> dict[str, Any]:
    return {"Code": code, "Message": message}


def china(moment_s: float | None = None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime((time.time() if moment_s is None else moment_s) + _CHINA_S))


def _report(number: str, out_id: str, biz_id: str, code: str) -> dict[str, Any]:
    said = {"phone_number": number, "send_time": china(), "report_time": china(), "success": code == "DELIVERED", "err_code": code}
    return said | {"err_msg": "用户接收成功" if code == "DELIVERED" else "失败", "sms_size": "1", "biz_id": biz_id, "out_id": out_id}


def _reply(number: str) -> dict[str, Any]:
    return {"phone_number": number, "send_time": china(), "content": REPLIES[number[-4:]], "dest_code": "1234", "sequence_id": 1234567890}


def _detail(number: str, out_id: str, biz_id: str, code: str | None) -> dict[str, Any]:
    status = 1 if code is None else 3 if code == "DELIVERED" else 2
    ended = {} if code is None else {"ErrCode": code, "ReceiveDate": china()}
    said = {"PhoneNum": number, "TemplateCode": TEMPLATE, "Content": "【四川社保】请认证", "SendDate": china(), "SendStatus": status}
    return {**said, "OutId": out_id, "BizId": biz_id, **ended}


@asynccontextmanager
async def aliyun_sms(vendor: AliyunSms | None = None) -> AsyncIterator[tuple[AliyunSms, str]]:
    """A running stand-in and its address."""
    vendor = vendor or AliyunSms()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", vendor.handle)
    async with listening(app) as url:
        yield vendor, url
