"""Messages to submit_sm, and what its answers say; no link."""

from typing import Any

import pytest

from providers.base.dialect import Kind, LoginRefused, Pdu, Segment, Verdict
from providers.base.linked import Unsendable
from providers.base.ruling import ACCEPTED
from providers.base.types import Outgoing, SettingsError
from providers.base.words import Outcome, Reason
from providers.smpp.dialect import SmppDialect
from providers.smpp.pdu import HEADER, RESPONSE, UDHI, Command, ShortMessage, Tag, pdu, short_message, status_of
from tests.providers.smpp import vectors as vector
from tests.providers.smpp.provider import provider

TO = "+8613800138000"


def outgoing(text: str, address: str = TO) -> Outgoing:
    return Outgoing("1", address, "sms", text, "reminder", {}, "四川社保")


def dialect(number: int = 0, **given: Any) -> SmppDialect:
    made = provider(**given).dialect(number)
    assert isinstance(made, SmppDialect)
    return made


def submitted(text: str, address: str = TO, **given: Any) -> list[ShortMessage]:
    smpp = provider(**given)
    speaks = smpp.dialect(0)
    return [short_message(speaks.submit(segment, n)) for n, segment in enumerate(smpp.segments(outgoing(text, address)), 1)]


def answer(frame: bytes) -> Pdu:
    _, command, _, sequence = HEADER.unpack_from(frame)
    return Pdu(command, sequence, frame)


def test_a_text_becomes_the_octets_of_the_vector() -> None:
    [segment] = provider().segments(outgoing("【测试】验证码1234"))
    assert dialect().submit(segment, 3) == vector.SUBMIT_UCS2


def test_a_text_that_fits_the_default_alphabet_becomes_the_octets_of_the_vector() -> None:
    smpp = provider(coding="shortest", source="NotifyCN", source_ton=5)
    [segment] = smpp.segments(outgoing("Hello"))
    assert smpp.dialect(0).submit(segment, 2) == vector.SUBMIT_GSM


def test_parts_become_the_octets_of_the_vectors() -> None:
    text = "第一段".encode("utf-16-be")
    by_udh = Segment(outgoing(""), b"\x05\x00\x03\x2a\x02\x01" + text, 8, 1, 2, udh=True, reference=0x2A)
    by_sar = Segment(outgoing(""), text, 8, 1, 2, udh=False, reference=0x2A)
    assert dialect().submit(by_udh, 4) == vector.SUBMIT_UDH
    assert dialect().submit(by_sar, 5) == vector.SUBMIT_SAR


def test_a_login_keep_alive_and_goodbye_are_the_octets_of_the_vectors() -> None:
    speaks = dialect()
    assert speaks.login(1) == vector.BIND_TRX
    assert (speaks.keep_alive(9), speaks.goodbye(10)) == (vector.ENQUIRE, vector.UNBIND)
    assert speaks.reply(answer(vector.ENQUIRE)) == vector.ENQUIRE_RESP
    assert speaks.reply(answer(vector.UNBIND)) == vector.UNBIND_RESP
    assert speaks.reply(answer(vector.DELIVER_DLR)) == vector.DELIVER_RESP
    assert speaks.strange(answer(pdu(0x21, 11))) == vector.GENERIC_NACK


def test_in_pairs_every_second_connection_only_receives() -> None:
    smpp = provider(bind="pairs", connections=2)
    made = [smpp.dialect(number) for number in range(3)]
    assert [HEADER.unpack_from(one.login(1))[1] for one in made] == [2, 1, 2]
    assert [one.sends for one in made] == [True, False, True]


# The lengths of smpplib.gsm.make_parts, header included; 36 × 😀 differs: smpplib cuts the pair (140 and 16).
@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("a" * 160, [160]),
        ("a" * 161, [159, 14]),
        ("€" * 80, [160]),
        ("€" * 81, [158, 16]),
        ("中" * 70, [140]),
        ("中" * 71, [140, 14]),
        ("中" * 134, [140, 140]),
        ("中" * 135, [140, 140, 8]),
        ("😀" * 35, [140]),
        ("😀" * 36, [138, 18]),
    ],
)
def test_a_text_is_cut_where_a_character_ends(text: str, octets: list[int]) -> None:
    parts = submitted(text, coding="shortest")
    assert [len(part.text) for part in parts] == octets
    assert [part.esm_class for part in parts] == [UDHI if len(parts) > 1 else 0] * len(parts)
    for number, part in enumerate(parts, 1):
        if len(parts) > 1:
            assert part.text[:3] + part.text[4:6] == bytes((5, 0, 3, len(parts), number))
            assert part.text[3] == parts[0].text[3]
        if part.data_coding == 8:
            part.text[6 if len(parts) > 1 else 0 :].decode("utf-16-be")


def test_messages_have_other_references_than_those_just_before() -> None:
    smpp = provider()
    references = [smpp.segments(outgoing("中" * 71))[0].content[3] for _ in range(256)]
    assert len(set(references)) == 256


def test_parts_by_sar_have_no_header_and_the_same_cuts() -> None:
    first, second = submitted("中" * 71, long="sar")
    assert (len(first.text), len(second.text), first.esm_class) == (134, 8, 0)
    assert [first.tlvs[tag] for tag in (Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)] == [b"\2", b"\1"]
    assert second.tlvs[Tag.SAR_SEGMENT_SEQNUM] == b"\2"
    assert first.tlvs[Tag.SAR_MSG_REF_NUM] == second.tlvs[Tag.SAR_MSG_REF_NUM]


def test_by_payload_a_long_text_goes_whole_and_a_short_one_as_ever() -> None:
    [long] = submitted("中" * 200, long="payload")
    assert (long.text, long.tlvs) == (b"", {Tag.MESSAGE_PAYLOAD: ("中" * 200).encode("utf-16-be")})
    [short] = submitted("中" * 70, long="payload")
    assert (len(short.text), short.tlvs) == (140, {})


@pytest.mark.parametrize("text", ["中" * 67 * 255 + "中", "\ud800"])
@pytest.mark.parametrize("long", ["udh", "sar", "payload"])
def test_a_text_that_cannot_be_written_is_refused_before_anything_is(text: str, long: str) -> None:
    with pytest.raises(Unsendable) as caught:
        provider(long=long).segments(outgoing(text))
    assert (caught.value.answer.outcome, caught.value.answer.reason) == (Outcome.REFUSED, Reason.CONTENT_REJECTED)


@pytest.mark.parametrize("address", ["openid", "", "+", "+86138\0013800", "+" + "1" * 21, "+８６138"])
def test_an_address_that_is_no_number_is_refused(address: str) -> None:
    with pytest.raises(Unsendable) as caught:
        provider().segments(outgoing("请认证", address))
    assert (caught.value.answer.outcome, caught.value.answer.reason) == (Outcome.REFUSED, Reason.MALFORMED_ADDRESS)


def test_the_fields_are_what_the_section_says() -> None:
    [message] = submitted(
        "请认证", source="Sichuan", source_ton=5, source_npi=1, ton=2, npi=8, national=True, registered_delivery=0x11, service_type="CMT"
    )
    assert (message.source.number, message.source.ton, message.source.npi) == ("Sichuan", 5, 1)
    assert (message.destination.number, message.destination.ton, message.destination.npi) == ("13800138000", 2, 8)
    assert (message.registered_delivery, message.service_type) == (0x11, "CMT")


def test_an_id_is_given_in_the_form_that_receipts_have() -> None:
    assert dialect().verdict(answer(vector.SUBMIT_RESP)) == Verdict(ACCEPTED, part="a1b2c3d")
    assert dialect(message_id="hex_to_decimal").verdict(answer(vector.SUBMIT_RESP)).part == "169552957"


def test_an_acceptance_without_an_id_is_one() -> None:
    assert dialect().verdict(answer(pdu(Command.SUBMIT_SM | RESPONSE, 2))) == Verdict(ACCEPTED)


@pytest.mark.parametrize("body", [b"", b"\0", b"0A1B2C3D\0", b"\xff" * 30])
def test_a_refusal_is_one_with_and_without_a_body(body: bytes) -> None:
    verdict = dialect().verdict(answer(pdu(Command.SUBMIT_SM | RESPONSE, 2, body, 0x58)))
    assert (verdict.code, verdict.text, verdict.part, verdict.pause_s) == ("0x00000058", "ESME_RTHROTTLED", None, 1.0)
    assert (verdict.ruling.outcome, verdict.ruling.retry_after_s) == (Outcome.DEFERRED, 1.0)


def test_only_what_is_too_fast_slows_the_link() -> None:
    pauses = {s: dialect().verdict(answer(pdu(Command.SUBMIT_SM | RESPONSE, 2, status=s))).pause_s for s in (0x08, 0x0B, 0x14, 0x58, 0x401)}
    assert pauses == {0x08: 0.0, 0x0B: 0.0, 0x14: 1.0, 0x58: 1.0, 0x401: 0.0}
    own = dialect(codes={"0x401": {"outcome": "deferred", "reason": "frequency_limited", "retry_after_s": 7}})
    assert own.verdict(answer(pdu(Command.SUBMIT_SM | RESPONSE, 2, status=0x401))).pause_s == 7.0


def test_a_generic_nack_is_never_an_acceptance() -> None:
    assert dialect().verdict(answer(vector.GENERIC_NACK)).ruling.outcome is Outcome.REFUSED
    assert dialect().verdict(answer(pdu(Command.GENERIC_NACK, 2))).ruling.outcome is Outcome.UNKNOWN


def test_a_login_is_judged_by_its_status() -> None:
    dialect().admitted(answer(vector.BIND_TRX_RESP))
    dialect().admitted(answer(pdu(Command.BIND_TRANSCEIVER | RESPONSE, 1)))
    for status, by_us in ((0x0D, True), (0x0E, True), (0x0F, True), (0x05, False), (0x08, False)):
        with pytest.raises(LoginRefused) as caught:
            dialect().admitted(answer(pdu(Command.BIND_TRANSCEIVER | RESPONSE, 1, b"SMSC01\0", status)))
        assert caught.value.by_us is by_us
    with pytest.raises(LoginRefused):
        dialect().admitted(answer(pdu(Command.GENERIC_NACK, 1)))


def test_news_that_could_not_be_stored_is_asked_for_again() -> None:
    for frame, command in ((vector.DELIVER_MO, 0x80000005), (pdu(Command.DATA_SM, 8, b"\0"), 0x80000103)):
        reply = dialect().reply(answer(frame), stored=False)
        assert HEADER.unpack_from(reply)[1:] == (command, 0x64, 8)


def test_news_that_cannot_be_read_is_refused_for_good() -> None:
    assert status_of(dialect().reply(answer(vector.DELIVER_MO[:40]))) == 0x01


def test_responses_that_nobody_asked_for_and_requests_without_a_response_are_passed_over() -> None:
    for command in (0x80000003, 0x80000103, 0x800000FF, Command.OUTBIND, Command.ALERT_NOTIFICATION):
        assert dialect().strange(answer(pdu(command, 5))) == b""
        assert command not in SmppDialect.kinds


@pytest.mark.parametrize("command", [Command.SUBMIT_SM, Command.BIND_RECEIVER, 0x03, 0x07, 0x08, 0x21, 0x7777])
def test_a_request_that_an_smsc_does_not_make_is_answered_with_a_nack(command: int) -> None:
    assert SmppDialect.kinds.get(command, Kind.NEWS) is Kind.NEWS
    assert dialect().strange(answer(pdu(command, 11))) == vector.GENERIC_NACK


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"system_id": "a" * 16}, "system_id"),
        ({"password": "密码"}, "password"),
        ({"password": "123456789"}, "password"),
        ({"source": "1" * 21}, "source"),
        ({"ton": 256}, "ton"),
        ({"long": "other"}, "long"),
        ({"message_id": "hex"}, "message_id"),
        ({"bind": "pairs"}, "connections"),
        ({"codes": {"0x58": {"outcome": "nothing_left"}}}, "codes.0x00000058"),
        ({"receipt_codes": {"UNDELIV": {"status": "queued"}}}, "receipt_codes.UNDELIV"),
        ({"receipt_utc_offset_h": 99}, "receipt_utc_offset_h"),
        ({"system_ids": "x"}, "smsc"),
    ],
)
def test_a_setting_that_cannot_work_is_named(given: dict[str, Any], key: str) -> None:
    with pytest.raises(SettingsError, match=key.replace(".", r"\.")):
        provider(**given)
