"""What some providers can do beyond sending and reading callbacks. Dispatch asks by `isinstance`; none is needed of a driver."""

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

import msgspec

from providers.base.types import Outgoing


class Asked(msgspec.Struct, frozen=True):
    """A message whose receipt did not come, or whose call nobody answered."""

    reference: str
    call: str
    address: str
    sent_at: datetime
    vendor_id: str | None = None


@runtime_checkable
class Pulls(Protocol):
    """The vendor keeps reports until they are fetched."""

    pull_every_s: float
    """Seconds from one pull to the next; 0: switched off."""

    async def pull(self) -> int:
        """Fetches what waits and hands each body to `receive`; returns how many reports and replies that were. One process calls it."""


@runtime_checkable
class Asks(Protocol):
    """The vendor says, asked by our reference, what became of a message."""

    async def ask(self, asked: Sequence[Asked]) -> None:
        """Asks, and hands what the vendor knows to `receive`. A message it does not know, or whose end it does not know, is left alone."""


@runtime_checkable
class HoldsLink(Protocol):
    """A link that one process at a time may hold: only its owner calls `open`, sends, and closes."""

    def up(self) -> bool:
        """Whether a message can be written now."""


@runtime_checkable
class Groups(Protocol):
    """Only messages that are alike may share a call."""

    def alike(self, message: Outgoing) -> Hashable:
        """Messages with equal keys may share a call."""


@runtime_checkable
class Windowed(Protocol):
    """Calls share connections: how many may be on their way at once is not the number of connections."""

    @property
    def in_flight(self) -> int:
        """Calls of one process that may wait for their answers at once."""
