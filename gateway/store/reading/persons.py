"""One person: what is known, by which contacts, and what happened."""

from datetime import datetime

import asyncpg

from gateway.store.quality_state import QUALITY
from gateway.store.reading.reader import Reader, Rows, Statement

ONE = """
select id, region, insurance, beneficiary, details, certified, benefit_started_on, cycle_start, deadline, deceased, died_on, conflict, benefits,
       listed, created_at, updated_at, (now() at time zone 'Asia/Shanghai')::date as today
  from person where id = $1"""

CONTACTS = f"""
select c.id, c.channel, c.relation, c.source, c.verified_on, c.sealed,
       {QUALITY}
  from contact c
 where c.person_id = $1 and c.removed_at is null
 order by c.id"""  # noqa: S608 - our own words

REGION = "select region from person where id = $1"

# Newest first; (at, what, id) is the key, since several things happen at one moment.
TIMELINE = """
select at, what, id, event_source, event_id, event_type, verdict, notice_id, message_id, kind, channel, provider, status, reason from (
  select accepted_at as at, 'event' as what, no as id, source as event_source, e.id as event_id, type as event_type, verdict,
         notice_id, null::bigint as message_id, null as kind, null as channel, null as provider, null as status, null as reason
    from event e where person_id = $1
  union all
  select created_at, 'notice', id, null, null, null, null, id, null, kind, null, null, 'scheduled', null from notice where person_id = $1
  union all
  select closed_at, 'notice_closed', id, null, null, null, null, id, null, kind, null, null, status, reason
    from notice where person_id = $1 and closed_at is not null
  union all
  select coalesce(m.final_at, m.sent_at, m.created_at), 'message', m.id, null, null, null, null, m.notice_id, m.id, n.kind, m.channel, m.provider,
         m.status_now, m.reason
    from notice n join message_now m on m.notice_id = n.id where n.person_id = $1
  union all
  select i.received_at, 'reply', i.id, null, null, null, null, null, i.message_id, i.keyword, null, i.provider, null, null
    from inbound i where i.key in (select c.key from contact c where c.person_id = $1)
  union all
  select opened_at, 'outreach', id, null, null, null, null, notice_id, null, kind, null, null, null, why from outreach where person_id = $1
  union all
  select closed_at, 'outreach_closed', id, null, null, null, null, notice_id, null, kind, null, null, null, why
    from outreach where person_id = $1 and closed_at is not null) t
 where (at, what, id) < ($2, $3, $4)
 order by at desc, what desc, id desc
 limit $5"""


async def one(reader: Reader, person_id: str) -> asyncpg.Record | None:
    """A person, and today by the store's clock."""
    return await reader.fetchrow(ONE, person_id)


async def region(reader: Reader, person_id: str) -> str | None:
    """The region that decides who may see the person; None for a person nobody knows."""
    found: str | None = await reader.fetchval(REGION, person_id)
    return found


async def contacts(reader: Reader, person_id: str) -> Rows:
    """The person's contacts with what is believed of their numbers (None: nothing yet)."""
    return await reader.fetch(CONTACTS, person_id)


def timeline(person_id: str, before: tuple[datetime, str, int], limit: int) -> Statement:
    """What happened around a person, newest first, before (at, what, id)."""
    return Statement(TIMELINE, (person_id, *before, limit))
