"""Receipts as SMSCs write them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from providers.smpp.pdu import Address, ShortMessage, Tag, short_message
from providers.smpp.receipt import MessageId, Receipt, answered, date, fields, receipt
from tests.providers.smpp import vectors as vector

DONE = datetime(2023, 12, 31, 16, 1, tzinfo=UTC)


def told(text: str = "", tlvs: dict[int, bytes] | None = None, form: MessageId = MessageId.TEXT, **given_: Any) -> Receipt:
    message = ShortMessage(Address("8613800138000", 1, 1), Address("10690001"), text.encode(), 0, 4, tlvs=tlvs or {}, **given_)
    return receipt(message, form, 8.0)


def test_the_vector_is_read() -> None:
    assert receipt(short_message(vector.DELIVER_DLR), MessageId.TEXT, 8.0) == Receipt("a1b2c3d", "DELIVRD", "", DONE)


@pytest.mark.parametrize(
    "text",
    [
        "id:0A1B2C3D sub:001 dlvrd:001 submit date:2401010000 done date:2401010001 stat:DELIVRD err:000 text:Hello",
        "id:0A1B2C3D sub:001 dlvrd:001 submit date:240101000000 done date:240101000100 stat:DELIVRD err:000 Text:Hello",
        "ID:0a1b2c3d STAT:delivrd DONE DATE:2401010001 ERR:0",
        "stat:DELIVRD done_date:20240101000100 id:000A1B2C3D",
        "id: 0A1B2C3D  stat : DELIVRD  donedate: 2401010001 text:",
        "id:0A1B2C3D, stat:DELIVRD, done date:2401010001, err:00000",
        "id:0A1B2C3D\tsub:\tstat:DELIVRD\r\ndone date:2401010001",
        "msg id:0A1B2C3D stat:DELIVRD done date:2401010001 text:id:999 stat:UNDELIV err:123",
    ],
)
def test_a_text_is_read_whatever_its_order_case_widths_and_gaps(text: str) -> None:
    assert told(text) == Receipt("a1b2c3d", "DELIVRD", "", DONE)


def test_a_key_without_a_value_does_not_take_the_next_key_for_one() -> None:
    assert fields("id:7 sub: dlvrd: stat:UNDELIV err:") == {"id": "7", "sub": "", "dlvrd": "", "stat": "UNDELIV", "err": ""}


def test_of_a_key_that_comes_twice_the_first_counts() -> None:
    assert fields("id:1 stat:DELIVRD id:2")["id"] == "1"


def test_where_answers_and_texts_differ_the_id_of_the_text_is_the_one_that_the_setting_is_about() -> None:
    both = told("id:169552957 stat:DELIVRD", {Tag.RECEIPTED_MESSAGE_ID: b"169552957\0"}, MessageId.HEX_TO_DECIMAL)
    assert both.id == answered(MessageId.HEX_TO_DECIMAL, "0A1B2C3D")


def test_letters_before_a_key_make_another_word() -> None:
    assert fields("valid:1 substat:X id:2") == {"id": "2"}


def test_a_receipt_in_ucs2_is_read() -> None:
    text = "id:0A1B2C3D stat:DELIVRD done date:2401010001".encode("utf-16-be")
    assert receipt(ShortMessage(Address(""), Address(""), text, 8, 4), MessageId.TEXT, 8.0) == Receipt("a1b2c3d", "DELIVRD", "", DONE)


def test_a_receipt_in_message_payload_is_read() -> None:
    assert told("", {Tag.MESSAGE_PAYLOAD: b"id:7 stat:EXPIRED err:034"}) == Receipt("7", "EXPIRED", "034", None)


def test_tlvs_alone_are_enough_and_say_more_than_the_text() -> None:
    tlvs: dict[int, bytes] = {Tag.RECEIPTED_MESSAGE_ID: b"0A1B2C3D\0", Tag.MESSAGE_STATE: b"\5", Tag.NETWORK_ERROR_CODE: b"\3\0\x22"}
    assert told("", tlvs) == Receipt("a1b2c3d", "UNDELIV", "34", None)
    assert told("id:77 stat:ACCEPTD err:001", tlvs) == Receipt("a1b2c3d", "UNDELIV", "34", None)


@pytest.mark.parametrize(
    ("state", "stat", "word"),
    [
        (5, "MK:0001", "MK:0001"),
        (2, "MK:0001", "DELIVRD"),
        (1, "DELIVRD", "ENROUTE"),
        (5, "", "UNDELIV"),
        (0, "MK:0001", "MK:0001"),
        (99, "", ""),
    ],
)
def test_message_state_decides_and_the_carriers_own_word_says_why(state: int, stat: str, word: str) -> None:
    assert told(f"id:7 stat:{stat}", {Tag.MESSAGE_STATE: bytes((state,))}).word == word


@pytest.mark.parametrize("error", ["", "0", "000", "00000"])
def test_an_error_of_zeros_is_none(error: str) -> None:
    assert told(f"id:7 stat:UNDELIV err:{error}").error == ""


@pytest.mark.parametrize(
    ("form", "in_answer", "in_text"),
    [
        (MessageId.TEXT, "0A1B2C3D", "0a1b2c3d"),
        (MessageId.TEXT, "0A1B2C3D", "A1B2C3D"),
        (MessageId.TEXT, "123", "0000000123"),
        (MessageId.TEXT, "000", "0"),
        (MessageId.TEXT, "7c9e6679-7425-40DE-944b-e07fc1f90ae7", "7C9E6679-7425-40DE-944B-E07FC1F90AE7"),
        (MessageId.TEXT, "msg_Zz9", "msg_Zz9"),
        (MessageId.HEX_TO_DECIMAL, "0A1B2C3D", "169552957"),
        (MessageId.HEX_TO_DECIMAL, "a1b2c3d", "0169552957"),
        (MessageId.DECIMAL_TO_HEX, "169552957", "0A1B2C3D"),
        (MessageId.DECIMAL_TO_HEX, "0169552957", "a1b2c3d"),
        (MessageId.HEX_TO_DECIMAL, "msg-1", "msg-1"),
        (MessageId.DECIMAL_TO_HEX, "msg-1", "msg-1"),
    ],
)
def test_an_id_in_a_submits_answer_and_the_one_in_its_receipt_are_one(form: MessageId, in_answer: str, in_text: str) -> None:
    assert told(f"id:{in_text} stat:DELIVRD", form=form).id == answered(form, in_answer)


@pytest.mark.parametrize("form", MessageId)
def test_the_tlv_alone_holds_the_id_of_the_answer(form: MessageId) -> None:
    said = "169552957"
    assert told("", {Tag.RECEIPTED_MESSAGE_ID: said.encode(), Tag.MESSAGE_STATE: b"\2"}, form).id == answered(form, said)


def test_ids_that_are_no_hexadecimal_keep_their_case() -> None:
    assert told("id:Zz9 stat:DELIVRD").id != told("id:zZ9 stat:DELIVRD").id


@pytest.mark.parametrize("said", ["", "24010100", "2413010000", "24010100001", "２４０１０１００００", "24-01-01 00", "9" * 14])
def test_a_date_that_cannot_be_read_is_none(said: str) -> None:
    assert date(said, 8.0) is None


@given(
    st.binary(max_size=300),
    st.sampled_from([0, 3, 8]),
    st.dictionaries(st.sampled_from(Tag), st.binary(max_size=12)),
    st.sampled_from(MessageId),
)
@example(b"id:" * 1000, 0, {}, MessageId.TEXT)
@example(b"submit date" * 1000, 0, {}, MessageId.TEXT)
@settings(max_examples=250, deadline=None)
def test_garbage_is_read_as_something_and_raises_nothing(content: bytes, coding: int, tlvs: dict[int, bytes], form: MessageId) -> None:
    receipt(ShortMessage(Address(""), Address(""), content[:254], coding, 4, tlvs={**tlvs, Tag.MESSAGE_PAYLOAD: content}), form, 8.0)
