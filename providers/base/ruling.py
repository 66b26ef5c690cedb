"""What an answer means for the messages of a call before it is known which message it speaks of."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final, Literal

import msgspec

from providers.base.types import Answer
from providers.base.words import Fault, Outcome, Reason, RetryClass

LONGEST_RETRY_AFTER_S: Final = 86_400.0
"""A vendor that asks for a longer pause gets this one: notices have deadlines."""

BLAME: Final[Mapping[Reason, tuple[Fault, bool | None]]] = {
    Reason.NUMBER_ABSENT: (Fault.RECIPIENT, True),
    Reason.NUMBER_SUSPENDED: (Fault.RECIPIENT, False),
    Reason.UNREACHABLE: (Fault.RECIPIENT, False),
    Reason.RECIPIENT_BLOCKED: (Fault.RECIPIENT, True),
    Reason.OPTED_OUT: (Fault.RECIPIENT, True),
    Reason.CARRIER_BLACKLIST: (Fault.CARRIER, True),
    Reason.FREQUENCY_LIMITED: (Fault.SENDER, False),
    Reason.CONTENT_REJECTED: (Fault.SENDER, True),
    Reason.TEMPLATE_REJECTED: (Fault.SENDER, True),
    Reason.SIGNATURE_REJECTED: (Fault.SENDER, True),
    Reason.ACCOUNT_PROBLEM: (Fault.SENDER, False),
    Reason.PROVIDER_UNAVAILABLE: (Fault.PROVIDER, False),
    Reason.MALFORMED_ADDRESS: (Fault.RECIPIENT, True),
    Reason.UNMAPPED: (Fault.UNKNOWN, None),
}
"""The reasons that a vendor can give, with whose fault each is and whether it stays, where a vendor's table says nothing else."""

Permanence = bool | Literal["unknown"] | None
"""What a table says of whether a failure stays. None: as its reason says; "unknown": nobody can tell, and null is what is stored."""
UNTOLD: Final = "unknown"


class Ruling(msgspec.Struct, frozen=True):
    """An `Answer` without its message. `permanent` None: cannot be told."""

    outcome: Outcome
    reason: Reason | None = None
    fault: Fault = Fault.NONE
    permanent: bool | None = None
    retry_after_s: float | None = None
    detail: str | None = None
    retry: RetryClass | None = None

    def about(self, reference: str, vendor_id: str | None = None, code: str | None = None, text: str | None = None) -> Answer:
        """The answer about one message."""
        return Answer(
            reference,
            self.outcome,
            self.reason,
            self.fault,
            self.permanent,
            vendor_id,
            code,
            text,
            self.retry_after_s,
            self.detail,
            self.retry,
        )


def because(outcome: Outcome, reason: Reason, detail: str | None = None, retry_after_s: float | None = None) -> Ruling:
    """A ruling whose fault and permanence follow from its reason."""
    fault, permanent = BLAME[reason]
    return Ruling(outcome, reason, fault, permanent, retry_after_s, detail)


def blamed(reason: Reason | None, fault: Fault | None, permanent: Permanence) -> tuple[Reason, Fault, bool | None]:
    """Completes what a table says of a code. Raises `ValueError`, in an operator's words, for a reason that no vendor can give."""
    if reason is None or reason not in BLAME:
        raise ValueError(f"needs a reason that a vendor can give: one of {', '.join(BLAME)}")
    usual_fault, usual_permanence = BLAME[reason]
    stays = usual_permanence if permanent is None else None if permanent == UNTOLD else permanent
    return reason, usual_fault if fault is None else fault, stays


ACCEPTED: Final = Ruling(Outcome.ACCEPTED)

_OUR_ACCOUNT: Final = frozenset({Reason.ACCOUNT_PROBLEM, Reason.TEMPLATE_REJECTED, Reason.SIGNATURE_REJECTED})
"""Refusals that are about our account with this vendor: another one may take the message."""


def retry_class(answer: Answer) -> RetryClass:
    """What to do with a message that was not accepted: as the vendor's table says, else as outcome and reason do."""
    if answer.retry is not None:
        return answer.retry
    if answer.outcome is Outcome.UNKNOWN:
        return RetryClass.UNKNOWN
    if answer.outcome in {Outcome.DEFERRED, Outcome.NOTHING_LEFT}:
        return RetryClass.RETRY
    return RetryClass.CONFIGURATION if answer.reason in _OUR_ACCOUNT else RetryClass.PERMANENT


def unreadable(detail: str) -> Ruling:
    """The vendor may have taken the message: nobody can say."""
    return because(Outcome.UNKNOWN, Reason.PROVIDER_UNAVAILABLE, detail)


def by_status(status: int, headers: Mapping[str, str], overrides: Mapping[int, Outcome]) -> Ruling | None:
    """What an HTTP status says of the whole call; None for 2xx, where the body decides.

    - 301, 307 and 308 mean "ask there": nobody took it, an operator must correct the URL, so it is deferred. Any other 3xx is unknown:
      after a POST, 302 and 303 are also how a server says that it did the work.
    - 408, 425, 429, and 503 with `Retry-After`, say that nothing was taken: deferred.
    - Any other 4xx is refused. Any other 5xx is unknown: 500, 502, 503 and 504 come from a front end as often as from the vendor, and what
      stands behind it may have taken the message.

    `overrides` are what the vendor's documents promise beyond that.
    """
    if 200 <= status < 300:
        return None
    pause_s = retry_after_s(headers)
    detail = f"status {status}"
    if status in overrides:
        reason = Reason.ACCOUNT_PROBLEM if overrides[status] is Outcome.REFUSED else Reason.PROVIDER_UNAVAILABLE
        return because(overrides[status], reason, detail, pause_s)
    if status == 429:
        return because(Outcome.DEFERRED, Reason.FREQUENCY_LIMITED, detail, pause_s)
    if status in {301, 307, 308, 408, 425} or (status == 503 and pause_s is not None):
        return because(Outcome.DEFERRED, Reason.PROVIDER_UNAVAILABLE, detail, pause_s)
    if 400 <= status < 500:
        return because(Outcome.REFUSED, Reason.ACCOUNT_PROBLEM, detail)
    return unreadable(detail)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds; a date counts from the vendor's own `Date`, so that no two clocks are compared."""
    asked = headers.get("Retry-After")
    if asked is None:
        return None
    if asked.isascii() and asked.isdigit():
        return min(float(asked), LONGEST_RETRY_AFTER_S)
    try:
        pause = parsedate_to_datetime(asked) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError):
        return None
    return min(max(pause.total_seconds(), 0.0), LONGEST_RETRY_AFTER_S)


_SAYS_ACCEPTED: Final = unreadable("the call's code says accepted, but names no number, or came with a status that says failed")


def of_whole_call(found: Ruling, by_status: Ruling | None) -> Ruling:
    """What a code that speaks of a whole call and of no number means: as its table says; a code that nobody mapped, as the HTTP status says."""
    if found is ACCEPTED:
        return _SAYS_ACCEPTED
    return by_status if by_status is not None and found.reason is Reason.UNMAPPED else found
