"""Days as beliefs count them: from 1970-01-01, in Asia/Shanghai."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # whoever plans and sends reads days, and does without numpy
    import numpy as np
    from numpy.typing import NDArray

DAY_S = 86_400
SHANGHAI_S = 8 * 3_600
EPOCH = date(1970, 1, 1)
Count = TypeVar("Count", int, "NDArray[np.int64]")


def day_of(at_s: Count) -> Count:
    """The day of a second since 1970-01-01 UTC, or of each."""
    return (at_s + SHANGHAI_S) // DAY_S


def last_second_of(day: Count) -> Count:
    """The last second of a day, or of each: what was said of a whole day was known by then."""
    return (day + 1) * DAY_S - SHANGHAI_S - 1


def written(day: int) -> str:
    """2026-01-05."""
    return (EPOCH + timedelta(days=day)).isoformat()
