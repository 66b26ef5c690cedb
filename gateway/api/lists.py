"""`/v1/uncertified` and `/v1/outreach`: who is not certified, and whom people have to tell."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, TypeAlias

import asyncpg
from msgspec import Meta

from gateway.api import views
from gateway.api.calls import Call
from gateway.api.chinese import listed, said
from gateway.api.cursors import Cursors, FactId
from gateway.api.listing import Cell, Column, Listing
from gateway.api.problems import Flaw, Invalid
from gateway.api.query import ListQuery, RegionCode
from gateway.api.shapes import OutreachRow, UncertifiedRow
from gateway.numbers.masks import mask_name
from gateway.store.reading import lists
from gateway.store.reading.reader import Reader, Statement, span
from gateway.words import Insurance

UncertifiedKey: TypeAlias = tuple[str, date, str]
OutreachKey: TypeAlias = tuple[FactId]
Band = Annotated[
    str,
    Meta(pattern=r"^(10-12m|1-2y|2-3y|3-4y|4-5y|5y[+ ])$", description="Full months since the start of the cycle, as annex 7 cuts them."),
]
FIRST_DAY, EARLIEST, LATEST = date(1, 1, 1), date(1900, 1, 1), date(2199, 12, 31)


class UncertifiedQuery(ListQuery, frozen=True, kw_only=True):
    """Filters of the uncertified list."""

    as_of: Annotated[date | None, Meta(description="Counts the months until this day; today without it. What is known is as of now.")] = (
        None
    )
    region: RegionCode | None = None
    insurance: Insurance | None = None
    band: Band | None = None


class OutreachQuery(ListQuery, frozen=True, kw_only=True):
    """Filters of the outreach list. `region` is where people live: the list is for the grassroots there [15]."""

    region: RegionCode | None = None


async def _select_uncertified(call: Call, reader: Reader, query: UncertifiedQuery, after: UncertifiedKey, limit: int) -> Statement:
    calendar = call.services.calendar
    as_of = query.as_of or await lists.today(reader)
    if not EARLIEST <= as_of <= LATEST:
        raise Invalid([Flaw("invalid", "as_of", f"Give a day from {EARLIEST} to {LATEST}.")])
    band = query.band.replace(" ", "+") if query.band else None  # a plus sign that nobody escaped arrives as a space
    first = calendar.band_range(band, as_of)[0] if band else None
    last = calendar.band_range(band or calendar.BANDS[0], as_of)[1]
    regions = span(query.region).within(call.bearer.span)
    return lists.uncertified(lists.Uncertified(as_of, first or FIRST_DAY, last, regions, query.insurance), after, limit)


async def _uncertified(call: Call, _: Reader, found: Sequence[asyncpg.Record]) -> list[UncertifiedRow]:
    return [UncertifiedRow(**_person(call, row)) for row in found]


async def _select_outreach(call: Call, _: Reader, query: OutreachQuery, after: OutreachKey, limit: int) -> Statement:
    return lists.outreach(call.bearer.span, span(query.region), after[0], limit)


async def _outreach(call: Call, _: Reader, found: Sequence[asyncpg.Record]) -> list[OutreachRow]:
    return [
        OutreachRow(
            **_person(call, row),
            id=str(row["id"]),
            notice_id=views.number(row["notice_id"]),
            kind=row["kind"],
            why=row["why"],
            tried=row["tried"],
            goes_to=row["goes_to"],
            opened_at=row["opened_at"],
        )
        for row in found
    ]


def _person(call: Call, row: asyncpg.Record) -> dict[str, Any]:
    """What both lists say of a person."""
    details, regions, start = call.vault.open_details(row["details"]), call.services.regions, row["cycle_start"]
    return {
        "person_id": row["person_id"],
        "name_masked": mask_name(details.name),
        "region": row["region"],
        "region_name": views.region_name(regions, row["region"]),
        "residence": views.place(regions, details.residence, row["region"]),
        "insurance": [Insurance(name) for name in row["insurance"]],
        "certified_on": row["certified_on"],
        "cycle_start": start,
        "deadline": row["deadline"],
        "band": call.services.calendar.band(start, row["as_of"]) if start else None,
    }


def _columns(*more: Column[OutreachRow]) -> tuple[Column[Any], ...]:
    """The columns that people know from the procedure's own list, then what a work list adds, then what only machines need."""
    return (
        Column("姓名", lambda row: row.name_masked),
        Column("险种", lambda row: listed(row.insurance)),
        Column("参保地", lambda row: row.region_name or row.region),
        Column("居住地", lambda row: views.address(row.residence)),
        Column("最近认证日期", lambda row: row.certified_on),
        Column("截止日期", lambda row: row.deadline),
        Column("未认证时间段", lambda row: said(row.band)),
        *more,
        Column("人员编号", lambda row: row.person_id),
    )


def _blank(_: OutreachRow) -> Cell:
    """To be filled in by whoever visits the person."""
    return None


UNCERTIFIED = Listing(
    name="uncertified",
    summary="Persons who are not certified, by region and start of their cycle, in the six bands of annex 7.",
    query=UncertifiedQuery,
    row=UncertifiedRow,
    first=("", FIRST_DAY, ""),
    cursors=Cursors[UncertifiedKey]("uncertified", UncertifiedKey),
    select=_select_uncertified,
    key=lambda row: (row["region"], row["cycle_start"], row["person_id"]),
    rows=_uncertified,
    columns=_columns(),
)

OUTREACH = Listing(
    name="outreach",
    summary="Persons whom no message could tell: people have to.",
    query=OutreachQuery,
    row=OutreachRow,
    first=(0,),
    cursors=Cursors[OutreachKey]("outreach", OutreachKey),
    select=_select_outreach,
    key=lambda row: (row["id"],),
    rows=_outreach,
    columns=_columns(
        Column("已尝试方式", lambda row: listed(row.tried)),
        Column("核实结果", _blank),
        Column("核实日期", _blank),
        Column("核实人", _blank),
        Column("告知类型", lambda row: said(row.kind)),
        Column("列入原因", lambda row: said(row.why)),
        Column("列入时间", lambda row: row.opened_at),
        Column("先由谁告知", lambda row: said(row.goes_to)),
    ),
)
