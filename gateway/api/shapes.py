"""What the reading side answers. Ids are decimal strings, dates YYYY-MM-DD, times RFC 3339; numbers and names are masked."""

from datetime import date, datetime
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

from gateway.words import Beneficiary, Cause, ContactSource, Fault, Insurance, Kind, Lane, NoticeStatus, Outcome, Reason, Relation, Status

T = TypeVar("T")

Id = Annotated[str, Meta(pattern=r"^[0-9]{1,19}$", description="An id: a whole number as a string.")]
Masked = Annotated[str, Meta(description="First three and last four digits (138****8000).", examples=["138****8000"])]
MaskedName = Annotated[str, Meta(description="A name with its middle hidden.", examples=["王*国"])]


class Page(Struct, Generic[T], frozen=True):
    """A page of a list. `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None


class Place(Struct, frozen=True):
    """Where the person lives (居住地), down to the village; the region of insurance where nothing else is known."""

    region: str
    region_name: str
    town_code: str | None = None
    town_name: str | None = None
    village: str | None = None


class CycleDates(Struct, frozen=True):
    """A certification cycle. Texts show the day before the deadline."""

    start: date | None
    deadline: date | None


class BenefitState(Struct, frozen=True):
    """Where one benefit stands: active, suspended or terminated, since when and why."""

    insurance: Insurance
    state: str
    since: date | None
    cause: str


class ManagedBy(Struct, frozen=True):
    """The unit that looks after the person (管理单位)."""

    name: str
    phone_masked: Masked | None


class ContactQuality(Struct, frozen=True):
    """What is believed of a number or account as this person's. `p_reach` and the others null: nothing is believed yet."""

    state: str
    p_reach: Annotated[float | None, Meta(description="Chance that a message sent now reaches the person.")]
    p_alive: Annotated[float | None, Meta(description="Chance that the number exists, whoever holds it.")]
    p_mine: Annotated[float | None, Meta(description="Chance that whoever holds the number is the person.")]
    why: Annotated[str, Meta(description="The evidence that decided, one sentence in Chinese.")]
    delivered: int
    failed: int
    observations: int
    last_at: datetime | None
    opted_out_at: datetime | None
    wrong_person_at: Annotated[datetime | None, Meta(description='When somebody answered "not me" about this person.')]
    override_until: Annotated[datetime | None, Meta(description="The number is used although it was given up, until then.")]


class ContactView(Struct, frozen=True):
    """A way to reach the person."""

    id: Id
    channel: str
    address_masked: Masked
    relation: Relation
    source: ContactSource
    verified_on: date | None
    name_masked: MaskedName | None
    quality: ContactQuality


class PersonView(Struct, frozen=True):
    """A person, as the events accepted so far say."""

    id: str
    name_masked: MaskedName
    region: str
    region_name: str
    residence: Place
    insurance: list[Insurance]
    beneficiary: Beneficiary | None
    certified_on: date | None
    certified: list[date]
    benefit_started_on: date | None
    cycle: CycleDates | None
    band: str | None
    benefits: list[BenefitState]
    deceased: bool
    died_on: date | None
    conflict: bool
    managing_unit: ManagedBy | None
    abroad: bool
    home_service: bool
    contacts: list[ContactView]
    created_at: datetime
    updated_at: datetime


class TimelineEntry(Struct, frozen=True, omit_defaults=True):
    """Something that happened around a person. `what`: event, notice, notice_closed, message, reply, outreach or outreach_closed."""

    at: datetime
    what: str
    source: str | None = None
    id: str | None = None
    type: str | None = None
    verdict: str | None = None
    notice_id: Id | None = None
    message_id: Id | None = None
    kind: str | None = None
    channel: str | None = None
    provider: str | None = None
    status: str | None = None
    reason: str | None = None


class Attempt(Struct, frozen=True):
    """One call to a vendor for this message, written before it was made. `outcome` null: no answer is on record yet."""

    id: Id
    provider: str
    at: datetime
    answered_at: datetime | None
    outcome: Outcome | None
    vendor_id: str | None
    vendor_code: str | None
    vendor_text: str | None


class ReceiptView(Struct, frozen=True):
    """What one callback of the vendor said of this message; of its raw body only the SHA-256 is shown (null once erased)."""

    id: Id
    at: datetime
    provider: str
    status: str
    reason: str | None
    vendor_code: str | None
    raw_sha256: str | None


class MessageView(Struct, frozen=True, kw_only=True):
    """A message of a notice. `text` is rendered again from the pinned template version; null in lists, and once its content was erased."""

    id: Id
    notice_id: Id
    person_id: str
    channel: str
    addressee: str
    address_masked: Masked | None
    provider: str | None
    status: Status
    reason: Reason | None
    fault: Fault | None
    permanent: bool | None
    vendor_code: str | None
    attempts: list[Attempt]
    receipts: list[ReceiptView]
    segments: int
    created_at: datetime
    sent_at: datetime | None
    final_at: datetime | None
    expires_at: datetime | None
    provisional: bool
    rung: int
    template: str
    template_version: str
    text: str | None


class EventReference(Struct, frozen=True):
    """The event that asked for a notice; a notice of the calendar has none."""

    source: str
    id: str


class NoticeView(Struct, frozen=True, kw_only=True):
    """A duty to inform one person, with its messages."""

    id: Id
    person_id: str
    kind: Kind
    cause: Cause
    insurance: list[Insurance]
    effective: date
    cycle: CycleDates | None
    status: NoticeStatus
    reason: Reason | None
    lane: Lane
    due_at: datetime
    expires_at: datetime | None
    created_at: datetime
    closed_at: datetime | None
    event: EventReference | None
    messages: list[MessageView]


class EventVerdict(Struct, frozen=True):
    """What became of an event."""

    source: str
    id: str
    type: str
    subject: str
    accepted_at: datetime
    accepted_by: str
    verdict: str
    detail: str
    notice_id: Id | None
    pending: bool
    """True: accepted and safe, but its plan failed and will be tried again."""


class UncertifiedRow(Struct, frozen=True, kw_only=True):
    """A person who is not certified, with the band of annex 7."""

    person_id: str
    name_masked: MaskedName
    region: str
    region_name: str
    residence: Place
    insurance: list[Insurance]
    certified_on: date | None
    cycle_start: date | None
    deadline: date | None
    band: str | None


class OutreachRow(UncertifiedRow, frozen=True, kw_only=True):
    """A person whom people have to tell."""

    id: Id
    notice_id: Id | None
    kind: str
    why: str
    tried: list[str]
    goes_to: Annotated[
        str, Meta(description="Who is asked first: `grassroots` where the person lives, or the `unit` that manages them [16].")
    ]
    opened_at: datetime


class HealthView(Struct, frozen=True):
    """The process is alive."""

    status: str


class ReadinessView(Struct, frozen=True):
    """Whether the process can work: each probe says "ok" or what is wrong."""

    status: str
    checks: dict[str, str]
