"""`huawei` against the stand-in: what is written, what answers mean, wrong settings."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from providers.base.abilities import Groups
from providers.base.link import Heard
from providers.base.ruling import retry_class
from providers.base.types import Answer, Outgoing, Settings, SettingsError
from providers.base.words import Outcome, Reason, RetryClass
from providers.huawei import Huawei
from tests.providers.contract import Inbox, Lease, message, opened, sent
from tests.providers.huawei.test_contract import TEMPLATE, huawei, options
from tests.standins.huawei import SENDER, HuaweiSms, huawei_sms


@pytest.fixture
async def vendor() -> AsyncIterator[tuple[HuaweiSms, str]]:
    async with huawei_sms() as running:
        yield running


def to(ending: str, name: str = "王", **changes: Any) -> Outgoing:
    return msgspec.structs.replace(message(ending), params={"name": name}, call="900", **changes)


def judged(provider: Huawei, batch: list[Outgoing], document: Any, status: int = 200) -> dict[str, Answer]:
    return {answer.reference: answer for answer in provider._judged(batch, Heard(status, {}, json.dumps(document).encode()))}


@pytest.mark.parametrize("auth", ["wsse", "aksk"])
async def test_one_text_goes_out_as_a_form_with_our_id(vendor: tuple[HuaweiSms, str], auth: str) -> None:
    standin, url = vendor
    one = to("5678", "张 三&")
    async with opened(huawei(url, auth=auth, status_callback="https://gw.example.com/cb?a=1", sign_name="四川社保")) as provider:
        [answer] = await sent(provider, [one])
    assert standin.calls == [
        (
            "/sms/batchSendSms/v1",
            {
                "from": SENDER,
                "to": "+8613800135678",
                "templateId": TEMPLATE,
                "templateParas": '["张 三&"]',
                "statusCallback": "https://gw.example.com/cb?a=1",
                "extend": one.reference,
                "signature": "四川社保",
            },
        )
    ]
    message_id = standin.taken[0]["id"]
    assert (answer.outcome, answer.vendor_code, answer.vendor_id, answer.parts) == (Outcome.ACCEPTED, "000000", message_id, (message_id,))


@pytest.mark.parametrize("auth", ["wsse", "aksk"])
async def test_many_texts_share_a_call_of_json_with_its_id(vendor: tuple[HuaweiSms, str], auth: str) -> None:
    standin, url = vendor
    batch = [to("1111", "王"), to("2222", "李"), to("0005", "赵")]
    async with opened(huawei(url, auth=auth)) as provider:
        answers = {answer.reference: answer for answer in await sent(provider, batch)}
    [(path, asked)] = standin.calls
    assert path == "/sms/batchSendDiffSms/v1"
    assert asked == {
        "from": SENDER,
        "extend": "c900",
        "smsContent": [{"to": [one.address], "templateId": TEMPLATE, "templateParas": [one.params["name"]]} for one in batch],
    }
    assert [answers[one.reference].vendor_code for one in batch] == ["000000", "000000", "E200028"]
    ids = {taken["to"]: taken["id"] for taken in standin.taken}
    assert all(answers[one.reference].vendor_id == ids[one.address] for one in batch[:2]), (
        "joined by number: the answer is in another order"
    )


async def test_five_hundred_share_a_call_and_settings_allow_no_more(vendor: tuple[HuaweiSms, str]) -> None:
    standin, url = vendor
    async with opened(huawei(url)) as provider:
        answers = await sent(provider, [to(f"{number}") for number in range(1000, 1500)])
        await sent(provider, [to(f"{number}", str(number)) for number in range(2000, 2500)])
    assert {answer.outcome for answer in answers} == {Outcome.ACCEPTED}
    assert [path for path, _ in standin.calls] == ["/sms/batchSendSms/v1", "/sms/batchSendDiffSms/v1"]
    with pytest.raises(SettingsError, match="1 to 500"):
        huawei(batch_size=501)


async def test_a_number_that_is_none_does_not_cost_the_others_their_call(vendor: tuple[HuaweiSms, str]) -> None:
    standin, url = vendor
    batch = [to("1111"), to("2222", address="wx-openid"), to("3333", address="+" + "1" * 21)]
    async with opened(huawei(url)) as provider:
        answers = {answer.reference: answer for answer in await sent(provider, batch)}
    assert [answers[one.reference].reason for one in batch] == [None, Reason.MALFORMED_ADDRESS, Reason.MALFORMED_ADDRESS]
    assert [taken["to"] for taken in standin.taken] == [batch[0].address]


async def test_signatures_have_channel_numbers_of_their_own_and_do_not_mix(vendor: tuple[HuaweiSms, str]) -> None:
    standin, url = vendor
    provider = huawei(url, sender="1", senders={"四川社保": SENDER})
    assert isinstance(provider, Groups)
    ours, other = to("1111"), to("2222", signature="成都社保")
    assert (provider.alike(ours), provider.alike(other)) == (SENDER, "1")
    async with opened(provider):
        answers = {answer.reference: answer.outcome for answer in await sent(provider, [ours, other])}
    assert answers == {ours.reference: Outcome.ACCEPTED, other.reference: Outcome.NOTHING_LEFT}
    assert standin.calls[0][1]["from"] == SENDER


async def test_what_cannot_be_written_is_refused_before_anything_leaves() -> None:
    lease = Lease()
    async with opened(
        huawei(templates={"lapse": {"code": TEMPLATE, "params": ["{day}"]}, "half": {"code": TEMPLATE, "params": ["{name}"]}})
    ) as provider:
        batch = [to("1111"), to("2222", template="lapse"), to("3333", "\ud83d", template="half")]
        answers = {answer.reference: answer.reason for answer in await sent(provider, batch, lease)}
    assert [answers[one.reference] for one in batch] == [Reason.TEMPLATE_REJECTED, Reason.TEMPLATE_REJECTED, Reason.CONTENT_REJECTED]
    assert lease.asked == 0


@pytest.mark.parametrize(("ours", "theirs", "taken"), [("raw", "raw", 1), ("hex", "hex", 1), ("raw", "hex", 0), ("hex", "raw", 0)])
async def test_the_digest_is_a_setting(ours: str, theirs: str, taken: int) -> None:
    async with huawei_sms(HuaweiSms(digest=theirs)) as (standin, url), opened(huawei(url, digest=ours)) as provider:
        [answer] = await sent(provider, [to("1111")])
    assert len(standin.taken) == taken
    assert retry_class(answer) is RetryClass.CONFIGURATION or taken


async def test_no_nonce_is_used_twice(vendor: tuple[HuaweiSms, str]) -> None:
    standin, url = vendor
    async with opened(huawei(url)) as provider:
        outcomes = {(await sent(provider, [to("1111")]))[0].outcome for _ in range(20)}
    assert (outcomes, len(standin.nonces)) == ({Outcome.ACCEPTED}, 20)


@pytest.mark.parametrize("auth", ["wsse", "aksk"])
@pytest.mark.parametrize(
    "changes", [{"app_key": "x"}, {"app_secret": "x"}, {"sender": "1"}, {"templates": {"*": {"code": "none", "params": ["{name}"]}}}]
)
async def test_wrong_settings_are_a_matter_for_an_operator(vendor: tuple[HuaweiSms, str], changes: dict[str, Any], auth: str) -> None:
    standin, url = vendor
    async with opened(huawei(url, auth=auth, **changes)) as provider:
        [answer] = await sent(provider, [to("1111")])
    assert (answer.outcome, retry_class(answer), standin.taken) == (Outcome.REFUSED, RetryClass.CONFIGURATION, [])
    assert answer.vendor_code is not None
    assert answer.vendor_code.startswith("E")


@pytest.mark.parametrize(
    ("codes", "outcome", "retry"),
    [
        ("E000000 E200015", Outcome.DEFERRED, RetryClass.RETRY),
        ("E000001 E000008 E000020 E000023 E000045 E000101 E000112 E000620", Outcome.REFUSED, RetryClass.CONFIGURATION),
        ("E200018 E200029 E200030 E200031 E200033", Outcome.REFUSED, RetryClass.CONFIGURATION),
        ("E200028 E200041", Outcome.REFUSED, RetryClass.PERMANENT),
    ],
)
def test_codes_of_calls_and_of_numbers_mean_what_the_sheet_says(codes: str, outcome: Outcome, retry: RetryClass) -> None:
    one = to("1111")
    for code in codes.split():
        of_number = {"code": "000000", "result": [{"originTo": one.address, "status": code, "smsMsgId": "m", "total": 1}]}
        for document, status in (({"code": code, "description": "d"}, 400), ({"code": code, "description": "d"}, 200), (of_number, 200)):
            answer = judged(huawei(), [one], document, status)[one.reference]
            assert (code, answer.outcome, retry_class(answer), answer.vendor_code) == (code, outcome, retry, code)


def test_a_code_that_nobody_knows_is_unknown_and_beside_a_status_as_the_status_says() -> None:
    one = to("1111")
    assert judged(huawei(), [one], {"code": "E999999"})[one.reference].outcome is Outcome.UNKNOWN
    assert judged(huawei(), [one], {"code": "E999999"}, 400)[one.reference].outcome is Outcome.REFUSED
    assert judged(huawei(), [one], {"code": "E999999"}, 500)[one.reference].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({"code": "000000"}, 200),
        ({"code": "000000", "result": []}, 200),
        ({"code": "000000", "result": [{"originTo": "+8613999999999", "status": "000000"}]}, 200),
        ({"code": "000000", "result": [{"originTo": "+8613800131111", "status": "0"}]}, 200),
        ({"code": "000000", "result": [{"originTo": "+8613800131111", "status": "000000"}] * 2}, 200),
        ({"code": "000000", "result": [{"originTo": "+8613800131111", "status": "000000"}]}, 502),
        ({"code": "000000"}, 400),
        ({"result": None}, 200),
    ],
)
def test_an_answer_that_does_not_speak_of_the_message_leaves_it_unknown(document: Any, status: int) -> None:
    one = to("1111")
    assert judged(huawei(), [one], document, status)[one.reference].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"templates": {}}, r"providers\.huawei\.templates"),
        ({"app_keyy": "x"}, "did you mean `app_key`"),
        ({"auth": "basic"}, r"providers\.huawei\.auth"),
        ({"digest": "md5"}, r"providers\.huawei\.digest"),
        ({"endpoint": "smsapi.example.com"}, r"providers\.huawei\.endpoint: must be absolute"),
        ({"app_key": "键"}, r"providers\.huawei\.app_key"),
        ({"callback_keys": {"ak": "sk"}}, r"providers\.huawei\.callback_url"),
        ({"codes": {"X": {"outcome": "refused"}}}, r"providers\.huawei\.codes\.X"),
    ],
)
def test_settings_that_cannot_work_say_which_key_and_what_to_do(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        huawei(**changes)
    without = options()
    del without["sender"]
    with pytest.raises(SettingsError, match="sender"):
        Huawei(Settings("huawei", "huawei", options=without), Inbox().receive)


def test_a_form_is_what_the_documents_say_octet_for_octet() -> None:
    request = huawei().write([to("5678", "1234", reference="42")])
    assert request.body == (
        b"from=8824110605000&extend=42&to=%2B8613800135678&templateId=8ff55eac1d0b478ab3c06c3c6a492300&templateParas=%5B%221234%22%5D"
    )
    assert parse_qs(request.body.decode())["templateParas"] == ['["1234"]']
    assert b"Content-Type: application/x-www-form-urlencoded\r\n" in request.endpoint.head
