"""Long messages: cut as handsets want them, put together as they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.base.segments import Header, Piece, Reassembly, TooLong, cut_octets, cut_ucs2, headed, header_of


@pytest.mark.parametrize(
    ("text", "octets"),
    [  # confirmed with smpplib.gsm.make_parts, but for 36 × 😀, where it cuts a surrogate pair
        ("中" * 70, [140]),
        ("中" * 71, [140, 14]),
        ("中" * 134, [140, 140]),
        ("中" * 135, [140, 140, 8]),
        ("😀" * 35, [140]),
        ("😀" * 36, [138, 18]),
        ("", [0]),
    ],
)
def test_a_text_is_cut_into_67_characters_and_never_within_one(text: str, octets: list[int]) -> None:
    parts = headed(cut_ucs2(text), 42)
    assert [len(part) for part in parts] == octets


def test_a_wide_reference_takes_one_character_of_each_part() -> None:
    parts = headed(cut_ucs2("中" * 71, wide=True), 0x1234, wide=True)
    assert [len(part) for part in parts] == [7 + 132, 7 + 10]
    assert parts[0][:7] == bytes.fromhex("06080412340201")


def test_one_octet_a_character_is_cut_into_153() -> None:
    assert [len(part) for part in headed(cut_octets(b"a" * 160), 1)] == [160]
    assert [len(part) for part in headed(cut_octets(b"a" * 161), 1)] == [159, 14]


def test_an_escape_stays_with_what_it_escapes() -> None:
    parts = cut_octets(b"a" * 152 + b"\x1be" + b"b" * 20, escape=0x1B)
    assert [len(part) for part in parts] == [152, 22]


def test_more_than_255_parts_is_too_long() -> None:
    assert len(cut_ucs2("中" * 67 * 255)) == 255
    with pytest.raises(TooLong):
        cut_ucs2("中" * (67 * 255 + 1))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400), st.integers(0, 10**6), st.booleans())
def test_parts_put_together_are_the_text(text: str, reference: int, wide: bool) -> None:
    parts = headed(cut_ucs2(text, wide=wide), reference, wide=wide)
    assert all(len(part) <= 140 for part in parts)
    if len(parts) == 1:
        assert parts[0].decode("utf-16-be") == text
        return
    headers = [header_of(part) for part in parts]
    assert [header.number for header in headers] == list(range(1, len(parts) + 1))
    assert {(header.total, header.reference) for header in headers} == {(len(parts), reference & (0xFFFF if wide else 0xFF))}
    assert "".join(part[header.octets :].decode("utf-16-be") for part, header in zip(parts, headers, strict=True)) == text


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("", Header(0)),
        ("00", Header(1)),
        ("0500032a0201", Header(6, 0x2A, 2, 1)),
        ("060804123403014e2d", Header(7, 0x1234, 3, 1)),
        ("0b0504158200000003010201", Header(12, 1, 2, 1)),  # ports before the parts
        ("0500032a0203", Header(6)),  # the third of two
        ("0500032a0000", Header(6)),
        ("0500032a01", Header(6)),
        ("05000f2a0201", Header(6)),
        ("ff", Header(256)),
    ],
)
def test_a_header_is_read_or_is_none(content: str, header: Header) -> None:
    assert header_of(bytes.fromhex(content)) == header


@given(st.binary(max_size=200))
def test_no_header_breaks_the_reader(content: bytes) -> None:
    header = header_of(content)
    assert 1 <= header.number <= header.total


def piece(number: int, total: int = 3, reference: int = 1) -> Piece:
    return Piece(("13800138000", "10690001", reference), total, number)


@given(st.permutations([1, 2, 3, 2]))
def test_parts_are_whole_in_any_order_and_twice(order: list[int]) -> None:
    parts, whole = Reassembly(), None
    for number in order:
        whole = parts.add(0, piece(number), b"%d" % number, 0.0) or whole
    assert whole == [b"1", b"2", b"3"]
    parts.forget(0, piece(1))
    assert len(parts) == 0


def test_parts_of_different_messages_stay_apart() -> None:
    parts = Reassembly()
    assert parts.add(0, piece(1, 2), b"a", 0.0) is None
    assert parts.add(0, piece(2, 2, reference=2), b"b", 0.0) is None
    assert parts.add(0, piece(2, 3), b"b", 0.0) is None
    assert parts.add(1, piece(2, 2), b"b", 0.0) is None
    assert len(parts) == 4


def test_what_waits_too_long_or_is_too_much_is_given_up_oldest_first() -> None:
    parts = Reassembly(most=2, longest_s=10)
    for number in range(4):
        parts.add(0, piece(1, reference=number), b"%d" % number, float(number))
    assert parts.overdue(4.0) == [(0, [b"0"]), (0, [b"1"])]
    assert parts.overdue(12.5) == [(0, [b"2"])]
    assert len(parts) == 1
