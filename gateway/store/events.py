"""Events: what was accepted, once for each (source, id)."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from gateway.store.copying import copy_in
from gateway.store.pool import Connection

MOMENT = """
with drawn as materialized (select array(select nextval('event_no') from generate_series(1, $1)) as nos)
select clock_timestamp(), (clock_timestamp() at time zone $2)::date, drawn.nos, e.id, e.digest, e.type, e.person_id, e.sealed, e.notice_id
  from drawn left join event e on e.source = $3 and e.id = any($4::text[])"""

KNOWN = "select id, digest, type, person_id, sealed, notice_id from event where source = $1 and id = any($2::text[])"

COLUMNS = (
    "no", "source", "id", "type", "person_id", "digest", "sealed", "accepted_by", "verdict", "detail", "notice_id", "pending", "seal_id",
)  # fmt: skip

PENDING = "select no, sealed from event where pending and person_id = any($1::text[]) order by no"

PLANNED = """
update event e set pending = false, verdict = u.verdict, detail = u.detail, notice_id = u.notice
  from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[]) as u(no, verdict, detail, notice) where e.no = u.no and e.pending"""


class Known(Struct, frozen=True, gc=False):
    """An event that was accepted before."""

    digest: bytes
    type: str
    person_id: str
    sealed: bytes | None
    notice_id: int | None


class Moment(Struct, frozen=True, gc=False):
    """The store's clock under the persons' locks, event numbers drawn there, and which of the events are known."""

    now: datetime
    today: date
    numbers: list[int]
    known: dict[tuple[str, str], Known]


EventRow = tuple[int, str, str, str, str, bytes, bytes, str, str, str, int | None, bool]
"""A row of `event` to be written: COLUMNS without the last."""


async def moment(connection: Connection, keys: Sequence[tuple[str, str]], timezone: str) -> Moment:
    """Reads what intake must know once the persons are locked; draws one number for each key, in order of acceptance."""
    by_source: dict[str, list[str]] = {}
    for source, ident in keys:
        by_source.setdefault(source, []).append(ident)
    (first, ids), *others = by_source.items()
    rows = await connection.fetch(MOMENT, len(keys), timezone, first, ids)
    now, today, numbers = tuple(rows[0])[:3]
    known = {(first, row[3]): Known(*tuple(row)[4:]) for row in rows if row[3] is not None}
    for source, ids in others:
        known |= {(source, row[0]): Known(*tuple(row)[1:]) for row in await connection.fetch(KNOWN, source, ids)}
    return Moment(now, today, numbers, known)


async def insert(connection: Connection, rows: Sequence[EventRow], seal_id: int) -> None:
    """Writes events, accepted at the time of this transaction.

    Raises:
        asyncpg.UniqueViolationError: Somebody else wrote one of them meanwhile, for another person: roll back and start again.

    """
    await copy_in(connection, "event", COLUMNS, [(*row, seal_id) for row in rows])


async def pending(connection: Connection, persons: Sequence[str]) -> list[tuple[int, bytes]]:
    """Accepted events of locked persons that wait to be planned, in order of acceptance: (number, sealed)."""
    return [tuple(row) for row in await connection.fetch(PENDING, persons)]


async def planned(connection: Connection, verdicts: Sequence[tuple[int, str, str, int | None]]) -> None:
    """What became of events that waited: (number, verdict, detail, notice id)."""
    await connection.execute(PLANNED, *(list(column) for column in zip(*verdicts, strict=True)))
