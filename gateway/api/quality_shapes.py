"""What the reading side answers about the quality of contacts; ids, dates, times and masks as in shapes.py."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from gateway.api.shapes import ContactView, Masked, MaskedName


class ContactRow(Struct, frozen=True, kw_only=True):
    """A contact and what is believed of it."""

    person_id: str
    name_masked: MaskedName
    region: str
    region_name: str
    contact: ContactView
    shared_by: Annotated[int | None, Meta(description="Persons that this number stands for; in the list `shared` alone.")] = None


class SharedNumber(Struct, frozen=True, kw_only=True):
    """A number that stands for many persons: a clerk's, a village's, or one that was made up."""

    address_masked: Masked
    channel: str
    persons: int
    persons_here: Annotated[int, Meta(description="Of them, insured in the regions asked for.")]
    regions: Annotated[int, Meta(description="In how many regions (counties) these persons are insured.")]
    sources: Annotated[dict[str, int], Meta(description="Persons by who gave the number.")]
    says: str


class QualityMonth(Struct, frozen=True, kw_only=True):
    """Contacts of living persons as last counted in a month. `changes`: states against the month before, null where that was not counted."""

    month: date
    counted_at: datetime
    contacts: int
    by_state: dict[str, int]
    shares: dict[str, float]
    changes: dict[str, int] | None
    persons: int
    without_contact: int
    without_usable: int


class QualityGroup(Struct, frozen=True, kw_only=True):
    """Contacts of one region, insurance or source; persons who draw several insurances count in each. Persons have no source: null there."""

    key: str
    name: str
    contacts: int
    by_state: dict[str, int]
    shares: dict[str, float]
    never_verified: int
    persons: int | None
    without_contact: int | None
    without_usable: int | None


class ContactCount(Struct, frozen=True):
    """How many contacts of a channel are in a state."""

    channel: str
    state: str
    contacts: int
    opted_out: int
    wrong_person: int


class QualitySummary(Struct, frozen=True, kw_only=True):
    """Contacts of living persons of a region and below, counted. `region` empty: all that the caller sees."""

    region: str
    contacts: int
    by_state: dict[str, int]
    items: list[ContactCount]
    shares: Annotated[dict[str, float], Meta(description="Of all contacts, by state.")]
    never_verified: int
    persons: int
    without_contact: int
    without_usable: Annotated[int, Meta(description="Persons without any contact that can reach them, those without one among them.")]
    groups: Annotated[list[QualityGroup], Meta(description="By what `by` names; empty without it.")]
    counted_at: Annotated[datetime, Meta(description="Now where contacts are few, else when they were counted last.")]
