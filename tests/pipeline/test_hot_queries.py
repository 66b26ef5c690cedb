"""Hot queries use indexes: nothing that happens for every message reads a table from end to end."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from gateway.store import (
    asks,
    beliefs,
    believed,
    calls,
    claims,
    codes,
    events,
    gauges,
    inbound,
    listings,
    lookups,
    notices,
    parts,
    persons,
    receipts,
    unlearned,
)
from gateway.words import Reason, Status
from providers.base.types import Inbound, Reading, Report
from tests.pipeline.events import known, number, reminder, sms
from tests.pipeline.plant import Plant, open_plant

TABLES = ("person", "contact", "event", "notice", "message", "call", "receipt", "number", "seal")
FILL = """
insert into person (id, plan_due) select 'x' || n, now() + interval '9 days' from generate_series(1, 4000) n;
insert into contact (id, person_id, channel, key, relation, source, sealed, state)
  select -n, 'x' || n, 'sms', sha256(n::text::bytea), 'self', 'counter', '', case when n % 8 = 0 then 'dead' end from generate_series(1, 4000) n;
insert into number (key, channel, last_at) select sha256(n::text::bytea), 'sms', now() from generate_series(1, 4000) n;
insert into notice (id, person_id, duty, kind, cause, effective, status, lane, due_at, created_at, seal_id)
  select -n, 'x' || n, 'd', 'reminder', '', now(), 'informed', 'normal', now(), now(), 1 from generate_series(1, 4000) n;
insert into message (id, notice_id, person_id, rung, channel, lane, contact_id, key, addressee, template, version, segments, status, created_at, seal_id, calls)
  select -n, -n, 'x' || n, 0, 'sms', 'normal', -n, sha256(n::text::bytea), 'self', 't', 'v', 1, 'delivered', now(), 1, array[-n] from generate_series(1, 4000) n;
insert into call (id, provider, message_ids, claimed_at, claimed_by, lease_until, answered_at, outcome, swept, seal_id)
  select -n, 'vendor', array[-n], now(), 'w', now(), now(), 'accepted', true, 1 from generate_series(1, 4000) n;
insert into receipt (id, provider, received_at, sealed, message_ids, statuses, reasons, codes, seal_id)
  select -n, 'vendor', now(), '', array[-n], '{}', '{}', '{}', 1 from generate_series(1, 4000) n;
insert into event (no, source, id, type, person_id, digest, accepted_at, seal_id) select -n, 's', 'i' || n, 't', 'x' || n, '', now(), 1 from generate_series(1, 4000) n;
insert into seal (id, chain, seq, at, entries, mac) select -n, -1, n, now(), '', '' from generate_series(1, 4000) n;
insert into queue select -n, 'x' || n, 'bulk', 'wechat', now() + interval '9 days' from generate_series(1, 4000) n;
analyze"""


@pytest.fixture
async def plant(store_dsn: str) -> AsyncIterator[Plant]:
    """Over a database of its own: its tables grow."""
    async with open_plant(store_dsn) as opened:
        yield opened


async def scans(plant: Plant) -> dict[str, int]:
    await plant.pool.execute("select pg_stat_force_next_flush()")
    return dict(await plant.rows("select relname, seq_scan from pg_stat_user_tables"))


@pytest.mark.parametrize("analyzed", [True, False])
async def test_a_day_reads_no_table_from_end_to_end(plant: Plant, *, analyzed: bool) -> None:
    """Also where plans were made while the tables were empty and statistics are missing."""
    await plant.post(known("p0", sms(number(0))), reminder("p0"))
    await plant.drain()
    await plant.pool.execute(FILL if analyzed else FILL.removesuffix("analyze"))
    before = await scans(plant)
    people = [
        event for n in range(20) for event in (known(f"p{n}", sms(number(n)), sms(number(50 + n), relation="family")), reminder(f"p{n}"))
    ]
    await plant.post(*people)
    await plant.post(*people)
    await plant.drain()
    seen = plant.vendor.seen
    reports = [Report(reference, Status.DELIVERED) for reference in seen[:8]] + [Report(seen[9], Status.UNDELIVERED, Reason.NUMBER_ABSENT)]
    await plant.called_back(Reading(tuple(reports), [Inbound(number(10), "退订")]))
    await plant.plan()
    await plant.drain()
    await plant.claim()
    await plant.end_leases_of_all()
    await plant.sweep_all(timedelta(hours=1))
    async with plant.runtime.pool.acquire() as connection:
        await persons.any_due(connection)
        await gauges.any_lease_ended(connection)
        await claims.backlog(connection, 10)
    after = await scans(plant)
    assert {table: after[table] - before[table] for table in (*TABLES, "queue") if after[table] != before[table]} == {}


QUERIES = {
    "take": (claims.TAKE, {"queue_due"}),
    "read": (claims.READ, {"message_pkey", "notice_pkey", "number_pkey", "contact_person_id_channel_key_relation_key"}),
    "start": (claims.START, {"message_pkey"}),
    "lock": (persons.LOCK, {"person_pkey"}),
    "lock due": (persons.LOCK_DUE, {"person_plan_due"}),
    "any due": (persons.ANY_DUE, {"person_plan_due"}),
    "contacts": (persons.CONTACTS, {"contact_person_id_channel_key_relation_key", "number_pkey"}),
    "notices of persons": (notices.OF_PERSONS, {"notice_person_id_duty_key", "message_notice"}),
    "numbers renewed": (
        notices.RENEWED,
        {
            "message_notice",
            "contact_person_id_channel_key_relation_key",
            "listing_key",
            "suppression_override_person",
            "quality_change_taken_back",
            "consent_pkey",
        },
    ),
    "notices of one duty": (notices.SAME_DUTY, {"notice_pkey", "notice_person_id_duty_key"}),
    "move rows": (notices.MOVE_OUTREACH, {"outreach_of_notice"}),
    "grow rows": (notices.GROW_OUTREACH, {"outreach_of_notice"}),
    "close": (notices.CLOSE, {"notice_pkey"}),
    "withdraw": (notices.WITHDRAW_MESSAGES, {"message_notice"}),
    "lift rows about persons": (notices.LIFT_OUTREACH, {"outreach_person"}),
    "known events": (events.KNOWN, {"event_source_id_key"}),
    "pending": (events.PENDING, {"event_pending"}),
    "expired": (calls.EXPIRED, {"call_open"}),
    "overdue": (calls.OVERDUE, {"call_unswept"}),
    "answer": (calls.ANSWER, {"call_pkey"}),
    "settle": (calls.SETTLE, {"message_pkey"}),
    "persons of messages": (calls.LOCK_PERSONS, {"message_pkey", "person_pkey"}),
    "standing": (receipts.READ, {"message_pkey"}),
    "move": (receipts.MOVE, {"message_pkey"}),
    "known numbers": (persons.KNOWN_NUMBERS, {"number_pkey"}),
    "put contacts": (persons.PUT_CONTACTS, set()),
    "remove contacts": (persons.REMOVE_CONTACTS, {"contact_person_id_channel_key_relation_key"}),
    "listings that are replaced": (listings.KEEP, {"contact_person_id_channel_key_relation_key"}),
    "numbers taken back": (listings.CONFIRMED, {"contact_gone"}),
    "deny": (inbound.DENY, {"contact_key"}),
    "deny messages": (inbound.DENY_MESSAGES, {"message_pkey", "notice_pkey"}),
    "holders": (inbound.HOLDERS, {"contact_key"}),
    "last messages": (inbound.LAST_MESSAGE, {"message_key"}),
    "parts": (parts.FIND, {"part_vendor_id", "message_pkey"}),
    "say of parts": (parts.SAY, {"part_vendor_id"}),
    "standing of parts": (parts.STANDING, {"part_message"}),
    "messages of calls": (parts.OF_CALLS, {"call_pkey", "message_key"}),
    "reports before parts": (parts.KNOWN_OF_PARTS, {"receipt_unjoined_vendor_id"}),
    "reports before messages": (parts.KNOWN_OF_RECEIPTS, {"receipt_unjoined_pkey", "part_vendor_id"}),
    "unjoined": (parts.TAKE, {"receipt_unjoined_pkey"}),
    "meanings": (codes.MEANINGS, {"code_meaning_pkey"}),
    "whom to ask": (asks.TAKE, {"ask_due", "ask_pkey"}),
    "news of numbers": (unlearned.TAKE, {"unlearned_at"}),
    "numbers that wait": (unlearned.WAITING, {"unlearned_at"}),
    "numbers of persons": (unlearned.OF_PERSONS, {"contact_person_id_channel_key_relation_key"}),
    "contacts of numbers": (beliefs.CONTACTS, {"contact_key"}),
    "listings of numbers": (beliefs.LISTINGS, {"listing_key"}),
    "messages to numbers": (beliefs.MESSAGES, {"message_key"}),
    "replies from numbers": (beliefs.REPLIES, {"inbound_key", "message_pkey"}),
    "look-ups of numbers": (lookups.HISTORY, {"lookup_key"}),
    "certifications": (beliefs.CERTIFIED, {"person_pkey"}),
    "numbers after": (beliefs.AFTER, {"contact_key"}),
    "contacts to be written": (believed.LOCK, {"Tid Scan on contact"}),
    "put beliefs": (believed.PUT, {"Tid Scan on contact"}),
    "dead numbers": (beliefs.DEAD, {"number_pkey"}),
    "unmark dead": (believed.UNMARK_DEAD, {"number_pkey"}),
    "open messages": (asks.OPEN, {"call_pkey", "message_pkey"}),
}


OURS = "Seq Scan on believed"
"""What the connection itself put there a moment ago: all of it is meant."""
PLAN_OF = """
create function plan_of(statement text) returns setof text language plpgsql as $$
begin return query execute 'explain (generic_plan, costs off) ' || statement; end $$"""


async def test_each_hot_query_uses_its_index(plant: Plant) -> None:
    await plant.pool.execute(FILL)
    await plant.pool.execute(PLAN_OF)
    wrong = {}
    for name, (statement, indexes) in QUERIES.items():
        async with plant.runtime.pool.acquire() as connection:
            await connection.execute(believed.STAGE)
            plan = "\n".join(row[0] for row in await connection.fetch("select plan_of($1)", statement))
        if "Seq Scan" in plan.replace(OURS, "") or not all(index in plan for index in indexes):
            wrong[name] = plan
    assert not wrong, "\n\n".join(f"{name}\n{plan}" for name, plan in wrong.items())


async def test_what_is_never_read_by_all_of_it_stays_small_enough_to_sweep(plant: Plant) -> None:
    """The partial indexes hold open things only."""
    await plant.pool.execute(FILL)
    await plant.post(known("p0", sms(number(0))), reminder("p0"))
    await plant.claim()
    await plant.pool.execute("analyze")
    for index, most in (("call_open", 1), ("event_pending", 0)):
        assert await plant.value("select reltuples from pg_class where relname = $1", index) <= most, index
