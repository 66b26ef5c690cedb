"""`/v1/quality/summary` and `/v1/quality/trend`: how good contacts are, by region, insurance and source, and from month to month."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, TypeAlias

import asyncpg
import msgspec
from msgspec import Meta

from gateway.api import views
from gateway.api.calls import Call
from gateway.api.chinese import said
from gateway.api.cursors import Cursors
from gateway.api.listing import Column, Listing
from gateway.api.quality_shapes import ContactCount, QualityGroup, QualityMonth, QualitySummary
from gateway.api.query import ListQuery, Query, RegionCode
from gateway.store.reading import quality
from gateway.store.reading.quality import By
from gateway.store.reading.reader import Reader, Rows, Statement, span

MonthKey: TypeAlias = tuple[date]
Split: TypeAlias = Callable[[str], Sequence[str]]
STATES = ("good", "unverified", "doubtful", "dead", "wrong_person", "blocked")
"""In the order of the files' columns."""


class SummaryQuery(Query, frozen=True, kw_only=True):
    """Which region to count, and what to count apart."""

    region: RegionCode | None = None
    by: Annotated[By | None, Meta(description="`region`: the regions right below; `insurance`, `source`.")] = None


class TrendQuery(ListQuery, frozen=True, kw_only=True):
    """Which region to look back on."""

    region: RegionCode | None = None


async def summary(call: Call) -> QualitySummary:
    """Contacts of living persons by what is believed of them, and persons whom no contact can reach."""
    query = call.query(SummaryQuery)
    regions = span(query.region).within(call.bearer.span)
    async with call.snapshot() as connection:
        basis = await quality.basis(connection)
        rows = await quality.counts(connection, regions, basis, query.by)
        people = await quality.people(connection, regions, basis, query.by)
    by_state = _states(rows)
    return QualitySummary(
        region=query.region or "",
        contacts=by_state.total(),
        by_state=dict(by_state),
        items=_items(rows),
        shares=_shares(by_state),
        never_verified=sum(row["never_verified"] for row in rows),
        persons=sum(row["persons"] for row in people),
        without_contact=sum(row["without_contact"] for row in people),
        without_usable=sum(row["without_usable"] for row in people),
        groups=_groups(call, query, rows, people) if query.by else [],
        counted_at=basis.at,
    )


def _states(rows: Iterable[asyncpg.Record]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        found[row["state"]] += row["contacts"]
    return found


def _shares(by_state: Mapping[str, int]) -> dict[str, float]:
    total = sum(by_state.values())
    return {state: round(contacts / total, 4) for state, contacts in by_state.items()}


def _items(rows: Rows) -> list[ContactCount]:
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        counts = found[row["channel"], row["state"]]
        for place, name in enumerate(("contacts", "opted_out", "wrong_person")):
            counts[place] += row[name]
    return [ContactCount(*key, *counts) for key, counts in sorted(found.items())]


def _groups(call: Call, query: SummaryQuery, rows: Rows, people: Rows) -> list[QualityGroup]:
    above = query.region or call.bearer.region
    split: dict[By, Split] = {
        By.REGION: lambda part: [call.services.regions.towards(above, part)],
        By.INSURANCE: lambda part: part.split("+"),
        By.SOURCE: lambda part: [part],
    }
    by = query.by or By.SOURCE
    contacts, persons = _apart(rows, split[by]), _apart(people, split[by])
    name = _region_name(call) if by is By.REGION else said
    return [
        _group(key, name(key), contacts.get(key, []), persons.get(key, []))
        for key in sorted((contacts.keys() | persons.keys()) - _no_part(by))
    ]


def _region_name(call: Call) -> Callable[[str], str]:
    return lambda code: views.region_name(call.services.regions, code)


def _no_part(by: By) -> set[str]:
    """Persons have no source: theirs is one row without a part."""
    return {""} if by is By.SOURCE else set()


def _apart(rows: Rows, split: Split) -> dict[str, list[asyncpg.Record]]:
    found: defaultdict[str, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        for key in split(row["part"]):
            found[key].append(row)
    return found


def _group(key: str, name: str, contacts: list[asyncpg.Record], people: list[asyncpg.Record]) -> QualityGroup:
    by_state = _states(contacts)
    persons, without, unusable = (
        sum(row[column] for row in people) if people else None for column in ("persons", "without_contact", "without_usable")
    )
    return QualityGroup(
        key=key,
        name=name,
        contacts=by_state.total(),
        by_state=dict(by_state),
        shares=_shares(by_state),
        never_verified=sum(row["never_verified"] for row in contacts),
        persons=persons,
        without_contact=without,
        without_usable=unusable,
    )


async def _select(call: Call, _: Reader, query: TrendQuery, after: MonthKey, limit: int) -> Statement:
    return quality.trend(span(query.region).within(call.bearer.span), after[0], limit)


async def _months(_: Call, __: Reader, found: Sequence[asyncpg.Record]) -> list[QualityMonth]:
    return [_month(row) for row in found]


def _month(row: asyncpg.Record) -> QualityMonth:
    states = _decoded(row["states"]) or {}
    before = _decoded(row["states_before"])
    changes = None if before is None else {state: states.get(state, 0) - before.get(state, 0) for state in sorted(states | before)}
    return QualityMonth(
        month=row["month"],
        counted_at=row["counted_at"],
        contacts=sum(states.values()),
        by_state=states,
        shares=_shares(states),
        changes=changes,
        persons=row["persons"] or 0,
        without_contact=row["without_contact"] or 0,
        without_usable=row["without_usable"] or 0,
    )


def _decoded(counts: str | None) -> dict[str, int] | None:
    return None if counts is None else msgspec.json.decode(counts, type=dict[str, int])


def _of_state(state: str) -> Column[QualityMonth]:
    return Column(said(state), lambda row: row.by_state.get(state, 0))


TREND = Listing(
    name="trend",
    summary="Contacts of living persons by what was believed of them, month after month.",
    query=TrendQuery,
    row=QualityMonth,
    first=(quality.FIRST_MONTH,),
    cursors=Cursors[MonthKey]("trend", MonthKey),
    select=_select,
    key=lambda row: (row["month"],),
    rows=_months,
    columns=(
        Column("月份", lambda row: row.month),
        Column("统计时间", lambda row: row.counted_at),
        Column("联系方式数", lambda row: row.contacts),
        *(_of_state(state) for state in STATES),
        Column("人数", lambda row: row.persons),
        Column("无联系方式人数", lambda row: row.without_contact),
        Column("无可用联系方式人数", lambda row: row.without_usable),
    ),
)
