"""`aliyun`: what became of messages is asked for by number, day and our own ids."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from providers.aliyun import Aliyun
from providers.aliyun.query import MOST_PAGES
from providers.base.abilities import Asked
from providers.base.types import Outgoing
from providers.base.words import Reason, Status
from tests.providers.aliyun.test_contract import aliyun
from tests.providers.aliyun.test_receipts import read
from tests.providers.contract import Inbox, message, opened, sent
from tests.standins.aliyun import AliyunSms, aliyun_sms, china
from tests.standins.wire import saying, wire

# help.aliyun.com, document 419277 (QuerySendDetails)
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


def asked(one: Outgoing, *, call: str = "77", vendor_id: str | None = None, sent_at: datetime | None = None) -> Asked:
    return Asked(one.reference, call, one.address, sent_at or datetime.now(UTC), vendor_id)


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
        await provider.ask([asked(messages[0]), asked(messages[100])])
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
        await provider.ask([asked(message("5678")), asked(message("5679"))])
    assert not inbox.callbacks
    assert len(caplog.records) == 1, "one line, however many there were"
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
            await provider.ask([asked(one)])
        assert caught.group_contains(ConnectionError)
        await provider.ask([asked(one)])
    assert inbox.callbacks
