"""CMPP's PDUs octet for octet, both ways, and what a decoder does with anything else."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.base.dialect import Garbage
from providers.cmpp.pdu import (
    LAYOUTS,
    V20,
    V21,
    V30,
    Command,
    Connect,
    ConnectResp,
    Deliver,
    Layout,
    Stat,
    Submit,
    SubmitResp,
    authenticator,
    authenticators_ismg,
    pdu,
)
from tests.providers.cmpp import vectors

SECRET = b"secret"
TEXT = "【测试】验证码1234".encode("utf-16-be")
LONG = ("零一二三四五六七八九" * 8)[:71].encode("utf-16-be")
REPORT = Stat(0x77B22E0DC0721234, "DELIVRD", "2401010000", "2401010001", "13800138000", 0x12345678)


def submit(**given: object) -> Submit:
    fields: dict[str, object] = {
        "service_id": b"test",
        "msg_src": b"901234",
        "fee_type": b"02",
        "fee_code": b"10",
        "src_id": b"10690001",
        "to": [b"13800138000"],
        "content": TEXT,
    }
    return Submit(**(fields | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("vector", "version", "stamp"),
    [
        (vectors.CONNECT20, V20, "0101000000"),
        (vectors.CONNECT21, V21, "0101000000"),
        (vectors.CONNECT30, V30, "1231235959"),
    ],
)
def test_a_connect_is_written_and_read_octet_for_octet(vector: bytes, version: int, stamp: str) -> None:
    one = Connect(b"901234", authenticator(b"901234", SECRET, stamp), version, stamp)
    assert one.packed(1) == vector
    assert Connect.read(vector) == one


@pytest.mark.parametrize(
    ("vector", "request_", "version", "octets"),
    [
        (vectors.CONNECT_RESP20, vectors.CONNECT20, V20, 1),
        (vectors.CONNECT_RESP30, vectors.CONNECT30, V30, 4),
    ],
)
def test_a_connect_resp_is_written_and_read_and_its_authenticator_checked(
    vector: bytes, request_: bytes, version: int, octets: int
) -> None:
    said = ConnectResp.read(vector)
    assert (said.status, said.version, said.octets) == (0, version, octets)
    assert said.packed(1) == vector
    assert said.authenticator in authenticators_ismg(0, Connect.read(request_).authenticator, SECRET)


def test_both_ways_of_computing_a_gateways_authenticator_are_known() -> None:
    source = Connect.read(vectors.CONNECT20).authenticator
    assert {digest.hex() for digest in authenticators_ismg(0, source, SECRET)} == {
        "4a826f5e1d6f28a15ea85079560fcb45",  # gocmpp
        "bfcf80e2f45d9a2ce84716fc177a2877",  # SMSGate
    }


@pytest.mark.parametrize(
    ("vector", "version", "sequence", "one"),
    [
        (vectors.SUBMIT20, V20, 2, submit()),
        (vectors.SUBMIT30, V30, 2, submit(to=[b"13800138000", b"13900139000"])),
        (vectors.SUBMIT20_LONG1, V20, 3, submit(pk_total=2, udhi=1, content=bytes.fromhex("0500032a0201") + LONG[:134])),
        (vectors.SUBMIT20_LONG2, V20, 4, submit(pk_total=2, pk_number=2, udhi=1, content=bytes.fromhex("0500032a0202") + LONG[134:])),
    ],
)
def test_a_submit_is_written_and_read_octet_for_octet(vector: bytes, version: int, sequence: int, one: Submit) -> None:
    assert one.packed(sequence, LAYOUTS[version]).hex() == vector.hex()
    assert Submit.read(vector, LAYOUTS[version]) == one


@pytest.mark.parametrize(
    ("vector", "version", "one"),
    [
        (vectors.SUBMIT_RESP20, V20, SubmitResp(0x77B22E0DC0721234, 0)),
        (vectors.SUBMIT_RESP30, V30, SubmitResp(0x77B22E0DC0721234, 0)),
        (vectors.SUBMIT_RESP20_FLOW, V20, SubmitResp(0, 8)),
    ],
)
def test_a_submit_resp_is_written_and_read_octet_for_octet(vector: bytes, version: int, one: SubmitResp) -> None:
    assert one.packed(2, LAYOUTS[version]) == vector
    assert SubmitResp.read(vector) == one


@pytest.mark.parametrize(
    ("vector", "version", "octets"),
    [(vectors.DELIVER20_REPORT, V20, 60), (vectors.DELIVER30_REPORT71, V30, 71), (vectors.DELIVER30_REPORT60, V30, 60)],
)
def test_a_report_is_written_and_read_octet_for_octet(vector: bytes, version: int, octets: int) -> None:
    one = Deliver(
        msg_id=0x77B22E0DC0721235,
        dest_id=b"10690001",
        service_id=b"test",
        src_terminal=b"13800138000",
        registered=1,
        content=REPORT.packed(octets),
    )
    assert one.packed(7, LAYOUTS[version]).hex() == vector.hex()
    assert Deliver.read(vector, LAYOUTS[version]) == one
    assert Stat.read(one.content) == REPORT


def test_the_content_of_a_report_is_its_vector() -> None:
    assert REPORT.packed(60) == vectors.RECEIPT60
    assert Stat.read(vectors.RECEIPT60) == REPORT


@pytest.mark.parametrize(("vector", "version"), [(vectors.DELIVER20_MO, V20), (vectors.DELIVER30_MO, V30)])
def test_a_reply_is_written_and_read_octet_for_octet(vector: bytes, version: int) -> None:
    one = Deliver(
        msg_id=0x77B22E0DC0721236,
        dest_id=b"1069000188",
        service_id=b"test",
        coding=8,
        src_terminal=b"13800138000",
        content="退订T".encode("utf-16-be"),
    )
    assert one.packed(8, LAYOUTS[version]).hex() == vector.hex()
    assert Deliver.read(vector, LAYOUTS[version]) == one


@pytest.mark.parametrize(("vector", "version"), [(vectors.DELIVER_RESP20, V20), (vectors.DELIVER_RESP30, V30)])
def test_a_deliver_resp_is_written_and_read_octet_for_octet(vector: bytes, version: int) -> None:
    one = SubmitResp(0x77B22E0DC0721235, 0)
    assert one.packed(7, LAYOUTS[version], Command.DELIVER) == vector
    assert SubmitResp.read(vector) == one


def test_what_has_no_body_is_its_header() -> None:
    assert pdu(Command.ACTIVE_TEST, 9) == vectors.ACTIVE_TEST
    assert pdu(Command.ACTIVE_TEST | 0x80000000, 9, b"\0") == vectors.ACTIVE_TEST_RESP
    assert pdu(Command.TERMINATE, 10) == vectors.TERMINATE
    assert pdu(Command.TERMINATE | 0x80000000, 10) == vectors.TERMINATE_RESP


@pytest.mark.parametrize("msg_id", [0x77B22E0DC0721234, 0xCFDFBED2D687FFFF, 0x1080004000010001])  # SMSGate's DefaultMsgIdUtil
def test_a_message_id_is_unsigned(msg_id: int) -> None:
    assert SubmitResp.read(SubmitResp(msg_id, 0).packed(1, LAYOUTS[V30])).msg_id == msg_id


@pytest.mark.parametrize("extra", [1, 7, 11, 60])
def test_what_follows_a_report_is_not_read(extra: int) -> None:
    assert Stat.read(vectors.RECEIPT60[:56] + vectors.RECEIPT60[56:] + b"x" * extra).msg_id == REPORT.msg_id
    assert Stat.read(REPORT.packed(71) + b"x" * extra) == REPORT


@pytest.mark.parametrize("octets", range(15, 60))
def test_a_report_cut_short_still_says_whose_it_is_and_how_it_ended(octets: int) -> None:
    said = Stat.read(vectors.RECEIPT60[:octets])
    assert (said.msg_id, said.stat) == (REPORT.msg_id, "DELIVRD")


READERS = [
    lambda frame, _: Connect.read(frame),
    lambda frame, _: ConnectResp.read(frame),
    lambda frame, _: SubmitResp.read(frame),
    lambda frame, _: Stat.read(frame),
    Submit.read,
    Deliver.read,
]


@given(st.binary(max_size=400), st.sampled_from(READERS), st.sampled_from(list(LAYOUTS.values())))
def test_whatever_comes_is_read_or_is_garbage(frame: bytes, read: object, layout: Layout) -> None:
    try:
        read(frame, layout)  # type: ignore[operator]
    except Garbage:
        pass
    except struct.error:  # pragma: no cover
        pytest.fail("a struct error is no answer")


def whole(lengths: int) -> st.SearchStrategy[bytes]:
    """Without NUL at its end, which a field cannot hold."""
    return st.binary(max_size=lengths).filter(lambda value: not value.endswith(b"\0"))


@given(
    st.builds(
        Submit,
        service_id=whole(10),
        msg_src=whole(6),
        src_id=whole(21),
        fee_terminal=whole(21),
        to=st.lists(whole(21).filter(bool), min_size=1, max_size=99),
        content=st.binary(max_size=255),
        link_id=whole(8),
        coding=st.integers(0, 255),
    ),
    st.sampled_from(list(LAYOUTS.values())),
)
def test_a_submit_survives_its_way(one: Submit, layout: Layout) -> None:
    assert Submit.read(one.packed(1, layout), layout) == one


@given(
    st.integers(0, 2**64 - 1),
    st.binary(max_size=255),
    st.sampled_from(list(LAYOUTS.values())),
)
def test_a_deliver_survives_its_way(msg_id: int, content: bytes, layout: Layout) -> None:
    one = Deliver(msg_id=msg_id, content=content, src_terminal=b"13800138000")
    assert Deliver.read(one.packed(1, layout), layout) == one
