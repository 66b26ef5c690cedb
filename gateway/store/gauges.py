"""What the acting scheduler shows of the whole store."""

from msgspec import Struct
from msgspec.json import decode

from gateway.metrics import RECEIPT_AGES_S, StoreGauges
from gateway.store.pool import Queries
from gateway.store.quality_state import STATE

BACKLOG = "select lane, count(*), coalesce(extract(epoch from now() - min(due_at)), 0)::float8 from queue group by lane"

UNINFORMED = """
select n.kind, count(distinct n.id) from outreach o join notice n on n.id = o.notice_id
 where o.closed_at is null and n.status = 'uninformed' group by n.kind"""

CONTACTS = f"""
select {STATE}, count(*) from contact c where c.removed_at is null group by 1"""  # noqa: S608 - our own words

MISSING = """
select c.provider, sum(cardinality(c.message_ids))::float8, sum((
         select count(*) from message m where m.id = any(c.message_ids) and m.receipts = '{}'))::float8
  from call c
 where c.outcome = 'accepted' and c.claimed_at between now() - make_interval(secs => $2) and now() - make_interval(secs => $1)
 group by c.provider"""

INBOX = "select provider, extract(epoch from now() - min(received_at))::float8 from inbox group by provider"

LEARNED = """
select version, greatest(extract(epoch from now() - at), 0)::float8,
       coalesce((select jsonb_object_agg(r ->> 'provider', r -> 'false_absent') from jsonb_array_elements(report -> 'routes') r), '{}')
  from quality_model order by id desc limit 1"""

LEASE_ENDED = "select exists (select from call where answered_at is null and lease_until < clock_timestamp())"


class Census(Struct, frozen=True):
    """Counts over all contacts and calls: minutes on a store of millions, so a few times an hour."""

    receipts_missing: dict[tuple[str, str], float] = {}
    contacts: dict[str, int] = {}


async def census(connection: Queries) -> Census:
    """Counts everything."""
    missing = {}
    for age, (start_s, end_s) in RECEIPT_AGES_S.items():
        for provider, sent, silent in await connection.fetch(MISSING, float(start_s), float(end_s)):
            missing[provider, age] = silent / sent if sent else 0.0
    return Census(missing, {row[0]: row[1] for row in await connection.fetch(CONTACTS)})


async def read(connection: Queries, counted: Census) -> StoreGauges:
    """What is cheap to ask, beside what was counted last."""
    lanes = await connection.fetch(BACKLOG)
    learned = await connection.fetchrow(LEARNED)
    return StoreGauges(
        {row[0]: row[1] for row in lanes},
        {row[0]: max(0.0, row[2]) for row in lanes},
        counted.receipts_missing,
        counted.contacts,
        {row[0]: row[1] for row in await connection.fetch(UNINFORMED)},
        {row[0]: max(0.0, row[1]) for row in await connection.fetch(INBOX)},
        false_absent=decode(learned[2], type=dict[str, float]) if learned else {},
        model_age_s={learned[0]: learned[1]} if learned else {},
    )


async def any_lease_ended(connection: Queries) -> bool:
    """Whether a call waits to be given up."""
    return bool(await connection.fetchval(LEASE_ENDED))
