"""The hours in which people may be written to."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.calendar import is_open, next_open

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
DAY = ("08:00", "20:00")
NIGHT = ("20:00", "02:00")

moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside
minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")
windows = st.tuples(minutes, minutes | st.just("24:00")).filter(lambda window: window[0] != window[1])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("window", "due", "leaves"),
    [
        (DAY, "2026-11-24 08:00", "2026-11-24 08:00"),
        (DAY, "2026-11-24 19:59:59.999999", "2026-11-24 19:59:59.999999"),
        (DAY, "2026-11-24 20:00", "2026-11-25 08:00"),
        (DAY, "2026-11-24 07:59:59.999999", "2026-11-24 08:00"),
        (DAY, "2026-12-31 23:59", "2027-01-01 08:00"),
        (DAY, "2028-02-28 21:00", "2028-02-29 08:00"),
        (NIGHT, "2026-11-24 01:59", "2026-11-24 01:59"),
        (NIGHT, "2026-11-24 02:00", "2026-11-24 20:00"),
        (NIGHT, "2026-11-24 23:30", "2026-11-24 23:30"),
        (("08:00", "24:00"), "2026-11-24 23:59", "2026-11-24 23:59"),
        (("08:00", "24:00"), "2026-11-25 00:00", "2026-11-25 08:00"),
        (("08:00", "00:00"), "2026-11-25 00:00", "2026-11-25 08:00"),
        (("00:00", "24:00"), "2026-11-25 00:00", "2026-11-25 00:00"),
        (("00:00", "24:00"), "2026-11-25 23:59", "2026-11-25 23:59"),
        (("00:00", "06:30"), "2026-11-24 06:30", "2026-11-25 00:00"),
    ],
)
def test_a_message_leaves_when_the_window_is_open(window: tuple[str, str], due: str, leaves: str) -> None:
    assert next_open(at(due), window, SHANGHAI) == at(leaves)
    assert is_open(at(due), window, SHANGHAI) == (due == leaves)


def test_the_window_is_one_of_the_zones_own_clock() -> None:
    assert next_open(datetime(2026, 11, 24, 0, 0, tzinfo=UTC), DAY, SHANGHAI) == at("2026-11-24 08:00")
    assert next_open(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), DAY, SHANGHAI) == at("2026-11-25 08:00")


@given(moments, windows)
def test_it_waits_less_than_a_day_and_finds_the_window_open(due: datetime, window: tuple[str, str]) -> None:
    leaves = next_open(due, window, SHANGHAI)
    assert due <= leaves < due + timedelta(days=1)
    assert is_open(leaves, window, SHANGHAI)


@given(moments, windows)
def test_it_waits_only_for_the_opening_itself(due: datetime, window: tuple[str, str]) -> None:
    leaves = next_open(due, window, SHANGHAI)
    assert leaves == due or leaves.astimezone(SHANGHAI).time() == time.fromisoformat(window[0])
    assert (leaves == due) == is_open(due, window, SHANGHAI)


@given(moments)
def test_a_change_to_summer_time_moves_nobody_out_of_the_window(due: datetime) -> None:
    leaves = next_open(due, DAY, BERLIN)
    assert due <= leaves
    assert is_open(leaves, DAY, BERLIN)


@pytest.mark.parametrize(
    "window",
    [("08:00", "08:00"), ("24:00", "08:00"), ("8:00", "20:00"), ("08:00", "24:01"), ("08:60", "20:00"), ("０８:00", "20:00"), ("", "")],
)
def test_a_window_that_cannot_be_is_refused(window: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=r"^(window .* is never open|.* is no time of day)"):
        next_open(at("2026-11-24 08:00"), window, SHANGHAI)
