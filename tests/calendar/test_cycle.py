"""What must hold of every cycle, whatever the dates."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import calendar
from scheduler.calendar import add_months, band, band_range, cycle, cycle_from_deadline, cycle_start, full_months, latest_start

DAY = timedelta(days=1)
days = st.dates(date(1950, 1, 1), date(2150, 12, 31))
short = st.integers(min_value=-400, max_value=400)


def month(day: date) -> int:
    return day.year * 12 + day.month


def last_of_month(day: date) -> date:
    following = (day.replace(day=1) + 32 * DAY).replace(day=1)
    return following - DAY


@given(days, short)
def test_a_month_later_is_the_same_day_or_the_months_last(day: date, months: int) -> None:
    later = add_months(day, months)
    assert month(later) - month(day) == months
    assert later.day == day.day or (later.day < day.day and later == last_of_month(later))


@given(days, st.integers(0, 200), st.integers(0, 200))
def test_months_added_to_the_start_itself_never_fall_before_months_added_in_steps(day: date, first: int, more: int) -> None:
    assert add_months(add_months(day, first), more) <= add_months(day, first + more)


def test_adding_to_an_earlier_result_would_lose_days() -> None:
    assert add_months(add_months(date(2025, 1, 31), 1), 1) == date(2025, 3, 28)
    assert add_months(date(2025, 1, 31), 2) == date(2025, 3, 31)


@given(days, short)
def test_full_months_undoes_add_months(start: date, months: int) -> None:
    assert full_months(start, add_months(start, months)) == months


@given(days, short)
def test_a_month_is_not_full_the_day_before(start: date, months: int) -> None:
    assert full_months(start, add_months(start, months) - DAY) == months - 1


@given(days, days)
def test_full_months_is_the_largest_number_that_fits(start: date, as_of: date) -> None:
    months = full_months(start, as_of)
    assert add_months(start, months) <= as_of < add_months(start, months + 1)


@given(days, st.integers(0, 3000))
def test_a_later_start_never_has_an_earlier_date(start: date, later: int) -> None:
    one, other = cycle(start), cycle(start + later * DAY)
    assert one.reminder_due <= other.reminder_due
    assert one.deadline <= other.deadline


@given(days)
def test_the_dates_of_a_cycle_stand_in_their_order(start: date) -> None:
    got = cycle(start)
    assert got.start < got.reminder_due < calendar.outreach_latest(got.deadline) < got.shown_date < got.deadline < got.lapse_notice_due
    assert (got.shown_date + DAY, got.lapse_notice_due - DAY) == (got.deadline, got.deadline)


@given(days)
def test_the_deadline_is_never_later_than_the_true_anniversary(start: date) -> None:
    leap_day = (start.month, start.day) == (2, 29)
    anniversary = date(start.year + 1, 3, 1) if leap_day else start.replace(year=start.year + 1)
    assert cycle(start).deadline == (anniversary - DAY if leap_day else anniversary)


@given(days)
def test_nobody_stands_in_a_band_at_the_reminder_and_everybody_a_month_later(start: date) -> None:
    assert band(start, cycle(start).reminder_due) is None
    assert band(start, add_months(start, 10)) == "10-12m"
    assert band(start, add_months(start, 10) - DAY) is None


@pytest.mark.parametrize(
    ("months", "before", "after"),
    [(12, "10-12m", "1-2y"), (24, "1-2y", "2-3y"), (36, "2-3y", "3-4y"), (48, "3-4y", "4-5y"), (60, "4-5y", "5y+")],
)
@given(start=days)
def test_a_band_changes_on_the_day_its_months_are_full(months: int, before: str, after: str, start: date) -> None:
    assert band(start, add_months(start, months) - DAY) == before
    assert band(start, add_months(start, months)) == after


def test_somebody_confirmed_long_ago_or_tomorrow_is_no_error() -> None:
    assert band(date(1950, 1, 1), date(2150, 1, 1)) == "5y+"
    assert band(date(2026, 11, 24), date(2026, 11, 23)) is None


def bands_by_range(start: date, as_of: date) -> list[str]:
    ranges = {name: band_range(name, as_of) for name in calendar.BANDS}
    return [name for name, (first, last) in ranges.items() if (first is None or first <= start) and start <= last]


@given(days, st.sampled_from([9, 10, 12, 24, 36, 48, 60, 61]), st.integers(-2, 2))
def test_a_range_of_starts_says_the_same_as_the_band(as_of: date, months: int, beside: int) -> None:
    start = add_months(as_of, -months) + beside * DAY
    mine = band(start, as_of)
    assert bands_by_range(start, as_of) == ([] if mine is None else [mine])


def test_an_unknown_band_is_refused() -> None:
    with pytest.raises(KeyError):
        band_range("9-10m", date(2026, 1, 1))


@given(days, st.integers(0, 130))
def test_the_latest_start_is_the_last_one_whose_months_are_full(as_of: date, months: int) -> None:
    start = latest_start(as_of, months)
    assert full_months(start, as_of) >= months > full_months(start + DAY, as_of)


@given(days)
def test_a_deadline_alone_gives_back_a_cycle_that_ends_on_it(start: date) -> None:
    whole = cycle(start)
    derived = cycle_from_deadline(whole.deadline)
    assert derived.deadline == whole.deadline
    assert derived == cycle(derived.start)
    assert derived.start in {start, start + DAY}


def test_28_february_ends_two_cycles_and_the_later_one_is_taken() -> None:
    assert cycle_from_deadline(date(2025, 2, 28)) == cycle(date(2024, 2, 29))


def test_29_february_ends_no_cycle_yet_stays_the_deadline_it_was_given_as() -> None:
    got = cycle_from_deadline(date(2028, 2, 29))
    assert (got.start, got.reminder_due, got.deadline) == (date(2027, 2, 28), date(2027, 11, 28), date(2028, 2, 29))
    assert (got.shown_date, got.lapse_notice_due) == (date(2028, 2, 28), date(2028, 3, 1))


@given(days)
def test_the_months_of_the_config_count_from_one(start: date) -> None:
    got = cycle(start, 9, 12)
    assert (got.reminder_due, got.deadline) == (add_months(start, 8), add_months(start, 11))
    assert cycle_from_deadline(got.deadline, 9, 12).deadline == got.deadline


@given(st.none() | days, st.none() | days)
def test_a_cycle_never_starts_before_the_certification_or_the_benefit(certified_on: date | None, started_on: date | None) -> None:
    start = cycle_start(certified_on, started_on)
    assert (start is None) == (certified_on is None and started_on is None)
    if start and certified_on:
        assert start >= certified_on
    if start and started_on:
        assert start > started_on
        assert start.day == 1 or start == certified_on


@given(days)
def test_every_date_that_intake_lets_in_has_all_its_dates(day: date) -> None:
    for bound in (day, calendar.EARLIEST, calendar.LATEST):
        start = cycle_start(None, bound)
        assert start is not None
        assert cycle(start).lapse_notice_due > cycle_from_deadline(bound).start
        assert calendar.last_day_to_object(bound) < calendar.long_terminated_follow_up(bound)


def test_outreach_begins_sixty_days_before_the_deadline() -> None:
    assert calendar.outreach_latest(date(2026, 3, 15)) == date(2026, 1, 14)
