"""Notices: one, or a list newest first."""

from datetime import datetime

import asyncpg
from msgspec import Struct

from gateway.store.reading.reader import EVERYWHERE, Reader, Span, Statement
from gateway.words import NoticeStatus

_COLUMNS = """n.id, n.person_id, n.kind, n.cause, string_to_array(n.insurance, '+') as insurance, n.effective, n.status, n.reason, n.lane, n.due_at, n.expires_at, n.cycle_start, n.deadline,
 string_to_array(n.checks, ' ') as checks, n.event_source, n.event_id, n.created_at, n.closed_at, n.seal_id, n.closing_seal"""

ONE = f"select {_COLUMNS}, p.region from notice n left join person p on p.id = n.person_id where n.id = $1"  # noqa: S608 - our own columns

NEWEST = 2**63 - 1
"""Before the first page."""


class Wanted(Struct, frozen=True):
    """Which notices; None and EVERYWHERE leave a filter out. `since` is included, `until` is not."""

    person_id: str | None = None
    kind: str | None = None
    status: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    span: Span = EVERYWHERE


async def one(reader: Reader, notice_id: int) -> asyncpg.Record | None:
    """One notice with its person's region."""
    return await reader.fetchrow(ONE, notice_id)


def listing(wanted: Wanted, before: int, limit: int) -> Statement:
    """Notices with ids below `before`, newest id first."""
    args: list[object] = [before]
    table, where = _source(wanted)
    for value, condition in _conditions(wanted):
        args.append(value)
        where.append(condition.format(len(args)))
    args.append(limit)
    join = "" if wanted.span.everywhere else " join person p on p.id = n.person_id"
    sql = f"select {_COLUMNS} from {table}{join} where {' and '.join(where)} order by {_order(wanted)} desc limit ${len(args)}"  # noqa: S608 - our own words
    return Statement(sql, tuple(args))


def _source(wanted: Wanted) -> tuple[str, list[str]]:
    if wanted.status != NoticeStatus.UNINFORMED or wanted.person_id is not None:
        return "notice n", ["n.id < $1"]
    # Whoever is not informed stood or stands on the outreach list: few among many, found there and not by walking all notices. The offset
    # keeps the look-up a look-up, whatever the planner thinks of reading all of them at once.
    listed = "(select distinct notice_id as id from outreach where notice_id < $1 order by 1 desc) listed"
    return f"{listed} cross join lateral (select * from notice where notice.id = listed.id offset 0) n", ["true"]  # noqa: S608 - our own words


def _conditions(wanted: Wanted) -> list[tuple[object, str]]:
    given = [
        (wanted.person_id, "n.person_id = ${}"),
        (wanted.kind, "n.kind = ${}"),
        (wanted.status, "n.status = ${}"),
        (wanted.since, "n.created_at >= ${}"),
        (wanted.until, "n.created_at < ${}"),
    ]
    if not wanted.span.everywhere:
        given += [(wanted.span.low, "p.region >= ${}"), (wanted.span.high, "p.region < ${}")]
    return [(value, condition) for value, condition in given if value is not None]


def _order(wanted: Wanted) -> str:
    if wanted.status == NoticeStatus.UNINFORMED and wanted.person_id is None:
        return "listed.id"
    # Walking the primary key backwards would read the whole table to find that nothing more fits; the sum keeps the planner from it where
    # an index finds the few rows (of a person) or the block range (since a moment).
    return "n.id + 0" if wanted.person_id is not None or wanted.since is not None else "n.id"
