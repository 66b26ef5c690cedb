"""`aliyun`: wrong credentials, wrong templates, clocks that are off, and secrets that stay where they are."""

import asyncio
import logging
from typing import Any

import pytest

from providers.aliyun import Aliyun
from providers.base.ruling import retry_class
from providers.base.types import Settings, SettingsError
from providers.base.words import Outcome, Reason, RetryClass
from tests.providers.aliyun.test_contract import aliyun, options
from tests.providers.contract import Inbox, Lease, message, opened, sent
from tests.standins.aliyun import SECRET, aliyun_sms
from tests.standins.wire import said, wire


@pytest.mark.parametrize("signature", ["v3", "v1"])
@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"access_key_secret": "wrong"}, "SignatureDoesNotMatch", Reason.ACCOUNT_PROBLEM),
        ({"access_key_id": "LTAInobody"}, "InvalidAccessKeyId.NotFound", Reason.ACCOUNT_PROBLEM),
        ({"templates": {"*": {"code": "SMS_0"}}}, "isv.SMS_TEMPLATE_ILLEGAL", Reason.TEMPLATE_REJECTED),
        ({"sign_name": "别人的"}, "isv.SMS_SIGNATURE_ILLEGAL", Reason.SIGNATURE_REJECTED),
    ],
)
async def test_what_is_wrong_with_the_account_needs_an_operator_and_takes_nothing(
    changes: dict[str, Any], code: str, reason: Reason, signature: str
) -> None:
    async with aliyun_sms() as (vendor, url), opened(aliyun(url, signature=signature, **changes)) as provider:
        answers = await sent(provider, [message("1111"), message("2222")])
    assert {(one.outcome, one.vendor_code, one.reason) for one in answers} == {(Outcome.REFUSED, code, reason)}
    assert {retry_class(one) for one in answers} == {RetryClass.CONFIGURATION}
    assert not vendor.taken
    assert not any(SECRET in str(one) or "1380013" in str(one.vendor_text) for one in answers)


@pytest.mark.parametrize("ahead_s", [-1000.0, 1000.0])
async def test_a_clock_that_is_off_is_said_to_be(ahead_s: float) -> None:
    async with aliyun_sms() as (vendor, url), opened(aliyun(url)) as provider:
        vendor.clock_ahead_s = ahead_s
        [answer] = await sent(provider, [message()])
    assert (answer.outcome, answer.vendor_code, retry_class(answer)) == (
        Outcome.REFUSED,
        "InvalidTimeStamp.Expired",
        RetryClass.CONFIGURATION,
    )


async def test_a_request_that_somebody_repeats_is_refused_and_the_first_one_counts() -> None:
    async with aliyun_sms() as (vendor, url), opened(aliyun(url)) as provider:
        assert isinstance(provider, Aliyun)
        request = provider.write([message()])
        first = await provider._link.call(request.endpoint, request.body, lambda: True, lambda: None, request.headers, request.query)
        second = await provider._link.call(request.endpoint, request.body, lambda: True, lambda: None, request.headers, request.query)
        answers = [provider._judged(request.batch, heard)[0] for heard in (first, second)]
    assert [answer.outcome for answer in answers] == [Outcome.ACCEPTED, Outcome.UNKNOWN]
    assert (answers[1].vendor_code, retry_class(answers[1]), len(vendor.taken)) == ("SignatureNonceUsed", RetryClass.UNKNOWN, 1)


async def test_a_form_that_was_changed_on_the_way_is_not_taken() -> None:
    async with aliyun_sms() as (vendor, url), opened(aliyun(url)) as provider:
        assert isinstance(provider, Aliyun)
        request = provider.write([message("1111"), message("2222")])
        forged = request.body.replace(b"13800131111", b"13999999999")
        heard = await provider._link.call(request.endpoint, forged, lambda: True, lambda: None, request.headers, request.query)
        assert provider._judged(request.batch, heard)[0].vendor_code == "SignatureDoesNotMatch"
    assert not vendor.taken


async def test_a_passing_key_of_sts_travels_signed() -> None:
    async with aliyun_sms() as (vendor, url):
        for signature in ("v3", "v1"):
            async with opened(aliyun(url, security_token="passing", signature=signature)) as provider:
                assert (await sent(provider, [message()]))[0].outcome is Outcome.ACCEPTED
    assert len(vendor.taken) == 2


async def test_redirects_are_not_followed_with_our_signature() -> None:
    async with aliyun_sms() as (vendor, url):

        async def away(_: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(said(307, b"", f"Location: {url}/\r\n".encode()))

        async with wire(away) as server, opened(aliyun(server.url.removesuffix("/send"))) as provider:
            lease = Lease()
            [answer] = await sent(provider, [message()], lease)
    assert (answer.outcome, lease.wrote, len(server.requests), vendor.calls) == (Outcome.DEFERRED, 1, 1, [])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"access_key_id": ""}, "access_key_id"),
        ({"access_key_secret": "two words"}, "access_key_secret"),
        ({"access_key_secret": "s3cret\r\nX: y"}, "access_key_secret"),
        ({"access_key_secret": 7}, "access_key_secret"),
        ({"templates": {}}, "templates"),
        ({"templates": {"*": {"cod": "x"}}}, "did you mean `code`"),
        ({"endpoint": "dysmsapi.aliyuncs.com"}, "endpoint"),
        ({"endpoint": "https://dysmsapi.aliyuncs.com/send"}, "endpoint: holds a path"),
        ({"endpoint": "https://dysmsapi.aliyuncs.com/?x=1"}, "endpoint: holds a path"),
        ({"signature": "v2"}, "signature"),
        ({"sign_nam": "x"}, "did you mean `sign_name`"),
        ({"codes": {"isv.X": {"outcome": "refused"}}}, "codes.isv.X"),
        ({"receipt_codes": {"X": {"status": "queued"}}}, "receipt_codes.X"),
    ],
)
def test_settings_that_cannot_work_are_told_by_their_key_and_never_with_a_secret(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        aliyun(**changes)
    assert told in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_batch_is_no_larger_than_the_vendor_takes() -> None:
    for size in (0, 101):
        with pytest.raises(SettingsError, match="batch_size"):
            Aliyun(Settings("aliyun", "aliyun", batch_size=size, options=options()), Inbox().receive)


async def test_secrets_stand_in_no_text_of_the_provider(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with aliyun_sms() as (vendor, url), opened(aliyun(url, security_token="passing-token")) as provider:
        assert isinstance(provider, Aliyun)
        vendor.error = (500, "InternalError")
        answers = await sent(provider, [message()])
        shown = f"{provider!r} {vars(provider)!r} {answers!r} {provider.write([message()])!r} {caplog.text}"
    assert SECRET not in shown
    assert "passing-token" not in f"{provider!r} {vars(provider)!r} {answers!r} {caplog.text}"
