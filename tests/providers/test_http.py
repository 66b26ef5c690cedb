"""`http` by its settings: what is joined, what codes mean, what reports say, what is wrong with a section."""

import asyncio
import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from providers.base.link import Heard
from providers.base.types import Answer, Callback, Outgoing, Settings, SettingsError, UnreadableCallback
from providers.base.words import Fault, Outcome, Reason, Status
from providers.http import Http
from tests.providers.contract import Inbox, Lease, message, opened, sent
from tests.standins.wire import said, wire

CODES = {
    "0": {"outcome": "accepted"},
    "1001": {"outcome": "refused", "reason": "number_absent"},
    "1002": {"outcome": "refused", "reason": "content_rejected", "fault": "provider", "permanent": False},
    "2001": {"outcome": "deferred", "reason": "frequency_limited", "retry_after_s": 30},
}
BATCH = {
    "url": "https://sms.acme.example/v1/send",
    "body": {"messages": [{"to": "{address_national}", "ref": "{reference}", "text": "{text}"}]},
    "response": {"list": "data.items", "reference": "ref", "code": "code", "id": "sid", "text": "msg", "codes": CODES},
    "receipts": {
        "reference": "ref",
        "code": "status",
        "id": "sid",
        "address": "to",
        "text": "why",
        "at": "time",
        "codes": {"DELIVRD": {"status": "delivered"}, "UNDELIV": {"status": "undelivered", "reason": "unreachable"}},
    },
}


def provider(batch_size: int = 100, /, **changes: Any) -> Http:
    options = BATCH | changes
    return Http(Settings("acme", "http", batch_size=batch_size, options=options), Inbox().receive)


def with_response(batch_size: int = 100, /, **changes: Any) -> Http:
    response: dict[str, Any] = {**BATCH["response"], **changes}  # type: ignore[dict-item]
    return provider(batch_size, response={key: value for key, value in response.items() if value is not None})


def answers(http: Http, batch: list[Outgoing], document: Any, status: int = 200) -> dict[str, Answer]:
    heard = Heard(status, {}, document if isinstance(document, bytes) else json.dumps(document).encode())
    return {answer.reference: answer for answer in http._judged(batch, heard)}


def entries(*found: tuple[Any, Any]) -> dict[str, Any]:
    return {"data": {"items": [{"ref": reference, "code": code, "sid": f"s{reference}"} for reference, code in found]}}


async def test_a_batch_goes_out_as_one_request() -> None:
    one, two = message("5678", reference="1", text="甲"), message("9999", reference="2", text="乙")
    reply = json.dumps(entries((2, 0), ("1", "0"))).encode()

    async def script(_: bytes, writer: Any) -> None:
        writer.write(said(200, reply))

    async with wire(script) as server, opened(provider(url=server.url, headers={"Authorization": "Bearer x"})) as http:
        got = await sent(http, [one, two])
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert [answer.outcome for answer in got] == [Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert json.loads(body)["messages"] == [
        {"to": "13800135678", "ref": "1", "text": "甲"},
        {"to": "13800139999", "ref": "2", "text": "乙"},
    ]
    assert b"Authorization: Bearer x\r\n" in head
    assert head.startswith(b"POST /send HTTP/1.1\r\nHost: 127.0.0.1:")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_no_method_is_ever_sent_again_by_itself(method: str) -> None:
    async def script(_: bytes, writer: Any) -> None:
        if len(server.requests) == 1:
            writer.write(said(200, json.dumps(entries(("1", "0"))).encode()))
        else:
            writer.close()

    async with wire(script) as server, opened(provider(url=server.url, method=method)) as http:
        first = await sent(http, [message(reference="1")])
        second = await sent(http, [message(reference="2")])
        assert [first[0].outcome, second[0].outcome] == [Outcome.ACCEPTED, Outcome.UNKNOWN]
        assert [request.split()[0] for request in server.requests] == [method.encode()] * 2


async def test_a_connection_is_kept_for_the_next_call_but_not_too_long() -> None:
    async def script(_: bytes, writer: Any) -> None:
        writer.write(said(200, json.dumps(entries(("1", "0"))).encode()))

    async with wire(script) as server, opened(provider(url=server.url, keepalive_s=0.2)) as http:
        for _ in range(3):
            assert (await sent(http, [message(reference="1")]))[0].outcome is Outcome.ACCEPTED
        assert server.connections == 1
        await asyncio.sleep(0.3)
        await sent(http, [message(reference="1")])
        assert server.connections == 2


def test_entries_are_joined_by_reference_not_by_position() -> None:
    got = answers(provider(), [message(reference="1"), message(reference="2")], entries(("2", "1001"), ("1", "0")))
    assert {reference: answer.outcome for reference, answer in got.items()} == {"1": Outcome.ACCEPTED, "2": Outcome.REFUSED}
    assert got["1"].vendor_id == "s1"


def test_entries_are_joined_by_the_address_in_any_of_its_forms() -> None:
    http = with_response(reference=None, address="to")
    batch = [message("0021"), message("0022"), message("0023")]
    forms = ["+8613800130021", "13800130022", "8613800130023"]
    got = answers(http, batch, {"data": {"items": [{"to": form, "code": "0"} for form in reversed(forms)]}})
    assert [got[one.reference].outcome for one in batch] == [Outcome.ACCEPTED] * 3


@pytest.mark.parametrize(
    ("found", "outcomes"),
    [
        ([("1", "0")], [Outcome.ACCEPTED, Outcome.UNKNOWN]),
        ([("1", "0"), ("2", "0"), ("3", "0")], [Outcome.ACCEPTED, Outcome.ACCEPTED]),
        ([("1", "0"), ("2", "0"), ("2", "0")], [Outcome.ACCEPTED, Outcome.UNKNOWN]),
        ([("1", "0"), ("2", "1001"), ("2", "0")], [Outcome.ACCEPTED, Outcome.UNKNOWN]),
        ([("1", "0"), (None, "0")], [Outcome.ACCEPTED, Outcome.UNKNOWN]),
        ([("7", "0"), ("8", "0")], [Outcome.UNKNOWN, Outcome.UNKNOWN]),
        ([], [Outcome.UNKNOWN, Outcome.UNKNOWN]),
    ],
    ids=["missing", "extra", "doubled", "doubled and at odds", "nameless", "foreign", "empty"],
)
def test_a_missing_or_doubled_entry_makes_that_message_unknown(found: list[tuple[Any, Any]], outcomes: list[Outcome]) -> None:
    got = answers(provider(), [message(reference="1"), message(reference="2")], entries(*found))
    assert [got["1"].outcome, got["2"].outcome] == outcomes
    assert len(got) == 2


def test_a_single_answer_about_another_message_is_unknown() -> None:
    http = with_response(1, list=None)
    assert answers(http, [message(reference="1")], {"ref": "2", "code": "0"})["1"].outcome is Outcome.UNKNOWN
    assert answers(http, [message(reference="1")], {"ref": "1", "code": "0"})["1"].outcome is Outcome.ACCEPTED


def test_an_answer_with_nothing_to_join_by_is_read_for_one_message_only() -> None:
    http = with_response(1, list=None, reference=None)
    assert answers(http, [message(reference="1")], {"code": 0})["1"].outcome is Outcome.ACCEPTED
    assert answers(http, [message(reference="1")], [{"code": 0}, {"code": 0}])["1"].outcome is Outcome.UNKNOWN


def test_a_code_brings_its_reason_fault_and_permanence() -> None:
    batch = [message(reference=str(number)) for number in range(1, 4)]
    got = answers(provider(), batch, entries(("1", 1001), ("2", "1002"), ("3", "2001")))
    assert (got["1"].outcome, got["1"].reason, got["1"].fault, got["1"].permanent) == (
        Outcome.REFUSED,
        Reason.NUMBER_ABSENT,
        Fault.RECIPIENT,
        True,
    )
    assert (got["2"].reason, got["2"].fault, got["2"].permanent) == (Reason.CONTENT_REJECTED, Fault.PROVIDER, False)
    assert (got["3"].outcome, got["3"].retry_after_s, got["3"].vendor_code) == (Outcome.DEFERRED, 30, "2001")


@pytest.mark.parametrize("code", ["9999", None, {"a": 1}])
def test_a_code_nobody_mapped_is_unknown_and_never_refused(code: Any) -> None:
    answer = answers(provider(), [message(reference="1")], entries(("1", code)))["1"]
    assert (answer.outcome, answer.reason, answer.permanent) == (Outcome.UNKNOWN, Reason.UNMAPPED, None)
    assert answer.vendor_code == (code if isinstance(code, str) else None)


def test_a_call_that_was_not_taken_says_so_for_all_its_messages() -> None:
    http = with_response(call_code="status.code", call_text="status.msg", call_ok=["200"])
    batch = [message(reference="1"), message(reference="2")]
    got = answers(http, batch, {"status": {"code": 2001, "msg": "slow down"}})
    assert {answer.outcome for answer in got.values()} == {Outcome.DEFERRED}
    assert got["2"].vendor_text == "slow down"
    got = answers(http, batch, {"status": {"code": 200}, **entries(("1", "0"), ("2", "1001"))})
    assert [got["1"].outcome, got["2"].outcome] == [Outcome.ACCEPTED, Outcome.REFUSED]
    assert answers(http, batch, entries(("1", "0"), ("2", "0")))["1"].outcome is Outcome.UNKNOWN, "no call code: nobody said it was taken"


def test_a_code_of_one_message_does_not_make_a_failed_call_accepted() -> None:
    http = with_response(call_code="code", call_ok=["200"])
    assert answers(http, [message(reference="1")], {"code": "0"})["1"].outcome is Outcome.UNKNOWN


def test_a_mapped_code_beside_a_failed_status_says_more_than_the_status() -> None:
    http = with_response(1, list=None)
    answer = answers(http, [message(reference="1")], {"code": "1001", "msg": "no such number"}, 400)["1"]
    assert (answer.reason, answer.vendor_code, answer.vendor_text) == (Reason.NUMBER_ABSENT, "1001", "no such number")
    answer = answers(http, [message(reference="1")], {"code": "77"}, 400)["1"]
    assert (answer.outcome, answer.reason, answer.vendor_code) == (Outcome.REFUSED, Reason.ACCOUNT_PROBLEM, "77")


def test_a_failed_status_with_an_accepting_code_is_unknown() -> None:
    assert answers(with_response(1, list=None), [message(reference="1")], {"code": "0"}, 400)["1"].outcome is Outcome.UNKNOWN


def test_the_settings_can_say_what_a_status_means() -> None:
    http = with_response(status={"500": "deferred", "404": "unknown"})
    assert answers(http, [message(reference="1")], b"", 500)["1"].outcome is Outcome.DEFERRED
    assert answers(http, [message(reference="1")], b"", 404)["1"].outcome is Outcome.UNKNOWN
    assert answers(http, [message(reference="1")], b"", 502)["1"].outcome is Outcome.UNKNOWN


async def test_a_message_that_cannot_be_written_is_refused_and_the_rest_goes_out() -> None:
    whole, half, bare = message(reference="1"), message(reference="2", text="\ud83d"), Outgoing("3", "a", "sms", "x", "t", {}, "s")
    body = {"m": [{"ref": "{reference}", "text": "{text}", "name": "{params.name}"}]}

    async def script(_: bytes, writer: Any) -> None:
        writer.write(said(200, json.dumps(entries(("1", "0"))).encode()))

    async with wire(script) as server, opened(provider(url=server.url, body=body)) as http:
        got = {answer.reference: answer for answer in await sent(http, [half, whole, bare])}
        assert json.loads(server.requests[0].partition(b"\r\n\r\n")[2]) == {"m": [{"ref": "1", "text": "请认证", "name": "王"}]}
        lease = Lease()
        await sent(http, [half, bare], lease)
        assert (len(server.requests), lease.wrote) == (1, 0)
    assert {reference: (answer.outcome, answer.reason) for reference, answer in got.items()} == {
        "1": (Outcome.ACCEPTED, None),
        "2": (Outcome.REFUSED, Reason.CONTENT_REJECTED),
        "3": (Outcome.REFUSED, Reason.TEMPLATE_REJECTED),
    }


def read(http: Http, document: Any) -> Any:
    return http.read(Callback("POST", {}, {}, json.dumps(document).encode()))


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


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ulr": "x"}, r"providers\.acme: unknown key `ulr`; did you mean `url`\?"),
        ({"response": {"cods": {}}}, r"providers\.acme\.response: unknown key `cods`; did you mean `codes`\?"),
        ({"response": {"reference": "r", "codes": {"0": {"outcom": "x"}}}}, r"providers\.acme\.response\.codes.*did you mean `outcome`\?"),
        ({"response": {"reference": "r", "codes": {"0": {"outcome": "fine"}}}}, r"providers\.acme\.response\.codes.*'fine'"),
        (
            {"response": {"reference": "r", "code": "c", "codes": {"1": {"outcome": "refused"}}}},
            r"providers\.acme\.response\.codes\.1: needs a reason",
        ),
        ({"response": {"reference": "r", "codes": {"1": {"outcome": "nothing_left"}}}}, r"codes\.1: a vendor that answers was reached"),
        ({"response": {"reference": "r", "codes": {"1": {"outcome": "refused", "reason": "certified"}}}}, r"codes\.1: needs a reason"),
        ({"response": {"reference": "r", "code": "c"}}, r"providers\.acme\.response\.codes: say which codes"),
        ({"response": {"reference": "r", "call_code": "c", "codes": CODES}}, r"providers\.acme\.response\.call_ok"),
        ({"response": {"code": "c", "codes": CODES}}, r"providers\.acme\.response: with batch_size above 1 set reference"),
        ({"response": {"reference": "r", "status": {"200": "refused"}}}, r"providers\.acme\.response\.status\.200"),
        ({"response": {"reference": "r", "status": {"500": "accepted"}}}, r"providers\.acme\.response\.status\.500"),
        ({"receipts": {"reference": "r", "code": "c", "codes": {"D": {"status": "queued"}}}}, r"receipts\.codes\.D: a report cannot say"),
        ({"receipts": {"reference": "r", "code": "c", "codes": {"U": {"status": "failed"}}}}, r"receipts\.codes\.U: needs a reason"),
        ({"receipts": {"code": "c"}}, r"providers\.acme\.receipts: needs the key `reference`"),
        ({"url": "/send"}, r"providers\.acme\.url: must be absolute"),
        ({"url": "ftp://acme.example/"}, r"providers\.acme\.url"),
        ({"url": "https://user:secret@acme.example/"}, r"providers\.acme\.url: holds credentials"),
        ({"url": 7}, r"providers\.acme\.url: "),
        ({"method": "GET"}, r"providers\.acme\.method: use POST"),
        ({"headers": {"X-Key": "hunter2\r\nEvil: 1"}}, r"providers\.acme\.headers: header X-Key has a value"),
        ({"headers": {"Bad Name": "hunter2"}}, r"providers\.acme\.headers: a header's name"),
        ({"headers": {"content-length": "3"}}, r"providers\.acme\.headers: header content-length is set by"),
        ({"body": {"m": [{"to": "{adress}"}]}}, r"providers\.acme\.body: body\.m\[0\]\.to has the unknown placeholder"),
        ({"body": "text"}, r"providers\.acme\.body: expected"),
    ],
)
def test_a_section_that_cannot_work_names_the_key_and_says_what_to_do(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as failure:
        provider(**changes)
    assert "hunter2" not in str(failure.value)
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize("missing", ["url", "body", "response"])
def test_a_section_that_lacks_a_key_names_it(missing: str) -> None:
    options = {key: value for key, value in BATCH.items() if key != missing}
    with pytest.raises(SettingsError, match=f"providers.acme: needs the key `{missing}`"):
        Http(Settings("acme", "http", options=options), Inbox().receive)


def test_time_outs_and_sizes_of_nothing_are_refused() -> None:
    for wrong in ({"timeout_s": 0.0}, {"connect_timeout_s": -1.0}, {"connections": 0}, {"batch_size": 0}):
        with pytest.raises(SettingsError, match=r"providers\.acme"):
            Http(Settings("acme", "http", options=BATCH, **wrong), Inbox().receive)


def test_the_section_shown_in_the_readme_works() -> None:
    page = (Path(__file__).parents[2] / "providers" / "README.md").read_text(encoding="utf-8")
    section = tomllib.loads(page.partition("```toml\n")[2].partition("```")[0])["providers"]["acme"]
    ours = {"driver", "batch_size", "callback_tokens"}
    options = {key: value for key, value in section.items() if key not in ours}
    http = Http(Settings("acme", section["driver"], batch_size=section["batch_size"], options=options), Inbox().receive)
    assert read(http, {"reports": [{"ref": "7", "status": "DELIVRD"}]}).reply_body == b"OK"
    got = answers(http, [message(reference="1")], {"data": {"results": [{"ref": "1", "code": 1001}]}})
    assert got["1"].reason is Reason.NUMBER_ABSENT
