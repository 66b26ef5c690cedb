"""`tencent`: what is pushed, pulled and asked for. Bodies of pushes: documents 382/59178, 382/43547 and 382/43548, as in the protocol sheet."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from providers.base.abilities import Asked
from providers.base.types import Callback, ProviderError, Report, UnreadableCallback
from providers.base.words import Fault, Reason, Status
from providers.tencent import Tencent
from tests.providers.contract import Inbox, message, opened, sent
from tests.providers.tencent.test_contract import tencent
from tests.standins.tencent import TencentSms, tencent_sms

PUSHED = {
    "user_receive_time": "2015-10-17 08:03:04",
    "nationcode": "86",
    "mobile": "13800138000",
    "report_status": "SUCCESS",
    "errmsg": "DELIVRD",
    "description": "用户短信送达成功",
    "sid": "2019:538884",
    "ext": "42",
}


@pytest.fixture
async def vendor() -> AsyncIterator[tuple[TencentSms, str]]:
    async with tencent_sms() as running:
        yield running


@asynccontextmanager
async def ready(url: str, inbox: Inbox | None = None) -> AsyncIterator[Tencent]:
    provider = tencent(url, inbox)
    async with opened(provider):
        yield provider


def read(*entries: dict[str, Any], method: str = "POST", **changes: Any) -> list[Report]:
    return list(tencent(**changes).read(Callback(method, {}, {}, json.dumps(entries).encode())).reports)


def test_a_push_is_reports_and_is_answered_as_the_vendor_wants() -> None:
    reading = tencent().read(Callback("POST", {}, {}, json.dumps([PUSHED, PUSHED | {"ext": "c900"}]).encode()))
    at = datetime(2015, 10, 17, 0, 3, 4, tzinfo=UTC)
    one = Report("42", Status.DELIVERED, None, Fault.NONE, None, "+8613800138000", "2019:538884", "DELIVRD", "用户短信送达成功", at)
    assert reading.reports == [one, structs.replace(one, reference=None, call="900")]
    assert json.loads(reading.reply_body) == {"result": 0, "errmsg": "OK"}
    assert (reading.reply_status, reading.reply_type) == (200, "application/json")


@pytest.mark.parametrize("ext", [None, "", "job-42", "c", "cx", "c4x", "四二", "42x"])
def test_a_report_without_a_context_of_ours_is_joined_by_the_vendors_id(ext: str | None) -> None:
    entry = {key: value for key, value in PUSHED.items() if key != "ext"} | ({} if ext is None else {"ext": ext})
    [report] = read(entry)
    assert (report.reference, report.call, report.vendor_id, report.address) == (None, None, "2019:538884", "+8613800138000")


@pytest.mark.parametrize(
    ("code", "reason", "permanent"),
    [
        ("-106", Reason.CONTENT_REJECTED, True),
        ("002", Reason.UNREACHABLE, None),
        ("EXPIRED", Reason.UNREACHABLE, False),
        ("MK:0001", Reason.NUMBER_ABSENT, True),
        ("MI:0019", Reason.NUMBER_SUSPENDED, False),
        ("DB:0144", Reason.CARRIER_BLACKLIST, True),
    ],
)
def test_carriers_codes_mean_what_they_mean_everywhere(code: str, reason: Reason, *, permanent: bool | None) -> None:
    [report] = read(PUSHED | {"report_status": "FAIL", "errmsg": code, "description": "x"})
    assert (report.status, report.reason, report.permanent, report.vendor_code) == (Status.UNDELIVERED, reason, permanent, code)


@pytest.mark.parametrize(("status", "code"), [("FAIL", "XYZ"), ("FAIL", ""), ("FAIL", "DELIVRD"), ("SUCCESS", "MK:0001"), ("MAYBE", None)])
def test_what_is_unmapped_or_contradicts_itself_is_no_end(status: str, code: str | None) -> None:
    [report] = read(PUSHED | {"report_status": status, "errmsg": code})
    assert (report.status, report.reason) == (Status.SENT, Reason.UNMAPPED)


def test_success_with_a_code_that_nobody_knows_is_success() -> None:
    assert [one.status for one in read(PUSHED | {"errmsg": "0000"}, PUSHED | {"errmsg": ""})] == [Status.DELIVERED] * 2


def test_an_operator_may_map_a_code_or_family() -> None:
    [report] = read(
        PUSHED | {"report_status": "FAIL", "errmsg": "MA:0001"}, receipt_codes={"MA:*": {"status": "failed", "reason": "content_rejected"}}
    )
    assert (report.status, report.reason) == (Status.FAILED, Reason.CONTENT_REJECTED)


def test_an_object_is_a_persons_reply() -> None:
    body = {"extend": "扩展码", "mobile": "13800138000", "nationcode": "86", "sign": "签名", "text": "T", "time": 1457336869}
    reading = tencent().read(Callback("POST", {}, {}, json.dumps(body).encode()))
    [reply] = reading.inbound
    assert (reply.address, reply.text, reply.at) == ("+8613800138000", "T", datetime(2016, 3, 7, 7, 47, 49, tzinfo=UTC))
    assert json.loads(reading.reply_body)["result"] == 0


@pytest.mark.parametrize("body", [b"{}", b'{"mobile":"1"}', b"[{}]", b'[{"a":1}]', b"[[]]", b'{"Response":{}}', b'{"a":' * 100_000])
@pytest.mark.parametrize("method", ["POST", "PULL", "QUERY"])
def test_what_this_vendor_does_not_send_is_unreadable(body: bytes, method: str) -> None:
    with pytest.raises(UnreadableCallback):
        tencent().read(Callback(method, {}, {}, body))


async def test_reports_as_the_vendor_pushes_them_find_their_messages(vendor: tuple[TencentSms, str]) -> None:
    standin, url = vendor
    async with ready(url) as provider:
        [answer] = await sent(provider, [message("0001", reference="77")])
        await sent(provider, [message("0010", reference="78")])
        readings = [provider.read(Callback("POST", {}, {}, body)) for body in standin.pushes()]
    reports = [report for reading in readings for report in reading.reports]
    assert [(one.reference, one.reason) for one in reports] == [("77", Reason.NUMBER_ABSENT), ("78", None)]
    assert reports[0].vendor_id in answer.parts
    assert [reply.text for reading in readings for reply in reading.inbound] == ["退订"]


async def test_a_pull_fetches_until_fewer_than_a_hundred_come(vendor: tuple[TencentSms, str]) -> None:
    standin, url = vendor
    inbox = Inbox()
    async with ready(url, inbox) as provider:
        await sent(provider, [message(f"{number}") for number in range(2000, 2200)])
        await sent(provider, [message("0011")])
        assert await provider.pull() == 202
    assert [action for action, _ in standin.calls[2:]] == ["PullSmsSendStatus"] * 3 + ["PullSmsReplyStatus"]
    assert standin.calls[2][1] == {"Limit": 100, "SmsSdkAppId": "1400006666"}
    assert {callback.method for callback in inbox.callbacks} == {"PULL"}
    readings = [provider.read(callback) for callback in inbox.callbacks]
    assert [len(reading.reports) for reading in readings] == [100, 100, 1, 0]
    assert [(reply.address, reply.text) for reply in readings[3].inbound] == [("+8613800130011", "非本人")]
    first = readings[0].reports[0]
    assert (first.status, first.vendor_code, first.address) == (Status.DELIVERED, "DELIVRD", "+8613800132000")


async def test_nothing_to_pull_stores_nothing(vendor: tuple[TencentSms, str]) -> None:
    _, url = vendor
    inbox = Inbox()
    async with ready(url, inbox) as provider:
        assert await provider.pull() == 0
    assert inbox.callbacks == []


async def test_what_was_pulled_and_not_stored_is_handed_on_first_at_the_next_pull(vendor: tuple[TencentSms, str]) -> None:
    standin, url = vendor
    inbox = Inbox()
    async with ready(url, inbox) as provider:
        await sent(provider, [message("1111", reference="5")])
        inbox.failures = 2
        for _ in range(2):
            with pytest.raises(ConnectionError):
                await provider.pull()
        assert list(standin.reports) == [], "the vendor gives nothing twice"
        await provider.pull()
        assert [report.reference for callback in inbox.callbacks for report in provider.read(callback).reports] == ["5"]


async def test_closing_hands_on_what_was_pulled(vendor: tuple[TencentSms, str]) -> None:
    _, url = vendor
    inbox = Inbox()
    async with ready(url, inbox) as provider:
        await sent(provider, [message("1111")])
        inbox.failures = 1
        with pytest.raises(ConnectionError):
            await provider.pull()
    assert len(inbox.callbacks) == 1


@pytest.mark.parametrize("fault", ["reset", "bad_gateway", "truncate", "busy"])
async def test_a_pull_that_fails_says_so_and_names_no_secret(vendor: tuple[TencentSms, str], fault: str) -> None:
    standin, url = vendor
    standin.faults.append(fault)
    async with ready(url) as provider:
        with pytest.raises(ProviderError, match="PullSmsSendStatus: ") as raised:
            await provider.pull()
    assert "testSecretKey" not in str(raised.value)


async def test_a_message_is_asked_for_by_its_number_and_known_by_context_or_serial_number(vendor: tuple[TencentSms, str]) -> None:
    standin, url = vendor
    inbox = Inbox()
    async with ready(url, inbox) as provider:
        [answer] = await sent(provider, [message("0003", reference="31")])
        standin.carries_context = False
        await sent(provider, [message("1234", reference="32")])
        now = datetime.now(UTC)
        await provider.ask(
            [
                Asked("31", "900", "+8613800130003", now - timedelta(minutes=5)),
                Asked("32", "901", "+8613800131234", now, vendor_id="2019:2"),
                Asked("33", "902", "+8613800139999", now),
                Asked("34", "903", "+8613800138888", now - timedelta(days=8)),
            ]
        )
    assert answer.vendor_id == "2019:1"
    asked = [call for action, call in standin.calls if action == "PullSmsSendStatusByPhoneNumber"]
    assert [call["PhoneNumber"][-4:] for call in asked] == ["0003", "1234", "9999"], "the vendor keeps seven days"
    assert (asked[0]["Offset"], asked[0]["Limit"]) == (0, 100)
    assert asked[0]["BeginTime"] <= (now - timedelta(minutes=5)).timestamp() <= now.timestamp() <= asked[0]["EndTime"]
    reports = [report for callback in inbox.callbacks for report in provider.read(callback).reports]
    assert [callback.method for callback in inbox.callbacks] == ["QUERY", "QUERY"]
    assert [(one.reference, one.vendor_id, one.reason) for one in reports] == [
        ("31", "2019:1", Reason.UNREACHABLE),
        (None, "2019:2", None),
    ]


async def test_another_messages_end_is_no_answer(vendor: tuple[TencentSms, str]) -> None:
    _, url = vendor
    inbox = Inbox()
    async with ready(url, inbox) as provider:
        await sent(provider, [message("1234", reference="50")])
        await provider.ask([Asked("51", "900", "+8613800131234", datetime.now(UTC))])
    assert inbox.callbacks == []
