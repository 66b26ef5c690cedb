"""What every provider with persistent links shares: it translates, this and `session.py` do the I/O.

A driver says how a link of its vendor is spoken on (`dialect`), how a message is cut (`segments`) and what a PDU means (`read`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from providers.base.dialect import Dialect, LinkOptions, Segment, check_links
from providers.base.segments import Piece
from providers.base.types import Answer, Callback, Outgoing, Reading, Receive, Settings, StillMine


class Unsendable(Exception):
    """A message that cannot be written to this vendor. Carries the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class LinkedVendor(ABC):
    """A provider with links (`abilities.HoldsLink`). Its constructor does no I/O and raises `SettingsError`."""

    def __init__(self, settings: Settings, options: LinkOptions, receive: Receive) -> None:
        check_links(settings, options)
        self.settings = settings
        self._receive = receive

    async def open(self) -> None:
        """Starts connecting; `up` says when a message can be written. May be opened again after `close`."""
        raise NotImplementedError

    async def close(self) -> None:
        """Lets calls in flight end, says goodbye, closes."""
        raise NotImplementedError

    def up(self) -> bool:
        """Whether a message can be written now."""
        return False

    @abstractmethod
    def dialect(self, number: int) -> Dialect:
        """A new connection's protocol; `number` counts the connections from 0."""

    @abstractmethod
    def segments(self, message: Outgoing) -> Sequence[Segment]:
        """Cuts a message. Raises `Unsendable`."""

    @abstractmethod
    def piece(self, mark: int, frame: bytes) -> Piece | None:
        """Where a PDU holds a part of a long reply of a person: which part of which. Anything else, unreadable too: None."""

    @abstractmethod
    def read(self, callback: Callback) -> Reading:
        """Translates PDUs that came; `news.unpacked` takes the body apart. Raises `UnreadableCallback`."""

    async def send(self, batch: Sequence[Outgoing], still_mine: StillMine, on_first_byte: Callable[[], None]) -> Sequence[Answer]:
        """One submit a segment; see `Provider.send`."""
        raise NotImplementedError
