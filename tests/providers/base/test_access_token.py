"""Access tokens: one fetch at a time, kept until shortly before their end, forced only when nothing else helps."""

import asyncio
from collections.abc import Callable

import pytest

from providers.base.access_token import FORCE_EVERY_S, AccessToken, Fetched, NoToken
from providers.base.ruling import unreadable


class Vendor:
    """Gives the same token until it is told to force, or until it ends."""

    def __init__(self, expires_in_s: float = 7200.0) -> None:
        self.expires_in_s = expires_in_s
        self.asked: list[bool] = []
        self.generation = 1
        self.fails = False

    async def fetch(self, force: bool) -> Fetched:
        self.asked.append(force)
        await asyncio.sleep(0.01)
        if self.fails:
            raise NoToken(unreadable("away"))
        self.generation += force
        return Fetched(f"T{self.generation}", self.expires_in_s)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Virtual time for tokens."""
    now = 1000.0
    monkeypatch.setattr(AccessToken, "_now", staticmethod(lambda: now))

    def pass_s(seconds: float) -> None:
        nonlocal now
        now += seconds

    return pass_s


async def test_many_who_need_a_token_at_once_make_one_fetch() -> None:
    vendor = Vendor()
    tokens = AccessToken(vendor.fetch, forces=True)
    assert set(await asyncio.gather(*(tokens.current() for _ in range(100)))) == {"T1"}
    assert vendor.asked == [False]


async def test_a_token_is_kept_until_shortly_before_its_end(clock: Callable[[float], None]) -> None:
    vendor = Vendor()
    tokens = AccessToken(vendor.fetch, forces=True)
    await tokens.current()
    clock(7200 - 241)
    await tokens.current()
    assert len(vendor.asked) == 1
    clock(2)
    await tokens.current()
    assert vendor.asked == [False, False]


async def test_a_token_given_in_its_last_minutes_is_kept_for_half_of_them(clock: Callable[[float], None]) -> None:
    vendor = Vendor(expires_in_s=300)
    tokens = AccessToken(vendor.fetch, forces=True)
    await tokens.current()
    clock(149)
    await tokens.current()
    assert len(vendor.asked) == 1
    clock(2)
    await tokens.current()
    assert len(vendor.asked) == 2


async def test_a_rejected_token_is_fetched_anew_without_force_where_the_vendor_gives_another(clock: Callable[[float], None]) -> None:
    vendor = Vendor()
    tokens = AccessToken(vendor.fetch, forces=True)
    tokens.reject(await tokens.current())
    vendor.generation = 2  # another process had it renewed
    assert await tokens.current() == "T2"
    assert vendor.asked == [False, False]


async def test_force_is_used_only_where_the_rejected_token_comes_back_and_at_most_every_thirty_seconds(
    clock: Callable[[float], None],
) -> None:
    vendor = Vendor()
    tokens = AccessToken(vendor.fetch, forces=True)
    tokens.reject(await tokens.current())
    assert await tokens.current() == "T2"
    assert vendor.asked == [False, False, True]
    tokens.reject("T2")
    assert await tokens.current() == "T2"
    assert vendor.asked[3:] == [False]
    clock(FORCE_EVERY_S)
    tokens.reject("T2")
    assert await tokens.current() == "T3"
    assert vendor.asked[4:] == [False, True]


async def test_force_is_used_at_most_twenty_times_a_day(clock: Callable[[float], None]) -> None:
    vendor = Vendor()
    tokens = AccessToken(vendor.fetch, forces=True)
    for _ in range(50):
        tokens.reject(await tokens.current())
        clock(FORCE_EVERY_S)
    assert sum(vendor.asked) == 20
    clock(86_400)
    tokens.reject(await tokens.current())
    await tokens.current()
    assert sum(vendor.asked) == 21


async def test_a_vendor_that_cannot_be_forced_is_not_asked_to() -> None:
    vendor = Vendor()
    tokens = AccessToken(vendor.fetch, forces=False)
    tokens.reject(await tokens.current())
    assert await tokens.current() == "T1"
    assert vendor.asked == [False, False]


async def test_rejecting_an_old_token_leaves_the_new_one() -> None:
    vendor = Vendor()
    tokens = AccessToken(vendor.fetch, forces=True)
    await tokens.current()
    tokens.reject("T0")
    await tokens.current()
    assert vendor.asked == [False]


async def test_a_caller_that_is_cancelled_leaves_the_fetch_to_the_others() -> None:
    vendor = Vendor()
    tokens = AccessToken(vendor.fetch, forces=True)
    first, second = (asyncio.create_task(tokens.current()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "T1"
    assert (first.cancelled(), vendor.asked) == (True, [False])


async def test_a_fetch_that_failed_is_told_to_all_who_waited_and_tried_again_by_the_next() -> None:
    vendor = Vendor()
    vendor.fails = True
    tokens = AccessToken(vendor.fetch, forces=True)
    results = await asyncio.gather(tokens.current(), tokens.current(), return_exceptions=True)
    assert [type(result) for result in results] == [NoToken, NoToken]
    assert len(vendor.asked) == 1
    vendor.fails = False
    assert await tokens.current() == "T1"
