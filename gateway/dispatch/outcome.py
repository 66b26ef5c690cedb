"""What an answer does to its message: the one table from outcome to status."""

from datetime import datetime, timedelta

from msgspec import Struct

from gateway.store.calls import Effect
from gateway.words import Fault, Outcome, Reason, Status
from providers.base.types import Answer

RETRY_AFTER_S = (2.0, 10.0, 60.0, 300.0, 900.0, 3600.0)
"""Seconds to wait before attempt 2, 3, … after "try later"; the last one repeats until the message expires."""
MOST_ATTEMPTS = 12
"""Attempts a message gets in all before it counts as failed and the ladder goes on."""


class Started(Struct, frozen=True, gc=False):
    """A message as its claim left it, as far as its answer needs it. `attempts` includes this one."""

    id: int
    call_id: int
    attempts: int
    expires_at: datetime | None
    created: float
    """When it was made, in seconds of the epoch by the store's clock."""


def effect(answer: Answer, message: Started, now: datetime, *, resend_unknown: bool, late: bool = False) -> Effect | None:
    """The step that this answer means; None for an accepted one in time, which its call's row says for all.

    `late`: the lease is over, and the sweep may have made the message unknown meanwhile: then "accepted" must be said of each.

    Unknown stays unknown (invariant 4) unless the provider de-duplicates by our reference and its configuration says so.
    """
    if answer.outcome is Outcome.ACCEPTED:
        return Effect(message.id, message.call_id, Status.SENDING) if late else None
    if answer.outcome is Outcome.REFUSED:
        return _ended(answer, message, Status.FAILED)
    if answer.outcome is Outcome.UNKNOWN and not resend_unknown:
        return _ended(answer, message, Status.UNKNOWN)
    return _later(answer, message, now)


def _ended(answer: Answer, message: Started, status: Status) -> Effect:
    provisional = answer.reason is Reason.UNMAPPED
    return Effect(message.id, message.call_id, status, answer.reason, answer.fault, answer.permanent, answer.vendor_code, provisional)


def _later(answer: Answer, message: Started, now: datetime) -> Effect:
    wait_s = RETRY_AFTER_S[min(message.attempts, len(RETRY_AFTER_S)) - 1]
    retry_at = now + timedelta(seconds=max(wait_s, answer.retry_after_s or 0))
    if message.attempts >= MOST_ATTEMPTS or (message.expires_at is not None and retry_at >= message.expires_at):
        reason = answer.reason or Reason.PROVIDER_UNAVAILABLE
        return Effect(message.id, message.call_id, Status.FAILED, reason, answer.fault or Fault.PROVIDER, None, answer.vendor_code)
    return Effect(message.id, message.call_id, Status.QUEUED, answer.reason, answer.fault, None, answer.vendor_code, retry_at=retry_at)
