"""What is wrong with an event is told by code and path, in a moment, without its values."""

import time
from typing import Any

import pytest

from gateway.events import DATA_OF
from gateway.intake.check import Checked, Checker, Rejected
from tests.pipeline.events import day, event, known, number, raw, sms

DEEP = 100_000


def problem(checker: Checker, one: dict[str, Any] | bytes) -> tuple[str, str]:
    """Code and path of the first thing wrong."""
    result = checker.structured(one if isinstance(one, bytes) else raw(one))
    assert isinstance(result, Rejected), result
    assert result.errors[0].detail
    return result.errors[0].code, result.errors[0].path


def with_data(kind: str, **data: Any) -> dict[str, Any]:
    return event(kind, "p1", data)


PERSON, CERTIFIED, CONTACT, NOTICE = "si.person.updated", "si.certification.recorded", "si.contact.updated", "si.notice.requested"
WRONG = [
    (with_data("si.unknown"), "unknown_type", "$.type"),
    (with_data(CERTIFIED, certified_on="2026-02-30"), "invalid", "$.data.certified_on"),
    (with_data(CERTIFIED, certified_on="2025-02-29"), "invalid", "$.data.certified_on"),
    (with_data(CERTIFIED, certified_on="20260101"), "invalid", "$.data.certified_on"),
    (with_data(CERTIFIED, certified_on="2026-01-01T00:00:00Z"), "invalid", "$.data.certified_on"),
    (with_data(CERTIFIED, certified_on=20260101), "invalid", "$.data.certified_on"),
    (with_data(CERTIFIED, certified_on=None), "invalid", "$.data.certified_on"),
    (with_data(CERTIFIED), "invalid", "$.data"),
    (with_data(PERSON, name="王" * 1_000_000), "invalid", "$.data.name"),
    (with_data(PERSON, name=7), "invalid", "$.data.name"),
    (with_data(PERSON, region="5101"), "invalid", "$.data.region"),
    (with_data(PERSON, region="999999"), "invalid", "$.data.region"),
    (with_data(PERSON, residence={"region": "000000"}), "invalid", "$.data.residence.region"),
    (with_data(PERSON, insurance=["no such"]), "invalid", "$.data.insurance[0]"),
    (with_data(PERSON, birth_year=95), "invalid", "$.data.birth_year"),
    (with_data(PERSON, contacts=[sms(number(n)) for n in range(51)]), "invalid", "$.data.contacts"),
    (with_data(PERSON, contacts={"sms": number(1)}), "invalid", "$.data.contacts"),
    (with_data(CONTACT, **sms("not a number")), "malformed_address", "$.data.address"),
    (with_data(CONTACT, channel="sms"), "invalid", "$.data"),
    (with_data(NOTICE, template="../etc"), "invalid", "$.data.template"),
    (with_data(NOTICE, template="general", send_after="2026-01-01T00:00:00"), "invalid", "$.data.send_after"),
    (with_data(NOTICE, template="general", priority="now"), "invalid", "$.data.priority"),
    (with_data(NOTICE, template="general", params={"a": {"b": 1}}), "invalid", "$.data.params[...]"),
    (known("p1") | {"specversion": "0.3"}, "invalid", "$.specversion"),
    (known("p1") | {"id": ""}, "invalid", "$.id"),
    (known("p1") | {"id": "x" * 257}, "invalid", "$.id"),
    (known("p1") | {"id": 7}, "invalid", "$.id"),
    (known("p 1"), "invalid", "$.subject"),
    (known("p\x00"), "invalid", "$.subject"),
    (known(""), "invalid", "$.subject"),
    (known("p1") | {"source": "\u2028"}, "invalid", "$.source"),
    (known("p1") | {"data_base64": "e30="}, "invalid", "$.data_base64"),
    (known("p1") | {"time": "yesterday"}, "invalid", "$.time"),
    (known("p1") | {"data": []}, "invalid", "$.data"),
    (known("p1") | {"data": None}, "invalid", "$.data"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "code", "path"), WRONG)
def test_what_is_wrong_is_named_by_code_and_path(checker: Checker, one: dict[str, Any], code: str, path: str) -> None:
    assert problem(checker, one)[1] == path
    assert problem(checker, one)[0] == code or code == "malformed_address"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        raw(known("p1"))[:-1],
        raw(known("p1")) + b"x",
        b'{"specversion":"1.0","id":"e","source":"s","type":"si.person.updated","subject":"p","data":{"name":"\xff"}}',
        b'{"specversion":"1.0","id":"e","source":"s","type":"si.person.updated","subject":"\\ud800","data":{}}',
        b'{"specversion":"1.0","id":"e","source":"s","type":"si.person.updated","subject":"p","data":{"name":"\\ud800"}}',
        b'{"specversion":"1.0","id":"e","source":"s","type":"si.person.updated","subject":"p","data":' + b"[" * DEEP + b"]" * DEEP + b"}",
        b'{"specversion":"1.0","id":"e","source":"s","type":"si.person.updated","subject":"p","data":{"x":'
        + b'{"a":' * DEEP
        + b"1"
        + b"}" * DEEP
        + b"}}",
        b"[" * DEEP,
        b'{"specversion":"1.0","id":"e","source":"s","type":"si.person.updated","subject":"p"}',
        b'{"specversion":"1.0","id":"e","source":"s","type":"si.person.updated","subject":"p","data":}',
        b'{"specversion":"1.0","id":"e","source":"s","type":"si.cycle.lapsed","subject":"p","data":{"deadline":"2026-01-01","person":{"birth_year":1e400}}}',
        b'{"specversion":"1.0","id":"e","source":"s","type":"si.person.updated","subject":"p","data":{"birth_year":' + b"9" * 5000 + b"}}",
    ],
)
def test_what_is_no_event_is_refused_in_a_moment(checker: Checker, body: bytes) -> None:
    began = time.process_time()
    problem(checker, body)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("name", ["王\x00建国", "王\n建国", "王\u202e建国", "\ufeff王", "😀" * 20])
def test_a_strange_name_is_refused_or_taken_whole(checker: Checker, name: str) -> None:
    """What is taken is stored sealed, so that no byte of it can hurt the store; texts are checked when they are made."""
    result = checker.structured(raw(known("p1", name=name)))
    assert isinstance(result, Rejected) or result.event.data.name == name  # type: ignore[union-attr]


def test_the_checker_takes_every_event_of_the_contract(checker: Checker) -> None:
    least: dict[str, dict[str, Any]] = {
        CERTIFIED: {"certified_on": day(0)},
        "si.certification.revoked": {"certified_on": day(0)},
        CONTACT: sms(number(1)),
        "si.contact.removed": {"channel": "sms", "address": number(1)},
        "si.cycle.reminder-due": {"deadline": day(9)},
        "si.cycle.lapsed": {"deadline": day(9)},
        "si.benefit.suspended": {"suspended_on": day(0), "cause": "not_certified"},
        "si.benefit.terminated": {"terminated_on": day(0), "cause": "other"},
        "si.benefit.resumed": {"resumed_on": day(0)},
        NOTICE: {"template": "general"},
    }
    for kind in DATA_OF:
        assert isinstance(checker.structured(raw(event(kind, "p1", least.get(kind, {})))), Checked), kind
