"""The values that the stages hand to each other: person, contact, notice, message. No I/O, no rules."""

from datetime import date, datetime

from msgspec import Struct

from gateway.events import ManagingUnit, Residence
from gateway.words import Beneficiary, Cause, ContactSource, Insurance, Kind, Lane, NoticeStatus, Reason, Relation, Status


class Details(Struct, frozen=True, omit_defaults=True, gc=False):
    """What is personal about a person: sealed as one value in the store."""

    name: str = ""
    residence: Residence | None = None
    managing_unit: ManagingUnit | None = None
    birth_year: int | None = None
    abroad: bool = False
    home_service: bool = False


class Benefit(Struct, frozen=True, array_like=True, gc=False):
    """Where one benefit stands: `active`, `suspended` or `terminated`, since when and why."""

    insurance: Insurance
    state: str = "active"
    since: date | None = None
    cause: str = ""


class Person(Struct, frozen=True, gc=False):
    """A person who draws benefits, as the facts accepted so far say. `start` and `deadline` are the current cycle's (None: no cycle known)."""

    id: str
    region: str = ""
    details: Details = Details()
    insurance: tuple[Insurance, ...] = ()
    beneficiary: Beneficiary | None = None
    certified: tuple[date, ...] = ()
    benefit_started_on: date | None = None
    start: date | None = None
    deadline: date | None = None
    deceased: bool = False
    died_on: date | None = None
    conflict: bool = False
    """Certified after death [14, 27]: all sending stops until people decide."""
    benefits: tuple[Benefit, ...] = ()
    plan_due: datetime | None = None
    """When the calendar must look at this person again."""
    stored: bool = False
    """False for a person the store does not know yet."""
    pending: bool = False
    """Accepted events wait to be planned (planning failed): nothing is sent to the person until they are."""


class Standing(Struct, frozen=True, gc=False):
    """What the claim must know of a person: whatever can make a message untrue."""

    deadline: date | None
    deceased: bool
    conflict: bool
    pending: bool
    benefits: tuple[Benefit, ...]
    insurance: tuple[Insurance, ...]
    """Only where benefits are known: nothing else asks for it."""


class Contact(Struct, frozen=True, gc=False):
    """A way to reach the person; identity is (channel, key, relation). `usable` False: quality gave it up (dead, somebody else's)."""

    id: int
    channel: str
    address: str
    key: bytes
    relation: Relation
    source: ContactSource
    verified_on: date | None = None
    name: str | None = None
    usable: bool = True
    opted_out: bool = False
    score: float | None = None
    """p_reach as quality believes it; None: nothing is believed yet."""
    refused: tuple[str, ...] = ()
    """Templates whose messages its owner does not take; "" among them: none at all."""
    doubtful: bool = False
    """Messages may not reach the person."""
    last_at: datetime | None = None
    """When the latest evidence about it came."""
    dead: bool = False
    """Believed dead, and nobody said that it is somebody else's: a message may try it again after a while."""
    denied_on: date | None = None
    """The day in Asia/Shanghai on which somebody answered "not me" about the person."""
    override_until: datetime | None = None
    """Until when it is used although it was given up."""


class Tried(Struct, frozen=True, gc=False):
    """A message of a notice, as far as the ladder needs to know."""

    contact_id: int
    channel: str
    key: bytes
    status: Status
    reason: Reason | None = None
    renewed: bool = False
    """Of a notice nobody was informed by: since then its number was verified anew, overridden or believed in again, or its account follows again."""

    @property
    def denied(self) -> bool:
        """Somebody answered "not me" to it: whatever is reported of it, it did not tell the person."""
        return self.reason is Reason.WRONG_PERSON and self.status is not Status.CANCELED


class Notice(Struct, frozen=True, gc=False):
    """A duty to inform one person. `duty` is its key: nobody is told the same duty twice."""

    id: int
    person_id: str
    duty: str
    kind: Kind
    cause: Cause
    insurance: tuple[Insurance, ...]
    effective: date
    status: NoticeStatus
    lane: Lane
    due_at: datetime
    reason: Reason | None = None
    expires_at: datetime | None = None
    cycle_start: date | None = None
    deadline: date | None = None
    template: str = ""
    """Requested notices: the template asked for."""
    params: dict[str, str] = {}
    channels: tuple[str, ...] = ()
    """Requested notices: the channels asked for; empty: all of the ladder."""
    checks: tuple[str, ...] = ()
    """The trail of the decision: rule and checks passed, coded, e.g. `rule:23,37`, `passed:not_certified_since`."""
    event_source: str = ""
    event_id: str = ""
    tried: tuple[Tried, ...] = ()


class Draft(Struct, frozen=True, gc=False):
    """A message that plan wants sent: whom, how, with which template and values."""

    notice_id: int
    person_id: str
    rung: int
    channel: str
    contact_id: int
    address: str
    key: bytes
    addressee: str
    template: str
    values: dict[str, str]
    lane: Lane
    due_at: datetime
    expires_at: datetime | None = None


class Closing(Struct, frozen=True, gc=False):
    """A notice that ends, and why."""

    notice_id: int
    status: NoticeStatus
    reason: Reason | None


class Outreach(Struct, frozen=True, gc=False):
    """A row for the people of the grassroots: this person could not be told."""

    person_id: str
    notice_id: int | None
    kind: str
    why: str
    tried: tuple[str, ...] = ()
    goes_to: str = "grassroots"
    """Who is asked first: `grassroots`, or `unit` for a work-injury benefit [16]."""
    grown: bool = False
    """The duty was handed to people before: the row that stands for its notice says this now."""


class Verdict(Struct, frozen=True, gc=False):
    """What became of one event: a coded word, and the notice it made or met."""

    code: str
    notice_id: int | None = None
    detail: str = ""
