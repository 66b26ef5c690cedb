"""Vendors that never report: what a message is once it was accepted.

`delivered` is what evidence says reached the handset or the account. Where the vendor itself keeps the account (a member of a company), its word
that it took the message for that account is this evidence, and nothing better will ever come: such a driver hands it to `receive` as a report.
Where the vendor only passes on (mail), its word is none: the message stays sent, ends as `no_receipt`, and the ladder goes on. An operator who
knows better says so with `accepted_means`.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import msgspec

from providers.base.types import Answer, Callback, Reading, Receive, Report, UnreadableCallback
from providers.base.words import Outcome, Status

CODE: Final = "accepted"
"""Stands as the vendor's code in such a report, so that a trail shows on what it rests."""
STORED_WITHIN_S: Final = 3.0

_log = logging.getLogger("tixing.acceptance")


class Means(StrEnum):
    """`accepted_means` of a provider without receipts."""

    DELIVERED = "delivered"
    """The vendor's acceptance is the evidence."""
    SENT = "sent"
    """It is none: without a receipt the message ends as `no_receipt`."""


class _Accepted(msgspec.Struct, forbid_unknown_fields=True):
    ref: str
    at: str
    id: str | None = None
    code: str | None = None
    text: str | None = None


_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder(list[_Accepted]).decode


async def report(receive: Receive, name: str, answers: Sequence[Answer]) -> None:
    """Hands what was accepted to `receive`. Where that fails the answers still stand, and the messages wait for a receipt in vain."""
    at = datetime.now(UTC).isoformat()
    said = [_Accepted(a.reference, at, a.vendor_id, a.vendor_code, a.vendor_text) for a in answers if a.outcome is Outcome.ACCEPTED]
    if not said:
        return
    try:
        async with asyncio.timeout(STORED_WITHIN_S):
            await receive(name, Callback("QUERY", {}, {}, _ENCODE(said)))
    except Exception as error:  # noqa: BLE001 - the vendor took the messages: whatever the store does, the answers must be given
        _log.warning("acceptance not stored provider=%s messages=%d error=%s", name, len(said), type(error).__name__)


def read(callback: Callback) -> Reading:
    """A body of `report`. Raises `UnreadableCallback`."""
    try:
        return Reading([_reported(one) for one in _DECODE(callback.body)])
    except (msgspec.MsgspecError, ValueError) as error:
        raise UnreadableCallback("no acceptances of ours") from error


def _reported(one: _Accepted) -> Report:
    said = f"{one.code} {one.text or ''}".strip() if one.code else one.text
    return Report(one.ref, Status.DELIVERED, vendor_id=one.id, vendor_code=CODE, vendor_text=said, at=datetime.fromisoformat(one.at))
