"""Rows of the store as people may see them: opened, masked, named."""

import asyncpg

from gateway.api.services import Regions
from gateway.api.shapes import BenefitState, ContactQuality, ContactView, CycleDates, ManagedBy, Place
from gateway.events import ManagingUnit, Residence
from gateway.model import Benefit
from gateway.numbers.masks import mask, mask_name
from gateway.store.vault import Vault
from gateway.words import ContactSource, Relation


def number(value: int | None) -> str | None:
    """An id as the API shows it."""
    return None if value is None else str(value)


def region_name(regions: Regions, code: str) -> str:
    """The region's name; empty for a code that is in no list."""
    try:
        return regions.name(code) if code else ""
    except LookupError:
        return ""


def place(regions: Regions, residence: Residence | None, region: str) -> Place:
    """Where somebody lives; without a residence the region of insurance serves."""
    if residence is None:
        return Place(region, region_name(regions, region))
    return Place(residence.region, region_name(regions, residence.region), residence.town_code, residence.town_name, residence.village)


def address(where: Place) -> str:
    """A place in one line."""
    return "".join(part for part in (where.region_name or where.region, where.town_name, where.village) if part)


def cycle(row: asyncpg.Record) -> CycleDates | None:
    """The cycle of a person or notice; None where none is known."""
    start, deadline = row["cycle_start"], row["deadline"]
    return None if start is None and deadline is None else CycleDates(start, deadline)


def benefit(of: Benefit) -> BenefitState:
    """Where a benefit stands."""
    return BenefitState(of.insurance, of.state, of.since, of.cause)


def unit(of: ManagingUnit | None) -> ManagedBy | None:
    """The managing unit, its telephone masked."""
    return None if of is None else ManagedBy(of.name, mask(of.phone) if of.phone else None)


def contact(row: asyncpg.Record, vault: Vault) -> ContactView:
    """A contact with what is believed of it."""
    content = vault.open_contact(row["sealed"])
    return ContactView(
        str(row["id"]), row["channel"], mask(content.address), Relation(row["relation"]), ContactSource(row["source"]), row["verified_on"],
        mask_name(content.name) if content.name else None, _quality(row),
    )  # fmt: skip


def _rounded(chance: float | None) -> float | None:
    return None if chance is None else round(chance, 4)


def _quality(row: asyncpg.Record) -> ContactQuality:
    return ContactQuality(
        row["state"],
        _rounded(row["p_reach"]),
        _rounded(row["p_alive"]),
        _rounded(row["p_mine"]),
        row["why"] or "",
        row["delivered"] or 0,
        row["failed"] or 0,
        row["observations"] or 0,
        row["last_at"],
        row["opted_out_at"],
        row["denied_at"],
        row["override_until"],
    )
