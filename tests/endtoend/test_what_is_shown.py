"""Logs and metrics of all processes, after all that: they say what happened, and of whom nothing."""

import json

import pytest

from tests.endtoend.configured import CALLBACK_TOKEN, WAYS
from tests.endtoend.running import ENDINGS, NAME, Gateway, person
from tests.endtoend.vendors import CMPP_SECRET, PUSH_SECRET, SMPP_PASSWORD
from tests.standins import aliyun, huawei, platform, tencent, wechat

SECRETS = (
    CALLBACK_TOKEN, PUSH_SECRET, CMPP_SECRET, SMPP_PASSWORD, aliyun.SECRET, tencent.SECRET_KEY, huawei.SECRET, wechat.SECRET, platform.TOKEN,
    platform.AES_KEY, "TOKEN_1_",
)  # fmt: skip
PERSONAL = (NAME, "补缴", "待遇资格认证", "退订", "非本人")


def _told(text: str) -> list[str]:
    addresses = [way.address(ending) for way in WAYS.values() for ending in ENDINGS]
    return [one for one in (*SECRETS, *PERSONAL, *addresses) if one in text]


@pytest.fixture(autouse=True)
def over(gateway: Gateway) -> None:
    """Something to tell has happened to each."""
    gateway.ends({person(driver, "4321"): ("undelivered", "no_receipt") if driver == "notes" else ("delivered", None) for driver in WAYS})


def test_the_log_holds_nothing_personal_and_no_secret(gateway: Gateway) -> None:
    log = gateway.log()
    assert _told(log) == []
    assert gateway.token not in log
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"link_up", "tending"} <= {line["event"].partition(" ")[0] for line in lines}
    assert [line for line in lines if line["level"] in {"error", "critical"} and line["event"] != "provider_needs_operator"] == []


def test_metrics_count_every_vendor_and_hold_nothing_personal(gateway: Gateway) -> None:
    shown = gateway.metrics()
    assert _told("".join(shown.values())) == []
    counted = [line for text in shown.values() for line in text.splitlines() if line.startswith("tixing_attempts_total{")]
    assert {driver for driver in WAYS if any(f'provider="{driver}"' in line for line in counted)} >= {"cmpp", "smpp", "aliyun", "huawei"}
