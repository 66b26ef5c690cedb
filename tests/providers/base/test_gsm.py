"""The GSM 7-bit default alphabet. Codes from 3GPP TS 23.038, tables 6.2.1 and 6.2.1.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.base import gsm


@pytest.mark.parametrize(
    ("text", "septets"),
    [
        ("@£$¥", b"\0\1\2\3"),
        ("Hello_1", b"Hello\x111"),
        ("ÄÖÑÜ§¿", b"\x5b\x5c\x5d\x5e\x5f\x60"),
        ("äöñüà", b"\x7b\x7c\x7d\x7e\x7f"),
        ("ΔΦΓΛΩΠΨΣΘΞ", b"\x10\x12\x13\x14\x15\x16\x17\x18\x19\x1a"),
        ("€[]{}\\^~|", b"\x1b\x65\x1b\x3c\x1b\x3e\x1b\x28\x1b\x29\x1b\x2f\x1b\x14\x1b\x3d\x1b\x40"),
    ],
)
def test_characters_have_the_codes_of_the_table(text: str, septets: bytes) -> None:
    assert gsm.encoded(text) == septets
    assert gsm.decoded(septets) == text


@pytest.mark.parametrize("text", ["请认证", "a`b", "\x1b", "😀", "ç"])
def test_a_text_with_a_character_that_is_in_neither_table_does_not_fit(text: str) -> None:
    assert gsm.encoded(text) is None


def test_an_escape_before_an_unknown_code_reads_as_the_basic_character() -> None:
    assert gsm.decoded(b"\x1bA") == "A"


@given(st.text(st.sampled_from("@£$¥èéùìòÇ\nØøÅåΔ_€[]{}Aa1 ¿"), max_size=200))
def test_what_was_encoded_is_decoded(text: str) -> None:
    assert gsm.decoded(gsm.encoded(text) or b"") == text


@given(st.binary(max_size=300))
def test_any_octets_are_some_text(octets: bytes) -> None:
    assert len(gsm.decoded(octets)) <= len(octets)
