"""`/v1/quality/…`: which contacts really reach people [37, last sentence]."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, TypeAlias

import asyncpg
from msgspec import Meta

from gateway.api import views
from gateway.api.calls import Call
from gateway.api.chinese import said
from gateway.api.cursors import Cursors, FactId
from gateway.api.listing import Column, Listing
from gateway.api.query import ListQuery, Query, RegionCode
from gateway.api.shapes import ContactCount, ContactRow, QualitySummary
from gateway.numbers.masks import mask_name
from gateway.store.reading import quality
from gateway.store.reading.reader import Reader, Statement, span

ContactKey: TypeAlias = tuple[bytes, FactId]


class SummaryQuery(Query, frozen=True, kw_only=True):
    """Which region to count."""

    region: RegionCode | None = None


class ContactsQuery(ListQuery, frozen=True, kw_only=True):
    """Filters of the contacts."""

    state: Annotated[str, Meta(pattern=r"^[a-z_]{1,32}$", description="What is believed of the number.")] | None = None
    region: RegionCode | None = None


async def summary(call: Call) -> QualitySummary:
    """Contacts by channel and by what is believed of them."""
    query = call.query(SummaryQuery)
    async with call.snapshot() as connection:
        rows = await quality.summary(connection, span(query.region).within(call.bearer.span))
    counts = [ContactCount(row["channel"], row["state"], row["contacts"], row["opted_out"], row["wrong_person"]) for row in rows]
    by_state: Counter[str] = Counter()
    for count in counts:
        by_state[count.state] += count.contacts
    return QualitySummary(query.region or "", sum(by_state.values()), dict(by_state), counts)


async def _select(call: Call, _: Reader, query: ContactsQuery, after: ContactKey, limit: int) -> Statement:
    return quality.contacts(query.state, span(query.region).within(call.bearer.span), after, limit)


async def _rows(call: Call, _: Reader, found: Sequence[asyncpg.Record]) -> list[ContactRow]:
    return [
        ContactRow(
            person_id=row["person_id"],
            name_masked=mask_name(call.vault.open_details(row["details"]).name),
            region=row["region"],
            region_name=views.region_name(call.services.regions, row["region"]),
            contact=views.contact(row, call.vault),
        )
        for row in found
    ]


CONTACTS = Listing(
    name="contacts",
    summary="Contacts with what is believed of them, so that people can be asked for better ones.",
    query=ContactsQuery,
    row=ContactRow,
    first=quality.FIRST,
    cursors=Cursors[ContactKey]("contacts", ContactKey),
    select=_select,
    key=lambda row: (row["key"], row["id"]),
    rows=_rows,
    columns=(
        Column("姓名", lambda row: row.name_masked),
        Column("参保地", lambda row: row.region_name or row.region),
        Column("渠道", lambda row: said(row.contact.channel)),
        Column("号码", lambda row: row.contact.address_masked),
        Column("关系", lambda row: said(row.contact.relation)),
        Column("来源", lambda row: said(row.contact.source)),
        Column("核实日期", lambda row: row.contact.verified_on),
        Column("状态", lambda row: said(row.contact.quality.state)),
        Column("送达次数", lambda row: row.contact.quality.delivered),
        Column("失败次数", lambda row: row.contact.quality.failed),
        Column("最近结果时间", lambda row: row.contact.quality.last_at),
        Column("退订时间", lambda row: row.contact.quality.opted_out_at),
        Column("人员编号", lambda row: row.person_id),
    ),
)
