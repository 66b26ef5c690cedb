"""`aliyun`: reports that are pushed or asked for, replies, the probe of the callback's address, and garbage."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.aliyun import Aliyun
from providers.aliyun_query import MOST_PAGES
from providers.base.abilities import Asked
from providers.base.types import Callback, Outgoing, Reading, Report, UnreadableCallback
from providers.base.words import Reason, Status
from tests.providers.contract import Inbox, message, opened, sent
from tests.providers.test_aliyun_contract import aliyun
from tests.standins.aliyun import AliyunSms, aliyun_sms, china
from tests.standins.wire import saying, wire

# help.aliyun.com, documents 101867 (SmsReport) and 101847 (SmsUp), read 2026-11-24.
SMS_REPORT = (
    '[{"phone_number":"13811110000","send_time":"2017-01-01 00:00:00","report_time":"2017-01-01 00:00:00","success":true,'
    '"err_code":"DELIVERED","err_msg":"用户接收成功","sms_size":"1","biz_id":"12345^0","out_id":"67890"}]'
)
SMS_UP = (
    '[{"phone_number":"13811110000","content":"内容","send_time":"2017-09-01 00:00:00","dest_code":"1234","sequence_id":"1234567890"},'
    '{"phone_number":"13811110001","content":"TD","send_time":"20170901000000","sign_name":"签名","dest_code":"1234","sequence_id":1234567890}]'
)
# document 419277 (QuerySendDetails)
DETAILS = {
    "TotalCount": "1",
    "Message": "OK",
    "RequestId": "819BE656",
    "Code": "OK",
    "SmsSendDetailDTOs": {
        "SmsSendDetailDTO": [
            {
                "ErrCode": "DELIVERED",
                "TemplateCode": "SMS_122310183",
                "OutId": "123",
                "ReceiveDate": "2019-01-08 16:44:13",
                "SendDate": "2019-01-08 16:44:10",
                "PhoneNum": "13900000000",
                "Content": "【阿里云】验证码",
                "SendStatus": 3,
            }
        ]
    },
}
NOW = datetime.now(UTC)


def read(document: Any, method: str = "POST") -> Reading:
    body = document.encode() if isinstance(document, str) else json.dumps(document).encode()
    return aliyun().read(Callback(method, {}, {}, body))


def test_the_documented_report_is_read() -> None:
    reading = read(SMS_REPORT)
    [report] = reading.reports
    assert report == Report(
        "67890",
        Status.DELIVERED,
        address="+8613811110000",
        vendor_id="12345^0",
        vendor_code="DELIVERED",
        vendor_text="用户接收成功",
        at=datetime(2016, 12, 31, 16, 0, tzinfo=UTC),
    )
    assert (reading.reply_status, reading.reply_body.decode(), reading.reply_type) == (
        200,
        '{"code":0,"msg":"接收成功"}',
        "application/json",
    )


def test_a_report_of_a_batch_names_its_call_and_its_number() -> None:
    entries = [
        {"phone_number": f"1381111000{n}", "success": True, "err_code": "DELIVERED", "biz_id": "1^0", "out_id": "c77"} for n in range(2)
    ]
    assert [(one.reference, one.call, one.address) for one in read(entries).reports] == [
        (None, "77", "+8613811110000"),
        (None, "77", "+8613811110001"),
    ]


@pytest.mark.parametrize("out_id", ["", None, "job-42/7", "c", "cx", "c-1", "７", {"a": 1}])
def test_a_report_of_another_system_on_the_account_has_no_reference_of_ours(out_id: Any) -> None:
    [report] = read([{"phone_number": "13811110000", "success": True, "err_code": "DELIVERED", "biz_id": "9^0", "out_id": out_id}]).reports
    assert (report.reference, report.call, report.vendor_id, report.status) == (None, None, "9^0", Status.DELIVERED)


@pytest.mark.parametrize(
    ("code", "success", "status", "reason"),
    [
        ("DELIVERED", False, Status.SENT, Reason.UNMAPPED),
        ("NEW_CODE", True, Status.DELIVERED, None),
        ("NEW_CODE", False, Status.SENT, Reason.UNMAPPED),
        ("NEW_CODE", None, Status.SENT, Reason.UNMAPPED),
        (None, True, Status.DELIVERED, None),
        (None, False, Status.SENT, Reason.UNMAPPED),
        ("MOBILE_IN_BLACK", True, Status.UNDELIVERED, Reason.CARRIER_BLACKLIST),
        ("DELIVERED", "true", Status.DELIVERED, None),
    ],
)
def test_code_and_success_are_read_together(code: str | None, success: Any, status: Status, reason: Reason | None) -> None:
    [report] = read([{"phone_number": "13811110000", "success": success, "err_code": code, "out_id": "7"}]).reports
    assert (report.status, report.reason) == (status, reason)


def test_replies_are_read_with_numbers_of_either_kind_and_times_of_either_form() -> None:
    reading = read(SMS_UP)
    at = datetime(2017, 8, 31, 16, 0, tzinfo=UTC)
    assert [(one.address, one.text, one.at) for one in reading.inbound] == [("+8613811110000", "内容", at), ("+8613811110001", "TD", at)]
    assert (reading.reports, json.loads(reading.reply_body)["code"]) == ([], 0)


def test_reports_and_replies_may_share_a_callback() -> None:
    reading = read(json.loads(SMS_REPORT) + json.loads(SMS_UP) + [{"sign_name": "x", "sign_status": "ok"}])
    assert (len(reading.reports), len(reading.inbound)) == (1, 2)


def test_the_probe_of_the_address_is_answered() -> None:
    reading = aliyun().read(Callback("GET", {}, {}, b""))
    assert (reading.reply_status, reading.reply_body.decode(), reading.reply_type) == (200, '{"code":0,"msg":"成功"}', "application/json")
    assert not [*reading.reports, *reading.inbound]


@pytest.mark.parametrize("body", ['{"reports":[]}', '[{"a":1}]', "[[]]", '["x"]', "{}", "[null]", "[" * 100_000])
def test_garbage_is_no_callback(body: str) -> None:
    with pytest.raises(UnreadableCallback) as caught:
        read(body)
    assert len(str(caught.value)) < 100
    with pytest.raises(UnreadableCallback):
        read(body, "QUERY")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
entry_values = st.dictionaries(
    st.sampled_from(["phone_number", "success", "err_code", "out_id", "biz_id", "report_time", "content", "send_time", "SendStatus"]),
    json_values,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(entry_values, max_size=4) | json_values)
def test_no_callback_raises_anything_else(document: Any) -> None:
    for method, body in (("POST", document), ("QUERY", {"SmsSendDetailDTOs": {"SmsSendDetailDTO": document}})):
        try:
            reading = read(body, method)
        except UnreadableCallback:
            continue
        assert all(report.status is not Status.QUEUED for report in reading.reports)


async def test_what_the_vendor_pushes_over_http_is_read_once_it_was_stored() -> None:
    """A gateway that is away at first: the vendor comes again."""
    provider, readings, failures = aliyun(), [], 1

    async def callback(request: web.Request) -> web.Response:
        nonlocal failures
        reading = provider.read(Callback(request.method, {}, {}, await request.read()))
        if request.method == "POST" and failures:
            failures -= 1
            return web.Response(status=503)
        readings.append(reading)
        return web.Response(body=reading.reply_body, content_type=reading.reply_type)

    app = web.Application()
    app.router.add_route("*", "/callbacks", callback)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aliyun_sms() as (vendor, url):
        async with opened(aliyun(url)) as sender:
            await sent(sender, [message("0001"), message("0009"), message("0010"), message("0004"), message("5678")])
        assert await vendor.push(f"http://127.0.0.1:{runner.addresses[0][1]}/callbacks") == 3
    await runner.cleanup()
    reports = [report for reading in readings for report in reading.reports]
    assert [report.status for report in reports].count(Status.DELIVERED) == 4, "two for one of them, and whoever replies has read it"
    assert [report.reason for report in reports].count(Reason.NUMBER_ABSENT) == 1
    assert [reply.text for reading in readings for reply in reading.inbound] == ["退订"]


# Asking.


def asked(one: Outgoing, *, call: str = "77", vendor_id: str | None = None, sent_at: datetime = NOW) -> Asked:
    return Asked(one.reference, call, one.address, sent_at, vendor_id)


def queries(vendor: AliyunSms) -> list[dict[str, str]]:
    return [given for action, given in vendor.calls if action == "QuerySendDetails"]


def test_the_documented_detail_is_read() -> None:
    [report] = read(DETAILS, "QUERY").reports
    assert (report.reference, report.status, report.address) == ("123", Status.DELIVERED, "+8613900000000")
    assert (report.vendor_code, report.at) == ("DELIVERED", datetime(2019, 1, 8, 8, 44, 13, tzinfo=UTC))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"SendStatus": 1, "ErrCode": None}, []),
        ({"SendStatus": "1"}, []),
        ({"SendStatus": 2, "ErrCode": "MOBILE_IN_BLACK"}, [(Status.UNDELIVERED, Reason.CARRIER_BLACKLIST)]),
        ({"SendStatus": 2, "ErrCode": "NEW"}, [(Status.SENT, Reason.UNMAPPED)]),
        ({"SendStatus": "3", "ErrCode": "NEW"}, [(Status.DELIVERED, None)]),
        ({"SendStatus": 2, "ErrCode": "DELIVERED"}, [(Status.SENT, Reason.UNMAPPED)]),
    ],
)
def test_a_detail_says_how_a_message_ended_or_nothing(changes: dict[str, Any], expected: list[Any]) -> None:
    entry = DETAILS["SmsSendDetailDTOs"]["SmsSendDetailDTO"][0] | changes  # type: ignore[index]
    reports = read({"SmsSendDetailDTOs": {"SmsSendDetailDTO": [entry]}}, "QUERY").reports
    assert [(one.status, one.reason) for one in reports] == expected


async def test_what_nobody_answered_is_found_by_our_own_id_and_handed_on() -> None:
    inbox, lost, waits = Inbox(), message("5678"), message("0004")
    batch = [msgspec.structs.replace(message(ending), call="88") for ending in ("1111", "0001")]
    async with aliyun_sms() as (vendor, url), opened(aliyun(url, inbox)) as provider:
        assert isinstance(provider, Aliyun)
        vendor.faults.extend(["bad_gateway"] * 3)
        await sent(provider, [lost])
        await sent(provider, [waits])
        await sent(provider, batch)
        never = message("9999")
        await provider.ask([asked(lost), asked(waits), asked(never), *(asked(one, call="88") for one in batch)])
        found = [report for callback in inbox.callbacks for report in provider.read(callback).reports]
    assert {callback.method for callback in inbox.callbacks} == {"QUERY"}
    assert {(one.reference, one.call, one.address, one.status) for one in found} == {
        (lost.reference, None, lost.address, Status.DELIVERED),
        (None, "88", batch[0].address, Status.DELIVERED),
        (None, "88", batch[1].address, Status.UNDELIVERED),
    }


async def test_a_known_number_of_the_vendor_narrows_the_question() -> None:
    inbox, first, second = Inbox(), message("5678"), message("5678")
    async with aliyun_sms() as (vendor, url), opened(aliyun(url, inbox)) as provider:
        assert isinstance(provider, Aliyun)
        answers = [(await sent(provider, [one]))[0] for one in (first, second)]
        await provider.ask([asked(second, vendor_id=answers[1].vendor_id)])
        assert {given["BizId"] for given in queries(vendor)} == {"2^0"}
        assert [report.reference for callback in inbox.callbacks for report in provider.read(callback).reports] == [second.reference]


@pytest.mark.parametrize(
    ("sent_at", "days"),
    [
        (datetime(2026, 11, 23, 15, 50, tzinfo=UTC), ["20261123"]),
        (datetime(2026, 11, 23, 15, 58, tzinfo=UTC), ["20261123", "20261124"]),
        (datetime(2026, 11, 23, 16, 2, tzinfo=UTC), ["20261124", "20261123"]),
        (datetime(2026, 10, 25, 4, 0, tzinfo=UTC), ["20261025"]),
        (datetime(2026, 10, 24, 4, 0, tzinfo=UTC), []),
    ],
)
async def test_the_day_is_the_vendors_and_both_around_midnight_and_none_that_it_forgot(sent_at: datetime, days: list[str]) -> None:
    async with aliyun_sms() as (vendor, url), opened(aliyun(url)) as provider:
        assert isinstance(provider, Aliyun)
        provider.now = lambda: datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
        vendor.clock_ahead_s = provider.now().timestamp() - datetime.now(UTC).timestamp()
        await provider.ask([asked(message(), sent_at=sent_at)])
    assert sorted(given["SendDate"] for given in queries(vendor)) == sorted(days)


async def test_all_pages_are_turned_and_one_question_serves_all_messages_to_a_number() -> None:
    inbox, messages = Inbox(), [message("5678") for _ in range(101)]
    async with aliyun_sms() as (vendor, url), opened(aliyun(url, inbox)) as provider:
        assert isinstance(provider, Aliyun)
        for one in messages:
            vendor._take({"OutId": one.reference}, ["13800135678"])
        await provider.ask([asked(messages[0], sent_at=NOW), asked(messages[100], sent_at=NOW)])
    assert [given["CurrentPage"] for given in queries(vendor) if given["SendDate"] == china()[:10].replace("-", "")] == ["1", "2", "3"]
    assert len(inbox.callbacks) == 2, "the page between holds nothing that was asked for"


async def test_an_unknown_message_and_one_that_waits_are_left_alone() -> None:
    inbox, waits = Inbox(), message("0004")
    async with aliyun_sms() as (_, url), opened(aliyun(url, inbox)) as provider:
        assert isinstance(provider, Aliyun)
        await sent(provider, [waits])
        await provider.ask([asked(waits), asked(message("5678"))])
    assert not inbox.callbacks


@pytest.mark.parametrize("error", [(400, "Throttling.User"), (500, "InternalError"), (200, "isv.ACCOUNT_ABNORMAL")])
async def test_a_query_that_fails_is_logged_without_the_number_and_leaves_its_message_alone(
    error: tuple[int, str], caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox()
    async with aliyun_sms() as (vendor, url), opened(aliyun(url, inbox)) as provider:
        assert isinstance(provider, Aliyun)
        vendor.error = error
        await provider.ask([asked(message("5678"))])
    assert not inbox.callbacks
    assert error[1] in caplog.text
    assert "1380013" not in caplog.text


@pytest.mark.parametrize(
    "changes",
    [
        {"SmsSendDetailDTOs": None},
        {"SmsSendDetailDTOs": {"SmsSendDetailDTO": "x"}},
        {"TotalCount": "9" * 5000, "SmsSendDetailDTOs": {"SmsSendDetailDTO": []}},
        {"TotalCount": -1, "SmsSendDetailDTOs": {"SmsSendDetailDTO": []}},
    ],
)
async def test_an_answer_that_the_vendor_does_not_give_says_nothing_and_asks_no_more_than_bounded(changes: dict[str, Any]) -> None:
    inbox = Inbox()
    async with wire(saying(200, json.dumps({"Code": "OK", **changes}).encode())) as server:
        async with opened(aliyun(server.url.removesuffix("/send"), inbox)) as provider:
            assert isinstance(provider, Aliyun)
            await provider.ask([asked(message())])
        assert len(server.requests) <= 2 * MOST_PAGES
    assert not inbox.callbacks


async def test_what_could_not_be_stored_is_no_silent_loss() -> None:
    inbox, one = Inbox(), message("5678")
    async with aliyun_sms() as (_, url), opened(aliyun(url, inbox)) as provider:
        assert isinstance(provider, Aliyun)
        await sent(provider, [one])
        inbox.failures = 1
        with pytest.raises(ExceptionGroup) as caught:
            await provider.ask([asked(one, sent_at=datetime.now(UTC))])
        assert caught.group_contains(ConnectionError)
        await provider.ask([asked(one, sent_at=datetime.now(UTC))])
    assert inbox.callbacks
    assert not [task for task in asyncio.all_tasks() if "answer" in task.get_name()]
