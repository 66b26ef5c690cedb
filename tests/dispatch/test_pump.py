"""A pump: tokens, then a claim, then the calls; everything it cannot use it gives back."""

import asyncio
import time
from collections.abc import Callable, Sequence

import pytest

from gateway.dispatch.attempt import TRIES_IN_LEASE
from gateway.dispatch.lease import boot_seconds
from gateway.dispatch.outlets import Outlets
from gateway.dispatch.pump import Outlet, Pump
from gateway.words import Outcome
from providers.base.types import Answer, Outgoing
from tests.dispatch.one_pump import LINE, Answers, Bench, Queue
from tests.pipeline.plant import VENDOR
from tests.pipeline.pumping import Plenty


async def test_it_sends_all_that_is_due_and_stops() -> None:
    bench = Bench(237)
    assert await bench.drain() == 237
    assert len(bench.vendor.seen) == len(bench.answers.said) == 237


async def test_it_takes_tokens_before_it_claims_and_claims_no_more_than_it_got() -> None:
    bench = Bench(40)
    await bench.drain()
    assert [what for what, _ in bench.tokens.log[:2]] == ["take", "claim"]
    assert bench.tokens.log[0][1] == bench.tokens.log[1][1]


async def test_it_gives_back_the_tokens_that_no_message_used() -> None:
    bench = Bench(7)
    await bench.drain()
    taken = sum(count for what, count in bench.tokens.log if what == "take")
    given_back = sum(count for what, count in bench.tokens.log if what == "give back")
    assert taken - given_back == 7


async def test_without_tokens_it_claims_nothing() -> None:
    bench, rounds = Bench(7), iter(range(3))
    bench.tokens.most = 0
    assert await bench.pump.drain(lambda: next(rounds, None) is None) == 0
    assert ("claim", 0) not in bench.tokens.log
    assert bench.queue.left == 7


async def test_it_never_has_more_calls_on_their_way_than_start_at_once() -> None:
    """A slow vendor: claimed is only what a connection is free for."""
    bench, flying, most = Bench(400, connections=4), [0], [0]

    async def slow(batch: Sequence[Outgoing], still_mine: Callable[[], bool], on_first_byte: Callable[[], None]) -> list[Answer]:
        flying[0] += 1
        most[0] = max(most[0], flying[0])
        await asyncio.sleep(0.05)
        flying[0] -= 1
        return [Answer(m.reference, Outcome.ACCEPTED) for m in batch]

    bench.vendor.send = slow  # type: ignore[method-assign]
    await bench.drain()
    assert len(bench.answers.said) == 400
    assert most[0] <= 4


async def test_a_vendor_that_turns_slow_leaves_the_other_lanes_their_places() -> None:
    """What was claimed ahead while it was fast waits here, not in the connections that an urgent message needs."""
    bench, flying, most = Bench(400, connections=5), [0], [0]
    urgent = Pump("sms", "urgent", bench.outlets.route("sms", "urgent"), Queue(1, []), Plenty(), Answers(), bench.seen)
    assert await bench.drain() == 400  # fast: now it would claim ahead
    bench.pump._flights[VENDOR].call_s = 0.001
    bench.queue.left = 200

    answering = asyncio.Event()

    async def slow(batch: Sequence[Outgoing], still_mine: Callable[[], bool], on_first_byte: Callable[[], None]) -> list[Answer]:
        on_first_byte()
        flying[0] += 1
        most[0] = max(most[0], flying[0])
        await answering.wait()
        flying[0] -= 1
        return [Answer(m.reference, Outcome.ACCEPTED) for m in batch]

    bench.vendor.send = slow  # type: ignore[method-assign]
    bulk = asyncio.ensure_future(bench.drain())
    await asyncio.sleep(0.05)
    assert len(bench.pump._tasks) > 5
    heard = len(bench.seen.first_bytes)
    await urgent.drain(lambda: False)
    await asyncio.sleep(0.02)
    assert len(bench.seen.first_bytes) == heard + 1
    answering.set()
    await bulk
    assert most[0] <= 5


async def test_a_third_drain_leaves_the_work_to_the_two() -> None:
    bench = Bench(100)
    assert sorted(await asyncio.gather(*(bench.pump.drain(lambda: False) for _ in range(5))))[:3] == [0, 0, 0]
    await bench.pump.landed()
    assert len(bench.vendor.seen) == 100


async def test_a_call_of_which_nothing_left_is_tried_again_within_its_lease() -> None:
    bench, tries = Bench(1), [0]

    def refusing_twice(batch: Sequence[Outgoing]) -> list[Answer]:
        tries[0] += 1
        return [Answer(m.reference, Outcome.NOTHING_LEFT if tries[0] < 3 else Outcome.ACCEPTED) for m in batch]

    bench.vendor.answers = refusing_twice
    await bench.drain()
    assert tries[0] == 3
    assert [a.outcome for a in bench.answers.said] == [Outcome.ACCEPTED]


async def test_a_call_that_never_leaves_is_given_up_in_time() -> None:
    bench = Bench(1)
    bench.vendor.answers = lambda batch: [Answer(m.reference, Outcome.NOTHING_LEFT) for m in batch]
    async with asyncio.timeout(20):
        await bench.drain()
    assert [a.outcome for a in bench.answers.said] == [Outcome.NOTHING_LEFT]
    assert len(bench.vendor.calls) <= 1 + TRIES_IN_LEASE


async def test_a_call_whose_lease_is_over_is_not_made_and_not_tried_again() -> None:
    bench = Bench(1)
    bench.queue.lease_s = 10.0  # as long as the vendor's time-out: nothing may start
    async with asyncio.timeout(5):
        await bench.drain()
    assert bench.vendor.calls == []
    assert [a.outcome for a in bench.answers.said] == [Outcome.NOTHING_LEFT]


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.DEFERRED, Outcome.REFUSED])
async def test_nothing_else_is_tried_again_by_the_pump(outcome: Outcome) -> None:
    bench = Bench(1)
    bench.vendor.answers = lambda batch: [Answer(m.reference, outcome) for m in batch]
    await bench.drain()
    assert len(bench.vendor.calls) == 1


async def test_the_first_byte_is_told_with_the_time_since_the_claim() -> None:
    bench = Bench(3)
    began = boot_seconds()
    await bench.drain()
    assert len(bench.seen.first_bytes) == 1
    assert 0 <= bench.seen.first_bytes[0] <= boot_seconds() - began


async def test_a_shut_window_or_a_channel_without_a_route_claims_nothing() -> None:
    bench = Bench(5)
    shut = Outlets({VENDOR: Outlet(bench.vendor, LINE, 0.0, 5)}, {("sms", None): (VENDOR,)}, lambda: False)
    assert shut.route("sms", "normal").choose() is None
    assert bench.outlets.route("wechat", "normal").choose() is None


async def test_a_message_that_finds_the_bucket_empty_for_a_moment_leaves_a_few_milliseconds_later() -> None:
    async def took_s() -> float:
        bench = Bench(1)
        bench.tokens.most = 0
        asyncio.get_running_loop().call_later(0.005, setattr, bench.tokens, "most", 10)
        began = time.monotonic()
        await bench.drain()
        assert len(bench.vendor.seen) == 1
        return time.monotonic() - began

    took = [await took_s()]
    while min(took) >= 0.04 and len(took) < 50:  # a busy machine gives somebody else a turn in between
        took.append(await took_s())
    assert min(took) < 0.04
