"""`wecom` against the stand-in: what is written, who is left out, what an acceptance means, what members say."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec import structs
from wechatpy.enterprise.crypto import WeChatCrypto  # type: ignore[import-untyped]

from providers.base.abilities import Groups
from providers.base.link import Heard
from providers.base.ruling import retry_class
from providers.base.types import Callback, Outgoing, Settings, SettingsError, UnreadableCallback
from providers.base.words import Outcome, Reason, RetryClass, Sign, Status
from providers.wecom import Wecom
from tests.providers.base.test_safe_xml import LAUGHS
from tests.providers.contract import Inbox, message, opened, sent
from tests.providers.wecom.test_contract import options, wecom
from tests.standins.platform import AES_KEY, NONCE, TOKEN, platform
from tests.standins.wechat import event, pushed
from tests.standins.wecom import AGENT, CORP_ID, SECRET, WecomPlatform

AT = 1_704_067_200
ECHO = "Q3stYC6hdFzMh9T8HCvyDH0IHJENRtL8kKsqSYgg4gClawqfEI4bjkd/sThBdy5abkkNPf3wQSpydibwulBNcw=="
TEXT = "张三您好：请您在2026年11月30日（含）前办理待遇资格认证。"


@pytest.fixture
async def vendor() -> AsyncIterator[WecomPlatform]:
    async with platform(WecomPlatform) as one:
        yield one


def to(member: str, text: str = TEXT, **changes: Any) -> Outgoing:
    return structs.replace(message(text=text), channel="wecom", address=member, **changes)


async def test_a_text_goes_out_as_it_is_in_real_utf_8(vendor: WecomPlatform) -> None:
    async with opened(wecom(vendor.endpoint)) as provider:
        [said] = await sent(provider, [to("ZhangSan")])
    assert (said.outcome, said.vendor_code, said.parts) == (Outcome.ACCEPTED, "0", ())
    assert vendor.calls == [{"touser": "ZhangSan", "agentid": AGENT, "msgtype": "text", "text": {"content": TEXT}}]
    assert TEXT.encode() in vendor.bodies[0]
    assert vendor.token_calls == [{"corpid": CORP_ID, "corpsecret": SECRET}]


async def test_cards_are_filled_from_the_settings(vendor: WecomPlatform) -> None:
    card = {
        "card_type": "text_notice",
        "main_title": {"title": "{name}", "desc": "{text}"},
        "card_action": {"type": 1, "url": "https://si.example.cn"},
        "horizontal_content_list": [{"keyname": "参保人", "value": "{name}"}],
    }
    templates = {
        "reminder": {"kind": "template_card", "body": card},
        "*": {"kind": "textcard", "body": {"title": "提醒", "description": "{text}"}},
    }
    async with opened(wecom(vendor.endpoint, templates=templates)) as provider:
        await sent(provider, [to("a", "请认证", template="reminder.self")])
        await sent(provider, [to("a", "请认证", template="resumption.self")])
    assert vendor.calls[0]["template_card"] == {
        "card_type": "text_notice",
        "main_title": {"title": "王", "desc": "请认证"},
        "card_action": {"type": 1, "url": "https://si.example.cn"},
        "horizontal_content_list": [{"keyname": "参保人", "value": "王"}],
    }
    assert (vendor.calls[1]["msgtype"], vendor.calls[1]["textcard"]) == ("textcard", {"title": "提醒", "description": "请认证"})


async def test_members_that_are_left_out_are_refused_and_the_others_accepted(vendor: WecomPlatform) -> None:
    vendor.unlicensed = {"NoLicence"}
    batch = [to("ZhangSan"), to("Gone0001"), to("NoLicence"), to("LiSi")]
    async with opened(wecom(vendor.endpoint)) as provider:
        answers = await sent(provider, batch)
    assert [(a.reference, a.outcome) for a in answers] == [
        (one.reference, outcome)
        for one, outcome in zip(batch, (Outcome.ACCEPTED, Outcome.REFUSED, Outcome.REFUSED, Outcome.ACCEPTED), strict=True)
    ]
    assert (answers[1].reason, answers[1].vendor_code, retry_class(answers[1])) == (
        Reason.MALFORMED_ADDRESS,
        "invaliduser",
        RetryClass.PERMANENT,
    )
    assert (answers[2].reason, answers[2].vendor_code, retry_class(answers[2])) == (
        Reason.ACCOUNT_PROBLEM,
        "unlicenseduser",
        RetryClass.OTHER_ROUTE,
    )
    assert [call["touser"] for call in vendor.taken] == ["ZhangSan", "LiSi"]


async def test_where_all_are_invalid_all_are_refused(vendor: WecomPlatform) -> None:
    async with opened(wecom(vendor.endpoint)) as provider:
        answers = await sent(provider, [to("Gone0001"), to("Else0001")])
    assert {(a.outcome, a.reason, a.vendor_code) for a in answers} == {(Outcome.REFUSED, Reason.MALFORMED_ADDRESS, "81013")}


async def test_only_messages_that_are_alike_share_a_call(vendor: WecomPlatform) -> None:
    batch = [to("a"), to("b", "另一条"), to("c")]
    provider = wecom(vendor.endpoint)
    assert isinstance(provider, Groups)
    assert [provider.alike(one) == provider.alike(batch[0]) for one in batch] == [True, False, True]
    async with opened(provider):
        answers = {answer.reference: answer.outcome for answer in await sent(provider, batch)}
    assert [answers[one.reference] for one in batch] == [Outcome.ACCEPTED, Outcome.NOTHING_LEFT, Outcome.ACCEPTED]
    assert [call["touser"] for call in vendor.calls] == ["a|c"]


@pytest.mark.parametrize("address", ["@all", "@ALL", "a|b", "", "|"])
async def test_an_address_that_would_reach_others_is_never_written(vendor: WecomPlatform, address: str) -> None:
    async with opened(wecom(vendor.endpoint)) as provider:
        [said] = await sent(provider, [to(address)])
    assert (said.outcome, said.reason) == (Outcome.REFUSED, Reason.MALFORMED_ADDRESS)
    assert vendor.bodies == []


async def test_a_text_that_the_vendor_would_cut_is_refused(vendor: WecomPlatform) -> None:
    async with opened(wecom(vendor.endpoint)) as provider:
        [fits] = await sent(provider, [to("a", "一" * 682)])
        [long] = await sent(provider, [to("a", "一" * 683)])
        [half] = await sent(provider, [to("a", "\ud800")])
    assert (fits.outcome, long.outcome, half.outcome) == (Outcome.ACCEPTED, Outcome.REFUSED, Outcome.REFUSED)
    assert long.detail == "text.content is longer than 2048 bytes, and would be cut"
    assert len(vendor.bodies) == 1


async def test_an_acceptance_is_the_last_word_and_reported_as_delivered(vendor: WecomPlatform) -> None:
    inbox, batch = Inbox(), [to("a"), to("Gone0001"), to("b")]
    async with opened(wecom(vendor.endpoint, inbox)) as provider:
        await sent(provider, batch)
        [callback] = inbox.callbacks
        reports = provider.read(callback).reports
    assert callback.method == "QUERY"
    assert [(r.reference, r.status, r.vendor_code, r.vendor_text) for r in reports] == [
        (one.reference, Status.DELIVERED, "accepted", "0 ok") for one in (batch[0], batch[2])
    ]
    assert all(r.vendor_id and r.at for r in reports)


async def test_an_acceptance_can_be_told_to_mean_sent(vendor: WecomPlatform) -> None:
    inbox = Inbox()
    async with opened(wecom(vendor.endpoint, inbox, accepted_means="sent")) as provider:
        assert (await sent(provider, [to("a")]))[0].outcome is Outcome.ACCEPTED
    assert inbox.callbacks == []


async def test_where_an_acceptance_cannot_be_stored_the_answer_still_stands(vendor: WecomPlatform) -> None:
    inbox = Inbox()
    inbox.failures = 1
    async with opened(wecom(vendor.endpoint, inbox)) as provider:
        assert (await sent(provider, [to("a")]))[0].outcome is Outcome.ACCEPTED


async def test_nothing_is_reported_of_what_was_not_accepted(vendor: WecomPlatform) -> None:
    inbox = Inbox()
    vendor.faults = ["reset"]
    async with opened(wecom(vendor.endpoint, inbox)) as provider:
        assert (await sent(provider, [to("a")]))[0].outcome is Outcome.UNKNOWN
        assert (await sent(provider, [to("Gone0001")]))[0].outcome is Outcome.REFUSED
    assert inbox.callbacks == []


async def test_a_token_that_ended_is_fetched_anew_and_the_call_repeated_once(vendor: WecomPlatform) -> None:
    async with opened(wecom(vendor.endpoint)) as provider:
        await sent(provider, [to("a")])
        vendor.end_tokens()
        assert (await sent(provider, [to("a")]))[0].outcome is Outcome.ACCEPTED
        vendor.distrust_tokens()
        [said] = await sent(provider, [to("a")])
    assert (said.outcome, said.vendor_code, retry_class(said)) == (Outcome.DEFERRED, "42001", RetryClass.RETRY)
    assert (len(vendor.token_calls), len(vendor.bodies), len(vendor.taken)) == (3, 5, 2)


@pytest.mark.parametrize(
    ("changes", "code"), [({"corp_secret": "wrong"}, "40001"), ({"corp_id": "ww0"}, "40013"), ({"agent_id": 7}, "40056")]
)
async def test_wrong_credentials_need_an_operator(vendor: WecomPlatform, changes: dict[str, Any], code: str) -> None:
    async with opened(wecom(vendor.endpoint, **changes)) as provider:
        [said] = await sent(provider, [to("a")])
    assert (said.outcome, said.reason, said.vendor_code, retry_class(said)) == (
        Outcome.REFUSED,
        Reason.ACCOUNT_PROBLEM,
        code,
        RetryClass.CONFIGURATION,
    )
    assert vendor.taken == []


R, P, C = RetryClass.RETRY, RetryClass.PERMANENT, RetryClass.CONFIGURATION


@pytest.mark.parametrize(
    ("codes", "outcome", "reason", "retry"),
    [
        ("-1", Outcome.DEFERRED, Reason.PROVIDER_UNAVAILABLE, R),
        ("40001 40013 40056 41011 48002 48004 50003 60011 60020 301002", Outcome.REFUSED, Reason.ACCOUNT_PROBLEM, C),
        ("40003 40031 40032 46004 60111 81013 82001 82002 82003", Outcome.REFUSED, Reason.MALFORMED_ADDRESS, P),
        ("40033 40035 40058 44004 45002 85002", Outcome.REFUSED, Reason.CONTENT_REJECTED, P),
        ("43004", Outcome.REFUSED, Reason.RECIPIENT_BLOCKED, P),
        ("40014 42001", Outcome.DEFERRED, Reason.ACCOUNT_PROBLEM, R),
        ("45009 45033", Outcome.DEFERRED, Reason.FREQUENCY_LIMITED, R),
        ("99999", Outcome.UNKNOWN, Reason.UNMAPPED, RetryClass.UNKNOWN),
    ],
)
def test_every_errcode_has_its_class(codes: str, outcome: Outcome, reason: Reason, retry: RetryClass) -> None:
    for code in codes.split():
        [said] = wecom()._judged([to("a")], Heard(200, {}, b'{"errcode":%b,"errmsg":"why"}' % code.encode()))
        assert (said.outcome, said.reason, retry_class(said), said.vendor_code) == (outcome, reason, retry, code)


def test_vector_wc_1_the_address_check_is_decrypted() -> None:
    provider = Wecom(Settings("wecom", "wecom", options=options("http://vendor.invalid")), Inbox().receive, lambda: AT)
    query = {"msg_signature": "8da91325b21f773016d7233dfb359487fef9a274", "timestamp": str(AT), "nonce": NONCE, "echostr": ECHO}
    assert provider.read(Callback("GET", query, {}, b"")).reply_body == b"1616140317555161061"
    for wrong in ({"echostr": ECHO[:-4] + "AAA="}, {"msg_signature": "0" * 40}, {"nonce": "1"}, {"timestamp": str(AT + 1)}):
        with pytest.raises(UnreadableCallback, match="signature"):
            provider.read(Callback("GET", {**query, **wrong}, {}, b""))


def test_what_members_write_and_whether_they_follow_is_read() -> None:
    vendor, provider = WecomPlatform(), wecom()
    [said] = provider.read(vendor.push(pushed("ZhangSan", "text", "<Content><![CDATA[非本人]]></Content><AgentID>1</AgentID>"))).inbound
    assert (said.address, said.text) == ("ZhangSan", "非本人")
    [left] = provider.read(vendor.push(event("ZhangSan", "unsubscribe"))).inbound
    assert left.sign is Sign.UNFOLLOWED
    assert provider.read(vendor.push(event("ZhangSan", "enter_agent"))).inbound == []


def test_another_companys_push_a_replay_and_laughter_are_turned_away() -> None:
    vendor, provider = WecomPlatform(), wecom()
    with pytest.raises(UnreadableCallback, match="five minutes"):
        provider.read(vendor.push(event("a", "subscribe"), age_s=400))
    with pytest.raises(UnreadableCallback, match="DOCTYPE"):
        provider.read(vendor.push(LAUGHS.decode()))
    vendor.crypto = WeChatCrypto(TOKEN, AES_KEY, "ww_other")
    with pytest.raises(UnreadableCallback, match="another account"):
        provider.read(vendor.push(event("a", "subscribe")))


def test_nobody_outside_can_say_that_a_message_was_accepted() -> None:
    body = b'[{"ref":"1","at":"2026-11-24T00:00:00+00:00"}]'
    assert wecom().read(Callback("QUERY", {}, {}, body)).reports[0].status is Status.DELIVERED
    for method in ("POST", "GET", "HEAD"):
        with pytest.raises(UnreadableCallback):
            wecom().read(Callback(method, {}, {}, body))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"agent_id": "x"}, r"providers\.wecom\.agent_id"),
        ({"templates": {"*": {"kind": "image"}}}, r"providers\.wecom\.templates"),
        ({"accepted_means": "read"}, r"providers\.wecom\.accepted_means"),
        ({"aes_key": "!" * 43}, r"providers\.wecom\.aes_key"),
        ({"batch_size": 1001}, r"providers\.wecom\.batch_size: must be 1 to 1000"),
    ],
)
def test_a_section_that_cannot_work_names_the_key(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        wecom(**changes)
