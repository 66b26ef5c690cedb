"""`http` by its settings: what reports and replies say."""

from datetime import UTC, datetime
from typing import Any

import pytest

from providers.base.types import Callback, Settings, UnreadableCallback
from providers.base.words import Fault, Reason, Status
from providers.http import Http
from tests.providers.acme import BATCH, provider, read
from tests.providers.contract import Inbox


def test_reports_are_read_from_a_list_or_one_object() -> None:
    entry = {"ref": "7", "status": "UNDELIV", "sid": 12, "to": "13800138000", "why": "off", "time": "2026-11-24T08:00:00+08:00"}
    [report] = read(provider(), entry).reports
    assert report == read(provider(), [entry]).reports[0]
    assert (report.reference, report.status, report.reason, report.fault, report.permanent) == (
        "7",
        Status.UNDELIVERED,
        Reason.UNREACHABLE,
        Fault.RECIPIENT,
        False,
    )
    assert (report.vendor_id, report.vendor_code, report.vendor_text, report.address) == ("12", "UNDELIV", "off", "13800138000")
    assert report.at == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("code", ["XYZ", None, 17])
def test_a_reported_code_nobody_mapped_is_no_failure(code: Any) -> None:
    [report] = read(provider(), [{"ref": "7", "status": code}]).reports
    assert (report.status, report.reason, report.fault) == (Status.SENT, Reason.UNMAPPED, Fault.UNKNOWN)
    assert report.vendor_code == (None if code is None else str(code))


def test_a_report_without_a_reference_is_still_a_report() -> None:
    [report] = read(provider(), [{"status": "DELIVRD"}]).reports
    assert (report.reference, report.status) == (None, Status.DELIVERED)


@pytest.mark.parametrize(
    ("form", "said_at"),
    [
        ("rfc3339", "2026-11-24T00:00:00Z"),
        ("rfc3339", "2026-11-24 08:00:00"),
        ("%Y%m%d%H%M", "202611240800"),
        ("epoch_s", 1795478400),
        ("epoch_ms", "1795478400000"),
    ],
)
def test_times_are_read_as_the_settings_say(form: str, said_at: Any) -> None:
    http = provider(receipts={**BATCH["receipts"], "at_format": form})  # type: ignore[dict-item]
    assert read(http, [{"ref": "7", "status": "DELIVRD", "time": said_at}]).reports[0].at == datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize("said_at", ["soon", 10**30, [], "99999999999999999999999"])
def test_a_time_that_cannot_be_read_costs_the_time_only(said_at: Any) -> None:
    for form in ("rfc3339", "epoch_s"):
        http = provider(receipts={**BATCH["receipts"], "at_format": form})  # type: ignore[dict-item]
        [report] = read(http, [{"ref": "7", "status": "DELIVRD", "time": said_at}]).reports
        assert (report.status, report.at) == (Status.DELIVERED, None)


def test_replies_come_beside_reports_in_lists_of_their_own() -> None:
    receipts = {"list": "reports", "reference": "ref", "code": "status", "codes": {"D": {"status": "delivered"}}}
    http = provider(receipts=receipts, inbound={"list": "replies", "address": "from", "text": "say"})
    reading = read(http, {"reports": [{"ref": "7", "status": "D"}], "replies": [{"from": "13800138000", "say": "退订"}]})
    assert [report.status for report in reading.reports] == [Status.DELIVERED]
    assert [(reply.address, reply.text) for reply in reading.inbound] == [("13800138000", "退订")]
    assert len(read(http, {"replies": [{"from": "1", "say": "x"}]}).inbound) == 1
    with pytest.raises(UnreadableCallback):
        read(http, {"something": []})


def test_replies_in_the_same_list_are_told_apart() -> None:
    receipts = {"reference": "ref", "code": "status", "codes": {"D": {"status": "delivered"}}}
    http = provider(receipts=receipts, inbound={"address": "from", "text": "say"})
    report = {"ref": "7", "status": "D", "from": "10690000", "say": "delivered"}
    reading = read(http, [report, {"from": "13800138000", "say": "TD"}])
    assert (len(reading.reports), len(reading.inbound)) == (1, 1)


def test_the_vendor_is_answered_as_it_wants() -> None:
    receipts = {**BATCH["receipts"], "reply_body": '{"code":0}', "reply_type": "application/json"}  # type: ignore[dict-item]
    reading = read(provider(receipts=receipts), [])
    assert (reading.reply_status, reading.reply_body, reading.reply_type) == (200, b'{"code":0}', "application/json")


def test_a_provider_without_receipts_reads_no_callback() -> None:
    options = {key: value for key, value in BATCH.items() if key != "receipts"}
    with pytest.raises(UnreadableCallback, match=r"no \[receipts\]"):
        Http(Settings("acme", "http", batch_size=2, options=options), Inbox().receive).read(Callback("POST", {}, {}, b"{}"))
