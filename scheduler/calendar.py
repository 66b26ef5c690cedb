"""Pure date arithmetic of the certification cycle [7, 8, 14, 23, 24, 26, 32, 34, 35, 37]; no clock, no I/O, nothing of ours imported.

Dates are calendar dates in Asia/Shanghai. Months are calendar months, clamp to the month's last day, and are always added to the start
itself, never to an earlier result. `[n]` names the article of the procedure (川社险办〔2022〕25号). Whatever would leave the years 1 to 9999
raises ValueError or OverflowError; intake refuses dates outside `EARLIEST` to `LATEST`, so that nothing behind it can.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise

EARLIEST = date(1900, 1, 1)
"""Dates before this one are typing errors."""
LATEST = date(2199, 12, 31)
"""Dates after this one are typing errors; every date derived from it still exists."""

REMINDER_MONTH = 10
"""The reminder goes on the first day of this month of the cycle [37]."""
LAPSE_MONTH = 13
"""A cycle has lapsed on the first day of this month [35]."""
MONTHS_TO_OBJECT = 3
"""How long after a suspension somebody may object [26]."""
MONTHS_TO_FOLLOW_UP = 12
"""How long after a termination with nobody applying it is followed up [32]."""
OUTREACH_DAYS = 60
"""At the latest this many days before the deadline everybody not informed is handed to people (product)."""

_DAY = timedelta(days=1)
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MINUTES_A_DAY = 24 * 60
# The bands of annex 7 in full months. People in their 10th month (9 full months) stand in none: the procedure's own gap.
_BANDS = ((10, "10-12m"), (12, "1-2y"), (24, "2-3y"), (36, "3-4y"), (48, "4-5y"), (60, "5y+"))
_MONTHS_OF_BAND = {name: months for months, name in _BANDS}
BANDS = tuple(_MONTHS_OF_BAND)
"""The six bands of the uncertified list, youngest first [38-40, annex 7]."""
_BAND_OF_MONTH: tuple[str | None, ...] = (
    *(None,) * _BANDS[0][0],
    *(name for (low, name), (high, _) in pairwise(_BANDS) for _ in range(low, high)),
)


def add_months(day: date, months: int) -> date:
    """The same day `months` calendar months later (earlier, if negative); a day that the month lacks becomes its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    number = day.day
    if number > 28 and number > _MONTH_DAYS[month]:
        number = monthrange(year, month + 1)[1]
    return date(year, month + 1, number)


def full_months(start: date, as_of: date) -> int:
    """How many full months lie between: the largest n with `add_months(start, n) <= as_of`; negative before the start."""
    months = (as_of.year - start.year) * 12 + as_of.month - start.month
    # Days alone decide, except that a start on a day this month lacks is complete on the month's last day.
    if as_of.day >= start.day or (as_of.day >= 28 and add_months(start, months) <= as_of):
        return months
    return months - 1


def band(start: date, as_of: date) -> str | None:
    """The band of the uncertified list that somebody unconfirmed since `start` stands in; None below ten full months [38-40, annex 7]."""
    months = full_months(start, as_of)
    if months < 0:
        return None
    return _BAND_OF_MONTH[months] if months < len(_BAND_OF_MONTH) else BANDS[-1]


def band_range(name: str, as_of: date) -> tuple[date | None, date]:
    """The starts that stand in a band on `as_of`, as (first or None, last), both included, so that a list can ask an index.

    Raises KeyError for a band that does not exist.
    """
    low = _MONTHS_OF_BAND[name]
    older = min((months for months, _ in _BANDS if months > low), default=None)
    return None if older is None else latest_start(as_of, older) + _DAY, latest_start(as_of, low)


def latest_start(as_of: date, months: int) -> date:
    """The latest start since which `months` full months have passed on `as_of`: what is due today started then or before."""
    start = add_months(as_of, -months)
    # 30 April + 10 months is 28 February as well as 28 April + 10 months is: on a month's last day all its longer days are complete.
    return _month_end(start) if as_of == _month_end(as_of) else start


def cycle_start(certified_on: date | None, benefit_started_on: date | None) -> date | None:
    """The day a cycle counts from; None where neither date is known.

    The date of the latest certification [8, 34]; for a person never certified the 1st of the month after benefits began [7], and a
    certification before that 1st counts from it (product). That a certification lies in the future is for intake to refuse.
    """
    if benefit_started_on is None:
        return certified_on
    first = add_months(benefit_started_on.replace(day=1), 1)
    return first if certified_on is None or certified_on < first else certified_on


@dataclass(frozen=True, slots=True)
class Cycle:
    """One certification cycle, known by its deadline. All are dates in Asia/Shanghai."""

    start: date
    """The latest certification, or the first cycle's 1st of the month [7, 34]."""
    reminder_due: date
    """The first day of the 10th month; from here the person is to be verified (待核实) [14, 23, 37]."""
    deadline: date
    """The first day of the 13th month: not certified by now, the cycle has lapsed [24, 34, 35]."""
    shown_date: date
    """The day before the deadline: texts say 请于…前(含), so that nobody comes too late under any reading (product)."""
    lapse_notice_due: date
    """The day after the deadline, so that nobody is told "too late" on a day that may still count [24, 37]."""


def cycle(start: date, reminder_month: int = REMINDER_MONTH, lapse_month: int = LAPSE_MONTH) -> Cycle:
    """The cycle that begins on `start`; months are counted from 1, as the procedure does (config `cycle.reminder_month`, `lapse_month`)."""
    return _cycle(start, reminder_month, lapse_month)


def cycle_from_deadline(deadline: date, reminder_month: int = REMINDER_MONTH, lapse_month: int = LAPSE_MONTH) -> Cycle:
    """The cycle of an event that gives its deadline alone. The start is derived: the latest one that ends on that deadline.

    28 February ends two cycles (28 and 29 February), 29 February none: then the start is the 28th, and the deadline stays as given, for
    it is what the cycle is known by.
    """
    return _cycle_from_deadline(deadline, reminder_month, lapse_month)


# The caches stand behind the public names so that type checkers still see their arguments. A year has 366 starts: few are ever missed.
@lru_cache(maxsize=8192)
def _cycle(start: date, reminder_month: int, lapse_month: int) -> Cycle:
    return _around(start, add_months(start, reminder_month - 1), add_months(start, lapse_month - 1))


@lru_cache(maxsize=4096)
def _cycle_from_deadline(deadline: date, reminder_month: int, lapse_month: int) -> Cycle:
    start = latest_start(deadline, lapse_month - 1)
    return _around(start, add_months(start, reminder_month - 1), deadline)


def _around(start: date, reminder_due: date, deadline: date) -> Cycle:
    return Cycle(start, reminder_due, deadline, deadline - _DAY, deadline + _DAY)


def last_day_to_object(suspended_on: date) -> date:
    """Until when somebody may object to a suspension: three months after it [26]."""
    return add_months(suspended_on, MONTHS_TO_OBJECT)


def long_terminated_follow_up(terminated_on: date) -> date:
    """When a termination that nobody applied to undo or to close is looked into: one year after it [32]."""
    return add_months(terminated_on, MONTHS_TO_FOLLOW_UP)


def outreach_latest(deadline: date) -> date:
    """The day on which everybody not yet informed enters the outreach list: 60 days before the deadline (product; [14, 15, 21])."""
    return deadline - timedelta(days=OUTREACH_DAYS)


def is_open(at: datetime, window: tuple[str, str], tz: tzinfo) -> bool:
    """True where `at` (aware) lies in the daily sending window `(opens, closes)` of `tz`; arguments and errors as in `next_open`."""
    opens, closes = _window(window)
    if closes - opens == _MINUTES_A_DAY:
        return True
    local = at.astimezone(tz)
    return _inside(local.hour * 60 + local.minute, opens, closes)


def next_open(at: datetime, window: tuple[str, str], tz: tzinfo) -> datetime:
    """When a message that is due `at` (aware) may leave: `at` itself inside the daily window, else the next opening, in `tz`.

    `window` is `(opens, closes)` as "HH:MM": opening included, closing excluded, "24:00" for the day's end, across midnight where it
    closes earlier than it opens. Raises ValueError for a window that cannot be read or is empty.
    """
    opens, closes = _window(window)
    if closes - opens == _MINUTES_A_DAY:
        return at
    local = at.astimezone(tz)
    minute = local.hour * 60 + local.minute
    if _inside(minute, opens, closes):
        return at
    day = local.date() if minute < opens else local.date() + _DAY
    return datetime(day.year, day.month, day.day, opens // 60, opens % 60, tzinfo=tz)


def _inside(minute: int, opens: int, closes: int) -> bool:
    return opens <= minute < closes or minute < closes - _MINUTES_A_DAY


@lru_cache(maxsize=64)
def _window(window: tuple[str, str]) -> tuple[int, int]:
    """Opening and closing in minutes of the opening's day; closing is the larger, beyond 1,440 across midnight."""
    opens, closes = (_minutes(text) for text in window)
    if opens in (closes, _MINUTES_A_DAY):
        raise ValueError(f'window {window[0]}-{window[1]} is never open; write "00:00" and "24:00" for the whole day')
    return opens, closes if closes > opens else closes + _MINUTES_A_DAY


def _minutes(text: str) -> int:
    hours, colon, minutes = text.partition(":")
    if colon and len(hours) == len(minutes) == 2 and (hours + minutes).isascii() and (hours + minutes).isdigit():
        total = int(hours) * 60 + int(minutes)
        if total <= _MINUTES_A_DAY and int(minutes) < 60:
            return total
    raise ValueError(f'"{text[:20]}" is no time of day: write HH:MM, "00:00" to "24:00"')


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
