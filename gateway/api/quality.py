"""`/v1/quality/contacts` and `/v1/quality/shared`: which contacts really reach people [37, last sentence], and whose to ask for better ones."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import asyncpg
import msgspec
from msgspec import Meta

from gateway.api import views
from gateway.api.calls import Call
from gateway.api.chinese import said
from gateway.api.cursors import Cursors, FactId
from gateway.api.listing import Column, Listing
from gateway.api.problems import Flaw, Invalid
from gateway.api.quality_shapes import ContactRow, SharedNumber
from gateway.api.query import ListQuery, RegionCode
from gateway.numbers.masks import mask, mask_name
from gateway.store.reading import quality
from gateway.store.reading.quality import Wanted, WorkList
from gateway.store.reading.reader import Reader, Span, Statement, span

ContactKey: TypeAlias = tuple[str, str, FactId]
SharedKey: TypeAlias = tuple[Annotated[int, Meta(ge=0, le=2**31 - 1)], bytes]
SharedFrom = Annotated[
    int,
    Meta(ge=2, le=2**31 - 1, description="Persons from which on a number counts as shared; `quality.shared_from` without it, never below."),
]


class ContactsQuery(ListQuery, frozen=True, kw_only=True):
    """Filters of the contacts."""

    state: Annotated[str, Meta(pattern=r"^[a-z_]{1,32}$", description="What is believed of the contact.")] | None = None
    list: Annotated[WorkList | None, Meta(description="A work list: contacts of living persons that somebody can do something about.")] = (
        None
    )
    region: RegionCode | None = None
    shared_from: SharedFrom | None = None


class SharedQuery(ListQuery, frozen=True, kw_only=True):
    """Filters of the shared numbers. `region`: at least one of the persons is insured there."""

    region: RegionCode | None = None
    shared_from: SharedFrom | None = None


async def _select(call: Call, reader: Reader, query: ContactsQuery, after: ContactKey, limit: int) -> Statement:
    wanted = Wanted(span(query.region).within(call.bearer.span), query.state, query.list)
    if query.list is WorkList.SHARED:
        wanted = msgspec.structs.replace(wanted, shared_from=_shared_from(call, query.shared_from), live=await quality.few(reader))
    return quality.contacts(wanted, after, limit)


async def _rows(call: Call, _: Reader, found: Sequence[asyncpg.Record]) -> list[ContactRow]:
    return [
        ContactRow(
            person_id=row["person_id"],
            name_masked=mask_name(call.vault.open_details(row["details"]).name),
            region=row["region"],
            region_name=views.region_name(call.services.regions, row["region"]),
            contact=views.contact(row, call.vault),
            shared_by=row["shared_by"],
        )
        for row in found
    ]


async def _select_shared(call: Call, reader: Reader, query: SharedQuery, after: SharedKey, limit: int) -> Statement:
    regions = span(query.region).within(call.bearer.span)
    wanted = Wanted(regions, shared_from=_shared_from(call, query.shared_from), live=await quality.few(reader))
    return quality.shared(wanted, after, limit)


def _shared_from(call: Call, asked: int | None) -> int:
    least = call.services.config.quality.shared_from
    if asked is not None and asked < least:
        raise Invalid(
            [Flaw("invalid", "shared_from", f"Numbers that stand for fewer than {least} persons are not counted (quality.shared_from).")]
        )
    return asked or least


async def _shared(call: Call, _: Reader, found: Sequence[asyncpg.Record]) -> list[SharedNumber]:
    return [_shared_number(call, row) for row in found]


def _shared_number(call: Call, row: asyncpg.Record) -> SharedNumber:
    sources, regions = msgspec.json.decode(row["sources"]), msgspec.json.decode(row["regions"])
    address = mask(call.vault.open_contact(row["sealed"]).address)
    by_source = dict(sorted(sources.items(), key=lambda pair: -pair[1]))
    return SharedNumber(
        address_masked=address,
        channel=row["channel"],
        persons=row["persons"],
        persons_here=sum(persons for code, persons in regions.items() if call.bearer.sees(code) and _asked(call).holds(code)),
        regions=len(regions),
        sources=by_source,
        says=f"{address} 登记在 {row['persons']} 人名下（{_listed(by_source)}）。",
    )


def _asked(call: Call) -> Span:
    return span(call.query(SharedQuery).region)


def _listed(persons: dict[str, int]) -> str:
    return "、".join(f"{said(source)} {count} 人" for source, count in persons.items())


CONTACTS = Listing(
    name="contacts",
    summary="Contacts with what is believed of them, so that people can be asked for better ones.",
    query=ContactsQuery,
    row=ContactRow,
    first=quality.FIRST,
    cursors=Cursors[ContactKey]("contacts", ContactKey),
    select=_select,
    key=lambda row: (row["region"], row["person_id"], row["id"]),
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
        Column("触达概率", lambda row: row.contact.quality.p_reach),
        Column("说明", lambda row: row.contact.quality.why),
        Column("送达次数", lambda row: row.contact.quality.delivered),
        Column("失败次数", lambda row: row.contact.quality.failed),
        Column("最近结果时间", lambda row: row.contact.quality.last_at),
        Column("退订时间", lambda row: row.contact.quality.opted_out_at),
        Column("同号人数", lambda row: row.shared_by),
        Column("人员编号", lambda row: row.person_id),
    ),
)

SHARED = Listing(
    name="shared",
    summary="Numbers that stand for many persons, those that stand for most first: whose they are must be asked.",
    query=SharedQuery,
    row=SharedNumber,
    first=quality.FIRST_SHARED,
    cursors=Cursors[SharedKey]("shared", SharedKey),
    select=_select_shared,
    key=lambda row: (row["persons"], row["key"]),
    rows=_shared,
    columns=(
        Column("号码", lambda row: row.address_masked),
        Column("渠道", lambda row: said(row.channel)),
        Column("登记人数", lambda row: row.persons),
        Column("本地人数", lambda row: row.persons_here),
        Column("涉及地区数", lambda row: row.regions),
        Column("来源", lambda row: _listed(row.sources)),
        Column("说明", lambda row: row.says),
    ),
)
