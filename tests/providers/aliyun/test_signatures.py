"""Both signatures against what the vendor's SDKs made of the same input.

V3-1 … V3-4 and V1-1 … V1-4 were observed on the official SDKs (PyPI alibabacloud-tea-openapi 0.4.6, alibabacloud-dysmsapi20170525 4.6.0,
aliyun-python-sdk-core 2.16.1, npm @alicloud/openapi-util) with a frozen clock and nonce; V3-7 is printed in the vendor's own document.
"""

from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import parse_qsl, quote

import pytest

from providers.aliyun.v1 import V1, signature
from providers.aliyun.v3 import FORM, V3, Keys, authorization, encoded, pairs

KEYS = Keys("testAccessKeyId", "testAccessKeySecret")
MOMENT, NONCE = datetime(2024, 1, 1, tzinfo=UTC), "0123456789abcdef0123456789abcdef"
SEND = {
    "PhoneNumbers": "13800138000",
    "SignName": "阿里云",
    "TemplateCode": "SMS_154950909",
    "TemplateParam": '{"code":"1234"}',
    "OutId": "job-42/7",
}
SEND_QUERY = (
    b"OutId=job-42%2F7&PhoneNumbers=13800138000&SignName=%E9%98%BF%E9%87%8C%E4%BA%91"
    b"&TemplateCode=SMS_154950909&TemplateParam=%7B%22code%22%3A%221234%22%7D"
)
BATCH = {
    "PhoneNumberJson": '["13800138000","13900139000"]',
    "SignNameJson": '["阿里云","阿里云"]',
    "TemplateParamJson": '[{"code":"1234"},{"code":"5678"}]',
}
BATCH_QUERY = {"TemplateCode": "SMS_154950909", "OutId": "batch-1"}
HOST, VERSION = "dysmsapi.aliyuncs.com", "2017-05-25"


def signed(headers: dict[str, str], query: bytes = SEND_QUERY, keys: Keys = KEYS) -> tuple[str, str]:
    """SignedHeaders and Signature."""
    _, _, rest = authorization(keys, "POST", query, headers).partition("SignedHeaders=")
    names, _, value = rest.partition(",Signature=")
    return names, value


def v3_headers(body: bytes = b"", action: str = "SendSms", **more: str) -> dict[str, str]:
    return {
        "host": HOST,
        "x-acs-action": action,
        "x-acs-version": VERSION,
        "x-acs-date": "2024-01-01T00:00:00Z",
        "x-acs-signature-nonce": NONCE,
        "x-acs-content-sha256": sha256(body).hexdigest(),
        **{name.replace("_", "-"): value for name, value in more.items()},
    }


SDK = {"accept": "application/json", "user_agent": "test-agent/1.0", "x_acs_credentials_provider": "static_ak"}


def test_the_query_is_sorted_and_encoded_as_it_is_signed() -> None:
    assert pairs(SEND) == SEND_QUERY
    assert pairs({"b": "", "B": "*/ ~", "a": "+"}) == b"B=%2A%2F%20~&a=%2B&b="


@pytest.mark.parametrize("text", ["阿里云", "a b*c~d+e/f=g&h%i", "-_.~", "", "\x00\x7f", "😀", "é"])
def test_it_encodes_as_the_standard_library_does(text: str) -> None:
    assert encoded(text) == quote(text, safe="~")


def test_v3_1_the_least_that_must_be_signed() -> None:
    names, value = signed(v3_headers())
    assert names == "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
    assert value == "97dabbed910b7fe0f164fdd79eacefa209c810053339d85bc5b4ddd568430f8d"


def test_v3_2_what_the_python_client_sends() -> None:
    names, value = signed(v3_headers(b"", "SendSms", **SDK))
    assert names == (
        "accept;host;user-agent;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version"
    )
    assert value == "82d4adf9b79ec3f75fdb5505b479dfdb196d906d1f0845e6f28392ac86c1d78a"


def test_v3_3_the_same_parameters_as_a_form() -> None:
    headers = v3_headers(SEND_QUERY, content_type=FORM)
    assert headers["x-acs-content-sha256"] == "bd281d04d609d75014fec4bc4120f9694814a960039c2cdab6804bc6ae51f006"
    assert signed(headers, b"")[1] == "466556ad075aed199846583256e39b80df52d6a10ca47e3e4114cf27857eedc0"


def test_v3_4_a_batch() -> None:
    body = pairs(BATCH)
    assert body == (
        b"PhoneNumberJson=%5B%2213800138000%22%2C%2213900139000%22%5D"
        b"&SignNameJson=%5B%22%E9%98%BF%E9%87%8C%E4%BA%91%22%2C%22%E9%98%BF%E9%87%8C%E4%BA%91%22%5D"
        b"&TemplateParamJson=%5B%7B%22code%22%3A%221234%22%7D%2C%7B%22code%22%3A%225678%22%7D%5D"
    )
    headers = v3_headers(body, "SendBatchSms", content_type=FORM, **SDK)
    assert headers["x-acs-content-sha256"] == "e878ee4c079262b395499f7d962607127910ee55d3ef69b0b2359b25fc334bdd"
    assert pairs(BATCH_QUERY) == b"OutId=batch-1&TemplateCode=SMS_154950909"
    assert signed(headers, pairs(BATCH_QUERY))[1] == "09bddfa46df7d5c818563c01dff7b4e8bd2cd3b43f77ad730b945947d89599d7"


def test_v3_7_the_vendors_published_example() -> None:
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-version": "2014-05-26",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
    query = pairs({"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"})
    keys = Keys("YourAccessKeyId", "YourAccessKeySecret")
    assert authorization(keys, "POST", query, headers) == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"
        "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_a_call_signs_every_header_that_names_it_and_carries_each_once() -> None:
    call = V3(Keys("testAccessKeyId", "testAccessKeySecret", "token"), HOST, VERSION).sign(
        "SendBatchSms", BATCH_QUERY, BATCH, MOMENT, NONCE
    )
    assert (call.query, call.body) == (pairs(BATCH_QUERY), pairs(BATCH))
    said = dict(call.headers)
    given = said.pop("Authorization")
    assert said == {
        "x-acs-action": "SendBatchSms",
        "x-acs-version": VERSION,
        "x-acs-date": "2024-01-01T00:00:00Z",
        "x-acs-signature-nonce": NONCE,
        "x-acs-content-sha256": sha256(call.body).hexdigest(),
        "x-acs-accesskey-id": "testAccessKeyId",
        "x-acs-security-token": "token",
    }
    assert given == authorization(KEYS, "POST", call.query, said | {"host": HOST, "content-type": FORM})
    assert V3(KEYS, HOST, VERSION).sign("SendSms", SEND, {}, MOMENT, NONCE).body == b""


COMMON = {
    "AccessKeyId": "testAccessKeyId",
    "Format": "JSON",
    "SignatureMethod": "HMAC-SHA1",
    "SignatureVersion": "1.0",
    "SignatureNonce": NONCE,
    "Timestamp": "2024-01-01T00:00:00Z",
    "Version": VERSION,
    "Action": "SendSms",
}
REGION, EMPTY = {"RegionId": "cn-hangzhou"}, {"SignatureType": ""}


@pytest.mark.parametrize(
    ("method", "parameters", "expected"),
    [
        ("POST", COMMON | SEND | REGION, "xBm5pbRUAsKCbbyhasUsdt6d5qc="),
        ("POST", COMMON | SEND | REGION | EMPTY, "r5gR2c7Tf6o17yzpAb7GhH/fEas="),
        ("GET", COMMON | SEND | REGION | EMPTY, "3DRgznh+vkaz5i0K4Jn3YnbcvFg="),
        ("GET", COMMON | {"X": "a b*c~d+e/f=g&h%i"} | EMPTY, "lZfwwcsAcikAdLR3xMlPY+dGIhs="),
    ],
    ids=["V1-1", "V1-2", "V1-3", "V1-4"],
)
def test_v1_vectors(method: str, parameters: dict[str, str], expected: str) -> None:
    assert signature(KEYS, method, parameters) == expected


def test_a_v1_call_is_vector_1_and_keeps_its_form_apart_from_the_query() -> None:
    single = V1(KEYS, VERSION, "cn-hangzhou").sign("SendSms", SEND, {}, MOMENT, NONCE)
    assert b"&Signature=xBm5pbRUAsKCbbyhasUsdt6d5qc%3D&" in single.query
    assert (single.body, dict(single.headers)) == (b"", {})
    batch = V1(KEYS, VERSION).sign("SendBatchSms", BATCH_QUERY, BATCH, MOMENT, NONCE)
    all_of_it = COMMON | BATCH_QUERY | BATCH | {"Action": "SendBatchSms"}
    assert batch.body == pairs(BATCH)
    asked = dict(parse_qsl(batch.query.decode("ascii")))
    assert asked.pop("Signature") == signature(KEYS, "POST", all_of_it)
    assert asked == {key: value for key, value in all_of_it.items() if key not in BATCH}


def test_keys_do_not_show_their_secret() -> None:
    keys = Keys("testAccessKeyId", "testAccessKeySecret", "passing-token")
    assert "Secret" not in f"{keys!r} {keys} {V3(keys, HOST, VERSION)!r} {V1(keys, VERSION)!r}"
    assert "passing" not in repr(keys)
