"""`tencent` against the stand-in: what is written, who shares a call, what codes mean, wrong settings."""

import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from providers.base.codes import answers as table_of
from providers.base.link import Heard
from providers.base.ruling import retry_class
from providers.base.types import Answer, Outgoing, Settings, SettingsError
from providers.base.words import Outcome, Reason, RetryClass
from providers.tencent.codes import CODES
from providers.tencent.driver import Tencent, TencentOptions
from tests.providers.contract import Inbox, Lease, message, opened, sent
from tests.providers.tencent.test_contract import options, tencent
from tests.standins.tencent import APP_ID, TencentSms, tencent_sms


@pytest.fixture
async def vendor() -> AsyncIterator[tuple[TencentSms, str]]:
    async with tencent_sms() as running:
        yield running


def to(ending: str, name: str = "王", **changes: Any) -> Outgoing:
    return msgspec.structs.replace(message(ending), params={"name": name}, call="900", **changes)


def judged(provider: Tencent, batch: list[Outgoing], document: Any, status: int = 200) -> dict[str, Answer]:
    heard = Heard(status, {}, document if isinstance(document, bytes) else msgspec.json.encode(document))
    return {answer.reference: answer for answer in provider._judged(batch, heard)}


async def test_a_message_goes_out_signed_with_its_own_id_as_context(vendor: tuple[TencentSms, str]) -> None:
    standin, url = vendor
    one = to("5678", "王")
    async with opened(tencent(url)) as provider:
        [answer] = await sent(provider, [one])
    assert standin.calls == [
        (
            "SendSms",
            {
                "PhoneNumberSet": ["+8613800135678"],
                "SmsSdkAppId": APP_ID,
                "TemplateId": "1110",
                "SignName": "四川社保",
                "TemplateParamSet": ["王"],
                "SessionContext": one.reference,
            },
        )
    ]
    assert (answer.outcome, answer.vendor_code, answer.vendor_id, answer.parts) == (Outcome.ACCEPTED, "Ok", "2019:1", ("2019:1",))
    headers = standin.headers[0]
    assert (headers["Content-Type"], headers["X-TC-Version"], headers["X-TC-Region"]) == ("application/json", "2021-01-11", "ap-guangzhou")


async def test_messages_that_are_alike_share_a_call_with_its_id_as_context(vendor: tuple[TencentSms, str]) -> None:
    standin, url = vendor
    batch = [to("1111"), to("2222"), to("0005"), to("3333")]
    async with opened(tencent(url)) as provider:
        answers = {answer.reference: answer for answer in await sent(provider, batch)}
    [(_, asked)] = standin.calls
    assert (asked["SessionContext"], len(asked["PhoneNumberSet"])) == ("c900", 4)
    assert [answers[one.reference].vendor_code for one in batch] == ["Ok", "Ok", "FailedOperation.ContainSensitiveWord", "Ok"]
    serials = {taken["to"]: taken["serial"] for taken in standin.taken}
    assert all(answers[one.reference].vendor_id == serials.get(one.address) for one in batch), (
        "joined by number: the answer is in another order"
    )


def test_who_may_share_a_call() -> None:
    provider = tencent()
    assert provider.alike(to("1111")) == provider.alike(to("2222"))
    others = [to("1", "李"), to("1", signature="成都社保"), to("1", address="+85251234567")]
    assert len({provider.alike(one) for one in [to("1111"), *others]}) == 4
    assert provider.alike(to("1111")) != tencent(templates={"*": {"code": "1111", "params": ["{name}"]}}).alike(to("1111"))


async def test_a_message_that_is_not_alike_leaves_nothing_rather_than_another_text(vendor: tuple[TencentSms, str]) -> None:
    standin, url = vendor
    async with opened(tencent(url)) as provider:
        first, other = to("1111", "王"), to("2222", "李")
        answers = {answer.reference: answer.outcome for answer in await sent(provider, [first, other])}
    assert answers == {first.reference: Outcome.ACCEPTED, other.reference: Outcome.NOTHING_LEFT}
    assert [taken["to"] for taken in standin.taken] == [first.address]


async def test_two_hundred_share_a_call_and_settings_allow_no_more(vendor: tuple[TencentSms, str]) -> None:
    standin, url = vendor
    async with opened(tencent(url)) as provider:
        answers = await sent(provider, [to(f"{number}") for number in range(1000, 1200)])
    assert {answer.outcome for answer in answers} == {Outcome.ACCEPTED}
    assert len(standin.calls) == 1
    with pytest.raises(SettingsError, match="1 to 200"):
        tencent(batch_size=201)


async def test_a_message_without_a_template_or_a_value_is_refused_before_anything_leaves(vendor: tuple[TencentSms, str]) -> None:
    standin, url = vendor
    lease = Lease()
    async with opened(tencent(url, templates={"lapse": {"code": "1110", "params": ["{day}"]}})) as provider:
        answers = [(await sent(provider, [to("1111", template=name)], lease))[0] for name in ("reminder", "lapse")]
    assert [(answer.outcome, answer.reason) for answer in answers] == [(Outcome.REFUSED, Reason.TEMPLATE_REJECTED)] * 2
    assert (standin.calls, lease.asked) == ([], 0)


async def test_half_a_character_is_refused_before_anything_leaves() -> None:
    lease = Lease()
    async with opened(tencent()) as provider:
        [answer] = await sent(provider, [to("1111", "\ud83d")], lease)
    assert (answer.outcome, answer.reason, lease.asked) == (Outcome.REFUSED, Reason.CONTENT_REJECTED, 0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"secret_key": "wrong"}, "AuthFailure.SignatureFailure"),
        ({"secret_id": "AKIDother"}, "AuthFailure.SignatureFailure"),
        ({"sdk_app_id": "1400000000"}, "InvalidParameterValue.SdkAppIdNotExist"),
        ({"templates": {"*": {"code": "999"}}}, "FailedOperation.TemplateIncorrectOrUnapproved"),
    ],
)
async def test_wrong_settings_are_a_matter_for_an_operator(vendor: tuple[TencentSms, str], changes: dict[str, Any], code: str) -> None:
    standin, url = vendor
    async with opened(tencent(url, **changes)) as provider:
        [answer] = await sent(provider, [to("1111")])
    assert (answer.outcome, answer.vendor_code, retry_class(answer)) == (Outcome.REFUSED, code, RetryClass.CONFIGURATION)
    assert standin.taken == []


async def test_a_clock_that_is_off_is_a_matter_for_an_operator(vendor: tuple[TencentSms, str]) -> None:
    standin, url = vendor
    standin.clock_ahead_s = 301
    async with opened(tencent(url)) as provider:
        [answer] = await sent(provider, [to("1111")])
    assert (answer.vendor_code, retry_class(answer)) == ("AuthFailure.SignatureExpire", RetryClass.CONFIGURATION)


@pytest.mark.parametrize(
    ("codes", "outcome", "retry"),
    [
        ("InternalError.Timeout InternalError.SendAndRecvFail NeverSeen", Outcome.UNKNOWN, RetryClass.UNKNOWN),
        (
            "LimitExceeded.PhoneNumberOneHourLimit RequestLimitExceeded RequestLimitExceeded.IPLimitExceeded",
            Outcome.DEFERRED,
            RetryClass.RETRY,
        ),
        ("InternalError.UnknownError InternalError ServiceUnavailable", Outcome.DEFERRED, RetryClass.RETRY),
        ("LimitExceeded.AppDailyLimit UnauthorizedOperation.ServiceSuspendDueToArrears", Outcome.REFUSED, RetryClass.CONFIGURATION),
        ("UnauthorizedOperation AuthFailure.TokenFailure InternalError.RequestTimeException", Outcome.REFUSED, RetryClass.CONFIGURATION),
        ("FailedOperation.SignatureIncorrectOrUnapproved InvalidAction", Outcome.REFUSED, RetryClass.CONFIGURATION),
        ("FailedOperation.PhoneNumberInBlacklist InvalidParameterValue.IncorrectPhoneNumber", Outcome.REFUSED, RetryClass.PERMANENT),
        ("InvalidParameter InvalidParameterValue.Xyz UnsupportedOperation.UnsupportedRegion", Outcome.REFUSED, RetryClass.PERMANENT),
    ],
)
def test_codes_of_calls_and_of_numbers_mean_what_the_sheet_says(codes: str, outcome: Outcome, retry: RetryClass) -> None:
    one = to("1111")
    for code in codes.split():
        of_call = {"Response": {"Error": {"Code": code, "Message": "m"}, "RequestId": "r"}}
        of_number = {"Response": {"SendStatusSet": [{"PhoneNumber": one.address, "Code": code, "SerialNo": ""}]}}
        for document in (of_call, of_number):
            answer = judged(tencent(), [one], document)[one.reference]
            assert (code, answer.outcome, retry_class(answer), answer.vendor_code) == (code, outcome, retry, code)


def test_windows_of_numbers_say_when_to_come_back() -> None:
    rulings = table_of(Settings("tencent", "tencent"), CODES, TencentOptions(secret_id="", secret_key="", sdk_app_id=""))
    names = ("ThirtySecond", "OneHour", "Daily", "SameContentDaily")
    assert [rulings[f"LimitExceeded.PhoneNumber{name}Limit"].retry_after_s for name in names] == [30, 3600, 86_400, 86_400]


def test_an_operator_may_read_a_code_in_another_way() -> None:
    one = to("1111")
    provider = tencent(codes={"InternalError.Timeout": {"outcome": "deferred", "reason": "provider_unavailable"}})
    answer = judged(provider, [one], {"Response": {"Error": {"Code": "InternalError.Timeout"}}})[one.reference]
    assert answer.outcome is Outcome.DEFERRED


@pytest.mark.parametrize("number", ["+8613800131111", "8613800131111", "13800131111"])
def test_a_number_is_known_however_the_vendor_writes_it(number: str) -> None:
    one = to("1111")
    document = {"Response": {"SendStatusSet": [{"PhoneNumber": number, "Code": "Ok", "SerialNo": "s"}]}}
    assert judged(tencent(), [one], document)[one.reference].outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    "document",
    [
        {"Response": {"RequestId": "r"}},
        {"Response": {"SendStatusSet": []}},
        {"Response": {"SendStatusSet": [{"PhoneNumber": "+8613999999999", "Code": "Ok", "SerialNo": "s"}]}},
        {"Response": {"SendStatusSet": [{"PhoneNumber": "+8613800131111", "Code": "ok", "SerialNo": "s"}]}},
        {"Response": {"SendStatusSet": [{"PhoneNumber": "+8613800131111", "Code": "Ok"}] * 2}},
        {"Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": "s"}]}},
        {"Response": {"Error": {"Code": "Ok"}}},
        {"Response": {"SendStatusSet": None}},
    ],
)
def test_an_answer_that_does_not_speak_of_the_message_leaves_it_unknown(document: Any) -> None:
    one = to("1111")
    assert judged(tencent(), [one], document)[one.reference].outcome is Outcome.UNKNOWN


def test_an_error_beside_a_status_says_more_than_the_status() -> None:
    one = to("1111")
    document = {"Response": {"Error": {"Code": "RequestLimitExceeded"}}}
    assert judged(tencent(), [one], document, 503)[one.reference].outcome is Outcome.DEFERRED
    accepted = {"Response": {"SendStatusSet": [{"PhoneNumber": one.address, "Code": "Ok", "SerialNo": "s"}]}}
    assert judged(tencent(), [one], accepted, 502)[one.reference].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"templates": {}}, r"providers\.tencent\.templates"),
        ({"secret_idd": "x"}, "did you mean `secret_id`"),
        ({"endpoint": "sms.tencentcloudapi.com"}, r"providers\.tencent\.endpoint: must be absolute"),
        ({"secret_id": "AKID\n"}, r"providers\.tencent\.secret_id"),
        ({"receipt_codes": {"X": {"status": "queued"}}}, r"providers\.tencent\.receipt_codes\.X"),
        ({"codes": {"X": {"outcome": "nothing_left"}}}, r"providers\.tencent\.codes\.X"),
    ],
)
def test_settings_that_cannot_work_say_which_key_and_what_to_do(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        tencent(**changes)
    without = options()
    del without["secret_key"]
    with pytest.raises(SettingsError, match="secret_key"):
        Tencent(Settings("tencent", "tencent", options=without), Inbox().receive)


async def test_temporary_credentials_bring_their_token(vendor: tuple[TencentSms, str]) -> None:
    standin, url = vendor
    async with opened(tencent(url, security_token="sts", sign_name="成都社保")) as provider:
        await sent(provider, [to("1111")])
    assert standin.headers[0]["X-TC-Token"] == "sts"
    assert standin.calls[0][1]["SignName"] == "成都社保"
    assert abs(int(standin.headers[0]["X-TC-Timestamp"]) - time.time()) < 5
