"""Shares of a route's messages by weight."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.dispatch.shares import CATCH_UP, Shares

WEIGHTS = some.dictionaries(some.sampled_from("abcde"), some.floats(0.1, 100), min_size=1)


@given(WEIGHTS, some.lists(some.integers(1, 500), min_size=1, max_size=300))
def test_nobody_is_ever_more_than_one_claim_away_from_its_share(weights: dict[str, float], claims: list[int]) -> None:
    shares, given_to, total = Shares(), Counter[str](), sum(weights.values())
    for messages in claims:
        name = shares.pick(weights)
        shares.took(name, messages, weights[name])
        given_to[name] += messages
    sent = sum(claims)
    for name, weight in weights.items():
        assert given_to[name] <= sent * weight / total + max(claims) + len(weights)


def test_shares_are_the_same_each_time() -> None:
    def run() -> list[str]:
        shares, picked = Shares(), []
        for _ in range(12):
            picked.append(shares.pick({"a": 3.0, "b": 1.0}))
            shares.took(picked[-1], 1, {"a": 3.0, "b": 1.0}[picked[-1]])
        return picked

    assert run() == run()
    assert Counter(run()) == {"a": 9, "b": 3}


def test_one_of_weight_nothing_carries_only_where_there_is_no_other() -> None:
    shares = Shares()
    for _ in range(20):
        assert shares.pick({"a": 0.0, "b": 0.5}) == "b"
        shares.took("b", 10, 0.5)
    assert shares.pick({"a": 0.0}) == "a"
    assert shares.pick({"a": 0.0, "c": 0.0}) in {"a", "c"}


@pytest.mark.parametrize("weight", [1.0, 50.0])
def test_one_that_was_away_does_not_get_all_it_missed(weight: float) -> None:
    shares = Shares()
    for _ in range(1000):
        assert shares.pick({"a": weight}) == "a"
        shares.took("a", 500, weight)
    both, got = {"a": weight, "b": weight}, 0
    while shares.pick(both) == "b":
        shares.took("b", 1, weight)
        got += 1
    assert got <= CATCH_UP + 1
