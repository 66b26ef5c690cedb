"""Messages with the attempts made for them and the receipts that came."""

from collections.abc import Sequence

import asyncpg

from gateway.store.reading.reader import Reader, Rows

_COLUMNS = """m.id, m.notice_id, m.person_id, m.rung, m.channel, m.addressee, m.template, m.version, m.sealed, m.segments, m.status_now as status,
 m.provider, m.reason, m.fault, m.permanent, m.vendor_code, m.created_at, m.expires_at, m.sent_at, m.final_at, m.provisional, m.calls, m.receipts,
 m.seal_id"""

OF_NOTICES = f"select {_COLUMNS} from message_now m where m.notice_id = any($1::bigint[]) order by m.id"  # noqa: S608 - our own columns

ONE = f"""
select {_COLUMNS}, p.region from message_now m left join person p on p.id = m.person_id where m.id = $1"""  # noqa: S608 - our own columns

CALLS = """
select id, provider, message_ids, claimed_at, claimed_by, answered_at, outcome, answers, seal_id, answer_seal
  from call where id = any($1::bigint[]) order by id"""

RECEIPTS = """
select id, provider, received_at, sealed, message_ids, statuses, reasons, codes, seal_id
  from receipt where id = any($1::bigint[]) order by received_at, id"""


async def of_notices(reader: Reader, notice_ids: Sequence[int]) -> Rows:
    """The messages of these notices, in the order they were made."""
    return await reader.fetch(OF_NOTICES, notice_ids)


async def one(reader: Reader, message_id: int) -> asyncpg.Record | None:
    """One message with its person's region."""
    return await reader.fetchrow(ONE, message_id)


async def calls(reader: Reader, call_ids: Sequence[int]) -> Rows:
    """Attempts by id."""
    return await reader.fetch(CALLS, call_ids)


async def receipts(reader: Reader, receipt_ids: Sequence[int]) -> Rows:
    """Receipts by id, as they came."""
    return await reader.fetch(RECEIPTS, receipt_ids)
