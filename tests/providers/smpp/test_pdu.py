"""SMPP PDUs, octet for octet both ways."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.smpp.pdu import (
    HEADER,
    RESPONSE,
    UDHI,
    Address,
    Command,
    PduError,
    ShortMessage,
    Tag,
    bind,
    message_id,
    pdu,
    short_message,
    status_of,
    tlv,
)
from tests.providers.smpp import vectors as vector

NUMBER = Address("8613800138000", 1, 1)
SENDER = Address("10690001")
BODIES = {
    "SUBMIT_GSM": ShortMessage(Address("NotifyCN", 5), NUMBER, b"Hello", 0, 0, 1),
    "SUBMIT_UCS2": ShortMessage(SENDER, NUMBER, "【测试】验证码1234".encode("utf-16-be"), 8, 0, 1),
    "SUBMIT_UDH": ShortMessage(SENDER, NUMBER, b"\x05\x00\x03\x2a\x02\x01" + "第一段".encode("utf-16-be"), 8, UDHI, 1),
    "SUBMIT_SAR": ShortMessage(
        SENDER,
        NUMBER,
        "第一段".encode("utf-16-be"),
        8,
        0,
        1,
        {Tag.SAR_MSG_REF_NUM: b"\0\x2a", Tag.SAR_TOTAL_SEGMENTS: b"\2", Tag.SAR_SEGMENT_SEQNUM: b"\1"},
    ),
    "SUBMIT_PAYLOAD": ShortMessage(SENDER, NUMBER, b"", 8, 0, 1, {Tag.MESSAGE_PAYLOAD: "通过TLV携带的内容".encode("utf-16-be")}),
    "DELIVER_DLR": ShortMessage(
        NUMBER,
        SENDER,
        b"id:0A1B2C3D sub:001 dlvrd:001 submit date:2401010000 done date:2401010001 stat:DELIVRD err:000 text:Hello",
        0,
        4,
        0,
        {Tag.RECEIPTED_MESSAGE_ID: b"0A1B2C3D\0", Tag.MESSAGE_STATE: b"\2"},
    ),
    "DELIVER_MO": ShortMessage(NUMBER, SENDER, "退订T".encode("utf-16-be"), 8),
}
EMPTY = {
    "BIND_TRX_RESP_FAIL": (Command.BIND_TRANSCEIVER | RESPONSE, 1, 0x0D),
    "SUBMIT_RESP_THROTTLED": (Command.SUBMIT_SM | RESPONSE, 2, 0x58),
    "ENQUIRE": (Command.ENQUIRE_LINK, 9, 0),
    "ENQUIRE_RESP": (Command.ENQUIRE_LINK | RESPONSE, 9, 0),
    "UNBIND": (Command.UNBIND, 10, 0),
    "UNBIND_RESP": (Command.UNBIND | RESPONSE, 10, 0),
    "GENERIC_NACK": (Command.GENERIC_NACK, 11, 3),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_message_becomes_the_vectors_octets_and_they_become_the_message(name: str) -> None:
    frame = getattr(vector, name)
    _, command, _, sequence = HEADER.unpack_from(frame)
    assert pdu(command, sequence, BODIES[name].octets()) == frame
    assert short_message(frame) == BODIES[name]


@pytest.mark.parametrize("name", EMPTY)
def test_a_pdu_without_a_body_is_its_header(name: str) -> None:
    frame, (command, sequence, status) = getattr(vector, name), EMPTY[name]
    assert pdu(command, sequence, status=status) == frame
    assert HEADER.unpack(frame) == (16, command, status, sequence)
    assert status_of(frame) == status


def test_a_bind_and_the_answers_with_a_body_are_the_vectors_octets() -> None:
    assert pdu(Command.BIND_TRANSCEIVER, 1, bind("esme01", "secret08")) == vector.BIND_TRX
    assert pdu(Command.BIND_TRANSCEIVER | RESPONSE, 1, b"SMSC01\0" + tlv(Tag.SC_INTERFACE_VERSION, b"\x34")) == vector.BIND_TRX_RESP
    assert pdu(Command.SUBMIT_SM | RESPONSE, 2, b"0A1B2C3D\0") == vector.SUBMIT_RESP
    assert message_id(vector.SUBMIT_RESP) == "0A1B2C3D"
    assert pdu(Command.DELIVER_SM | RESPONSE, 7, b"\0") == vector.DELIVER_RESP


@pytest.mark.parametrize("frame", [vector.SUBMIT_RESP_THROTTLED, vector.SUBMIT_RESP[:16], vector.SUBMIT_RESP[:16] + b"\0"])
def test_an_answer_without_an_id_has_an_empty_one(frame: bytes) -> None:
    assert message_id(frame) == ""


def test_an_id_without_its_last_nul_is_read() -> None:
    assert message_id(vector.SUBMIT_RESP[:-1]) == "0A1B2C3D"


def test_a_data_sm_is_read_like_a_message() -> None:
    content = "退订".encode("utf-16-be")
    body = b"\0\1\0018613800138000\0\0\00010690001\0\x04\0\x08" + tlv(Tag.MESSAGE_PAYLOAD, content) + tlv(Tag.MESSAGE_STATE, b"\2")
    message = short_message(pdu(Command.DATA_SM, 1, body))
    assert (message.source, message.destination) == (NUMBER, SENDER)
    assert (message.content, message.data_coding, message.esm_class, message.tlvs[Tag.MESSAGE_STATE]) == (content, 8, 4, b"\2")


def test_of_a_tlv_that_is_cut_short_nothing_is_read_and_what_came_before_stays() -> None:
    for cut in range(1, 14):
        message = short_message(vector.DELIVER_DLR[:-cut])
        assert Tag.MESSAGE_STATE not in message.tlvs
        assert message.text == BODIES["DELIVER_DLR"].text
    assert short_message(vector.DELIVER_DLR[:-5]).tlvs == {Tag.RECEIPTED_MESSAGE_ID: b"0A1B2C3D\0"}


def test_mandatory_fields_that_are_cut_short_are_an_error_wherever_the_cut_is() -> None:
    for end in range(len(vector.DELIVER_MO)):
        with pytest.raises(PduError):
            short_message(vector.DELIVER_MO[:end])


TEXT = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=20)
OCTET = st.integers(0, 255)
ADDRESS = st.builds(Address, TEXT, OCTET, OCTET)
MESSAGE = st.builds(
    ShortMessage,
    ADDRESS,
    ADDRESS,
    st.binary(max_size=254),
    OCTET,
    OCTET,
    OCTET,
    st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=300), max_size=5),
    TEXT,
    OCTET,
    OCTET,
    TEXT,
    TEXT,
    OCTET,
    OCTET,
)


@given(MESSAGE, st.integers(1, 0x7FFF_FFFF))
@settings(max_examples=150, deadline=None)
def test_what_was_written_is_read_again(message: ShortMessage, sequence: int) -> None:
    frame = pdu(Command.SUBMIT_SM, sequence, message.octets())
    assert HEADER.unpack_from(frame) == (len(frame), 4, 0, sequence)
    assert short_message(frame) == message


@given(st.binary(max_size=400), st.sampled_from(Command))
@settings(max_examples=250, deadline=None)
def test_garbage_is_a_message_or_an_error_and_nothing_else(body: bytes, command: Command) -> None:
    try:
        message = short_message(pdu(command, 1, body))
    except PduError:
        return
    assert len(message.content) <= len(body)
