"""Claimed messages in calls: full ones, no address twice in one."""

from hypothesis import given
from hypothesis import strategies as some

from gateway.dispatch.batch import into_calls

MESSAGES = some.lists(some.tuples(some.sampled_from([b"a", b"b", b"c", b"d"]), some.integers()), max_size=60)


@given(MESSAGES, some.integers(1, 9))
def test_every_message_is_in_one_call_and_no_call_holds_an_address_twice(messages: list[tuple[bytes, int]], size: int) -> None:
    numbered = [(key, (key, place)) for place, (key, _) in enumerate(messages)]
    calls = into_calls(numbered, size)
    assert sorted(one for call in calls for one in call) == sorted(one for _, one in numbered)
    assert all(0 < len(call) <= size for call in calls)
    assert all(len({key for key, _ in call}) == len(call) for call in calls)


@given(MESSAGES, some.integers(1, 9))
def test_messages_to_one_address_keep_their_order(messages: list[tuple[bytes, int]], size: int) -> None:
    calls = into_calls([(key, (key, place)) for place, (key, _) in enumerate(messages)], size)
    for wanted in {key for key, _ in messages}:
        places = [place for call in calls for key, place in call if key == wanted]
        assert places == sorted(places)


@given(some.integers(0, 300), some.integers(1, 50))
def test_calls_are_as_few_as_can_be_where_addresses_differ(count: int, size: int) -> None:
    calls = into_calls([(b"%d" % n, n) for n in range(count)], size)
    assert len(calls) == -(-count // size)


def test_one_address_alone_makes_a_call_each() -> None:
    assert into_calls([(b"a", n) for n in range(4)], 100) == [[0], [1], [2], [3]]
