"""Overrides of suppressions as people see them: who asked, who confirmed, until when, and how each stands now."""

from datetime import UTC, datetime

import asyncpg
from msgspec import Struct

from gateway.store.overrides import OVER_AT
from gateway.store.reading.reader import EVERYWHERE, Reader, Span, Statement
from gateway.words import OverrideEnd, OverrideStatus

_STATUS = f"""case when o.ended_at is not null or {OVER_AT} <= now() then '{OverrideStatus.ENDED}'
            when o.confirmed_at is null then '{OverrideStatus.ASKED}' else '{OverrideStatus.IN_FORCE}' end"""
_ENDED_AT = f"case when o.ended_at is not null then o.ended_at when {OVER_AT} <= now() then {OVER_AT} end"
_ENDED_WHY = f"""case when o.ended_at is not null then o.ended_why when {OVER_AT} > now() then null
            when o.confirmed_at is null then '{OverrideEnd.UNCONFIRMED}' else '{OverrideEnd.EXPIRED}' end"""

_SELECT = f"""
select o.id, o.person_id, p.region, p.details, o.contact_id, o.channel, c.sealed as address, o.state, o.sealed as reason, o.until, {_STATUS} as status, o.asked_by, o.asked_at,
       o.confirmed_by, o.confirmed_at, o.ended_by, {_ENDED_AT} as ended_at, {_ENDED_WHY} as ended_why
  from suppression_override o join person p on p.id = o.person_id
       left join contact c on c.person_id = o.person_id and c.id = o.contact_id"""  # noqa: S608 - our own words

ONE = f"{_SELECT} where o.id = $1"

NEWEST = (datetime(9999, 1, 1, tzinfo=UTC), 0)
"""Before the first page."""


class Wanted(Struct, frozen=True):
    """Which overrides; None and EVERYWHERE leave a filter out."""

    status: str | None = None
    person_id: str | None = None
    span: Span = EVERYWHERE


async def one(reader: Reader, override_id: int) -> asyncpg.Record | None:
    """One override with its person's region."""
    return await reader.fetchrow(ONE, override_id)


def listing(wanted: Wanted, before: tuple[datetime, int], limit: int) -> Statement:
    """Overrides before (asked at, id), those asked for last first."""
    args: list[object] = [*before]
    where = ["(o.asked_at, o.id) < ($1, $2)"]
    for value, condition in _conditions(wanted):
        args.append(value)
        where.append(condition.format(len(args)))
    args.append(limit)
    return Statement(f"{_SELECT} where {' and '.join(where)} order by o.asked_at desc, o.id desc limit ${len(args)}", tuple(args))


def _conditions(wanted: Wanted) -> list[tuple[object, str]]:
    given: list[tuple[object, str]] = [(wanted.status, f"({_STATUS}) = ${{}}"), (wanted.person_id, "o.person_id = ${}")]
    if not wanted.span.everywhere:
        given += [(wanted.span.low, "p.region >= ${}"), (wanted.span.high, "p.region < ${}")]
    return [(value, condition) for value, condition in given if value is not None]
