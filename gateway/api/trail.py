"""The trail of a notice: every step from the event to the end, in order of time, each with the seal that holds its digest."""

from datetime import datetime

from msgspec import Struct

from gateway.api.shapes import Id, Masked, NoticeView
from gateway.words import NoticeStatus, Outcome, Reason


class Step(Struct, frozen=True, kw_only=True, tag_field="what"):
    """What all steps have. `seal` names the row of the seal chain."""

    at: datetime
    seal: Id | None = None


class EventStep(Step, frozen=True, kw_only=True, tag="event"):
    """A backend asked for the notice, or said its duty again."""

    source: str
    id: str
    type: str
    accepted_by: str
    verdict: str


class DecisionStep(Step, frozen=True, kw_only=True, tag="decision"):
    """The plan: the rule (articles of the procedure) and the checks it passed or failed. `by`: calendar or event."""

    by: str
    checks: list[str]


class MessageStep(Step, frozen=True, kw_only=True, tag="message"):
    """A rung of the ladder: a message was made, with this immutable template version."""

    message_id: Id
    rung: int
    channel: str
    addressee: str
    address_masked: Masked | None
    template: str
    template_version: str


class AttemptStep(Step, frozen=True, kw_only=True, tag="attempt"):
    """A call to a vendor, and what came of it for this message."""

    message_id: Id
    attempt_id: Id
    provider: str
    claimed_by: str
    answered_at: datetime | None
    outcome: Outcome | None
    vendor_id: str | None
    vendor_code: str | None
    vendor_text: str | None
    answer_seal: Id | None


class ReceiptStep(Step, frozen=True, kw_only=True, tag="receipt"):
    """The vendor reported; of its raw body only the SHA-256 is shown (null once erased)."""

    message_id: Id
    receipt_id: Id
    provider: str
    status: str
    reason: str | None
    vendor_code: str | None
    raw_sha256: str | None


class ClosingStep(Step, frozen=True, kw_only=True, tag="closing"):
    """The notice ended."""

    status: NoticeStatus
    reason: Reason | None


Trail = list[EventStep | DecisionStep | MessageStep | AttemptStep | ReceiptStep | ClosingStep]


class NoticeDetail(NoticeView, frozen=True, kw_only=True):
    """A notice with the texts of its messages and its trail."""

    trail: Trail
