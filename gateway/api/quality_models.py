"""`/v1/quality/models`: what was learned of vendors' codes, when and from how much, and which providers' word is worth little."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import asyncpg
from msgspec import Meta, Struct
from msgspec.json import decode

from gateway.api.calls import Call
from gateway.api.cursors import Cursors
from gateway.api.listing import Column, Listing
from gateway.api.problems import Missing, Problem
from gateway.api.query import ListQuery
from gateway.quality.report import Basis, Report, RouteWorth
from gateway.store.reading import quality_models
from gateway.store.reading.reader import Reader, Statement

ModelKey: TypeAlias = tuple[Annotated[int, Meta(ge=0, le=quality_models.FIRST)]]


class LearnedModel(Struct, frozen=True, kw_only=True):
    """A model that was learned, and how much it was learned from. `says`: a sentence for each provider that calls living numbers absent, and for each time in which one did."""

    version: str
    learned_at: datetime
    in_force: bool
    pairs: int
    observations: int
    outcomes: int
    says: list[str]


class LearnedDetail(LearnedModel, frozen=True, kw_only=True):
    """The same with all that was learned."""

    report: Report


class ModelsQuery(ListQuery, frozen=True, kw_only=True):
    """No filters."""


async def model(call: Call) -> LearnedDetail:
    """A model that was learned, with weights of codes, providers, rates, and what people do and sources are worth. For tokens that see everything."""
    _check(call)
    async with call.connection() as connection:
        row = await quality_models.one(connection, call.text("model"))
    if row is None:
        raise Missing("model")
    return LearnedDetail(**_fields(row), report=decode(row["report"], type=Report))


async def _select(call: Call, _: Reader, __: ModelsQuery, after: ModelKey, limit: int) -> Statement:
    _check(call)
    return quality_models.listing(after[0], limit)


def _check(call: Call) -> None:
    if not call.bearer.span.everywhere:
        raise Problem(403, "What was learned is of the whole country: this token sees a region of it.")


async def _rows(_: Call, __: Reader, found: Sequence[asyncpg.Record]) -> list[LearnedModel]:
    return [LearnedModel(**_fields(row)) for row in found]


def _fields(row: asyncpg.Record) -> dict[str, Any]:
    basis = decode(row["basis"], type=Basis)
    return {
        "version": row["version"],
        "learned_at": row["at"],
        "in_force": row["in_force"],
        "pairs": basis.pairs,
        "observations": basis.observations,
        "outcomes": basis.outcomes,
        "says": [said for route in decode(row["routes"], type=tuple[RouteWorth, ...]) for said in _says(route)],
    }


def _says(route: RouteWorth) -> list[str]:
    said = [
        f"服务商 {route.provider} 自 {time.since} {f'至 {time.until} ' if time.until else '起至今'}把 {time.false_absent:.0%} 的在用号码报为空号："
        "该期间的“空号”回执已按此折算，请向其核实原因。"
        for time in route.lied
    ]
    if route.suspect_always:
        again = f"（曾报空号的在用号码再次报空号的占 {route.false_absent_again:.0%}）" if route.again_more else ""
        said.append(
            f"服务商 {route.provider} 把 {route.false_absent:.0%} 的在用号码报为空号{again}：其“空号”回执已按此折算，请向其核实原因。"
        )
    return said


MODELS = Listing(
    name="models",
    summary="Models that were learned from the record, newest first: the first one is in force. For tokens that see everything.",
    query=ModelsQuery,
    row=LearnedModel,
    first=(quality_models.FIRST,),
    cursors=Cursors[ModelKey]("models", ModelKey),
    select=_select,
    key=lambda row: (row["id"],),
    rows=_rows,
    columns=(
        Column("版本", lambda row: row.version),
        Column("学习时间", lambda row: row.learned_at),
        Column("是否使用中", lambda row: "是" if row.in_force else "否"),
        Column("人与号码对数", lambda row: row.pairs),
        Column("证据数", lambda row: row.observations),
        Column("结果数", lambda row: row.outcomes),
        Column("说明", lambda row: "".join(row.says)),
    ),
)
