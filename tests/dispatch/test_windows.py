"""Vendors' windows: how often a number may be written to by one provider."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec import structs

from gateway.config import ConfigError, load
from gateway.dispatch.windows import LENGTHS, MARGIN, Window, Windows
from gateway.words import Outcome
from providers.base.types import Answer
from tests.pipeline.events import known, number, requested, sms
from tests.pipeline.plant import LINE, VENDOR, Plant

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 2, 12, 3, 30, tzinfo=SHANGHAI)
A_MINUTE = Windows((Window(1, "minute"),), SHANGHAI)


def ago(**delta: float) -> datetime:
    return NOON - timedelta(**delta)


def free(window: Window, *sent: datetime) -> datetime | None:
    return Windows((window,), SHANGHAI).free_at(sent, NOON)


def test_a_window_of_the_clock_opens_when_the_next_one_begins() -> None:
    assert free(Window(1, "minute"), ago(seconds=10)) == datetime(2026, 3, 2, 12, 4, tzinfo=SHANGHAI) + MARGIN
    assert free(Window(1, "minute"), ago(seconds=40)) is None
    assert free(Window(1, "hour"), ago(minutes=3)) == datetime(2026, 3, 2, 13, 0, tzinfo=SHANGHAI) + MARGIN
    assert free(Window(1, "hour"), ago(minutes=4)) is None
    assert free(Window(1, "day"), ago(hours=12)) == datetime(2026, 3, 3, 0, 0, tzinfo=SHANGHAI) + MARGIN
    assert free(Window(1, "day"), ago(hours=13)) is None


def test_a_rolling_window_opens_when_enough_have_left_it() -> None:
    sent = ago(hours=23), ago(hours=2), ago(hours=1)
    assert free(Window(3, "day", rolling=True), *sent) == ago(hours=23) + timedelta(days=1) + MARGIN
    assert free(Window(2, "day", rolling=True), *sent) == ago(hours=2) + timedelta(days=1) + MARGIN
    assert free(Window(3, "day", rolling=True), ago(hours=25), *sent[1:]) is None


def test_what_was_claimed_just_before_a_window_counts_in_it() -> None:
    """It arrives at the vendor a moment later, and in the vendor's next minute."""
    assert free(Window(1, "minute"), datetime(2026, 3, 2, 12, 2, 59, tzinfo=SHANGHAI)) is not None


def test_of_several_windows_the_one_that_opens_last_decides() -> None:
    windows = Windows((Window(1, "minute"), Window(2, "hour")), SHANGHAI)
    assert windows.free_at([ago(seconds=5)], NOON) == datetime(2026, 3, 2, 12, 4, tzinfo=SHANGHAI) + MARGIN
    assert windows.free_at([ago(seconds=5), ago(minutes=2)], NOON) == datetime(2026, 3, 2, 13, 0, tzinfo=SHANGHAI) + MARGIN
    assert windows.since(NOON) == datetime(2026, 3, 2, 12, 0, tzinfo=SHANGHAI) - MARGIN
    assert windows.most == 2


def test_windows_come_from_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(CONFIGURED, encoding="utf-8")
    section = load(file, environ={}).providers["acme"]
    assert [(one.count, one.window, one.rolling) for one in section.per_number] == [(1, "minute", False), (10, "day", True)]
    file.write_text(CONFIGURED.replace("minute", "week"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"providers\.acme\.per_number\[0\]\.window"):
        load(file, environ={})


CONFIGURED = """
[providers.acme]
driver = "sandbox"
per_number = [{ count = 1, window = "minute" }, { count = 10, window = "day", rolling = true }]
"""
ONE_WINDOW = some.builds(Window, some.integers(1, 6), some.sampled_from(list(LENGTHS)), some.booleans())


@given(some.lists(ONE_WINDOW, min_size=1, max_size=3), some.lists(some.integers(0, 600), min_size=1, max_size=80))
def test_whoever_waits_until_it_is_free_never_breaks_a_window(windows: list[Window], pauses_s: list[int]) -> None:
    """Counted as the vendor does, from what arrived."""
    rule, now, sent = Windows(tuple(windows), SHANGHAI), NOON, list[datetime]()
    for pause_s in pauses_s:
        now += timedelta(seconds=pause_s)
        while (free_at := rule.free_at(sent, now)) is not None:
            assert free_at > now
            now = free_at
        sent.append(now)
    for window in windows:
        length = LENGTHS[window.length]
        for at in sent:
            inside = [other for other in sent if (at <= other < at + length if window.rolling else _same(window, at, other))]
            assert len(inside) <= window.count


def _same(window: Window, one: datetime, other: datetime) -> bool:
    form = {"minute": "%F %H:%M", "hour": "%F %H", "day": "%F"}[window.length]
    return one.astimezone(SHANGHAI).strftime(form) == other.astimezone(SHANGHAI).strftime(form)


def line(*windows: Window, **more: Any) -> Any:
    return structs.replace(LINE, windows=Windows(windows, SHANGHAI), **more)


async def share(plant: Plant, persons: int) -> None:
    """So many persons with one number, one message each."""
    await plant.post(*(one for n in range(persons) for one in (known(f"p{n}", sms(number(1))), requested(f"p{n}"))))


ROLLING = Window(2, "hour", rolling=True)


async def test_what_is_over_a_window_waits_until_it_opens(plant: Plant) -> None:
    await share(plant, 4)
    await plant.send(*(await plant.claim(line=line(ROLLING))).calls)
    assert len(plant.vendor.seen) == 2
    waits_s = {round(row[0]) for row in await plant.rows("select extract(epoch from due_at - now())::float8 from queue")}
    assert all(3590 <= one <= 3603 for one in waits_s)
    await plant.make_due()
    assert (await plant.claim(line=line(ROLLING))).calls == []
    await plant.pool.execute("update message set sent_at = sent_at - interval '61 minutes' where sent_at is not null")
    await plant.make_due()
    await plant.send(*(await plant.claim(line=line(ROLLING))).calls)
    assert len(plant.vendor.seen) == 4


async def test_two_claims_at_once_keep_a_window(plant: Plant, other: Plant) -> None:
    await share(plant, 20)
    for _ in range(4):
        await asyncio.gather(*((plant, other)[n % 2].claim(count=3, line=line(ROLLING)) for n in range(8)))
        await plant.make_due()
    assert await plant.count("message", "sent_at is not null") == 2


async def test_what_is_over_one_providers_window_takes_another(plant: Plant) -> None:
    await share(plant, 3)
    one = line(Window(1, "day"), route=(VENDOR, "two"))
    assert len((await plant.claim(line=one)).calls) == 1
    assert (await plant.claim(line=one)).taken == 0
    assert sum(len(call.batch) for call in (await plant.claim(line=structs.replace(LINE, provider="two", route=one.route))).calls) == 2


async def test_where_every_provider_has_had_enough_it_waits_and_anyone_may_take_it(plant: Plant) -> None:
    await share(plant, 3)
    one = line(Window(1, "day"), route=(VENDOR, "two"))
    two = structs.replace(one, provider="two")
    for each in (one, two):
        assert len((await plant.claim(line=each)).calls) == 1
    assert [tuple(row) for row in await plant.rows("select avoid, due_at > now() from queue")] == [(None, True)]


async def test_what_the_provider_did_not_take_does_not_count(plant: Plant) -> None:
    await share(plant, 2)
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.DEFERRED)
    await plant.send(*(await plant.claim(count=1, line=line(Window(1, "day")))).calls)
    assert len((await plant.claim(count=1, line=line(Window(1, "day")))).calls) == 1


async def test_another_number_has_windows_of_its_own(plant: Plant) -> None:
    await plant.post(*(one for n in range(5) for one in (known(f"p{n}", sms(number(n))), requested(f"p{n}"))))
    assert sum(len(call.batch) for call in (await plant.claim(line=line(Window(1, "day")))).calls) == 5


@pytest.mark.parametrize("per_day", [0, 5])
async def test_windows_hold_with_and_without_a_limit_of_ours(plant: Plant, per_day: int) -> None:
    plant.claimer._limits = structs.replace(plant.claimer._limits, per_day=per_day)
    await share(plant, 4)
    assert len((await plant.claim(line=line(ROLLING, batch_size=1))).calls) == 2
