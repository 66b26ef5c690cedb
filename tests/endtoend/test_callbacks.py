"""The doors for vendors of a gateway that runs: who is let in, and with what."""

import json
import time
from urllib.parse import urlencode

import pytest

from providers.base.wechat_crypto import signature
from tests.endtoend.configured import CALLBACK_TOKEN
from tests.endtoend.running import Gateway, ask, person
from tests.endtoend.vendors import signed
from tests.standins.platform import NONCE, TOKEN

CALLED_BACK = ("aliyun", "tencent", "huawei", "wechat", "wecom")
LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><xml><FromUserName>&b;</FromUserName></xml>'


@pytest.mark.parametrize("provider", [*CALLED_BACK, "cmpp", "nobody"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_with_a_wrong_token_there_is_nothing(gateway: Gateway, provider: str, method: str) -> None:
    for token in ("wrong-token-0123456789", CALLBACK_TOKEN[:-1], CALLBACK_TOKEN + "x", "%F0%9F%98%80"):
        assert ask(gateway.callback(provider, token), method, b"[]" if method == "POST" else None)[0] == 404


def test_a_probe_of_the_address_is_answered_as_the_vendor_wants(gateway: Gateway) -> None:
    status, body = ask(gateway.callback("aliyun"))
    assert (status, json.loads(body)["code"]) == (200, 0)
    stamp = str(int(time.time()))
    query = {"timestamp": stamp, "nonce": NONCE, "signature": signature(TOKEN, stamp, NONCE), "echostr": "5577"}
    assert ask(f"{gateway.callback('wechat')}?{urlencode(query)}") == (200, b"5577")
    assert ask(f"{gateway.callback('wechat')}?{urlencode(query | {'signature': '0' * 40})}")[0] == 400


@pytest.mark.parametrize("provider", CALLED_BACK)
@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{", b"[1]", b"<xml>", LAUGHS, b"x" * 100_000])
def test_what_no_vendor_sends_is_refused_and_stops_nobody(gateway: Gateway, provider: str, body: bytes) -> None:
    assert ask(gateway.callback(provider), "POST", body)[0] == 400


def test_a_forged_push_is_refused(gateway: Gateway) -> None:
    form = urlencode({"smsMsgId": "x", "status": "DELIVRD", "extend": "1", "to": "+8613800000000", "total": "1", "sequence": "1"}).encode()
    url = gateway.callback("huawei")
    assert ask(url, "POST", form, signed(url))[0] == 200
    assert ask(url, "POST", form, signed(url, "another secret"))[0] == 400
    assert ask(url, "POST", form, signed(gateway.callback("tencent")))[0] == 400
    assert ask(url, "POST", form, {"Content-Type": "application/x-www-form-urlencoded"})[0] == 400


def test_a_forged_or_plain_message_of_the_platform_is_refused(gateway: Gateway) -> None:
    pushed = gateway.vendors.wechat.push("<xml><FromUserName>x</FromUserName><MsgType>text</MsgType><Content>TD</Content></xml>")
    url = gateway.callback("wechat")
    assert ask(f"{url}?{urlencode(pushed.query)}", "POST", pushed.body)[0] == 200
    forged = dict(pushed.query) | {"msg_signature": "0" * 40}
    assert ask(f"{url}?{urlencode(forged)}", "POST", pushed.body)[0] == 400
    stamp = pushed.query["timestamp"]
    plain = {"signature": signature(TOKEN, stamp, NONCE), "timestamp": stamp, "nonce": NONCE}
    assert ask(f"{url}?{urlencode(plain)}", "POST", b"<xml><FromUserName>x</FromUserName></xml>")[0] == 400


def test_a_report_that_comes_again_and_one_about_nobody_change_nothing(gateway: Gateway) -> None:
    gateway.ends({person("tencent", "0009"): ("delivered", None)})
    report = {"user_receive_time": "2026-11-24 10:00:00", "nationcode": "86", "report_status": "FAIL", "errmsg": "MK:0001"}
    of = next(one for one in gateway.vendors.tencent.taken if one["to"].endswith("0020009"))
    bodies = [
        report | {"mobile": "13800020009", "sid": of["serial"], "ext": of["context"]},
        report | {"mobile": "13900000000", "sid": "9:9"},
    ]
    for body in bodies * 2:
        assert ask(gateway.callback("tencent"), "POST", json.dumps([body]).encode())[0] == 200
    assert gateway.statuses([person("tencent", "0009")]) == {person("tencent", "0009"): ("delivered", None)}
