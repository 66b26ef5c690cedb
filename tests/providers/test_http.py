"""`http` by its settings: what goes out, how answers are joined, what codes mean."""

import asyncio
import json
from typing import Any

import pytest

from providers.base.types import Outgoing
from providers.base.words import Fault, Outcome, Reason
from tests.providers.acme import answers, entries, provider, with_response
from tests.providers.contract import Lease, message, opened, sent
from tests.standins.wire import said, wire


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
