"""What every provider with persistent links shares: it translates, this and `sessions.py` do the I/O.

A driver says how a link of its vendor is spoken on (`dialect`), how a message is cut (`segments`) and what PDUs mean (`read`).
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from providers.base.dialect import Dialect, LinkOptions, Pdu, Segment, check_links
from providers.base.news import State, packed
from providers.base.segments import Piece, Reassembly
from providers.base.sessions import Sessions
from providers.base.types import Answer, Callback, Outgoing, Reading, Receive, Settings, StillMine

_TIDY_S: Final = 15.0
_log = logging.getLogger("tixing.links")


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
        self._window = options.window
        self._sessions = Sessions(settings, options, self.dialect, self._news)
        self._long_replies = Reassembly()

    async def open(self) -> None:
        """Starts connecting; `up` says when a message can be written. May be opened again after `close`."""
        self._sessions.open()
        self._tidier = asyncio.get_running_loop().create_task(self._tidy(), name=f"{self.settings.name} parts of replies")

    async def close(self) -> None:
        """Lets calls in flight end, says goodbye, closes. What there is of long replies is handed over."""
        self._tidier.cancel()
        await self._sessions.close()
        await self._give_up_parts(float("inf"))

    @property
    def in_flight(self) -> int:
        """Calls that keep the windows full while others are recorded (`abilities.Windowed`)."""
        return max(2, -(-2 * self.settings.connections * self._window // self.settings.batch_size))

    def up(self) -> bool:
        """Whether a message can be written now."""
        return self._sessions.up()

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
        """Translates PDUs that came; `news.unpacked` takes the body apart. One PDU that cannot be read must not keep the others from being
        stored: say nothing of it. Raises `UnreadableCallback` for what is no body of PDUs.
        """

    async def send(self, batch: Sequence[Outgoing], still_mine: StillMine, on_first_byte: Callable[[], None]) -> Sequence[Answer]:
        """One submit a segment; see `Provider.send`."""
        messages: list[Sequence[Segment]] = []
        refused: list[Answer] = []
        for message in batch:
            try:
                messages.append(self.segments(message))
            except Unsendable as unsendable:
                refused.append(unsendable.answer)
        if not messages:
            return refused
        return [*await self._sessions.call(messages, still_mine, on_first_byte), *refused]

    async def _news(self, dialect: Dialect, pdus: Sequence[Pdu]) -> None:
        """Stores what was heard, and long replies once more when their last part is there."""
        mark = dialect.mark
        await self._hand_over(mark, State.HEARD, [pdu.frame for pdu in pdus])
        pieces = [(piece, pdu.frame) for pdu in pdus if (piece := self.piece(mark, pdu.frame))]
        if not pieces:
            return
        now = asyncio.get_running_loop().time()
        together = Counter(piece.message() for piece, _ in {piece: piece for piece, _ in pieces}.items())
        for piece, frame in pieces:
            whole = self._long_replies.add(mark, piece, frame, now)
            if whole is None:
                continue
            if together[piece.message()] < piece.total:  # else `read` saw all of it in the body above
                await self._hand_over(mark, State.WHOLE, whole)
            self._long_replies.forget(mark, piece)

    async def _hand_over(self, mark: int, state: State, frames: Sequence[bytes]) -> None:
        await self._receive(self.settings.name, packed(mark, state, frames))

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(_TIDY_S)
            await self._give_up_parts(asyncio.get_running_loop().time())

    async def _give_up_parts(self, now: float) -> None:
        for mark, frames in self._long_replies.overdue(now):
            try:
                await self._hand_over(mark, State.GIVEN_UP, frames)
            except Exception as error:  # noqa: BLE001 - an edge: the parts themselves are stored, what is lost is their common reading
                _log.warning("parts_not_stored provider=%s error=%s", self.settings.name, type(error).__name__)
