"""What an answer does to its message: the one table from outcome to status."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.dispatch.failover import bound, passed_on, refused, refusing
from gateway.store.calls import Effect
from gateway.words import Fault, Outcome, Reason, Status
from providers.base.ruling import retry_class
from providers.base.types import Answer
from providers.base.words import RetryClass

RETRY_AFTER_S = (2.0, 10.0, 60.0, 300.0, 900.0, 3600.0)
"""Seconds to wait before attempt 2, 3, … after "try later"; the last one repeats until the message expires."""
PATIENCE = 3
"""Attempts after which "try later" is another provider's turn; at once, where provably nothing left."""
MOST_ATTEMPTS = 12
"""Attempts a message gets in all before it counts as failed and the ladder goes on."""
ENDS = {RetryClass.UNKNOWN: Status.UNKNOWN, RetryClass.PERMANENT: Status.FAILED}
"""Nobody tries again."""


class Started(Struct, frozen=True, gc=False):
    """A message as its claim left it, as far as its answer needs it. `attempts` includes this one."""

    id: int
    call_id: int
    attempts: int
    expires_at: datetime | None
    created: float
    """When it was made, in seconds of the epoch by the store's clock."""
    avoid: Sequence[str] = ()
    """Providers that it avoids (gateway/dispatch/failover.py)."""


class Way(Struct, frozen=True, gc=False):
    """The provider that answered, and all that carry the lane."""

    provider: str = ""
    route: Sequence[str] = ()


NO_OTHER = Way()


def effect(
    answer: Answer, message: Started, now: datetime, *, resend_unknown: bool, late: bool = False, way: Way = NO_OTHER
) -> Effect | None:
    """The step that this answer means; None for an accepted one in time, which its call's row says for all.

    `late`: the lease is over, and the sweep may have made the message unknown meanwhile: then "accepted" must be said of each.

    Unknown stays unknown (invariant 4) unless the provider de-duplicates by our reference and its configuration says so; then
    it is sent again by that one and no other.
    """
    if answer.outcome is Outcome.ACCEPTED:
        return Effect(message.id, message.call_id, Status.SENDING) if late else None
    if answer.outcome is Outcome.UNKNOWN:
        return _later(answer, message, now, bound(way.provider, way.route)) if resend_unknown else _ended(answer, message, Status.UNKNOWN)
    retry = retry_class(answer)
    if retry in ENDS:
        return _ended(answer, message, ENDS[retry])
    if retry is RetryClass.RETRY:
        return _again(answer, message, now, way)
    avoid = refused(message.avoid, way.provider, way.route)
    if avoid is None or _over(message, now):
        return _ended(answer, message, Status.FAILED)
    return _queued(answer, message, now, avoid)


def _again(answer: Answer, message: Started, now: datetime, way: Way) -> Effect:
    """Later by the same provider, or now by another."""
    if answer.outcome is Outcome.NOTHING_LEFT or message.attempts >= PATIENCE:
        avoid = passed_on(message.avoid, way.provider, way.route)
        if avoid is not None and not _over(message, now):
            return _queued(answer, message, now, avoid)
    return _later(answer, message, now, refusing(message.avoid))


def _ended(answer: Answer, message: Started, status: Status) -> Effect:
    provisional = answer.reason is Reason.UNMAPPED
    return Effect(message.id, message.call_id, status, answer.reason, answer.fault, answer.permanent, answer.vendor_code, provisional)


def _later(answer: Answer, message: Started, now: datetime, avoid: list[str]) -> Effect:
    wait_s = RETRY_AFTER_S[min(message.attempts, len(RETRY_AFTER_S)) - 1]
    retry_at = now + timedelta(seconds=max(wait_s, answer.retry_after_s or 0))
    if _over(message, retry_at):
        reason = answer.reason or Reason.PROVIDER_UNAVAILABLE
        return Effect(message.id, message.call_id, Status.FAILED, reason, answer.fault or Fault.PROVIDER, None, answer.vendor_code)
    return _queued(answer, message, retry_at, avoid)


def _queued(answer: Answer, message: Started, at: datetime, avoid: list[str]) -> Effect:
    return Effect(
        message.id, message.call_id, Status.QUEUED, answer.reason, answer.fault, None, answer.vendor_code, retry_at=at, avoid=avoid or None
    )


def _over(message: Started, at: datetime) -> bool:
    """Whether a message has no attempt left at that time."""
    return message.attempts >= MOST_ATTEMPTS or (message.expires_at is not None and at >= message.expires_at)
