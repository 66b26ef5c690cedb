"""What backends may say: the typed `data` of every event type (CONTRACT: Events in). Values only; intake reads them, plan acts on them."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.words import Beneficiary, ContactSource, EventType, Insurance, Relation

Text = Annotated[str, Meta(max_length=400)]
Name = Annotated[str, Meta(max_length=100)]
Region = Annotated[str, Meta(pattern=r"^\d{6}$")]
ChannelName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Year = Annotated[int, Meta(ge=1880, le=2200)]
Insurances = Annotated[list[Insurance], Meta(max_length=8)]


class ContactData(Struct, frozen=True, gc=False):
    """A way to reach somebody who can tell the person. `address` as people write it."""

    channel: ChannelName
    address: Annotated[str, Meta(min_length=1, max_length=200)]
    relation: Relation = Relation.SELF
    source: ContactSource = ContactSource.LEGACY
    verified_on: date | None = None
    name: Name | None = None


Contacts = Annotated[list[ContactData], Meta(max_length=50)]


class Residence(Struct, frozen=True, gc=False):
    """Where the person lives (居住地), down to the village: lists for the grassroots are split by it [15]."""

    region: Region
    town_code: Annotated[str, Meta(max_length=12)] | None = None
    town_name: Name | None = None
    village: Name | None = None


class ManagingUnit(Struct, frozen=True, gc=False):
    """The unit that looks after the person (管理单位)."""

    name: Name
    phone: Annotated[str, Meta(max_length=40)] | None = None


class PersonData(Struct, frozen=True, gc=False):
    """Fields of a person; UNSET means "not said, stays as it was", null clears where that makes sense."""

    name: Name | UnsetType = UNSET
    region: Region | UnsetType = UNSET
    residence: Residence | UnsetType | None = UNSET
    insurance: Insurances | UnsetType = UNSET
    beneficiary: Beneficiary | UnsetType | None = UNSET
    birth_year: Year | UnsetType | None = UNSET
    abroad: bool | UnsetType = UNSET
    home_service: bool | UnsetType = UNSET
    managing_unit: ManagingUnit | UnsetType | None = UNSET
    certified_on: date | UnsetType = UNSET
    benefit_started_on: date | UnsetType = UNSET
    contacts: Contacts | UnsetType = UNSET


class ContactRemoved(Struct, frozen=True, gc=False):
    """Takes one contact away; without a relation, that address in every relation."""

    channel: ChannelName
    address: Annotated[str, Meta(min_length=1, max_length=200)]
    relation: Relation | None = None


class CertificationRecorded(Struct, frozen=True, gc=False):
    """The person was confirmed on that date [7, 8, 34]."""

    certified_on: date
    method: Literal["data_match", "remote", "in_person"] | None = None


class CertificationRevoked(Struct, frozen=True, gc=False):
    """That certification never was."""

    certified_on: date


class CycleDue(Struct, frozen=True, gc=False):
    """`si.cycle.reminder-due` and `si.cycle.lapsed`: the duty of the cycle that ends on `deadline`."""

    deadline: date
    certified_on: date | None = None
    person: PersonData | None = None
    contacts: Contacts | None = None


class Suspended(Struct, frozen=True, gc=False):
    """Payment is suspended [24]."""

    suspended_on: date
    cause: Literal["not_certified", "payment_failed"]
    insurance: Insurances | None = None
    person: PersonData | None = None
    contacts: Contacts | None = None


class Terminated(Struct, frozen=True, gc=False):
    """Payment is ended [25, 26]."""

    terminated_on: date
    cause: Literal["death", "missing", "imprisoned", "not_certified", "other"]
    insurance: Insurances | None = None
    person: PersonData | None = None
    contacts: Contacts | None = None


class Resumed(Struct, frozen=True, gc=False):
    """Payment is restored [27]."""

    resumed_on: date
    insurance: Insurances | None = None
    person: PersonData | None = None
    contacts: Contacts | None = None


class Deceased(Struct, frozen=True, gc=False):
    """The person died, or (`revoked`) did not."""

    died_on: date | None = None
    revoked: bool = False


class NoticeRequested(Struct, frozen=True, gc=False):
    """Any other notice, by template name."""

    template: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]
    params: Annotated[dict[str, Text], Meta(max_length=50)] = {}
    channels: Annotated[list[ChannelName], Meta(max_length=10)] | None = None
    send_after: Annotated[datetime, Meta(tz=True)] | None = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    priority: Literal["urgent", "normal", "bulk"] = "normal"
    contacts: Contacts | None = None


Data = (
    PersonData
    | ContactData
    | ContactRemoved
    | CertificationRecorded
    | CertificationRevoked
    | CycleDue
    | Suspended
    | Terminated
    | Resumed
    | Deceased
    | NoticeRequested
)

DATA_OF: dict[EventType, type[Data]] = {
    EventType.PERSON_UPDATED: PersonData,
    EventType.CONTACT_UPDATED: ContactData,
    EventType.CONTACT_REMOVED: ContactRemoved,
    EventType.CERTIFICATION_RECORDED: CertificationRecorded,
    EventType.CERTIFICATION_REVOKED: CertificationRevoked,
    EventType.REMINDER_DUE: CycleDue,
    EventType.LAPSED: CycleDue,
    EventType.SUSPENDED: Suspended,
    EventType.TERMINATED: Terminated,
    EventType.RESUMED: Resumed,
    EventType.DECEASED: Deceased,
    EventType.NOTICE_REQUESTED: NoticeRequested,
}
"""The map of what may come in."""


class Event(Struct, frozen=True, gc=False):
    """One event that passed every check that needs no database.

    `contacts` holds the normalised contacts the event brings (E.164, blind key), in its order.
    """

    source: str
    id: str
    type: EventType
    person_id: str
    data: Data
    digest: bytes
    raw: bytes
    time: datetime | None = None
    contacts: tuple["GivenContact", ...] = ()


class GivenContact(Struct, frozen=True, gc=False):
    """A contact as an event gave it, normalised: what the store keeps of it."""

    channel: str
    address: str
    key: bytes
    relation: Relation
    source: ContactSource
    verified_on: date | None
    name: str | None
