"""A stand-in of WeChat's official accounts: stable tokens, both calls, results and replies pushed as the platform does it.

It decides by the last four characters of the openid, as CONTRACT.md says of the sandbox; what only SMS has becomes what is nearest here.
"""

import re
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]

from tests.standins.platform import AES_KEY, TOKEN, Platform, Said

APP_ID, SECRET = "wx1234567890abcdef", "s3cret"
TEMPLATES = frozenset({"TPL", "NOTICE"})
TEMPLATE_PATH, SUBSCRIBE_PATH = "/cgi-bin/message/template/send", "/cgi-bin/message/subscribe/bizsend"
LIMITS: Mapping[str, str] = {
    "thing": r".{1,20}",
    "name": r"[^\n]{1,20}",
    "phrase": r"[\u4e00-\u9fff]{1,5}",
    "date": r"\d{4}年\d+月\d+日.*",
    "character_string": r"[\x20-\x7e]{1,32}",
    "keyword": r".+",
}
RESULTS: Mapping[str, tuple[str, ...]] = {
    "0001": ("failed:user block",),
    "0002": ("failed: system failed",),
    "0003": ("failed: system failed",),
    "0004": (),
    "0007": (),
    "0008": ("failed:user block",),
    "0009": ("success", "success"),
}
REPLIES = {"0010": "退订", "0011": "非本人"}


def pushed(openid: str, kind: str, fields: str) -> str:
    return (
        f"<xml><ToUserName><![CDATA[gh_123456789abc]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{fields}</xml>"
    )


def event(openid: str, name: str, fields: str = "") -> str:
    return pushed(openid, "event", f"<Event><![CDATA[{name}]]></Event>{fields}")


def result(openid: str, msgid: int | str, status: str) -> str:
    return event(openid, "TEMPLATESENDJOBFINISH", f"<MsgID>{msgid}</MsgID><Status><![CDATA[{status}]]></Status>")


def notice_result(openid: str, *entries: tuple[int | str, int, str]) -> str:
    lists = "".join(
        f"<List><TemplateId><![CDATA[NOTICE]]></TemplateId><MsgID>{msgid}</MsgID><ErrorCode>{code}</ErrorCode>"
        f"<ErrorStatus><![CDATA[{status}]]></ErrorStatus></List>"
        for msgid, code, status in entries
    )
    return event(openid, "subscribe_msg_sent_event", f"<SubscribeMsgSentEvent>{lists}</SubscribeMsgSentEvent>")


class WechatPlatform(Platform):
    """One account."""

    path_of_token = "/cgi-bin/stable_token"
    paths = (TEMPLATE_PATH, SUBSCRIBE_PATH)

    def __init__(self, *, encrypted: bool = True) -> None:
        super().__init__(WeChatCrypto(TOKEN, AES_KEY, APP_ID), encrypted=encrypted)
        self.deduplicated = 0
        self.forced = 0
        self._known: set[tuple[str, str]] = set()

    async def token_answer(self, request: web.Request) -> Said:
        asked = await request.json()
        self.token_calls.append(asked)
        if asked["appid"] != APP_ID:
            return {"errcode": 40013, "errmsg": "invalid appid"}
        if asked["secret"] != SECRET:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        self.forced += asked["force_refresh"]
        if asked["force_refresh"] or not self.token:
            self.new_token()
        return {"access_token": self.token, "expires_in": self.expires_in}

    def send_answer(self, path: str, call: Said) -> Said | None:
        openid = call["touser"]
        ending = openid[-4:]
        if call["template_id"] not in TEMPLATES:
            return {"errcode": 40037, "errmsg": "invalid template_id rid: 2"}
        wrong = next((key for key, field in call["data"].items() if not _fits(key, field["value"])), None)
        if wrong is not None:
            return {"errcode": 47003, "errmsg": f"argument invalid! data.{wrong}.value invalid rid: 3"}
        if ending == "0005":
            return {"errcode": 43004 if path == TEMPLATE_PATH else 43101, "errmsg": "user refuse to accept the msg rid: 4"}
        if ending == "0006" and self.throttles(openid):
            return {"errcode": 45011, "errmsg": "api minute-quota reach limit"}
        key = openid, call.get("client_msg_id", "")
        if key[1] and key in self._known:
            self.deduplicated += 1
        else:
            self._known.add(key)
            self.taken.append(call)
        msgid = self.number()
        self._tell(path, openid, msgid, ending)
        return None if ending == "0007" else {"errcode": 0, "errmsg": "ok", "msgid": msgid}

    def _tell(self, path: str, openid: str, msgid: int, ending: str) -> None:
        for status in RESULTS.get(ending, ("success",)):
            if path == TEMPLATE_PATH:
                self.post(result(openid, msgid, status))
            else:
                self.post(notice_result(openid, (msgid, 0 if status == "success" else 43101, status)))
        if ending in REPLIES:
            self.post(pushed(openid, "text", f"<Content><![CDATA[{REPLIES[ending]}]]></Content><MsgId>{self.number()}</MsgId>"))


def _fits(keyword: str, value: Any) -> bool:
    match = re.fullmatch(LIMITS.get(keyword.rstrip("0123456789"), r".+"), value)
    return bool(match)
