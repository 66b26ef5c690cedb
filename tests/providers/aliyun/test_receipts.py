"""`aliyun`: reports that are pushed or asked for, replies, the probe of the callback's address, and garbage."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.base.types import Callback, Reading, Report, UnreadableCallback
from providers.base.words import Reason, Status
from tests.providers.aliyun.test_contract import aliyun
from tests.providers.contract import message, opened, sent
from tests.standins.aliyun import aliyun_sms
from tests.standins.listening import listening

# help.aliyun.com, documents 101867 (SmsReport) and 101847 (SmsUp), read 2026-11-24.
SMS_REPORT = (
    '[{"phone_number":"13811110000","send_time":"2017-01-01 00:00:00","report_time":"2017-01-01 00:00:00","success":true,'
    '"err_code":"DELIVERED","err_msg":"用户接收成功","sms_size":"1","biz_id":"12345^0","out_id":"67890"}]'
)
SMS_UP = (
    '[{"phone_number":"13811110000","content":"内容","send_time":"2017-09-01 00:00:00","dest_code":"1234","sequence_id":"1234567890"},'
    '{"phone_number":"13811110001","content":"TD","send_time":"20170901000000","sign_name":"签名","dest_code":"1234","sequence_id":1234567890}]'
)


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


@settings(max_examples=60, deadline=None)
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
    async with listening(app) as here, aliyun_sms() as (vendor, url):
        async with opened(aliyun(url)) as sender:
            await sent(sender, [message("0001"), message("0009"), message("0010"), message("0004"), message("5678")])
        assert await vendor.push(f"{here}/callbacks") == 3
    reports = [report for reading in readings for report in reading.reports]
    assert [report.status for report in reports].count(Status.DELIVERED) == 4, "two for one of them, and whoever replies has read it"
    assert [report.reason for report in reports].count(Reason.NUMBER_ABSENT) == 1
    assert [reply.text for reading in readings for reply in reading.inbound] == ["退订"]
