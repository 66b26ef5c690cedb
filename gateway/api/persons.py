"""`/v1/persons/{id}` and its timeline."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import asyncpg

from gateway.api import views
from gateway.api.calls import Call
from gateway.api.chinese import said
from gateway.api.cursors import Cursors, FactId
from gateway.api.listing import Column, Listing
from gateway.api.problems import Missing
from gateway.api.query import SHANGHAI, ListQuery
from gateway.api.shapes import PersonView, TimelineEntry
from gateway.numbers.masks import mask_name
from gateway.store.reading import persons
from gateway.store.reading.reader import Reader, Statement
from gateway.store.vault import unpack_benefits
from gateway.words import Beneficiary, Insurance

TimelineKey: TypeAlias = tuple[datetime, str, FactId]


async def person(call: Call) -> PersonView:
    """A person: cycle, benefits, and contacts with what is believed of them."""
    async with call.connection() as connection:
        row = await persons.one(connection, call.text("person"))
        if row is None or not call.bearer.sees(row["region"]):
            raise Missing("person")
        contacts = await persons.contacts(connection, row["id"])
    return _view(call, row, contacts)


def _view(call: Call, row: asyncpg.Record, contacts: Sequence[asyncpg.Record]) -> PersonView:
    details, regions = call.vault.open_details(row["details"]), call.services.regions
    certified, start = row["certified"], row["cycle_start"]
    return PersonView(
        id=row["id"],
        name_masked=mask_name(details.name),
        region=row["region"],
        region_name=views.region_name(regions, row["region"]),
        residence=views.place(regions, details.residence, row["region"]),
        insurance=[Insurance(name) for name in row["insurance"]],
        beneficiary=Beneficiary(row["beneficiary"]) if row["beneficiary"] else None,
        certified_on=certified[-1] if certified else None,
        certified=certified,
        benefit_started_on=row["benefit_started_on"],
        cycle=views.cycle(row),
        band=call.services.calendar.band(start, row["today"]) if start and row["listed"] else None,
        benefits=[views.benefit(benefit) for benefit in unpack_benefits(row["benefits"])],
        deceased=row["deceased"],
        died_on=row["died_on"],
        conflict=row["conflict"],
        managing_unit=views.unit(details.managing_unit),
        abroad=details.abroad,
        home_service=details.home_service,
        contacts=[views.contact(contact, call.vault) for contact in contacts],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


async def _select(call: Call, reader: Reader, _: ListQuery, after: TimelineKey, limit: int) -> Statement:
    person_id = call.text("person")
    region = await persons.region(reader, person_id)
    if region is None or not call.bearer.sees(region):
        raise Missing("person")
    return persons.timeline(person_id, after, limit)


async def _entries(_: Call, __: Reader, found: Sequence[asyncpg.Record]) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            row["at"], row["what"], row["event_source"], row["event_id"], row["event_type"], row["verdict"] or None, views.number(row["notice_id"]),
            views.number(row["message_id"]), row["kind"], row["channel"], row["provider"], row["status"], row["reason"],
        )
        for row in found
    ]  # fmt: skip


TIMELINE = Listing(
    name="timeline",
    summary="What happened around a person, newest first.",
    query=ListQuery,
    row=TimelineEntry,
    first=(datetime(9000, 1, 1, tzinfo=SHANGHAI), "", 0),
    cursors=Cursors[TimelineKey]("timeline", TimelineKey),
    select=_select,
    key=lambda row: (row["at"], row["what"], row["id"]),
    rows=_entries,
    columns=(
        Column("时间", lambda row: row.at),
        Column("事项", lambda row: row.what),
        Column("事件来源", lambda row: row.source),
        Column("事件编号", lambda row: row.id),
        Column("事件类型", lambda row: row.type),
        Column("处理结果", lambda row: row.verdict),
        Column("告知编号", lambda row: row.notice_id),
        Column("消息编号", lambda row: row.message_id),
        Column("告知类型", lambda row: said(row.kind)),
        Column("渠道", lambda row: said(row.channel)),
        Column("状态", lambda row: said(row.status)),
        Column("原因", lambda row: said(row.reason)),
    ),
)
