"""Blind look-up keys and API tokens."""

from hypothesis import given
from hypothesis import strategies as some

from gateway.security import tokens
from gateway.security.blind import Blind


def test_an_address_has_one_key_and_no_other_has_it() -> None:
    blind, other = Blind(b"k" * 32), Blind(b"l" * 32)
    key = blind.key("sms", "+8613800138000")
    assert key == Blind(b"k" * 32).key("sms", "+8613800138000")
    assert len(key) == 16
    assert (
        len(
            {
                key,
                other.key("sms", "+8613800138000"),
                blind.key("voice", "+8613800138000"),
                blind.key("sms", "+8613800138001"),
                blind.key("sm", "s+8613800138000"),
            }
        )
        == 5
    )


def test_an_address_keeps_its_key_for_ever() -> None:
    assert Blind(bytes(range(32))).key("sms", "+8613800138000").hex() == "146e15ee38c09a552620ca846dca62ca"


def test_many_keys_are_the_single_ones() -> None:
    blind = Blind(b"k" * 32)
    assert blind.keys([("sms", "1"), ("wechat", "2")]) == [blind.key("sms", "1"), blind.key("wechat", "2")]


def test_a_token_is_long_random_and_matches_its_hash_alone() -> None:
    one, two = tokens.new(), tokens.new()
    assert one.token.startswith("tx_")
    assert len(one.token) == 46
    assert len(one.token_hash) == 32
    assert one.token not in repr(one.token_hash)
    assert tokens.hash_of(one.token) == one.token_hash
    assert tokens.matches(one.token, one.token_hash)
    assert not tokens.matches(two.token, one.token_hash)


@given(some.text())
def test_whatever_text_comes_as_a_token_is_refused_in_peace(given_text: str) -> None:
    assert not tokens.matches(given_text, tokens.hash_of("tx_x"))


def test_a_callback_token_is_one_of_several() -> None:
    assert tokens.is_one_of("a", ["a", "b"])
    assert tokens.is_one_of("b", ["a", "b"])
    assert not tokens.is_one_of("c", ["a", "b"])
    assert not tokens.is_one_of("", [])
    assert not tokens.is_one_of("\udcff", ["a"])
