"""What became of events."""

import asyncpg

from gateway.store.reading.reader import Reader, Rows

_COLUMNS = "e.source, e.id, e.type, e.person_id, e.accepted_at, e.accepted_by, e.verdict, e.detail, e.notice_id, e.pending, e.seal_id"

ONE = f"""
select {_COLUMNS}, p.region from event e left join person p on p.id = e.person_id where e.source = $1 and e.id = $2"""  # noqa: S608 - our own columns

OF_NOTICE = f"""
select {_COLUMNS} from event e where e.person_id = $1 and (e.notice_id = $2 or (e.source = $3 and e.id = $4)) order by e.no"""  # noqa: S608 - our own columns


async def one(reader: Reader, source: str, event_id: str) -> asyncpg.Record | None:
    """One event with its person's region (None where no person came of it)."""
    return await reader.fetchrow(ONE, source, event_id)


async def of_notice(reader: Reader, person_id: str, notice_id: int, source: str, event_id: str) -> Rows:
    """The events that asked for a notice or said its duty again, in order of acceptance."""
    return await reader.fetch(OF_NOTICE, person_id, notice_id, source, event_id)
