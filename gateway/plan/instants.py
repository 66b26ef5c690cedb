"""Days of Asia/Shanghai as instants."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_SHANGHAI_AHEAD = timedelta(hours=8)
"""No daylight saving since 1991, and nothing here is due before."""


@lru_cache(maxsize=8192)
def midnight(day: date) -> datetime:
    """When `day` begins in Asia/Shanghai. In UTC, as the store's clock is: comparing instants of one zone costs a third."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - _SHANGHAI_AHEAD


def day_of(at: datetime) -> date:
    """Which day it is then in Asia/Shanghai."""
    return (at.astimezone(UTC) + _SHANGHAI_AHEAD).date()
