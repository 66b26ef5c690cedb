"""Receipts and replies, from PDUs to reports."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.base.news import State
from providers.base.segments import Piece, headed
from providers.base.types import Callback, Inbound, UnreadableCallback
from providers.base.words import Fault, Reason, Status
from providers.smpp.news import piece_of
from providers.smpp.pdu import RECEIPT, UDHI, Address, Command, ShortMessage, Tag, pdu, tlv
from tests.providers.smpp import vectors as vector
from tests.providers.smpp.provider import heard, provider, reading

PERSON, US = Address("8613800138000", 1, 1), Address("10690001")


def receipt(text: str, **given_: Any) -> ShortMessage:
    return ShortMessage(PERSON, US, text.encode(), **{"esm_class": RECEIPT} | given_)


def reply(text: str | bytes, coding: int = 8, **given_: Any) -> ShortMessage:
    return ShortMessage(PERSON, US, text.encode("utf-16-be") if isinstance(text, str) else text, coding, **given_)


def told(text: str, **options: Any) -> tuple[Status, Reason | None, str | None]:
    [report] = reading(receipt(text), **options).reports
    return report.status, report.reason, report.vendor_code


def test_the_vectors_are_a_report_and_a_reply() -> None:
    result = reading(vector.DELIVER_DLR, vector.DELIVER_MO)
    [report] = result.reports
    assert (report.reference, report.vendor_id, report.status, report.vendor_code) == (None, "a1b2c3d", Status.DELIVERED, "DELIVRD")
    assert (report.address, report.at) == ("+8613800138000", datetime(2023, 12, 31, 16, 1, tzinfo=UTC))
    assert result.inbound == [Inbound("+8613800138000", "退订T")]


@pytest.mark.parametrize(
    ("text", "status", "reason", "code"),
    [
        ("id:7 stat:UNDELIV err:000", Status.UNDELIVERED, Reason.UNREACHABLE, "UNDELIV"),
        ("id:7 stat:UNDELIV err:034", Status.UNDELIVERED, Reason.UNREACHABLE, "UNDELIV:034"),
        ("id:7 stat:UNDELIV err:MK:0001", Status.UNDELIVERED, Reason.NUMBER_ABSENT, "UNDELIV:MK:0001"),
        ("id:7 stat:MK:0001 err:005", Status.UNDELIVERED, Reason.NUMBER_ABSENT, "MK:0001"),
        ("id:7 stat:Mk:0005", Status.UNDELIVERED, Reason.NUMBER_SUSPENDED, "MK:0005"),
        ("id:7 stat:REJECTD err:0", Status.UNDELIVERED, Reason.CONTENT_REJECTED, "REJECTD"),
        ("id:7 stat:ENROUTE err:0", Status.SENT, None, "ENROUTE"),
        ("id:7 stat:DELIVRD err:001", Status.DELIVERED, None, "DELIVRD:001"),
        ("id:7 stat:SOMEWRD err:0", Status.SENT, Reason.UNMAPPED, "SOMEWRD"),
        ("id:7 stat:SOMEWRD err:12", Status.SENT, Reason.UNMAPPED, "SOMEWRD:12"),
        ("id:7", Status.SENT, Reason.UNMAPPED, None),
        ("", Status.SENT, Reason.UNMAPPED, None),
    ],
)
def test_a_receipts_word_and_error_say_what_became_of_it(text: str, status: Status, reason: Reason | None, code: str | None) -> None:
    assert told(text) == (status, reason, code)


def test_an_operator_says_what_a_word_an_error_or_both_mean() -> None:
    codes = {
        "UNDELIV:034": {"status": "undelivered", "reason": "number_absent"},
        "UNDELIV:*": {"status": "undelivered", "reason": "carrier_blacklist"},
        "SOMEWRD": {"status": "delivered"},
    }
    assert told("id:7 stat:UNDELIV err:034", receipt_codes=codes)[1] is Reason.NUMBER_ABSENT
    assert told("id:7 stat:UNDELIV err:035", receipt_codes=codes)[1] is Reason.CARRIER_BLACKLIST
    assert told("id:7 stat:UNDELIV err:0", receipt_codes=codes)[1] is Reason.UNREACHABLE
    assert told("id:7 stat:SOMEWRD err:5", receipt_codes=codes)[0] is Status.DELIVERED


@pytest.mark.parametrize("word", ["ENROUTE", "ACCEPTD", "UNDELIV", "DELIVRD"])
def test_an_intermediate_notification_ends_nothing(word: str) -> None:
    [report] = reading(receipt(f"id:7 stat:{word}", esm_class=0x20)).reports
    assert (report.status, report.reason, report.fault, report.vendor_id) == (Status.SENT, None, Fault.NONE, "7")


def test_a_receipt_whose_esm_class_was_forgotten_is_known_by_its_tlv() -> None:
    [report] = reading(receipt("", esm_class=0, tlvs={Tag.RECEIPTED_MESSAGE_ID: b"7\0", Tag.MESSAGE_STATE: b"\2"})).reports
    assert (report.vendor_id, report.status) == ("7", Status.DELIVERED)


def test_a_person_who_writes_a_receipt_reports_nothing() -> None:
    result = reading(reply("id:7 stat:DELIVRD"))
    assert (result.reports, result.inbound) == ([], [Inbound("+8613800138000", "id:7 stat:DELIVRD")])


def test_receipts_by_data_sm_are_read() -> None:
    body = b"\0\1\0018613800138000\0\0\00010690001\0\x04\0\0" + tlv(Tag.RECEIPTED_MESSAGE_ID, b"7\0") + tlv(Tag.MESSAGE_STATE, b"\2")
    [report] = reading(pdu(Command.DATA_SM, 1, body)).reports
    assert (report.vendor_id, report.status) == ("7", Status.DELIVERED)


def test_a_pdu_that_cannot_be_read_is_kept_as_unmapped_and_hides_nothing_beside_it() -> None:
    result = reading(vector.DELIVER_DLR, pdu(Command.DELIVER_SM, 9, b"\0\1"), vector.DELIVER_MO)
    assert [(r.status, r.vendor_code) for r in result.reports] == [(Status.DELIVERED, "DELIVRD"), (Status.SENT, "unreadable")]
    assert len(result.inbound) == 1


@pytest.mark.parametrize(
    ("octets", "coding", "text"),
    [
        (b"T\0D\x1be", 0, "T@D€"),
        (b"TD", 1, "TD"),
        ("né".encode("latin-1"), 3, "né"),
        ("退订".encode("utf-16-be"), 8, "退订"),
        ("😀".encode("utf-16-be"), 8, "😀"),
        ("退订".encode("utf-16-be"), 0x18, "退订"),
        ("退订".encode("gb18030"), 15, "退订"),
        (b"TD", 0xF1, "TD"),
        (b"T\xe9", 0xF5, "Té"),
        (b"\x90", 8, "�"),
        (b"\xd8\x3d", 8, "�"),
        (b"", 8, ""),
    ],
)
def test_a_reply_is_read_in_its_data_coding(octets: bytes, coding: int, text: str) -> None:
    assert reading(reply(octets, coding)).inbound == [Inbound("+8613800138000", text)]


def test_the_default_alphabet_may_be_latin_1() -> None:
    assert reading(reply(b"a_\xe9", 0), alphabet="latin1").inbound == [Inbound("+8613800138000", "a_é")]


@pytest.mark.parametrize(
    ("number", "ton", "address"),
    [
        ("8613800138000", 1, "+8613800138000"),
        ("8613800138000", 0, "+8613800138000"),
        ("+8613800138000", 1, "+8613800138000"),
        ("008613800138000", 0, "+8613800138000"),
        ("13800138000", 2, "+8613800138000"),
        ("13800138000", 1, "+8613800138000"),
        ("85291234567", 1, "+85291234567"),
        ("10086", 0, "10086"),
        ("NotifyCN", 5, "NotifyCN"),
    ],
)
def test_a_number_is_given_back_as_we_write_it(number: str, ton: int, address: str) -> None:
    message = ShortMessage(Address(number, ton, 1), US, b"T", 0)
    assert reading(message).inbound == [Inbound(address, "T")]


PARTS = headed(["退".encode("utf-16-be") * 67, "订".encode("utf-16-be")], 0x2A)
BY_UDH = [reply(part, 8, esm_class=UDHI) for part in PARTS]
BY_SAR = [
    reply(part[6:], 8, tlvs={Tag.SAR_MSG_REF_NUM: b"\0\x2a", Tag.SAR_TOTAL_SEGMENTS: b"\2", Tag.SAR_SEGMENT_SEQNUM: bytes((number,))})
    for number, part in enumerate(PARTS, 1)
]


@pytest.mark.parametrize("parts", [BY_UDH, BY_SAR])
def test_the_parts_of_a_long_reply_are_one_text_once_they_are_whole(parts: list[ShortMessage]) -> None:
    pieces = [piece_of(pdu(Command.DELIVER_SM, 1, part.octets())) for part in parts]
    assert pieces == [Piece(("8613800138000", "10690001", 0x2A), 2, number) for number in (1, 2)]
    assert reading(parts[0]).inbound == reading(parts[0], parts[0]).inbound == []
    assert reading(parts[1], vector.DELIVER_DLR, parts[0]).inbound == [Inbound("+8613800138000", "退" * 67 + "订")]
    assert reading(*parts, state=State.WHOLE).inbound == [Inbound("+8613800138000", "退" * 67 + "订")]
    assert reading(parts[1], state=State.GIVEN_UP).inbound == [Inbound("+8613800138000", "订")]


def test_a_header_that_says_nothing_of_parts_is_no_part_of_the_text() -> None:
    ported = reply(b"\x06\x05\x04\x0b\x84\x23\xf0" + "好".encode("utf-16-be"), 8, esm_class=UDHI)
    assert piece_of(pdu(Command.DELIVER_SM, 1, ported.octets())) is None
    assert reading(ported).inbound == [Inbound("+8613800138000", "好")]


@pytest.mark.parametrize("frame", [vector.DELIVER_DLR, vector.DELIVER_MO, vector.DELIVER_MO[:30], vector.ENQUIRE, b""])
def test_what_is_no_part_of_a_long_reply_is_no_piece(frame: bytes) -> None:
    assert piece_of(frame) is None


@given(st.binary(max_size=200), st.sampled_from([Command.DELIVER_SM, Command.DATA_SM]), st.sampled_from(State))
@settings(max_examples=250, deadline=None)
def test_garbage_in_a_whole_pdu_is_read_as_something(body: bytes, command: Command, state: State) -> None:
    frame = pdu(command, 1, body)
    result = READS.read(heard(frame, vector.DELIVER_DLR, state=state))
    assert result.reports[-1].vendor_id == "a1b2c3d"
    piece_of(frame)


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_a_body_of_garbage_is_read_or_unreadable(body: bytes) -> None:
    try:
        READS.read(Callback("PDU", {}, {}, body))
    except UnreadableCallback:
        return


READS = provider()
