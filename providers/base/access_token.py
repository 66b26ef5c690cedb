"""Access tokens that a vendor gives for an hour or two: fetched by one at a time, kept, dropped when the vendor says so.

Nothing is shared between processes but the vendor: one that gives the same token while it is valid makes all of ours equal, and a token that one
process had renewed is found by the others when theirs is turned down.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from providers.base.ruling import Ruling
from providers.base.types import ProviderError

MARGIN_S: Final = 240.0
"""How long before its end a token is fetched anew. In its last five minutes the vendor gives the next one, and both are valid."""
FORCE_EVERY_S: Final = 30.0
FORCES_A_DAY: Final = 20
_DAY_S: Final = 86_400.0


class Fetched(NamedTuple):
    """A token, and for how long it is valid."""

    token: str
    expires_in_s: float


class NoToken(ProviderError):
    """No token could be had, so nothing was sent. `ruling` says what becomes of the messages, `code` and `text` are the vendor's."""

    def __init__(self, ruling: Ruling, code: str | None = None, text: str | None = None) -> None:
        super().__init__(ruling.detail or "no access token")
        self.ruling, self.code, self.text = ruling, code, text


Fetch = Callable[[bool], Awaitable[Fetched]]
"""Asks the vendor; True: to make a new one although the old one has not ended. Raises `NoToken`."""


class AccessToken:
    """One account's token in this process."""

    def __init__(self, fetch: Fetch, *, forces: bool) -> None:
        """`forces`: the vendor can be told to make a new token before the old one ends."""
        self._fetch, self._forces = fetch, forces
        self._token: str | None = None
        self._until = 0.0
        self._rejected: str | None = None
        self._forced: deque[float] = deque(maxlen=FORCES_A_DAY)
        self._fetching: asyncio.Task[str] | None = None

    async def current(self) -> str:
        """A token that should be valid. Whoever needs one while it is fetched waits for that fetch. Raises `NoToken`."""
        if self._token is not None and self._now() < self._until:
            return self._token
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._renewed(), name="access token")
            self._fetching.add_done_callback(self._fetched)
        return await asyncio.shield(self._fetching)  # a caller that is cancelled leaves the fetch to the others

    def know(self, fetched: Fetched) -> None:
        """Keeps a token until shortly before its end."""
        self._token = fetched.token
        self._until = self._now() + max(fetched.expires_in_s - MARGIN_S, fetched.expires_in_s / 2)

    def reject(self, token: str) -> None:
        """The vendor turned this token down: it is dropped, unless another one took its place meanwhile."""
        if token == self._token:
            self._token, self._rejected = None, token

    async def close(self) -> None:
        """Waits for a fetch on its way."""
        if self._fetching is not None:
            await asyncio.wait([self._fetching])

    async def _renewed(self) -> str:
        fetched = await self._fetch(False)
        if fetched.token == self._rejected and self._may_force():
            self._forced.append(self._now())
            fetched = await self._fetch(True)
        self.know(fetched)
        return fetched.token

    def _may_force(self) -> bool:
        """At most twenty a day, thirty seconds apart, is what the vendor allows; forcing kills the token of all other processes."""
        if not self._forces or (self._forced and self._now() - self._forced[-1] < FORCE_EVERY_S):
            return False
        return len(self._forced) < FORCES_A_DAY or self._now() - self._forced[0] > _DAY_S

    def _fetched(self, task: "asyncio.Task[str]") -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # everybody who waited has it; one whom nobody waited for any more is no news

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
