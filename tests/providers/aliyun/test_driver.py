"""`aliyun`: what goes out, how its one answer a call is told to the messages, and what happens to a batch that is refused for one of them."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest

from providers.aliyun.answers import window_left_s
from providers.base.link import Heard
from providers.base.ruling import by_status, retry_class
from providers.base.types import Answer, Outgoing
from providers.base.words import Outcome, Reason, RetryClass
from tests.providers.aliyun.test_contract import aliyun
from tests.providers.contract import Lease, message, opened, sent
from tests.standins.aliyun import AliyunSms, aliyun_sms
from tests.standins.wire import saying, wire

NOW = datetime(2026, 11, 24, 6, 3, 20, tzinfo=UTC)


def batch_of(endings: list[str], call: str = "77") -> list[Outgoing]:
    return [msgspec.structs.replace(message(ending), call=call) for ending in endings]


def answered(body: Any, status: int = 200, size: int = 1, **options: Any) -> list[Answer]:
    provider = aliyun(**options)
    provider.now = lambda: NOW
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    batch = batch_of([f"{number:04d}" for number in range(100, 100 + size)])
    return list(provider._judged(batch, Heard(status, {}, raw)))


async def test_one_message_goes_out_in_the_query_with_our_id() -> None:
    async with aliyun_sms() as (vendor, url), opened(aliyun(url)) as provider:
        [answer] = await sent(provider, batch_of(["5678"]))
    [(action, asked)] = vendor.calls
    assert action == "SendSms"
    assert asked == {
        "PhoneNumbers": "13800135678",
        "SignName": "四川社保",
        "TemplateCode": "SMS_154950909",
        "TemplateParam": '{"name":"王"}',
        "OutId": answer.reference,
    }
    assert (answer.outcome, answer.vendor_code, answer.vendor_id) == (Outcome.ACCEPTED, "OK", "1^0")


async def test_a_batch_goes_out_as_a_form_with_the_id_of_its_call() -> None:
    async with aliyun_sms() as (vendor, url), opened(aliyun(url)) as provider:
        answers = await sent(provider, batch_of([f"{number:04d}" for number in range(1000, 1100)]))
    [(action, asked)] = vendor.calls
    assert (action, asked["OutId"], asked["TemplateCode"]) == ("SendBatchSms", "c77", "SMS_154950909")
    assert json.loads(asked["PhoneNumberJson"])[:2] == ["13800131000", "13800131001"]
    assert json.loads(asked["SignNameJson"]) == ["四川社保"] * 100
    assert json.loads(asked["TemplateParamJson"]) == [{"name": "王"}] * 100
    assert {(answer.outcome, answer.vendor_id) for answer in answers} == {(Outcome.ACCEPTED, "1^0")}
    assert len(answers) == len(vendor.taken) == 100


def parameters(raw: bytes) -> dict[str, str]:
    return dict(parse_qsl(raw.decode("ascii")))


def test_the_sign_name_of_the_settings_stands_before_the_messages() -> None:
    provider = aliyun(sign_name="成都社保")
    assert parameters(provider.write(batch_of(["5678"])).query)["SignName"] == "成都社保"
    assert json.loads(parameters(provider.write(batch_of(["5678", "5679"])).body)["SignNameJson"]) == ["成都社保"] * 2


@pytest.mark.parametrize(("address", "written"), [("+8613800138000", "13800138000"), ("+85291234567", "85291234567")])
def test_numbers_are_written_as_the_vendor_wants_them(address: str, written: str) -> None:
    one = msgspec.structs.replace(message(), address=address)
    assert parameters(aliyun().write([one]).query)["PhoneNumbers"] == written


def test_no_two_calls_share_a_nonce() -> None:
    provider, one = aliyun(), message()
    assert len({provider.write([one]).headers["x-acs-signature-nonce"] for _ in range(1000)}) == 1000


def test_messages_are_alike_by_template_and_signature() -> None:
    provider = aliyun(templates={"reminder": {"code": "SMS_1"}, "lapse": {"code": "SMS_2"}, "lapse.self": {"code": "SMS_1"}})
    one = message()
    names = ["reminder", "reminder.self", "lapse.self", "lapse", "unknown"]
    keys = [provider.alike(msgspec.structs.replace(one, template=name)) for name in names]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert keys[4] is None
    assert provider.alike(msgspec.structs.replace(one, signature="成都社保")) != keys[0]


async def test_messages_of_two_templates_in_one_call_are_not_mixed() -> None:
    templates = {"reminder": {"code": "SMS_154950909", "params": {"name": "{name}"}}, "lapse": {"code": "SMS_2"}}
    other = msgspec.structs.replace(message(), template="lapse")
    async with aliyun_sms() as (vendor, url), opened(aliyun(url, templates=templates)) as provider:
        answers = {answer.reference: answer.outcome for answer in await sent(provider, [message("1111"), other, message("2222")])}
    assert answers.pop(other.reference) is Outcome.NOTHING_LEFT
    assert set(answers.values()) == {Outcome.ACCEPTED}
    assert [one["to"][-4:] for one in vendor.taken] == ["1111", "2222"]


async def test_what_cannot_be_written_is_refused_and_the_rest_goes_out() -> None:
    bare, half = message("1111"), message("2222")
    bare = msgspec.structs.replace(bare, params={})
    half = msgspec.structs.replace(half, params={"name": "\ud83d"})
    async with aliyun_sms() as (vendor, url), opened(aliyun(url)) as provider:
        answers = {answer.reference: answer for answer in await sent(provider, [bare, half, message("3333")])}
        assert [one["to"][-4:] for one in vendor.taken] == ["3333"]
        lease = Lease()
        await sent(provider, [bare], lease)
    assert lease.wrote == 0
    assert (answers[bare.reference].reason, retry_class(answers[bare.reference])) == (Reason.TEMPLATE_REJECTED, RetryClass.OTHER_ROUTE)
    assert answers[bare.reference].detail == "this message has no value `name`"
    assert (answers[half.reference].reason, retry_class(answers[half.reference])) == (Reason.CONTENT_REJECTED, RetryClass.PERMANENT)


def test_one_answer_is_told_to_every_message_of_the_call() -> None:
    answers = answered({"Code": "isv.OUT_OF_SERVICE", "Message": "业务停机", "RequestId": "r"}, size=3)
    assert len(answers) == 3
    assert {(one.outcome, one.vendor_code, one.vendor_text) for one in answers} == {(Outcome.REFUSED, "isv.OUT_OF_SERVICE", "业务停机")}


# A batch that is refused for one of its messages.


async def test_a_message_that_spoils_its_batch_is_found_and_the_others_are_taken_once() -> None:
    endings = [f"{number:04d}" for number in range(1000, 1099)]
    batch = batch_of([*endings[:37], "0005", *endings[37:]])
    lease = Lease()
    async with aliyun_sms() as (vendor, url), opened(aliyun(url)) as provider:
        answers = {answer.reference: answer for answer in await sent(provider, batch, lease)}
    refused = [one for one in batch if answers[one.reference].outcome is Outcome.REFUSED]
    assert [one.address[-4:] for one in refused] == ["0005"]
    assert sum(answer.outcome is Outcome.ACCEPTED for answer in answers.values()) == 99
    assert sorted(one["to"][-4:] for one in vendor.taken) == endings
    assert len(vendor.calls) <= 17
    assert lease.wrote == 1
    assert {one["out_id"] for one in vendor.taken if one["out_id"].startswith("c")} == {"c77"}


async def test_a_number_at_its_limit_does_not_hold_up_its_neighbours() -> None:
    class Limited(AliyunSms):
        def _throttles(self, number: str) -> bool:
            return True

    batch = batch_of(["1111", "0006", "2222", "3333"])
    async with aliyun_sms(Limited()) as (vendor, url), opened(aliyun(url)) as provider:
        answers = {answer.reference: answer for answer in await sent(provider, batch)}
    assert [answers[one.reference].outcome for one in batch] == [Outcome.ACCEPTED, Outcome.DEFERRED, *[Outcome.ACCEPTED] * 2]
    assert 1 < (answers[batch[1].reference].retry_after_s or 0) <= 61
    assert sorted(one["to"][-4:] for one in vendor.taken) == ["1111", "2222", "3333"]


async def test_a_vendor_that_refuses_everything_is_not_hammered() -> None:
    async with aliyun_sms() as (vendor, url), opened(aliyun(url)) as provider:
        batch = [msgspec.structs.replace(one, address=f"+8613{number:05d}0005") for number, one in enumerate(batch_of(["0005"] * 100))]
        answers = await sent(provider, batch)
    assert len(vendor.calls) == 17
    assert len(answers) == len({answer.reference for answer in answers}) == 100
    assert {answer.outcome for answer in answers} == {Outcome.REFUSED, Outcome.DEFERRED}
    left = [answer for answer in answers if answer.outcome is Outcome.DEFERRED]
    assert {(answer.reason, retry_class(answer)) for answer in left} == {(Reason.PROVIDER_UNAVAILABLE, RetryClass.RETRY)}


@pytest.mark.parametrize("code", ["isv.OUT_OF_SERVICE", "isp.SYSTEM_ERROR", "SignatureNonceUsed", "Throttling.User", "NeverHeardOf"])
async def test_a_batch_that_is_refused_for_another_cause_or_may_have_left_is_not_sent_again(code: str) -> None:
    async with aliyun_sms() as (vendor, url), opened(aliyun(url)) as provider:
        vendor.error = (200, code)
        answers = await sent(provider, batch_of(["1111", "2222"]))
    assert (vendor.requests, len(answers), {answer.vendor_code for answer in answers}) == (1, 2, {code})


@pytest.mark.parametrize("code", ["isv.BUSINESS_LIMIT_CONTROL", "isv.MOBILE_NUMBER_ILLEGAL"])
async def test_a_refused_batch_that_has_a_number_may_have_left_and_is_not_sent_again(code: str) -> None:
    async with wire(saying(200, json.dumps({"Code": code, "BizId": "1^0"}).encode())) as server:
        async with opened(aliyun(server.url.removesuffix("/send"))) as provider:
            answers = await sent(provider, batch_of(["1111", "2222"]))
        assert len(server.requests) == 1
    assert {answer.outcome for answer in answers} == {Outcome.UNKNOWN}


async def test_an_ended_lease_ends_the_halving() -> None:
    class Ending(Lease):
        def still_mine(self) -> bool:
            self.asked += 1
            return self.asked == 1

    async with aliyun_sms() as (vendor, url), opened(aliyun(url)) as provider:
        answers = await sent(provider, batch_of(["1111", "0005"]), Ending())
    assert {answer.outcome for answer in answers} == {Outcome.NOTHING_LEFT}
    assert (len(vendor.calls), vendor.taken) == (1, [])


# What answers say.


def test_a_number_for_a_refused_call_is_a_contradiction_and_never_sent_again() -> None:
    [answer] = answered({"Code": "isv.MOBILE_NUMBER_ILLEGAL", "BizId": "1^0"})
    assert answer.outcome is Outcome.UNKNOWN
    assert answered({"Code": "isv.MOBILE_NUMBER_ILLEGAL", "BizId": ""})[0].outcome is Outcome.REFUSED


def test_an_ok_beside_a_failed_status_is_unknown() -> None:
    assert answered({"Code": "OK", "BizId": "1^0"}, 400)[0].outcome is Outcome.UNKNOWN
    assert answered({"Code": "OK", "BizId": "1^0"}, 502)[0].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 502, 503])
def test_a_code_nobody_knows_says_no_more_than_its_status(status: int) -> None:
    [answer] = answered({"Code": "NeverHeardOf", "Message": "?", "HostId": "h", "RequestId": "r"}, status)
    by = by_status(status, {}, {})
    assert by is not None
    assert (answer.outcome, answer.vendor_code) == (by.outcome, "NeverHeardOf")


def test_a_gateway_may_write_its_fields_small() -> None:
    [answer] = answered({"code": "Throttling.User", "message": "slow down", "requestId": "r"}, 400)
    assert (answer.outcome, answer.vendor_code, answer.vendor_text) == (Outcome.DEFERRED, "Throttling.User", "slow down")


def test_the_vendors_text_is_kept_without_what_it_repeats_of_the_request() -> None:
    assert (
        answered({"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "13800138000invalid mobile number"})[0].vendor_text
        == "…invalid mobile number"
    )
    assert answered({"Code": "SignatureDoesNotMatch", "Message": "server string to sign is:POST%E7%8E%8B"}, 400)[0].vendor_text is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("触发分钟级流控Permits:1", 41),
        ("触发小时级流控Permits:5", 3401),
        ("触发天级流控Permits:10", 86_400),
        ("触发号码天级流控Permits:40", 86_400),
        ("", 3401),
    ],
)
def test_a_number_at_its_limit_waits_for_the_vendors_window(said: str, seconds: float) -> None:
    """06:03:20 UTC is 14:03:20 in UTC+8: the minute ends in 40 s, the hour in 3,400 s; a second more, for clocks."""
    assert window_left_s(said, NOW) == seconds
    [answer] = answered({"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": said})
    assert (answer.outcome, answer.reason, answer.retry_after_s) == (Outcome.DEFERRED, Reason.FREQUENCY_LIMITED, seconds)
    assert retry_class(answer) is RetryClass.RETRY


def test_an_operator_may_say_how_long_a_limit_lasts_and_what_any_code_means() -> None:
    codes = {
        "isv.BUSINESS_LIMIT_CONTROL": {"outcome": "deferred", "reason": "frequency_limited", "retry_after_s": 7, "retry": "other_route"},
        "isv.NEW": {"outcome": "refused", "reason": "account_problem", "retry": "configuration"},
    }
    [limited] = answered({"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发天级流控Permits:10"}, codes=codes)
    assert (limited.retry_after_s, limited.retry) == (7, RetryClass.OTHER_ROUTE)
    assert answered({"Code": "isv.NEW"}, codes=codes)[0].retry is RetryClass.CONFIGURATION
