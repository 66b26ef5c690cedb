"""What every HTTP provider shares: it translates, this does the I/O.

A driver says what to write (`write`) and what an answer means (`answers`); this makes the call and turns silence and HTTP statuses into
outcomes, so that no driver has to.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from providers.base.document import DocumentError
from providers.base.endpoint import NO_HEADERS, Endpoint
from providers.base.link import KEEPALIVE_S, LEASE_ENDED, Heard, Link, Silence
from providers.base.ruling import Ruling, because, by_status, unreadable
from providers.base.types import Answer, Callback, Outgoing, ProviderError, Reading, Settings, StillMine
from providers.base.words import Outcome, Reason

_LEASE_ENDED: Final = Ruling(Outcome.NOTHING_LEFT, detail=LEASE_ENDED.detail)
_NO_OVERRIDES: Final[Mapping[int, Outcome]] = {}


class UnreadableAnswer(ProviderError):
    """An answer that this vendor does not give: the status alone counts. The text is shown to operators and holds no value."""


class Request(msgspec.Struct, frozen=True):
    """One call: what to write, for which messages, and the answers of those that could not be written at all."""

    endpoint: Endpoint
    body: bytes
    batch: Sequence[Outgoing]
    refused: Sequence[Answer] = ()
    headers: Mapping[str, str] = NO_HEADERS
    query: bytes = b""
    """Percent-encoded; put behind the endpoint's own."""


class HttpVendor(ABC):
    """A provider over HTTP. Its constructor does no I/O and raises `SettingsError`, so that `tixing check` can make one."""

    overrides: Mapping[int, Outcome] = _NO_OVERRIDES
    """HTTP statuses that this vendor documents to mean something else than `by_status` says."""

    def __init__(self, settings: Settings, *, keepalive_s: float = KEEPALIVE_S) -> None:
        self.settings = settings
        self._link = Link(settings, keepalive_s=keepalive_s)

    async def open(self) -> None:
        """Opens the connection pool inside the running loop."""
        await self._link.open()

    async def close(self) -> None:
        """Lets calls in flight end, then closes the pool."""
        await self._link.close()

    @abstractmethod
    def write(self, batch: Sequence[Outgoing]) -> Request:
        """Translates out."""

    @abstractmethod
    def answers(self, batch: Sequence[Outgoing], heard: Heard, ruling: Ruling | None) -> Sequence[Answer]:
        """Translates in, one answer a message. `ruling` is what the HTTP status says where it is no 2xx.

        Raises `UnreadableAnswer` or `DocumentError`: then the status alone counts.
        """

    @abstractmethod
    def read(self, callback: Callback) -> Reading:
        """Translates a callback. Raises `UnreadableCallback`."""

    async def send(self, batch: Sequence[Outgoing], still_mine: StillMine, on_first_byte: Callable[[], None]) -> Sequence[Answer]:
        """One call for the whole batch; see `Provider.send`."""
        request = self.write(batch)
        if not request.batch:
            return request.refused
        heard = await self._link.call(request.endpoint, request.body, still_mine, on_first_byte, request.headers, request.query)
        answers = self._judged(request.batch, heard)
        return [*answers, *request.refused] if request.refused else answers

    def _judged(self, batch: Sequence[Outgoing], heard: Heard | Silence) -> Sequence[Answer]:
        if isinstance(heard, Silence):
            return told(batch, _silent(heard))
        ruling = by_status(heard.status, heard.headers, self.overrides)
        try:
            return self.answers(batch, heard, ruling)
        except (UnreadableAnswer, DocumentError) as error:
            return told(batch, ruling or unreadable(f"status {heard.status}, unreadable answer: {error}"))


def told(batch: Sequence[Outgoing], ruling: Ruling, code: str | None = None, text: str | None = None) -> list[Answer]:
    """The same answer for every message of a call."""
    return [ruling.about(message.reference, None, code, text) for message in batch]


def _silent(silence: Silence) -> Ruling:
    return _LEASE_ENDED if silence is LEASE_ENDED else because(silence.outcome, Reason.PROVIDER_UNAVAILABLE, silence.detail)
