"""One form of an address for every channel."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers import AddressRefused, NumberRefused, Refusal, address
from gateway.words import Channel

OPENID = "oABCDEFGHIJKLMNOPQRSTUVWXYZ1"


def refused(channel: str, raw: str) -> Refusal:
    with pytest.raises(AddressRefused) as refusal:
        address(channel, raw)
    assert not raw or raw not in str(refusal.value)
    return refusal.value.code


@pytest.mark.parametrize("channel", ["sms", "voice", Channel.SMS, Channel.VOICE])
def test_a_telephone_channel_keeps_e164(channel: str) -> None:
    assert address(channel, "138 0013 8000") == "+8613800138000"


def test_a_fixed_line_can_be_called_and_not_texted() -> None:
    assert address("voice", "028-86123456") == "+862886123456"
    with pytest.raises(NumberRefused):
        address("sms", "028-86123456")


@pytest.mark.parametrize("channel", ["wechat", "wecom", "someday"])
def test_an_account_loses_its_outer_spaces_and_keeps_its_letters(channel: str) -> None:
    assert address(channel, f"\t{OPENID} \n") == OPENID


@pytest.mark.parametrize("raw", ["@all", "wang|li", "", " ", "王", "a b", "-wang", "a" * 65])
def test_a_wecom_address_is_one_user_and_never_everybody(raw: str) -> None:
    assert refused("wecom", raw) is (Refusal.BAD_CHARACTERS if raw.strip() else Refusal.EMPTY)


@pytest.mark.parametrize("raw", ["o@b", "o b", "o/../b", "o\x00b", "o\ud800b", "ｏｂ", 'o"b', "o\nb"])
def test_a_wechat_address_has_the_letters_of_an_openid(raw: str) -> None:
    assert refused("wechat", raw) is Refusal.BAD_CHARACTERS


def kept(channel: str, raw: str) -> str | None:
    try:
        return address(channel, raw)
    except AddressRefused:
        return None


@given(st.text(max_size=200) | st.text(st.characters(min_codepoint=32, max_codepoint=127), max_size=140))
def test_an_address_of_an_unknown_channel_is_visible_and_bounded(raw: str) -> None:
    fits = re.fullmatch(r"\s*[!-~]{1,128}\s*", raw) is not None
    assert kept("someday", raw) == (raw.strip() if fits else None)


def test_an_address_has_at_most_128_characters() -> None:
    assert address("wechat", "o" * 128) == "o" * 128
    assert refused("wechat", "o" * 129) is Refusal.TOO_LONG
