"""`/v1/quality/overrides`: a contact that was given up is used all the same, asked for by one token's owner and confirmed by another's."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeAlias, cast

import asyncpg
from msgspec import Meta

from gateway.api import views
from gateway.api.calls import LARGEST_ID, Call
from gateway.api.chinese import said
from gateway.api.cursors import Cursors, FactId
from gateway.api.listing import Column, Listing
from gateway.api.override_shapes import OverrideRequest, OverrideView
from gateway.api.problems import Flaw, Invalid, Missing, Problem
from gateway.api.query import ListQuery, PersonId, RegionCode, moment
from gateway.numbers.masks import mask, mask_name
from gateway.numbers.mentions import mentions_number
from gateway.store.overrides import SEALED_FOR
from gateway.store.reading import overrides, persons
from gateway.store.reading.reader import Reader, Statement, span
from gateway.words import OverrideRefusal, OverrideStatus

__all__ = ["OVERRIDES", "OverrideRequest", "ask", "confirm", "withdraw"]

OverrideKey: TypeAlias = tuple[Annotated[datetime, Meta(tz=True)], FactId]
Change: TypeAlias = Callable[[int, str], Awaitable[OverrideRefusal | None]]

CONFLICTS = {
    OverrideRefusal.NOT_GIVEN_UP: "This contact is not given up: it is used anyway.",
    OverrideRefusal.OPEN: "An override of this number is asked for or in force already.",
    OverrideRefusal.SAME_OWNER: "Whoever asked for an override cannot confirm it: another token's owner must.",
    OverrideRefusal.IN_FORCE: "This override is confirmed already.",
    OverrideRefusal.EXPIRED: "This override was not confirmed in time: ask again.",
    OverrideRefusal.ENDED: "This override has ended.",
}


class OverridesQuery(ListQuery, frozen=True, kw_only=True):
    """Filters of the overrides."""

    status: OverrideStatus | None = None
    region: RegionCode | None = None
    person_id: PersonId | None = None


async def ask(call: Call) -> OverrideView:
    """Asks that a contact which was given up be used for a time. Nothing changes until another token's owner confirms it."""
    asked = await call.body(OverrideRequest)
    until = cast("datetime", moment(asked.until, "until", end=True))
    if mentions_number(asked.reason):
        raise Invalid([Flaw("personal", "reason", "Leave out identity numbers and telephone numbers: the contact is named already.")])
    if (contact_id := int(asked.contact_id)) > LARGEST_ID:
        raise Missing("contact")
    async with call.connection() as connection:
        region = await persons.region(connection, asked.person_id)
    if region is None or not call.bearer.sees(region):
        raise Missing("person")
    # No connection is held meanwhile: asking takes its own, for it locks the person.
    done = await call.services.overriding.ask(asked.person_id, contact_id, asked.reason.strip(), until, call.bearer.name)
    if isinstance(done, OverrideRefusal):
        raise _refused(call, done)
    async with call.connection() as connection:
        return await _shown(call, connection, done)


async def confirm(call: Call) -> OverrideView:
    """Puts an override in force that another token's owner asked for within seven days, and answers with it."""
    return await _change(call, call.services.overriding.confirm)


async def withdraw(call: Call) -> OverrideView:
    """Ends an override before its time, asked for or in force, and answers with it."""
    return await _change(call, call.services.overriding.withdraw)


async def _change(call: Call, change: Change) -> OverrideView:
    override_id = call.number("override")
    async with call.connection() as connection:
        await _shown(call, connection, override_id)
    refusal = await change(override_id, call.bearer.name)
    if refusal is not None:
        raise _refused(call, refusal)
    async with call.connection() as connection:
        return await _shown(call, connection, override_id)


def _refused(call: Call, why: OverrideRefusal) -> Problem:
    if why is OverrideRefusal.NO_CONTACT:
        return Missing("contact")
    if why is OverrideRefusal.PAST:
        return Invalid([Flaw("past", "until", "An override ends in the future.")])
    if why is OverrideRefusal.TOO_LONG:
        days = call.services.config.quality.override_days
        return Invalid([Flaw("too_long", "until", f"An override ends within {days} days (quality.override_days).")])
    return Problem(409, CONFLICTS[why], code=why)


async def _shown(call: Call, reader: Reader, override_id: int) -> OverrideView:
    row = await overrides.one(reader, override_id)
    if row is None or not call.bearer.sees(row["region"]):
        raise Missing("override")
    return _view(call, row)


def _view(call: Call, row: asyncpg.Record) -> OverrideView:
    same: dict[str, Any] = {name: row[name] for name in OverrideView.__struct_fields__ if name in row}
    address, reason = row["address"], row["reason"]
    return OverrideView(
        **same
        | {
            "id": str(row["id"]),
            "contact_id": str(row["contact_id"]),
            "name_masked": mask_name(call.vault.open_details(row["details"]).name),
            "region_name": views.region_name(call.services.regions, row["region"]),
            "address_masked": mask(call.vault.open_contact(address).address) if address is not None else None,
            "reason": call.vault.open_raw(reason, SEALED_FOR).decode() if reason is not None else None,
        }
    )


async def _select(call: Call, _: Reader, query: OverridesQuery, after: OverrideKey, limit: int) -> Statement:
    wanted = overrides.Wanted(query.status, query.person_id, span(query.region).within(call.bearer.span))
    return overrides.listing(wanted, after, limit)


async def _rows(call: Call, _: Reader, found: Sequence[asyncpg.Record]) -> list[OverrideView]:
    return [_view(call, row) for row in found]


OVERRIDES = Listing(
    name="overrides",
    summary="Overrides of suppressions: who asked, who confirmed, why and until when; those asked for last first.",
    query=OverridesQuery,
    row=OverrideView,
    first=overrides.NEWEST,
    cursors=Cursors[OverrideKey]("overrides", OverrideKey),
    select=_select,
    key=lambda row: (row["asked_at"], row["id"]),
    rows=_rows,
    columns=(
        Column("编号", lambda row: row.id),
        Column("姓名", lambda row: row.name_masked),
        Column("参保地", lambda row: row.region_name or row.region),
        Column("渠道", lambda row: said(row.channel)),
        Column("号码", lambda row: row.address_masked),
        Column("申请时状态", lambda row: said(row.state)),
        Column("理由", lambda row: row.reason),
        Column("有效期至", lambda row: row.until),
        Column("状态", lambda row: said(row.status)),
        Column("申请人", lambda row: row.asked_by),
        Column("申请时间", lambda row: row.asked_at),
        Column("确认人", lambda row: row.confirmed_by),
        Column("确认时间", lambda row: row.confirmed_at),
        Column("终止时间", lambda row: row.ended_at),
        Column("终止人", lambda row: row.ended_by),
        Column("终止原因", lambda row: said(row.ended_why)),
        Column("人员编号", lambda row: row.person_id),
    ),
)
