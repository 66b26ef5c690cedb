"""docs/providers.md says of every driver what it can do: here the drivers are asked."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from providers.base.abilities import Asks, HoldsLink, Pulls
from providers.base.linked import LinkedVendor
from providers.base.news import State, packed
from providers.base.types import Callback, Provider, Reading, Settings, SettingsError, UnreadableCallback
from providers.cmpp.pdu import LAYOUTS, V30, Deliver
from providers.registry import DRIVERS
from providers.smpp.pdu import Address, ShortMessage
from tests.providers.contract import Inbox
from tests.providers.smpp.provider import heard
from tests.providers.test_registry import OPTIONS
from tests.standins import wechat, wecom
from tests.standins.aliyun import _report as aliyun_report
from tests.standins.platform import AES_KEY, TOKEN

PAGE: Final = (Path(__file__).parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
YES, NO = "yes", "–"
MOST = 1000
"""Of `batch_size`, by the configuration."""
PUSHES: Final = {"token": TOKEN, "aes_key": AES_KEY}
MORE: Final[Mapping[str, Mapping[str, Any]]] = {
    "wechat": PUSHES | {"app_id": wechat.APP_ID},
    "wecom": PUSHES | {"corp_id": wecom.CORP_ID},
    "http": {
        "receipts": {"reference": "ref", "code": "status", "codes": {"0": {"status": "delivered"}}},
        "inbound": {"list": "replies", "address": "from", "text": "content"},
        "body": {"to": "{address}"},
        "response": {"code": "c", "codes": {"0": {"outcome": "accepted"}}},
    },
}
"""Options that switch on what the page speaks of."""


def posted(body: Any) -> Callback:
    return Callback("POST", {}, {}, body if isinstance(body, bytes) else msgspec.json.encode(body))


REPLY: Final = Deliver(msg_id=1, dest_id=b"1", src_terminal=b"13800138000", coding=8, content="退订".encode("utf-16-be"))
REPORTS: Final[Mapping[str, Callable[[], Callback]]] = {
    "aliyun": lambda: posted([aliyun_report("13800138000", "1", "1^0", "DELIVERED")]),
    "http": lambda: posted({"ref": "1", "status": "0"}),
    "huawei": lambda: posted(b"smsMsgId=a_1&status=DELIVRD&extend=1&total=1&sequence=1"),
    "tencent": lambda: posted(
        [{"mobile": "13800138000", "nationcode": "86", "report_status": "SUCCESS", "errmsg": "DELIVRD", "sid": "1:1"}]
    ),
    "wechat": lambda: wechat.WechatPlatform().push(wechat.result("openid", 1, "success")),
}
"""A report as the vendor pushes it, made when it is asked for: a signature is good for five minutes."""
REPLIES: Final[Mapping[str, Callable[[], Callback]]] = {
    "aliyun": lambda: posted([{"phone_number": "13800138000", "content": "退订", "dest_code": "1", "sequence_id": 1}]),
    "cmpp": lambda: packed(V30, State.HEARD, [REPLY.packed(1, LAYOUTS[V30])]),
    "http": lambda: posted({"replies": [{"from": "13800138000", "content": "退订"}]}),
    "huawei": lambda: posted(b"smsMsgId=r1&from=%2B8613800138000&to=1&body=TD"),
    "sandbox": lambda: posted([{"to": "+8613800138000", "at": "2026-11-24T10:00:00+08:00", "text": "退订"}]),
    "smpp": lambda: heard(ShortMessage(Address("8613800138000", 1, 1), Address("1"), b"TD")),
    "tencent": lambda: posted({"mobile": "13800138000", "nationcode": "86", "text": "退订", "time": 1}),
    "wechat": lambda: wechat.WechatPlatform().push(wechat.pushed("openid", "text", "<Content>TD</Content><MsgId>1</MsgId>")),
    "wecom": lambda: wecom.WecomPlatform().push(wechat.pushed("member", "text", "<Content>TD</Content><MsgId>1</MsgId>")),
}
"""A reply of a person as it comes in."""


def rows() -> dict[str, dict[str, str]]:
    """The table, by driver."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]
    [head, _, *body] = lines[: 2 + len(DRIVERS)]
    return {cells[0].strip("`"): dict(zip(head[1:], cells[1:], strict=True)) for cells in body}


def made(driver: str, batch_size: int = 1, more: Mapping[str, Any] | None = None) -> Provider:
    options = {**OPTIONS[driver], **MORE.get(driver, {}), **(more or {})}
    if driver == "http" and batch_size > 1:
        options |= {"body": [{"to": "{address}"}], "response": {"list": "r", "reference": "ref"}}
    return DRIVERS[driver](Settings("x", driver, connections=1, batch_size=batch_size, options=options), Inbox().receive)


def most_of(driver: str) -> str:
    """The largest batch that can be configured."""

    def fits(size: int) -> bool:
        try:
            made(driver, size)
        except SettingsError:
            return False
        return True

    if fits(MOST + 1):
        return "any"
    return str(max(size for size in (1, 100, 200, 500, MOST) if fits(size) and not fits(size + 1)))


def knows(driver: str, key: str) -> bool:
    """Whether a key of that name is the driver's."""
    try:
        made(driver, more={key: {}})
    except SettingsError as error:
        return f"unknown key `{key}`" not in str(error)
    return True


def read(driver: str, callbacks: Mapping[str, Callable[[], Callback]]) -> Reading:
    """What it makes of its sample; nothing where there is none."""
    return made(driver).read(callbacks[driver]()) if driver in callbacks else Reading()


def is_checked(driver: str) -> bool:
    """Whether what comes without the vendor's signature can be refused."""
    keys = {"callback_keys": {"k": "s"}, "callback_url": "https://gw.example.cn/callbacks/x/t"} if knows(driver, "callback_keys") else {}
    body = REPORTS.get(driver, REPLIES.get(driver, lambda: posted(b"")))().body
    try:
        made(driver, more=keys).read(Callback("POST", {}, {}, body))
    except UnreadableCallback:
        return bool(keys) or knows(driver, "aes_key")
    return False


def asked(driver: str) -> dict[str, str]:
    """The row that the driver itself would write."""
    one = made(driver)

    def word(is_so: bool) -> str:
        return YES if is_so else NO

    codes = [key for key in ("codes", "receipt_codes") if knows(driver, key)]
    return {
        "a call carries": most_of(driver),
        "pushed": word(bool(read(driver, REPORTS).reports)),
        "pulled": word(isinstance(one, Pulls)),
        "asked": word(isinstance(one, Asks)),
        "link": word(isinstance(one, HoldsLink)),
        "replies": word(bool(read(driver, REPLIES).inbound)),
        "long texts": "cut" if isinstance(one, LinkedVendor) else "vendor",
        "signed": word(is_checked(driver)),
        "templates": word(knows(driver, "templates")),
        "codes": "both" if len(codes) == 2 else "own" if knows(driver, "response") else NO,
    }


def test_every_driver_has_its_row_and_they_stand_in_order() -> None:
    assert list(rows()) == sorted(DRIVERS)


@pytest.mark.parametrize("driver", sorted(DRIVERS))
def test_a_driver_can_do_what_its_row_says_and_no_more(driver: str) -> None:
    assert asked(driver) == rows()[driver]


def test_every_column_is_explained() -> None:
    explained = set(re.findall(r"\*\*([a-z ]+)\*\*", PAGE))
    assert set(rows()["http"]) <= explained
