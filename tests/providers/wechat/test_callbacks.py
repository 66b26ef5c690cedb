"""`wechat`: what the platform pushes. Vectors made by wechatpy 1.8.18 and decrypted by npm wechat-crypto; payloads of developers.weixin.qq.com."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]

from providers.base.types import Callback, Reading, Settings, UnreadableCallback
from providers.base.wechat_crypto import PushDoor, aes_key_of, signature
from providers.base.words import Fault, Reason, Sign, Status
from providers.wechat import Wechat
from tests.providers.base.test_safe_xml import EXTERNAL, LAUGHS
from tests.providers.contract import Inbox, message, opened, sent
from tests.providers.wechat.test_contract import options, wechat
from tests.standins.listening import listening
from tests.standins.platform import AES_KEY, NONCE, TOKEN, platform
from tests.standins.wechat import APP_ID, WechatPlatform, event, notice_result, pushed, result

AT = 1_704_067_200
OPENID = "oABCD1234567890abcdefghijklmn"
HELLO = "Q3stYC6hdFzMh9T8HCvyDO+2Nb55QMC0MprekVbwgE95Ia96iH02Js9z0gWXE7heFFXnozkjRnLDwJeXRPvTGA=="
W4 = (
    "Q3stYC6hdFzMh9T8HCvyDGVc10xAmp4I/udD7RwWi6shqJvykaGf4nj7yjW8qCnpxFfLu21Z3BkEXU6c8/6z2P0C2pBWkwYAoI7oei2icx2iekGmBGPssIQTQIKIz+YKA1rZh33"
    "UQSLFfimeGwvIPBQJnNnV+rlXy6VLBq6jmuBwylEbqzsdC8uPrCigKgT3QldROBFgTVjB9pB4ZjNyoKsE/wPp8J1acXJZJm3Yiv3jARY+1xwa3n28ksEUF5KoTlm1lTlJXMyYb2+6"
    "Xsqen9/rsn0NJHrIfb5XbSBvOOvRMVzHz03rWU9r0aBjAcHmFvn7WK7pXZ96xQcJjpb1PKKnyn05diedJf+XxQLMz7X5BGdFWJ8KGfvDkJVMLuBMhh1VaVRmKRQI11YNM68d21fC"
    "E9KnaeHpj7n7fZUQ+pU/RQbyNHGgTkfsJu8rFjPSzrvBBLz84WfYAN0YbyBNLA=="
)
W4_SIGNATURE = "3c1e8d0c5de940d33c1c30a16547d32b082c2884"


def at(now: float = AT, **changes: Any) -> Wechat:
    return Wechat(Settings("wechat", "wechat", options=options("http://vendor.invalid", **changes)), Inbox().receive, lambda: now)


def envelope(encrypted: str) -> bytes:
    return f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()


def signed(query: Mapping[str, str] | None = None, body: bytes = b"", method: str = "POST") -> Callback:
    return Callback(method, {"timestamp": str(AT), "nonce": NONCE, **(query or {})}, {}, body)


def read(xml: str, *, encrypted: bool = True) -> Reading:
    vendor = WechatPlatform(encrypted=encrypted)
    provider = wechat() if encrypted else wechat(aes_key="")
    return provider.read(vendor.push(xml))


def test_vector_w_1_the_key() -> None:
    assert aes_key_of(AES_KEY).hex() == "69b71d79f8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3d0010831051"


def test_vector_w_2_the_address_check_is_answered_with_its_echo() -> None:
    assert signature(TOKEN, str(AT), NONCE) == "ae0a504a956258c1854abeb72a90e0263bf53b84"
    check = signed({"signature": "ae0a504a956258c1854abeb72a90e0263bf53b84", "echostr": "1616140317555161061"}, method="GET")
    reading = at().read(check)
    assert (reading.reply_status, reading.reply_body, reading.reply_type) == (200, b"1616140317555161061", "text/plain")


def test_vector_w_3_the_encrypted_block() -> None:
    door = PushDoor(TOKEN, AES_KEY, APP_ID)
    padded = (
        "303132333435363738396162636465660000000568656c6c6f777831323334353637383930616263646566151515151515151515151515151515151515151515"
    )
    assert door.block(HELLO) == bytes.fromhex(padded)[:-0x15]
    assert door.opened(HELLO) == b"hello"
    assert signature(TOKEN, str(AT), NONCE, HELLO) == "04e91868c12c484077a3ce89b227f3e3144a7d20"


def test_vector_w_4_a_whole_event() -> None:
    reading = at().read(signed({"msg_signature": W4_SIGNATURE, "encrypt_type": "aes"}, envelope(W4)))
    [report] = reading.reports
    assert (report.reference, report.vendor_id, report.address) == (None, "200163836", OPENID)
    assert (report.status, report.vendor_code, report.at) == (Status.DELIVERED, "success", datetime.fromtimestamp(AT, UTC))
    assert reading.reply_body == b"success"


@given(st.text(min_size=1, max_size=2000).filter(lambda text: "]]>" not in text and text.isprintable()))
def test_what_wechatpy_encrypts_is_read(text: str) -> None:
    stamp = str(AT)
    body = WeChatCrypto(TOKEN, AES_KEY, APP_ID).encrypt_message(
        pushed(OPENID, "text", f"<Content><![CDATA[{text}]]></Content>"), NONCE, stamp
    )
    sealed = body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    reading = at().read(signed({"msg_signature": signature(TOKEN, stamp, NONCE, sealed)}, body.encode()))
    assert [(said.address, said.text) for said in reading.inbound] == [(OPENID, text.strip())]


@pytest.mark.parametrize("encrypted", [True, False])
@pytest.mark.parametrize(
    ("status", "meant", "reason", "fault", "permanent"),
    [
        ("success", Status.DELIVERED, None, Fault.NONE, None),
        ("failed:user block", Status.UNDELIVERED, Reason.RECIPIENT_BLOCKED, Fault.RECIPIENT, True),
        ("failed: system failed", Status.UNDELIVERED, Reason.PROVIDER_UNAVAILABLE, Fault.PROVIDER, False),
        ("failed:system failed", Status.UNDELIVERED, Reason.PROVIDER_UNAVAILABLE, Fault.PROVIDER, False),
        ("failed:new word", Status.SENT, Reason.UNMAPPED, Fault.UNKNOWN, None),
    ],
)
def test_the_result_of_a_template_message(
    encrypted: bool, status: str, meant: Status, reason: Reason | None, fault: Fault, permanent: bool | None
) -> None:
    [report] = read(result(OPENID, 3_662_956_322_040_938_501, status), encrypted=encrypted).reports
    assert (report.status, report.reason, report.fault, report.permanent) == (meant, reason, fault, permanent)
    assert (report.vendor_id, report.vendor_text) == ("3662956322040938501", status)


def test_the_result_of_a_notice_may_hold_one_entry_or_many() -> None:
    [one] = read(notice_result(OPENID, (1_700_827_132_819_554_304, 0, "success"))).reports
    assert (one.vendor_id, one.status) == ("1700827132819554304", Status.DELIVERED)
    many = read(notice_result(OPENID, (1, 0, "success"), (2, 43101, "refused"), (3, 77, "strange")))
    assert [(r.vendor_id, r.status, r.reason) for r in many.reports] == [
        ("1", Status.DELIVERED, None),
        ("2", Status.UNDELIVERED, Reason.RECIPIENT_BLOCKED),
        ("3", Status.SENT, Reason.UNMAPPED),
    ]
    assert [(said.sign, said.template) for said in many.inbound] == [(Sign.REFUSED, "NOTICE")]


@pytest.mark.parametrize("box", ["Popup", "Change"])
def test_consents_are_told_per_template(box: str) -> None:
    entries = "".join(
        f"<List><TemplateId><![CDATA[{name}]]></TemplateId><SubscribeStatusString><![CDATA[{word}]]></SubscribeStatusString></List>"
        for name, word in (("A", "accept"), ("B", "reject"), ("C", "other"))
    )
    reading = read(event(OPENID, f"subscribe_msg_{box.lower()}_event", f"<SubscribeMsg{box}Event>{entries}</SubscribeMsg{box}Event>"))
    assert [(said.address, said.text, said.sign, said.template) for said in reading.inbound] == [
        (OPENID, "", Sign.CONSENTED, "A"),
        (OPENID, "", Sign.REFUSED, "B"),
    ]


@pytest.mark.parametrize(
    ("name", "sign"), [("subscribe", Sign.FOLLOWED), ("unsubscribe", Sign.UNFOLLOWED), ("UNSUBSCRIBE", Sign.UNFOLLOWED)]
)
def test_following_and_leaving_are_signs(name: str, sign: Sign) -> None:
    [said] = read(event(OPENID, name)).inbound
    assert (said.address, said.sign, said.template) == (OPENID, sign, None)


def test_a_text_is_a_reply() -> None:
    [said] = read(pushed(OPENID, "text", "<Content><![CDATA[退订]]></Content><MsgId>1</MsgId>")).inbound
    assert (said.address, said.text, said.sign) == (OPENID, "退订", None)
    assert said.at is not None


@pytest.mark.parametrize("xml", [pushed(OPENID, "image", "<MediaId>1</MediaId>"), event(OPENID, "CLICK"), event(OPENID, "TEMPLATE_NEW")])
def test_what_says_nothing_to_us_is_answered_all_the_same(xml: str) -> None:
    reading = read(xml)
    assert (list(reading.reports), list(reading.inbound), reading.reply_status, reading.reply_body) == ([], [], 200, b"success")


def test_an_operator_maps_a_new_word_of_a_result() -> None:
    provider = wechat(receipt_codes={"failed:newword": {"status": "undelivered", "reason": "unreachable"}})
    [report] = provider.read(WechatPlatform().push(result(OPENID, 1, "failed: new word"))).reports
    assert report.reason is Reason.UNREACHABLE


def test_a_forged_signature_a_replay_and_another_accounts_push_are_turned_away() -> None:
    vendor, provider = WechatPlatform(), wechat()
    good = vendor.push(result(OPENID, 1, "success"))
    assert provider.read(good).reports
    other = WechatPlatform()
    other.crypto = WeChatCrypto(TOKEN, AES_KEY, "wx_other")
    bodies = good.body.replace(b"<Encrypt><![CDATA[Q", b"<Encrypt><![CDATA[R")
    for wrong, words in (
        (vendor.push(result(OPENID, 1, "success"), token="guessed"), "signature"),
        (Callback("POST", {**good.query, "msg_signature": "0" * 40}, {}, good.body), "signature"),
        (Callback("POST", {**good.query, "msg_signature": "ü"}, {}, good.body), "signature"),
        (Callback("POST", {**good.query, "timestamp": str(int(good.query["timestamp"]) + 1)}, {}, good.body), "signature"),
        (Callback("POST", good.query, {}, bodies if bodies != good.body else b"<xml><Encrypt>AAAA</Encrypt></xml>"), "signature"),
        (vendor.push(result(OPENID, 1, "success"), age_s=301), "five minutes"),
        (vendor.push(result(OPENID, 1, "success"), age_s=-301), "five minutes"),
        (other.push(result(OPENID, 1, "success")), "another account"),
        (Callback("POST", {}, {}, good.body), "signature"),
        (Callback("GET", {}, {}, b""), "signature"),
        (Callback("PULL", good.query, {}, good.body), "neither GET nor POST"),
    ):
        with pytest.raises(UnreadableCallback, match=words):
            provider.read(wrong)


def test_a_plain_push_does_not_get_round_the_key() -> None:
    plain = WechatPlatform(encrypted=False).push(result(OPENID, 1, "success"))
    with pytest.raises(UnreadableCallback, match="not encrypted"):
        wechat().read(plain)
    with pytest.raises(UnreadableCallback, match="set `aes_key`"):
        wechat(aes_key="").read(WechatPlatform().push(result(OPENID, 1, "success")))
    with pytest.raises(UnreadableCallback, match="set `token`"):
        wechat(token="", aes_key="").read(plain)


@pytest.mark.parametrize("encrypted", [True, False])
@pytest.mark.parametrize("xml", [LAUGHS, EXTERNAL, b"<xml>" * 50_000, b"<xml>" + b"a" * 300_000 + b"</xml>", b""])
def test_hostile_xml_is_turned_away_outside_and_inside(encrypted: bool, xml: bytes) -> None:
    started = time.process_time()
    with pytest.raises(UnreadableCallback):
        read(xml.decode(), encrypted=encrypted)
    assert time.process_time() - started < 5


@given(st.binary(max_size=300))
def test_garbage_that_is_signed_is_unreadable_and_nothing_worse(garbage: bytes) -> None:
    provider = at()
    import base64  # noqa: PLC0415

    sealed = base64.b64encode(garbage).decode()
    with pytest.raises(UnreadableCallback):
        provider.read(signed({"msg_signature": signature(TOKEN, str(AT), NONCE, sealed)}, envelope(sealed)))


async def test_a_result_and_a_reply_find_their_way_over_http() -> None:
    readings: list[Reading] = []

    async def take(request: web.Request) -> web.Response:
        reading = provider.read(Callback(request.method, dict(request.query), {}, await request.read()))
        readings.append(reading)
        return web.Response(body=reading.reply_body, status=reading.reply_status, content_type=reading.reply_type)

    app = web.Application()
    app.router.add_post("/callbacks/wechat/secret", take)
    async with listening(app) as here, platform(WechatPlatform) as vendor, opened(wechat(vendor.endpoint)) as provider:
        vendor.callback_url = f"{here}/callbacks/wechat/secret"
        [twice] = await sent(provider, [message("0009")])
        [stops] = await sent(provider, [message("0010")])
        for push in list(vendor._pushes):
            await push
    assert vendor.answers == ["200 success"] * 4
    found = [report.vendor_id or "" for reading in readings for report in reading.reports]
    assert sorted(found) == sorted([twice.parts[0], twice.parts[0], stops.parts[0]])
    assert [said.text for reading in readings for said in reading.inbound] == ["退订"]
