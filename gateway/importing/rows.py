"""A row of a table → what the event of it says, or what is wrong with it, column by column."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from gateway.importing import cells
from gateway.importing.cells import BadCell, Cell
from gateway.importing.columns import Column
from gateway.importing.places import region
from gateway.words import Channel, EventType, Relation

Readers = dict[str, tuple[str, Callable[[Cell], Any]]]

PLAIN: Readers = {
    "name": ("name", cells.text),
    "region": ("region", region),
    "insurance": ("insurance", cells.insurances),
    "beneficiary": ("beneficiary", cells.beneficiary),
    "birth_year": ("birth_year", cells.year),
    "certified_on": ("certified_on", cells.day),
    "benefit_started_on": ("benefit_started_on", cells.day_or_month),
    "abroad": ("abroad", cells.yes),
    "home_service": ("home_service", cells.yes),
}
"""Field → key of `si.person.updated`, and how its cell is read."""
RESIDENCE: Readers = {
    "residence_region": ("region", region),
    "town_code": ("town_code", cells.text),
    "town_name": ("town_name", cells.text),
    "village": ("village", cells.text),
}
UNIT: Readers = {"unit_name": ("name", cells.text), "unit_phone": ("phone", cells.text)}
CONTACTS: dict[str, tuple[str, str, str | None]] = {
    "phone": (Channel.SMS, Relation.SELF, None),
    "wechat": (Channel.WECHAT, Relation.SELF, None),
    "wecom": (Channel.WECOM, Relation.SELF, None),
    "family_phone": (Channel.SMS, Relation.FAMILY, "family_name"),
    "guardian_phone": (Channel.SMS, Relation.GUARDIAN, "guardian_name"),
}
"""Field → channel, relation, and the field with the name of who answers there."""
_CONTACT_AT = re.compile(r"\$\.data\.contacts\[(\d+)\]")

Named = list[tuple[Column, Cell]]


class Flaw(Struct, frozen=True):
    """What is wrong with one column of a row."""

    column: str
    why: str


class BadRow(Exception):
    """A row that cannot be taken."""

    def __init__(self, flaws: list[Flaw]) -> None:
        super().__init__("; ".join(f"{flaw.column}: {flaw.why}" for flaw in flaws))
        self.flaws = flaws


class Said(Struct, frozen=True):
    """What a row says: the type, subject and data of its event, and which column each contact and key came from."""

    type: EventType
    person_id: str
    data: dict[str, Any]
    contact_columns: tuple[str, ...]
    columns: Mapping[str, str]

    def column_at(self, path: str) -> str:
        """The column that an error's JSON path is about."""
        if found := _CONTACT_AT.match(path):
            place = int(found[1])
            return self.contact_columns[place] if place < len(self.contact_columns) else "contacts"
        key = path.removeprefix("$.data.").removeprefix("$.")
        return self.columns.get("person_id" if key == "subject" else key, key)


class _Row:
    """Reads the cells of one row and collects what is wrong."""

    def __init__(self, named: Named) -> None:
        self.by_field = {(column.field, column.number): (column, cell) for column, cell in named}
        self.flaws: list[Flaw] = []
        self.columns: dict[str, str] = {}

    def read(self, field: str, reader: Callable[[Cell], Any], key: str, number: int = 1) -> Any:
        """The value of a field; None where its cell is empty or bad."""
        found = self.by_field.get((field, number))
        if found is None:
            return None
        column, cell = found
        self.columns[key] = column.header
        try:
            return reader(cell)
        except BadCell as bad:
            self.flaws.append(Flaw(column.header, str(bad)))
            return None

    def read_all(self, readers: Readers, under: str = "") -> dict[str, Any]:
        """Those of these fields that the row has, by key."""
        found = {}
        for field, number in self.by_field:
            if field in readers:
                key, reader = readers[field]
                value = self.read(field, reader, f"{under}{key}", number)
                if value is not None:
                    found[key] = value
        return found

    def checked(self, person_id: str | None) -> str:
        """The person's number. Raises BadRow where it is missing or anything was wrong."""
        if not person_id and not any(flaw.column == self.columns.get("person_id") for flaw in self.flaws):
            self.flaws.insert(0, Flaw(self.columns.get("person_id", "person_id"), "missing"))
        if self.flaws or not person_id:
            raise BadRow(self.flaws)
        return person_id


def person(named: Named, nested: Mapping[str, Any]) -> Said:
    """A row of a table of persons. Raises BadRow."""
    row = _Row(named)
    ident = row.read("person_id", cells.text, "person_id")
    data = row.read_all(PLAIN)
    residence = row.read_all(RESIDENCE, "residence.")
    if residence:
        data["residence"] = residence if "region" in residence else {"region": data.get("region", ""), **residence}
    contacts, headers = _contacts(row)
    unit = row.read_all(UNIT, "managing_unit.")
    if "name" in unit:
        data["managing_unit"] = unit
    elif unit:
        contacts.append({"channel": Channel.SMS, "address": unit["phone"], "relation": Relation.UNIT})
        headers.append(row.columns["managing_unit.phone"])
    if contacts:
        data["contacts"] = contacts
    ident = row.checked(ident)
    return Said(EventType.PERSON_UPDATED, ident, data | dict(nested), tuple(headers), row.columns)


def contact(named: Named, _: Mapping[str, Any]) -> Said:
    """A row of a table of contacts. Raises BadRow."""
    row = _Row(named)
    ident = row.read("person_id", cells.text, "person_id")
    data: dict[str, Any] = {"channel": row.read("channel", cells.channel, "channel") or Channel.SMS}
    for field, key, reader in (
        ("address", "address", cells.text),
        ("relation", "relation", cells.relation),
        ("contact_name", "name", cells.text),
    ):
        value = row.read(field, reader, key)
        if value is not None:
            data[key] = str(value)
    data |= _about_contacts(row)
    if "address" not in data:
        row.flaws.append(Flaw(row.columns.get("address", "address"), "missing"))
    return Said(EventType.CONTACT_UPDATED, row.checked(ident), data, (), row.columns)


def named_cells(columns: Iterable[Column | None], row: Sequence[Cell]) -> Named:
    """The cells of a row that say something, with their columns: an empty cell leaves what is known as it is."""
    return [
        (column, cell)
        for column, cell in zip(columns, row, strict=False)
        if column is not None and cell is not None and not (isinstance(cell, str) and not cell.strip())
    ]


def _contacts(row: _Row) -> tuple[list[dict[str, Any]], list[str]]:
    about = _about_contacts(row)
    found: list[dict[str, Any]] = []
    headers: list[str] = []
    for field, number in sorted(row.by_field):
        if field not in CONTACTS:
            continue
        channel, relation, name_field = CONTACTS[field]
        addresses = row.read(field, cells.several, f"contacts.{field}{number}", number) or ()
        name = row.read(name_field, cells.text, "", number) if name_field else None
        own = about if relation == Relation.SELF else {k: v for k, v in about.items() if k == "source"}
        for address in addresses:
            found.append({"channel": channel, "address": address, "relation": relation, **own, **({"name": name} if name else {})})
            headers.append(row.by_field[field, number][0].header)
    return found, headers


def _about_contacts(row: _Row) -> dict[str, Any]:
    """Who gave the row's contacts, and when the person's own were verified."""
    given = {"source": row.read("source", cells.source, "source"), "verified_on": row.read("verified_on", cells.day, "verified_on")}
    return {key: value for key, value in given.items() if value is not None}
