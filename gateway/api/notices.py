"""`/v1/notices`: duties to inform, their messages and their trail; and cancelling one."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

import asyncpg
from msgspec import Meta

from gateway.api import messages as message_views
from gateway.api import views
from gateway.api.calls import Call
from gateway.api.chinese import listed, said
from gateway.api.cursors import Cursors, FactId
from gateway.api.listing import Column, Listing
from gateway.api.messages import Records
from gateway.api.problems import Missing, Problem
from gateway.api.query import ListQuery, Moment, PersonId, moment
from gateway.api.shapes import EventReference, MessageView, NoticeView
from gateway.api.steps import trail
from gateway.api.trail import NoticeDetail
from gateway.store.reading import events, messages, notices
from gateway.store.reading.reader import Reader, Statement
from gateway.words import Cause, Insurance, Kind, Lane, NoticeStatus, Reason

NoticeKey: TypeAlias = tuple[FactId]


class NoticesQuery(ListQuery, frozen=True, kw_only=True):
    """Filters of the notices."""

    person_id: PersonId | None = None
    kind: Kind | None = None
    status: NoticeStatus | None = None
    since: Annotated[Moment | None, Meta(description="Made at this moment or later.")] = None
    until: Annotated[Moment | None, Meta(description="Made before this moment; a date includes that day.")] = None


async def notice(call: Call) -> NoticeDetail:
    """A notice with its messages, their texts, and its trail."""
    async with call.snapshot() as connection:
        return await _detail(call, connection)


async def cancel(call: Call) -> NoticeDetail:
    """Withdraws a notice that is not final, and answers with it. What has left already is not called back."""
    notice_id = call.number("notice")
    async with call.connection() as connection:
        await _find(call, connection)
    # No connection is held meanwhile: cancelling takes its own, for it locks the person.
    if not await call.services.cancel(notice_id, call.bearer.name):
        raise Problem(409, "This notice is final; what it said stands.")
    async with call.connection() as connection:
        return await _detail(call, connection)


async def _find(call: Call, reader: Reader) -> asyncpg.Record:
    row = await notices.one(reader, call.number("notice"))
    if row is None or not call.bearer.sees(row["region"]):
        raise Missing("notice")
    return row


async def _detail(call: Call, reader: Reader) -> NoticeDetail:
    row = await _find(call, reader)
    asked = await events.of_notice(reader, row["person_id"], row["id"], row["event_source"], row["event_id"])
    rows = await messages.of_notices(reader, [row["id"]])
    records = await Records.of(rows, reader, call.vault)
    told = [(one, message_views.view(one, records, call.vault, call.services.render_text)) for one in rows]
    return NoticeDetail(**_fields(row, [shown for _, shown in told]), trail=trail(row, asked, told, records))


def _fields(row: asyncpg.Record, told: list[MessageView]) -> dict[str, Any]:
    """What a notice shows in a list and alone."""
    return {
        "id": str(row["id"]),
        "person_id": row["person_id"],
        "kind": Kind(row["kind"]),
        "cause": Cause(row["cause"]),
        "insurance": [Insurance(name) for name in row["insurance"]],
        "effective": row["effective"],
        "cycle": views.cycle(row),
        "status": NoticeStatus(row["status"]),
        "reason": Reason(row["reason"]) if row["reason"] else None,
        "lane": Lane(row["lane"]),
        "due_at": row["due_at"],
        "expires_at": row["expires_at"],
        "created_at": row["created_at"],
        "closed_at": row["closed_at"],
        "event": EventReference(row["event_source"], row["event_id"]) if row["event_id"] else None,
        "messages": told,
    }


async def _select(call: Call, _: Reader, query: NoticesQuery, after: NoticeKey, limit: int) -> Statement:
    since, until = moment(query.since, "since"), moment(query.until, "until", end=True)
    return notices.listing(notices.Wanted(query.person_id, query.kind, query.status, since, until, call.bearer.span), after[0], limit)


async def _rows(call: Call, reader: Reader, found: Sequence[asyncpg.Record]) -> list[NoticeView]:
    rows = await messages.of_notices(reader, [row["id"] for row in found])
    records = await Records.of(rows, reader, call.vault, receipts=False)
    told: dict[int, list[MessageView]] = {row["id"]: [] for row in found}
    for row in rows:
        told[row["notice_id"]].append(message_views.view(row, records, call.vault, None))
    return [NoticeView(**_fields(row, told[row["id"]])) for row in found]


def _told(row: NoticeView) -> str:
    return "；".join(
        f"{said(one.channel)} {one.address_masked or ''} {said(one.status)} {said(one.reason)}".strip() for one in row.messages
    )


NOTICES = Listing(
    name="notices",
    summary="Notices with their messages (without texts and trail), newest first.",
    query=NoticesQuery,
    row=NoticeView,
    first=(notices.NEWEST,),
    cursors=Cursors[NoticeKey]("notices", NoticeKey),
    select=_select,
    key=lambda row: (row["id"],),
    rows=_rows,
    columns=(
        Column("告知编号", lambda row: row.id),
        Column("人员编号", lambda row: row.person_id),
        Column("告知类型", lambda row: said(row.kind)),
        Column("事由", lambda row: said(row.cause)),
        Column("险种", lambda row: listed(row.insurance)),
        Column("截止日期", lambda row: row.cycle.deadline if row.cycle else None),
        Column("状态", lambda row: said(row.status)),
        Column("原因", lambda row: said(row.reason)),
        Column("应发时间", lambda row: row.due_at),
        Column("办结时间", lambda row: row.closed_at),
        Column("消息", _told),
    ),
)
