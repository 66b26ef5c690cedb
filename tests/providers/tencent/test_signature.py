"""TC3 vectors: protocol sheet "Tencent Cloud SMS", section 2, made with the vendor's Python SDK over loopback and its Node SDK."""

import hashlib
import time

import pytest
from tencentcloud.common.abstract_client import AbstractClient  # type: ignore[import-untyped]
from tencentcloud.common.http.request import RequestInternal  # type: ignore[import-untyped]

from providers.tencent.tc3 import Tc3

AT_S = 1_704_067_200
T1 = (
    rb'{"PhoneNumberSet": ["+8613800138000", "+8613900139000"], "SmsSdkAppId": "1400006666", "TemplateId": "1110", '
    rb'"SignName": "\u817e\u8baf\u4e91", "TemplateParamSet": ["1234", "5"], "SessionContext": "job-42"}'
)
T2 = (
    '{"PhoneNumberSet":["+8613800138000"],"SmsSdkAppId":"1400006666","TemplateId":"1110","SignName":"腾讯云",'
    '"TemplateParamSet":["1234","5"],"SessionContext":"job-42"}'
).encode()
T3 = b'{"Limit": 100, "SmsSdkAppId": "1400006666"}'


def signer(content_type: str = "application/json") -> Tc3:
    return Tc3("AKIDtestSecretId", "testSecretKey", "sms.tencentcloudapi.com", content_type=content_type)


@pytest.mark.parametrize(
    ("body", "content_type", "signature"),
    [
        (T1, "application/json", "0ef16a3fe6dec8596d45fc9f361d67eabd77d59dd2f38f4190b3066adf37178f"),
        (T2, "application/json; charset=utf-8", "a2d7ea7ed8b24b11207022ea466d1c48cf52fadddb936603c02cbbd47bc1bce8"),
        (T3, "application/json", "bc752bb3258870b022bb49c9fe5ca9204eef7a8cf2bcb63e89afbbd48db53728"),
    ],
    ids=["T-1", "T-2", "T-3"],
)
def test_a_request_is_signed_as_the_vendors_sdks_do(body: bytes, content_type: str, signature: str) -> None:
    assert signer(content_type).authorization(body, AT_S) == (
        f"TC3-HMAC-SHA256 Credential=AKIDtestSecretId/2024-01-01/sms/tc3_request, SignedHeaders=content-type;host, Signature={signature}"
    )


def test_the_steps_on_the_way_are_those_of_the_sheet() -> None:
    assert hashlib.sha256(T1).hexdigest() == "3fa9ae8281dfe613dab62f50c97c81ff40bb1600e2e9bfeed6cf5dd1476c27ee"
    assert hashlib.sha256(T2).hexdigest() == "dc79dfc16af6cd674e63b672a9d741ae7788eba790ae74e1a56540807960a095"
    canonical = signer().canonical(T1).encode()
    assert hashlib.sha256(canonical).hexdigest() == "ed66436fbe29ee62ea59643e1fba62f51af652422fe62701ee8410e544438c81"


@pytest.mark.parametrize(("at_s", "date"), [(1_704_067_199, "2023-12-31"), (1_704_067_200, "2024-01-01"), (1_704_095_999, "2024-01-01")])
def test_the_date_is_the_timestamps_in_utc_while_china_is_a_day_ahead(at_s: int, date: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert f"Credential=AKIDtestSecretId/{date}/sms/" in signer().authorization(T3, at_s)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("at_s", [0, 951_782_400, 1_704_067_199, 1_795_478_400, 4_102_444_800])
@pytest.mark.parametrize("body", [b"{}", T1, T2, "张".encode() * 1000])
@pytest.mark.parametrize(("host", "path"), [("sms.tencentcloudapi.com", "/"), ("127.0.0.1:8080", "/send")])
def test_any_request_is_signed_as_the_vendors_own_signer_does(body: bytes, at_s: int, host: str, path: str) -> None:
    ours = Tc3("AKIDx", "geheim", host, path)
    request = RequestInternal(host, "POST", path, {"Content-Type": ours.content_type, "Host": host, "X-TC-Timestamp": str(at_s)}, body)
    written = ours.authorization(body, at_s)
    date = written.partition("AKIDx/")[2][:10]
    assert written.endswith(AbstractClient._get_tc3_signature(None, {}, request, date, "sms", "geheim"))
