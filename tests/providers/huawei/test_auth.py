"""X-WSSE and SDK-HMAC-SHA256, both ways.

H-1 and H-2: protocol sheet "Huawei Cloud Message & SMS", section 2 (Apache commons-codec; easy-sms under PHP). H-3 and H-4: section 3. The pushes were signed by
PyPI huaweicloudsdkcore 3.1.219 (`Signer.sign`) on 2026-11-24.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from providers.base.types import Callback, UnreadableCallback
from providers.huawei.auth import AkSk, Pushes, signature, wsse
from tests.providers.huawei.test_contract import huawei

AT = datetime(2024, 1, 1, tzinfo=UTC)
HOST = "smsapi.cn-north-4.myhuaweicloud.com"
URL = "https://gw.example.com/callbacks/huawei/token-0123456789"
H4 = (
    b'{"from":"8824110605000","statusCallback":"https://gw.example.com/cb","smsContent":[{"to":["+8613800138000"],'
    b'"templateId":"8ff55eac1d0b478ab3c06c3c6a492300","templateParas":["1234"]}]}'
)
BATCH = (
    b'{"statusReportList":[{"smsMsgId":"b9d9b4fe-ad0e-4a2a-a2c7-445505b674ac_6","status":"DELIVRD","total":"1","sequence":"1"}]}',
    {
        "x-sdk-date": "20240101T000000Z",
        "content-type": "application/json",
        "host": "gw.example.com",
        "authorization": "SDK-HMAC-SHA256 Access=testAppKey, SignedHeaders=content-type;host;x-sdk-date, "
        "Signature=3bc5d02dd2dcfc6652b4f67e33e540eb9c3d084f9345f85d0ac0d79e9300d4ad",
    },
)
FORM = (
    b"sequence=1&total=1&orgCode=000&updateTime=2018-04-13T06%3A31%3A46Z&source=2&smsMsgId=b9d9b4fe-ad0e-4a2a-a2c7-445505b674ac_6&status=DELIVRD",
    {
        "x-sdk-date": "20240101T000000Z",
        "content-type": "application/x-www-form-urlencoded",
        "x-sdk-content-sha256": "UNSIGNED-PAYLOAD",
        "host": "gw.example.com",
        "authorization": "SDK-HMAC-SHA256 Access=testAppKey, SignedHeaders=content-type;host;x-sdk-content-sha256;x-sdk-date, "
        "Signature=9aaaf0fb90dcbd447c4da0c74ffffb1f1f59fc64a8c171ba2a35163a94771260",
    },
)
PUSHES = pytest.mark.parametrize(("body", "headers"), [BATCH, FORM], ids=["batch", "form"])


@pytest.mark.parametrize(
    ("digest", "password"),
    [
        ("raw", "1qx4hCm3pU1xDQtlGuMQ4ONwQvjgrIzoTjEY5hDSDfE="),
        ("hex", "ZDZhYzc4ODQyOWI3YTU0ZDcxMGQwYjY1MWFlMzEwZTBlMzcwNDJmOGUwYWM4Y2U4NGUzMTE4ZTYxMGQyMGRmMQ=="),
    ],
    ids=["H-1", "H-2"],
)
def test_the_password_is_digested_as_either_reading_says(digest: Literal["raw", "hex"], password: str) -> None:
    assert wsse("testAppKey", "testAppSecret", "66C92B11FF8A425FB8D4CCFE0ED9ED1F", AT, digest) == {
        "Authorization": 'WSSE realm="SDP",profile="UsernameToken",type="Appkey"',
        "X-WSSE": f'UsernameToken Username="testAppKey",PasswordDigest="{password}",Nonce="66C92B11FF8A425FB8D4CCFE0ED9ED1F",'
        'Created="2024-01-01T00:00:00Z"',
    }


@pytest.mark.parametrize("body", [b"from=8824110605000", b"to=%2B86&x=1"])
def test_h_3_a_form_is_signed_as_the_vendors_sdk_does_whatever_it_says(body: bytes) -> None:
    headers = AkSk("testAppKey", "testAppSecret", HOST).headers("/sms/batchSendSms/v1", "application/x-www-form-urlencoded", body, AT)
    assert headers == {
        "X-Sdk-Date": "20240101T000000Z",
        "X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD",
        "Authorization": "SDK-HMAC-SHA256 Access=testAppKey, SignedHeaders=content-type;host;x-sdk-content-sha256;x-sdk-date, "
        "Signature=c3726f5bba00df2d8c78c147df91dd39960046bbb85b197f430d5c894a89e34f",
    }


def test_h_4_json_is_signed_as_the_vendors_sdk_does() -> None:
    headers = AkSk("testAppKey", "testAppSecret", HOST).headers("/sms/batchSendDiffSms/v1", "application/json", H4, AT)
    assert headers == {
        "X-Sdk-Date": "20240101T000000Z",
        "Authorization": "SDK-HMAC-SHA256 Access=testAppKey, SignedHeaders=content-type;host;x-sdk-date, "
        "Signature=ab0dbfb28fe56a2b279217d4df139c55e3bded0b0b699ff058c87deac0164ff6",
    }


def checked(
    body: bytes, headers: Mapping[str, str], *, now: datetime = AT, url: str = URL, pushes: Pushes | None = None, **query: str
) -> None:
    (pushes or Pushes(url, {"testAppKey": "testAppSecret", "other": "geheim"})).check(headers, query, body, now)


@PUSHES
@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=15), timedelta(minutes=-15)])
def test_a_push_that_the_vendors_signer_signed_is_taken(body: bytes, headers: Mapping[str, str], late: timedelta) -> None:
    checked(body, headers, now=AT + late)


def test_paths_and_queries_are_signed_as_the_vendors_signer_writes_them() -> None:
    said = "SDK-HMAC-SHA256 Access=testAppKey, SignedHeaders=content-type;host;x-sdk-date, "
    said += "Signature=17102e7f2932268d8879d78edc216058fb6887d0232d0908db8e08ed032c2c8b"
    headers = BATCH[1] | {"authorization": said}
    checked(b'{"statusReportList":[]}', headers, url="https://gw.example.com/a b/~t%41/", b="2 3", a="~/")


@PUSHES
@pytest.mark.parametrize(
    "changes",
    [
        {"authorization": ""},
        {"authorization": "WSSE realm"},
        {"authorization": "SDK-HMAC-SHA256 Access=testAppKey, SignedHeaders=x-sdk-date, Signature=" + "0" * 64},
        {"authorization": "SDK-HMAC-SHA256 Access=testAppKey, SignedHeaders=host, Signature=" + "0" * 64},
        {"authorization": "SDK-HMAC-SHA256 Access=nobody, SignedHeaders=x-sdk-date, Signature=" + "0" * 64},
        {"x-sdk-date": "20240101T000001Z"},
        {"x-sdk-date": "yesterday"},
        {"x-sdk-date": ""},
        {"content-type": "text/plain"},
    ],
)
def test_a_forged_push_is_not_read(body: bytes, headers: Mapping[str, str], changes: Mapping[str, str]) -> None:
    with pytest.raises(UnreadableCallback):
        checked(body, {**headers, **changes})


@PUSHES
@pytest.mark.parametrize("late", [timedelta(minutes=15, seconds=1), timedelta(minutes=-16), timedelta(days=300)])
def test_a_push_of_another_time_is_a_replay(body: bytes, headers: Mapping[str, str], late: timedelta) -> None:
    with pytest.raises(UnreadableCallback, match="15 minutes"):
        checked(body, headers, now=AT + late)


@PUSHES
@pytest.mark.parametrize(
    "url", ["https://gw.example.com/callbacks/other/token", "https://evil.example.com/callbacks/huawei/token-0123456789"]
)
def test_a_push_to_somebody_else_is_not_read(body: bytes, headers: Mapping[str, str], url: str) -> None:
    with pytest.raises(UnreadableCallback, match="wrong"):
        checked(body, headers, url=url)


def test_json_is_covered_by_its_signature_even_if_a_header_says_otherwise() -> None:
    body, headers = BATCH
    for changes in ({}, {"x-sdk-content-sha256": "UNSIGNED-PAYLOAD"}):
        with pytest.raises(UnreadableCallback, match="wrong"):
            checked(body.replace(b"DELIVRD", b"MK:0001"), {**headers, **changes})


def test_json_without_a_hash_is_refused_even_if_that_is_what_was_signed() -> None:
    signed = {"x-sdk-date": "20240101T000000Z", "x-sdk-content-sha256": "UNSIGNED-PAYLOAD"}
    said = signature("testAppSecret", "/callbacks/huawei/token-0123456789", signed, "UNSIGNED-PAYLOAD")
    listed = f"SDK-HMAC-SHA256 Access=testAppKey, SignedHeaders=x-sdk-content-sha256;x-sdk-date, Signature={said}"
    checked(FORM[0], {**signed, "authorization": listed, "content-type": "application/x-www-form-urlencoded"})
    with pytest.raises(UnreadableCallback, match="wrong"):
        checked(BATCH[0], {**signed, "authorization": listed, "content-type": "application/json"})


def test_forms_of_one_second_have_one_signature_and_are_all_taken() -> None:
    body, headers = FORM
    pushes = Pushes(URL, {"testAppKey": "testAppSecret"})
    for number in range(20):
        checked(body.replace(b"sequence=1", b"sequence=%d" % number), headers, pushes=pushes, now=AT + timedelta(seconds=number % 10))


def test_a_form_is_not_covered_so_its_signature_is_soon_good_for_no_other_body() -> None:
    body, headers = FORM
    pushes = Pushes(URL, {"testAppKey": "testAppSecret"})
    later = AT + timedelta(seconds=11)
    checked(body, headers, pushes=pushes)
    checked(body, headers, pushes=pushes, now=later)
    for _ in range(2):
        with pytest.raises(UnreadableCallback, match="another body"):
            checked(body.replace(b"DELIVRD", b"MK%3A0001"), headers, pushes=pushes, now=later)
    checked(body, headers, pushes=pushes, now=later)


def test_signatures_are_remembered_as_long_as_they_hold_and_no_longer() -> None:
    pushes = Pushes(URL, {})
    for number in range(60_000):
        pushes._once(f"s{number}", b"x", AT)
    assert len(pushes._first) == len(pushes._bodies) == 50_000
    pushes._once("late", b"x", AT + timedelta(minutes=31))
    assert list(pushes._first) == ["late"]
    assert list(pushes._bodies) == [("late", b"x")]


def signed_provider(**changes: Any) -> Any:
    provider = huawei(status_callback=URL, callback_keys={"testAppKey": "testAppSecret"}, **changes)
    provider.now = lambda: AT
    return provider


@PUSHES
def test_a_provider_with_callback_keys_reads_signed_pushes_only(body: bytes, headers: Mapping[str, str]) -> None:
    reading = signed_provider().read(Callback("POST", {}, headers, body))
    assert [report.vendor_id for report in reading.reports] == ["b9d9b4fe-ad0e-4a2a-a2c7-445505b674ac_6"]
    with pytest.raises(UnreadableCallback):
        signed_provider().read(Callback("POST", {}, {}, body))
    assert huawei().read(Callback("POST", {}, {}, body)).reports == reading.reports
