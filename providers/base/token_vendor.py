"""What HTTP vendors share whose calls carry an access token: have one, send, and where the vendor turns the token down, send once more.

Such an answer proves that nothing was sent, so this repetition is the only one there is, and only while it ends before the lease does.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final
from urllib.parse import quote

from providers.base.access_token import AccessToken, Fetched, NoToken
from providers.base.codes import CodeTable
from providers.base.document import DocumentError, decoded, text
from providers.base.endpoint import Endpoint
from providers.base.link import KEEPALIVE_S, Link, Silence
from providers.base.ruling import Ruling, because, by_status
from providers.base.types import Answer, Outgoing, Settings, StillMine
from providers.base.vendor import HttpVendor, Request, told
from providers.base.words import Outcome, Reason

TOKEN_TIMEOUT_S: Final = 4.0
"""Longest fetch of a token. A lease is at least 5 s longer than a call."""
REPEAT_WITHIN_S: Final = 1.0
"""A call whose token was turned down is repeated when the answer came this fast; a later one is left to a new attempt."""
_FETCH: Final = "token:"
"""Marks the codes of a token's fetch in a table: there a wrong secret is meant where a send means a token that ended."""


class TokenVendor(HttpVendor):
    """A provider over HTTP whose calls carry `access_token` in their query."""

    stale: ClassVar[frozenset[str]]
    """Codes that say: this token is not valid, nothing was done."""
    forces: ClassVar[bool]
    """Whether a new token can be had before the old one ends."""

    def __init__(self, settings: Settings, codes: CodeTable[Ruling], *, keepalive_s: float = KEEPALIVE_S) -> None:
        super().__init__(settings, keepalive_s=keepalive_s)
        self.codes = codes
        self.tokens = AccessToken(self._fetched, forces=self.forces)
        self._token_link = Link(replace(settings, timeout_s=min(settings.timeout_s, TOKEN_TIMEOUT_S), connections=2))
        self._sends = 0
        self._sent = asyncio.Event()

    @abstractmethod
    def token_call(self, *, force: bool) -> tuple[Endpoint, bytes, bytes]:
        """How a token is asked for: endpoint, body, query."""

    async def open(self) -> None:
        """Opens the connection pools."""
        await super().open()
        await self._token_link.open()

    async def close(self) -> None:
        """Lets sends end that are in flight, those that still wait for a token included."""
        while self._sends:
            self._sent.clear()
            await self._sent.wait()
        await self.tokens.close()
        await self._token_link.close()
        await super().close()

    async def send(self, batch: Sequence[Outgoing], still_mine: StillMine, on_first_byte: Callable[[], None]) -> Sequence[Answer]:
        """One call for the whole batch; see `Provider.send`."""
        request = self.write(batch)
        if not request.batch:
            return request.refused
        self._sends += 1
        try:
            return [*await self._answered(request, still_mine, on_first_byte), *request.refused]
        except NoToken as error:
            return [*told(request.batch, error.ruling, error.code, error.text), *request.refused]
        finally:
            self._sends -= 1
            self._sent.set()

    async def _answered(self, request: Request, still_mine: StillMine, on_first_byte: Callable[[], None]) -> Sequence[Answer]:
        """Raises `NoToken`, before anything left or after the vendor said that it did nothing."""
        started = asyncio.get_running_loop().time()
        for once_more in (True, False):
            token = await self.tokens.current()
            query = b"access_token=" + quote(token, safe="").encode()
            heard = await self._link.call(request.endpoint, request.body, still_mine, on_first_byte, request.headers, query)
            answers = self._judged(request.batch, heard)
            if not any(answer.vendor_code in self.stale for answer in answers):
                return answers
            self.tokens.reject(token)
            if not once_more or asyncio.get_running_loop().time() - started > REPEAT_WITHIN_S:
                return answers
            on_first_byte = _said_already
        raise AssertionError

    async def _fetched(self, force: bool) -> Fetched:  # noqa: FBT001 - the port's
        endpoint, body, query = self.token_call(force=force)
        heard = await self._token_link.call(endpoint, body, _always, _said_already, query=query)
        if isinstance(heard, Silence):
            raise NoToken(_nothing_left(heard.detail))
        by_http = by_status(heard.status, heard.headers, self.overrides)
        if by_http is not None:
            raise NoToken(self._harmless(by_http))
        try:
            said = decoded(heard.body)
        except DocumentError as error:
            raise NoToken(_nothing_left("unreadable answer")) from error
        return self._token_in(said if isinstance(said, Mapping) else {})

    def _token_in(self, said: Mapping[str, Any]) -> Fetched:
        token, seconds = said.get("access_token"), said.get("expires_in")
        if isinstance(token, str) and token and isinstance(seconds, int | float) and seconds > 0:
            return Fetched(token, float(seconds))
        code = text(said.get("errcode"))
        if code is None:
            raise NoToken(_nothing_left("unreadable answer"))
        ruling = self.codes[_FETCH + code]
        ruling = self.codes[code] if ruling.reason is Reason.UNMAPPED else ruling
        raise NoToken(self._harmless(ruling), code, text(said.get("errmsg")))

    @staticmethod
    def _harmless(ruling: Ruling) -> Ruling:
        """What an answer to the fetch says of the message: it did not leave, so nothing is unknown."""
        return _nothing_left(ruling.detail) if ruling.outcome in {Outcome.UNKNOWN, Outcome.ACCEPTED} else ruling


def _nothing_left(detail: str | None) -> Ruling:
    return because(Outcome.NOTHING_LEFT, Reason.PROVIDER_UNAVAILABLE, f"no access token: {detail}")


def _always() -> bool:
    return True


def _said_already() -> None:
    """The first byte of a repetition is no news, that of a token's fetch is none of the message's."""
