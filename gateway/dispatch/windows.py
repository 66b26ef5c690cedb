"""How often a vendor takes messages to one number: when the next one may go. Pure.

Vendors count by the clock on the wall (from 14:03:00 to 14:03:59), or from each message on; each provider's section says which.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

Length = Literal["minute", "hour", "day"]
LENGTHS: Final[Mapping[Length, timedelta]] = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}

MARGIN = timedelta(seconds=2)
"""Between our claim and the vendor's clock: what was claimed so shortly before a window counts in it."""


class Window(Struct, frozen=True):
    """At most `count` messages to one number in a window. `rolling`: counted back from now instead of from the clock's last full minute, hour or day."""

    count: int
    length: Length
    rolling: bool = False

    def free_at(self, sent: Sequence[datetime], now: datetime, zone: ZoneInfo) -> datetime | None:
        """When this window has room again, `sent` in any order; None: it has room now."""
        inside = sorted(at for at in sent if at > self.since(now, zone))
        if len(inside) < self.count:
            return None
        length = LENGTHS[self.length]
        if self.rolling:
            return inside[-self.count] + length + MARGIN
        return began(self.length, began(self.length, now, zone) + length * 1.1, zone) + MARGIN

    def since(self, now: datetime, zone: ZoneInfo) -> datetime:
        """What was sent up to then does not count any more."""
        return (now - LENGTHS[self.length] if self.rolling else began(self.length, now, zone)) - MARGIN


class Windows(Struct, frozen=True):
    """The windows of one provider, in the time zone by which it counts."""

    windows: tuple[Window, ...]
    zone: ZoneInfo

    @property
    def most(self) -> int:
        """No window looks at more messages than this."""
        return max(window.count for window in self.windows)

    def since(self, now: datetime) -> datetime:
        """No window looks further back."""
        return min(window.since(now, self.zone) for window in self.windows)

    def free_at(self, sent: Sequence[datetime], now: datetime) -> datetime | None:
        """When every window has room for one more; None: now."""
        return max((at for w in self.windows if (at := w.free_at(sent, now, self.zone)) is not None), default=None)


class Booked:
    """What one claim knows of how often its provider was given messages to its numbers lately. They are locked."""

    def __init__(self, windows: Windows, sent: Mapping[bytes, Sequence[datetime]], now: datetime) -> None:
        self._windows, self._now = windows, now
        self._sent = {key: list(times) for key, times in sent.items()}

    def free_at(self, key: bytes) -> datetime | None:
        """When this number may be written to again; None: now, or it is not ours to say."""
        sent = self._sent.get(key)
        return self._windows.free_at(sent, self._now) if sent else None

    def book(self, key: bytes) -> None:
        """A message to this number leaves now."""
        self._sent.setdefault(key, []).append(self._now)


def began(length: Length, now: datetime, zone: ZoneInfo) -> datetime:
    """When the clock's minute, hour or day began."""
    local = now.astimezone(zone).replace(second=0, microsecond=0)
    if length != "minute":
        local = local.replace(minute=0)
    return local.replace(hour=0) if length == "day" else local
