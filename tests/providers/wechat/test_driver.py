"""`wechat` against the stand-in: what is written, what answers mean, tokens, settings."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from providers.base.link import Heard
from providers.base.ruling import retry_class
from providers.base.types import Answer, Outgoing, Settings, SettingsError
from providers.base.words import Outcome, Reason, RetryClass
from providers.wechat import Wechat
from tests.providers.contract import Inbox, message, opened, sent
from tests.providers.wechat.test_contract import options, wechat
from tests.standins.platform import platform
from tests.standins.wechat import WechatPlatform

ROOT = Path(__file__).parents[3]
BOTH = {
    "reminder": {
        "code": "TPL",
        "params": {"thing1": "{name}", "date2": "{shown_date}"},
        "url": "https://si.example.cn/rz",
        "miniprogram": {"appid": "wx0", "pagepath": "index?foo=bar"},
    },
    "lapsed": {"kind": "subscribe", "code": "NOTICE", "params": {"thing1": "{text}"}, "url": "https://si.example.cn/rz"},
}


@pytest.fixture
async def vendor() -> AsyncIterator[WechatPlatform]:
    async with platform(WechatPlatform) as one:
        yield one


def outgoing(template: str = "reminder", **changes: Any) -> Outgoing:
    params = {"name": "王*国", "shown_date": "2026年11月30日"}
    return structs.replace(message(), channel="wechat", address="oOPENID_1", template=template, params=params, **changes)


async def answer(vendor: WechatPlatform, one: Outgoing, **changes: Any) -> Answer:
    async with opened(wechat(vendor.endpoint, **changes)) as provider:
        [said] = await sent(provider, [one])
        return said


def ruled(code: int | str, **changes: Any) -> Answer:
    [said] = wechat(**changes)._judged([message()], Heard(200, {}, json.dumps({"errcode": code, "errmsg": "why"}).encode()))
    return said


async def test_a_template_message_carries_our_reference_and_real_utf_8(vendor: WechatPlatform) -> None:
    one = outgoing()
    said = await answer(vendor, one, templates=BOTH)
    assert said.outcome is Outcome.ACCEPTED
    assert vendor.calls == [
        {
            "touser": "oOPENID_1",
            "template_id": "TPL",
            "url": "https://si.example.cn/rz",
            "miniprogram": {"appid": "wx0", "pagepath": "index?foo=bar"},
            "client_msg_id": one.reference,
            "data": {"thing1": {"value": "王*国"}, "date2": {"value": "2026年11月30日"}},
        }
    ]
    assert "王*国".encode() in vendor.bodies[0]


async def test_a_subscription_notice_goes_to_its_own_call_with_a_page(vendor: WechatPlatform) -> None:
    await answer(vendor, outgoing("lapsed.self", text="【四川社保】请您尽快办理待遇资格认证，逾期将暂停发放，免费"), templates=BOTH)
    [call] = vendor.calls
    assert (call["template_id"], call["page"]) == ("NOTICE", "https://si.example.cn/rz")
    assert not call.keys() & {"url", "client_msg_id"}
    assert call["data"] == {"thing1": {"value": "请您尽快办理待遇资格认证，逾期将暂..."}}


async def test_the_msgid_of_64_bits_is_kept_as_text_and_joins_the_result(vendor: WechatPlatform) -> None:
    said = await answer(vendor, outgoing(), templates=BOTH)
    assert (said.vendor_id, said.parts, said.vendor_code) == ("3662956322040938501", ("3662956322040938501",), "0")


def test_an_answer_with_a_msgid_and_no_errcode_is_an_acceptance() -> None:
    [said] = wechat()._judged([message()], Heard(200, {}, b'{"msgid":200228332}'))
    assert (said.outcome, said.parts) == (Outcome.ACCEPTED, ("200228332",))


async def test_what_fits_no_template_is_refused_before_anything_leaves(vendor: WechatPlatform) -> None:
    cases = {
        "no [templates] entry": outgoing("resumption"),
        "no value `shown_date`": structs.replace(outgoing(), params={"name": "王"}),
        "date2 would hold": structs.replace(outgoing(), params={"name": "王", "shown_date": "明天"}),
        "lone surrogate": structs.replace(outgoing(), params={"name": "王\ud800", "shown_date": "2026年11月30日"}),
    }
    for words, one in cases.items():
        said = await answer(vendor, one, templates=BOTH)
        assert said.outcome is Outcome.REFUSED
        assert words in (said.detail or "")
        assert "明天" not in (said.detail or "")
    assert (vendor.bodies, vendor.token_calls) == ([], [])


R, F, P, C = RetryClass.RETRY, RetryClass.OTHER_ROUTE, RetryClass.PERMANENT, RetryClass.CONFIGURATION


@pytest.mark.parametrize(
    ("codes", "outcome", "reason", "retry"),
    [
        ("-1", Outcome.DEFERRED, Reason.PROVIDER_UNAVAILABLE, R),
        ("40003 41009", Outcome.REFUSED, Reason.MALFORMED_ADDRESS, P),
        ("40013 40164 48001 48004 50002", Outcome.REFUSED, Reason.ACCOUNT_PROBLEM, C),
        ("40033 41001 44002 47001", Outcome.REFUSED, Reason.CONTENT_REJECTED, P),
        ("47003", Outcome.REFUSED, Reason.TEMPLATE_REJECTED, P),
        ("43004 43019 43101 48002 50005", Outcome.REFUSED, Reason.RECIPIENT_BLOCKED, P),
        ("45009", Outcome.DEFERRED, Reason.FREQUENCY_LIMITED, F),
        ("45011", Outcome.DEFERRED, Reason.FREQUENCY_LIMITED, R),
        ("40001 40014 42001", Outcome.DEFERRED, Reason.ACCOUNT_PROBLEM, R),
        ("43104 43116 45064 99999", Outcome.UNKNOWN, Reason.UNMAPPED, RetryClass.UNKNOWN),
    ],
)
def test_every_errcode_has_its_class(codes: str, outcome: Outcome, reason: Reason, retry: RetryClass) -> None:
    for code in codes.split():
        said = ruled(int(code))
        assert (said.outcome, said.reason, retry_class(said)) == (outcome, reason, retry), code
        assert (said.vendor_code, said.vendor_text) == (code, "why")


def test_an_operator_maps_a_code_that_is_not_documented() -> None:
    said = ruled(43116, codes={"43116": {"outcome": "refused", "reason": "account_problem", "retry": "configuration"}})
    assert (said.outcome, said.retry) == (Outcome.REFUSED, C)


@pytest.mark.parametrize(("beijing", "left_s"), [("16:00:00", 8 * 3600), ("23:59:59", 1), ("00:00:00", 86_400)])
def test_the_days_quota_stops_the_channel_until_midnight_in_beijing(beijing: str, left_s: int) -> None:
    now = datetime.fromisoformat(f"2026-11-24T{beijing}+08:00").timestamp()
    provider = Wechat(Settings("wechat", "wechat", options=options("http://vendor.invalid")), Inbox().receive, lambda: now)
    [said] = provider._judged([message()], Heard(200, {}, b'{"errcode":45009,"errmsg":"reach max api daily quota limit"}'))
    assert (said.retry_after_s, retry_class(said)) == (left_s, F)


def test_a_template_id_turned_down_is_tried_once_more_and_then_needs_an_operator() -> None:
    provider, one = wechat(), message()
    heard = Heard(200, {}, b'{"errcode":40037,"errmsg":"invalid template_id"}')
    first, second = (provider._judged([one], heard)[0] for _ in range(2))
    assert (first.outcome, retry_class(first)) == (Outcome.DEFERRED, R)
    assert (second.outcome, retry_class(second)) == (Outcome.REFUSED, C)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ap_id": "x"}, r"providers\.wechat: unknown key `ap_id`; did you mean `app_id`\?"),
        ({"templates": {}}, r"providers\.wechat\.templates: name the vendor's templates"),
        ({"templates": {"*": {"code": "T", "kind": "sms"}}}, r"providers\.wechat\.templates"),
        ({"aes_key": "short"}, r"providers\.wechat\.aes_key: must be the 43"),
        ({"endpoint": "ftp://x"}, r"providers\.wechat\.endpoint"),
        ({"codes": {"1": {"outcome": "refused"}}}, r"providers\.wechat\.codes\.1: needs a reason"),
        ({"receipt_codes": {"x": {"status": "queued"}}}, r"providers\.wechat\.receipt_codes\.x"),
    ],
)
def test_a_section_that_cannot_work_names_the_key(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as refusal:
        wechat(**changes)
    assert "s3cret" not in str(refusal.value)


def test_one_message_a_call_is_all_that_the_vendor_takes() -> None:
    with pytest.raises(SettingsError, match=r"providers\.wechat\.batch_size: must be 1"):
        Wechat(Settings("wechat", "wechat", batch_size=2, options=options("http://vendor.invalid")), Inbox().receive)
