"""One report about one message: does it move the message, and where to? Statuses move forward only (invariant 6)."""

from enum import Enum, auto

from gateway.store.receipts import Standing
from gateway.words import FINAL, Reason, Status
from providers.base.types import Report


class Step(Enum):
    """What a report does."""

    MOVES = auto()
    """The message takes the report's status."""
    RECORDED = auto()
    """It changes nothing but the record: a duplicate, a late one, or one that says nothing final."""


_ENDS = frozenset({Status.DELIVERED, Status.UNDELIVERED, Status.FAILED})
_WAITING = frozenset({Status.SENDING, Status.SENT, Status.UNKNOWN})


def step(standing: Standing, report: Report, by: str) -> Step:
    """Decides what a report of provider `by` does; `standing` was read under the person's lock.

    A delivery may come for a message that waits for another try, here or at another provider: the vendor said "later" and sent it all the
    same. Then it is met, and not sent again. That it failed only the provider can say who has it now. `no_receipt` and unmapped codes are
    provisional: one later report settles them.
    """
    if report.status not in _ENDS or report.reason is Reason.UNMAPPED:
        return Step.RECORDED
    if by != standing.provider and report.status is not Status.DELIVERED:
        return Step.RECORDED
    if standing.status in _WAITING:
        return Step.MOVES
    if standing.status == Status.QUEUED:
        return Step.MOVES if report.status is Status.DELIVERED and standing.sent_at is not None else Step.RECORDED
    return Step.MOVES if standing.status in FINAL and standing.provisional else Step.RECORDED
