"""`huawei`: what its reports and replies say. Documents sms_05_0003, sms_05_0063 and sms_05_0004, as in the protocol sheet."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from providers.base.types import Callback, Reading, Report, UnreadableCallback
from providers.base.words import Fault, Reason, Status
from tests.providers.contract import opened, sent
from tests.providers.huawei.test_contract import huawei
from tests.providers.huawei.test_driver import judged, to
from tests.standins.huawei import SENDER, HuaweiSms, huawei_sms

FORM = "sequence=1&total=1&orgCode=000&updateTime=2018-04-13T06%3A31%3A46Z&source=2&smsMsgId=b9d9b4fe-ad0e-4a2a-a2c7-445505b674ac_6&status=DELIVRD"
"""The vendor's own example, documents sms_05_0003 and sms_05_0051."""


@pytest.fixture
async def vendor() -> AsyncIterator[tuple[HuaweiSms, str]]:
    async with huawei_sms() as running:
        yield running


def read(body: str | bytes | dict[str, Any], **changes: Any) -> Reading:
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else urlencode(body).encode()
    return huawei(**changes).read(Callback("POST", {}, {}, raw))


def test_the_vendors_example_of_a_report_is_read() -> None:
    reading = read(FORM)
    at = datetime(2018, 4, 13, 6, 31, 46, tzinfo=UTC)
    message_id = "b9d9b4fe-ad0e-4a2a-a2c7-445505b674ac_6"
    assert reading.reports == [Report(None, Status.DELIVERED, None, Fault.NONE, None, None, message_id, "DELIVRD", None, at)]
    assert (reading.reply_status, reading.inbound) == (200, [])


def test_a_report_of_one_segment_is_joined_by_what_we_sent_along() -> None:
    [single] = read(f"{FORM}&extend=42&to=%2B8613800138000").reports
    [shared] = read(f"{FORM}&extend=c900&to=%2B8613800138000").reports
    assert (single.reference, single.call, single.address) == ("42", None, "+8613800138000")
    assert (shared.reference, shared.call, shared.address) == (None, "900", "+8613800138000")


@pytest.mark.parametrize("batched", [False, True])
async def test_a_long_message_has_a_report_a_segment_that_names_its_part(*, batched: bool) -> None:
    async with huawei_sms(HuaweiSms(segments=3)) as (standin, url), opened(huawei(url)) as provider:
        [answer] = await sent(provider, [to("1111")])
        reports = [report for body in standin.pushes(batched=batched) for report in provider.read(Callback("POST", {}, {}, body)).reports]
    message_id = standin.taken[0]["id"]
    assert answer.parts == tuple(f"{message_id}/{number}" for number in (1, 2, 3))
    assert [report.vendor_id for report in reports] == list(answer.parts)
    assert {(report.reference, report.call, report.status) for report in reports} == {(None, None, Status.DELIVERED)}


def test_a_segment_that_failed_speaks_for_the_whole_message() -> None:
    [report] = read({"smsMsgId": "m", "status": "MK:0001", "total": "3", "sequence": "2", "extend": "42", "to": "+8613800138000"}).reports
    assert (report.reference, report.vendor_id, report.reason) == ("42", "m/2", Reason.NUMBER_ABSENT)
    [unmapped] = read({"smsMsgId": "m", "status": "XYZ", "total": "3", "sequence": "2", "extend": "42"}).reports
    assert (unmapped.reference, unmapped.vendor_id, unmapped.reason) == (None, "m/2", Reason.UNMAPPED)


@pytest.mark.parametrize("total", ["", "0", "1", "-1", "x", "100", "0099999", "1e9", "٣", None])
def test_a_total_that_makes_no_sense_is_one(total: str | None) -> None:
    entry = {"smsMsgId": "m", "status": "DELIVRD", "extend": "42"} | ({} if total is None else {"total": total})
    assert read(entry).reports[0].vendor_id == "m"
    one = to("1111")
    answered = {"code": "000000", "result": [{"originTo": one.address, "status": "000000", "smsMsgId": "m", "total": total}]}
    assert judged(huawei(), [one], answered)[one.reference].parts == ("m",)


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        ("MILIMIT LIMIT BEYONDN CTLIMIT", Reason.FREQUENCY_LIMITED),
        ("KEYWORD E200038", Reason.CONTENT_REJECTED),
        ("BLACK TDBLACK TSBLACK MBBLACK 2:70", Reason.CARRIER_BLACKLIST),
        ("2:12 2:24 EXPIRED UNDELIV", Reason.UNREACHABLE),
        ("MK:0001", Reason.NUMBER_ABSENT),
    ],
)
def test_words_of_the_platform_and_the_carriers_are_told_apart(codes: str, reason: Reason) -> None:
    for code in codes.split():
        [report] = read({"smsMsgId": "m", "status": code, "statusDesc": "d"}).reports
        assert (code, report.status, report.reason, report.vendor_text) == (code, Status.UNDELIVERED, reason, "d")


def test_codes_that_do_not_tell_vacant_from_suspended_from_off_say_nothing_of_permanence() -> None:
    """support.huaweicloud.com, sms_05_0051 (2024-11-15): 2:12 空号、关机或停机等; 2:24 关机、停机、屏蔽短信业务; UNDELIV a dead number, suspended …"""
    stays = {}
    for code in ("2:12", "2:24", "UNDELIV", "EXPIRED"):
        [report] = read({"smsMsgId": "m", "status": code, "statusDesc": "d"}).reports
        stays[code] = report.permanent
    assert stays == {"2:12": None, "2:24": None, "UNDELIV": None, "EXPIRED": False}


def test_a_persons_reply_is_read() -> None:
    reading = read({"smsMsgId": "r", "from": "+8613800138000", "to": SENDER, "body": "退订 T", "createTime": "2024-01-01T00:00:00Z"})
    [reply] = reading.inbound
    assert (reply.address, reply.text, reply.at) == ("+8613800138000", "退订 T", datetime(2024, 1, 1, tzinfo=UTC))
    assert reading.reports == []


async def test_what_the_vendor_pushes_finds_its_messages(vendor: tuple[HuaweiSms, str]) -> None:
    standin, url = vendor
    async with opened(huawei(url)) as provider:
        await sent(provider, [to("0010", reference="5")])
        await sent(provider, [to("0001", "王"), to("0008", "李")])
        readings = [provider.read(Callback("POST", {}, {}, body)) for body in standin.pushes(batched=True)]
    reports = [report for reading in readings for report in reading.reports]
    assert [(one.reference, one.call, (one.address or "")[-4:], one.reason) for one in reports] == [
        ("5", None, "0010", None),
        (None, "900", "0001", Reason.NUMBER_ABSENT),
        (None, "900", "0008", Reason.CARRIER_BLACKLIST),
    ]
    assert [reply.text for reading in readings for reply in reading.inbound] == ["退订"]


def test_lists_of_reports_are_read_and_an_empty_one_says_nothing() -> None:
    entries = [{"smsMsgId": f"m{number}", "status": "DELIVRD"} for number in range(50)]
    assert [report.vendor_id for report in read(json.dumps({"statusReportList": entries})).reports] == [
        f"m{number}" for number in range(50)
    ]
    assert read('{"statusReportList":[]}').reports == []


@pytest.mark.parametrize(
    "body",
    [
        b"a=1",
        b"smsMsgId=m",
        b"status=DELIVRD",
        b"smsMsgId",
        b"{}",
        b'{"statusReportList":[{}]}',
        b'{"statusReportList":[1]}',
        b"&".join([b"a=1"] * 51),
    ],
)
def test_what_this_vendor_does_not_send_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableCallback):
        read(body)
