"""Fetches from Tencent Cloud SMS what it keeps: reports and replies of all, or the reports of one number.

PullSmsSendStatus, PullSmsReplyStatus, PullSmsSendStatusByPhoneNumber (cloud.tencent.com, documents 382/55977, 382/55976, 382/55978), read 2026-11-24.
What was pulled is not given again ("拉取过的内容不会再重复返回", 382/5810): a body that could not be stored is kept and handed on first at the next pull.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from providers.base.abilities import Asked
from providers.base.context import joined_by
from providers.base.document import DocumentError, text
from providers.base.types import ProviderError
from providers.tencent.receipts import sets

PULLS: Final = ("PullSmsSendStatus", "PullSmsReplyStatus")
QUERY: Final = "PullSmsSendStatusByPhoneNumber"
MOST_A_CALL: Final = 100
MOST_CALLS: Final = 200
"""Calls of one pull and kind: 20,000 reports; the next pull goes on."""

_KEPT_BY_VENDOR: Final = timedelta(days=7)
_BEFORE: Final = timedelta(minutes=1)
"""The vendor's clock may be behind ours."""

Fetch = Callable[[str, Mapping[str, Any]], Awaitable[bytes]]
"""One call of an API. Raises `ProviderError`."""
Keep = Callable[[str, bytes], Awaitable[None]]
"""Stores a body that came by `PULL` or `QUERY`; raises where it could not."""


class PullError(ProviderError):
    """The vendor did not give what was asked for."""


class Puller:
    """Both ways, for one application at the vendor."""

    def __init__(self, app_id: str, fetch: Fetch, keep: Keep) -> None:
        self._app_id, self._fetch, self._keep = app_id, fetch, keep
        self._unstored: deque[bytes] = deque()

    async def pull(self) -> int:
        """All that waits, a hundred a call; returns how much that was. Raises `ProviderError`, and what `keep` raises."""
        await self.hand_on()
        return sum([await self._drain(action) for action in PULLS])

    async def hand_on(self) -> None:
        """Stores what could not be stored before. Raises what `keep` raises."""
        while self._unstored:
            await self._keep("PULL", self._unstored[0])
            self._unstored.popleft()

    async def _drain(self, action: str) -> int:
        heard = 0
        for _ in range(MOST_CALLS):
            body = await self._fetch(action, {"Limit": MOST_A_CALL, "SmsSdkAppId": self._app_id})
            got = sum(len(found) for found in _sets(action, body))
            if got:
                self._unstored.append(body)
                await self.hand_on()
            heard += got
            if got < MOST_A_CALL:
                break
        return heard

    async def ask(self, asked: Sequence[Asked], now: datetime) -> None:
        """One question a number, one after the other: the vendor answers 20 a second. See `Asks`; raises as `pull` does."""
        for address, ones in _by_address(asked, now).items():
            since = max(min(one.sent_at for one in ones) - _BEFORE, now - _KEPT_BY_VENDOR)
            body = await self._fetch(QUERY, self._about(address, since, now))
            if any(_is_about(entry, ones) for entry in _sets(QUERY, body)[0]):
                await self._keep("QUERY", body)

    def _about(self, address: str, since: datetime, now: datetime) -> dict[str, Any]:
        window = {"BeginTime": int(since.timestamp()), "EndTime": int(now.timestamp()) + 1}
        return {**window, "Offset": 0, "Limit": MOST_A_CALL, "PhoneNumber": address, "SmsSdkAppId": self._app_id}


def _by_address(asked: Iterable[Asked], now: datetime) -> dict[str, list[Asked]]:
    found: dict[str, list[Asked]] = {}
    for one in asked:
        if now - one.sent_at < _KEPT_BY_VENDOR:
            found.setdefault(one.address, []).append(one)
    return found


def _is_about(entry: Mapping[str, Any], ones: Iterable[Asked]) -> bool:
    reference, call = joined_by(text(entry.get("SessionContext")))
    serial = text(entry.get("SerialNo"))
    return any(
        reference == one.reference or (call is not None and call == one.call) or (bool(serial) and serial == one.vendor_id) for one in ones
    )


def _sets(action: str, body: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    try:
        return sets(body)
    except DocumentError as error:
        raise PullError(f"{action}: {error}") from error
