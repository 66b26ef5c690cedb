"""Every hot statement of the reading side has an index: shown by EXPLAIN over some thousands of rows, as the reading side plans."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from gateway.store.reading import events, lists, messages, notices, persons, quality, tokens
from gateway.store.reading.quality import Wanted, WorkList
from gateway.store.reading.reader import EVERYWHERE, PLAN_FOR_VALUES, Span, Statement, span

BY_PERSON = {"person_region", "contact_person_id_channel_key_relation_key", "number_pkey"}
GONE = {"contact_gone"}
COUNTY = span("510104")
START = datetime(2026, 1, 1, tzinfo=UTC)
CITY = span("510100")
FILL = f"""
insert into person (id, region, insurance, certified, cycle_start, deadline)
select 'P' || n, (510100 + n % 300)::text, '{{resident_pension}}', '{{2025-01-01}}', date '2020-01-01' + n % 2200, date '2021-01-01' + n % 2200
  from generate_series(1, 20000) n;
insert into contact (id, person_id, channel, key, relation, source, sealed, state, denied_at)
select n, 'P' || n, 'sms', sha256(n::text::bytea), 'self', 'counter', '', case when n % 20 = 0 then 'dead' when n % 41 = 0 then 'wrong_person' when n % 2 = 0 then 'good' end,
       case when n % 200 = 1 then now() end from generate_series(1, 20000) n;
insert into number (key, channel, last_at) select sha256(n::text::bytea), 'sms', now() from generate_series(1, 20000, 2) n;
insert into quality_shared (key, persons, sources, regions)
select sha256(n::text::bytea), n, '{{"counter": 5}}', '{{"510104": 5}}' from generate_series(1, 20000, 20) n;
insert into quality_census (month, counted_at, took_s) select date '2026-01-01' - n * interval '1 month', now(), 1 from generate_series(0, 600) n;
insert into quality_count (month, region, insurance, source, channel, state, contacts, opted_out, wrong_person, never_verified)
select date '2026-01-01' - n * interval '1 month', (510100 + r)::text, 'i', s::text, 'sms', 'good', 5, 0, 0, 0
  from generate_series(0, 11) n, generate_series(0, 299) r, generate_series(1, 4) s;
insert into quality_people (month, region, insurance, persons, without_contact, without_usable)
select date '2026-01-01' - n * interval '1 month', (510100 + r)::text, 'i', 5, 0, 0 from generate_series(0, 11) n, generate_series(0, 299) r;
insert into event (no, source, id, type, person_id, digest, accepted_at, seal_id)
select n, '/s', n::text, 't', 'P' || n, '', now(), 1 from generate_series(1, 20000) n;
insert into notice (id, person_id, duty, kind, cause, effective, status, lane, due_at, created_at, seal_id)
select n, 'P' || n, 'd', 'reminder', '', '2026-01-01', case when n % 10 = 0 then 'uninformed' else 'informed' end, 'bulk', now(),
       timestamptz '{START:%Y-%m-%d} 00:00+00' + n * interval '1 minute', 1 from generate_series(1, 20000) n;
insert into message (id, notice_id, person_id, rung, channel, lane, contact_id, key, addressee, template, version, segments, status, created_at, seal_id, calls)
select n, n, 'P' || n, 1, 'sms', 'bulk', n, '', 'self', 't', 'v', 1, 'sending', now(), 1, array[n] from generate_series(1, 20000) n;
insert into call (id, provider, message_ids, claimed_at, claimed_by, lease_until, seal_id)
select n, 'p', array[n], now(), 'w', now(), 1 from generate_series(1, 20000) n;
insert into receipt (id, provider, received_at, message_ids, statuses, reasons, codes, seal_id)
select n, 'p', now(), array[n], '{{}}', '{{}}', '{{}}', 1 from generate_series(1, 20000) n;
insert into outreach (id, person_id, notice_id, kind, why, opened_at)
select n, 'P' || n, case when n % 10 = 0 then n end, 'reminder', 'no_contact', now() from generate_series(1, 20000) n;
insert into inbound (id, provider, key, keyword, received_at, seal_id)
select n, 'p', sha256(n::text::bytea), 'other', now(), 1 from generate_series(1, 20000) n;
insert into token (name, hash, scopes) select n::text, n::text::bytea, '{{}}' from generate_series(1, 3000) n;
"""


def contacts(regions: Span, state: str | None = None, work: WorkList | None = None) -> Statement:
    return quality.contacts(Wanted(regions, state, work), quality.FIRST, 100)


SINGLE = {
    "a token": (Statement(tokens.FIND, (b"7",)), {"token_hash_key"}),
    "a person": (Statement(persons.ONE, ("P7",)), {"person_pkey"}),
    "a person's contacts": (Statement(persons.CONTACTS, ("P7",)), {"contact_person_id_channel_key_relation_key", "number_pkey"}),
    "an event": (Statement(events.ONE, ("/s", "7")), {"event_source_id_key", "person_pkey"}),
    "a notice's events": (Statement(events.OF_NOTICE, ("P7", 7, "/s", "7")), {"event_person"}),
    "a notice": (Statement(notices.ONE, (7,)), {"notice_pkey", "person_pkey"}),
    "a message": (Statement(messages.ONE, (7,)), {"message_pkey", "call_pkey", "person_pkey"}),
    "messages of notices": (Statement(messages.OF_NOTICES, ([7, 8],)), {"message_notice", "call_pkey"}),
    "calls": (Statement(messages.CALLS, ([7, 8],)), {"call_pkey"}),
    "receipts": (Statement(messages.RECEIPTS, ([7, 8],)), {"receipt_pkey"}),
}
"""As their pool plans."""

LISTED = {
    "a person's timeline": (
        persons.timeline("P7", (START + timedelta(days=9000), "", 0), 100),
        {"event_person", "notice_person_id_duty_key", "message_notice", "call_pkey", "inbound_key", "outreach_person"},
    ),
    "notices, newest": (notices.listing(notices.Wanted(), notices.NEWEST, 100), {"notice_pkey"}),
    "notices of a person": (notices.listing(notices.Wanted(person_id="P7"), notices.NEWEST, 100), {"notice_person_id_duty_key"}),
    "notices of a person in a region": (
        notices.listing(notices.Wanted(person_id="P7", span=CITY), notices.NEWEST, 100),
        {"notice_person_id_duty_key", "person_pkey"},
    ),
    "notices not informed": (
        notices.listing(notices.Wanted(status="uninformed"), notices.NEWEST, 100),
        {"outreach_of_notice", "notice_pkey"},
    ),
    "notices not informed, in a region": (
        notices.listing(notices.Wanted(status="uninformed", span=CITY), 9000, 100),
        {"outreach_of_notice", "notice_pkey", "person_pkey"},
    ),
    "notices since a moment": (
        notices.listing(notices.Wanted(since=START + timedelta(minutes=19000)), notices.NEWEST, 100),
        {"notice_created"},
    ),
    "notices in a region": (notices.listing(notices.Wanted(span=CITY), notices.NEWEST, 100), {"notice_pkey", "person_pkey"}),
    "the uncertified of a region": (
        lists.uncertified(lists.Uncertified(date(2026, 3, 1), date(1, 1, 1), date(2025, 5, 1), CITY), ("", date(1, 1, 1), ""), 100),
        {"person_uncertified"},
    ),
    "the uncertified of an insurance in a band, a later page": (
        lists.uncertified(
            lists.Uncertified(date(2026, 3, 1), date(2024, 3, 2), date(2025, 3, 1), EVERYWHERE, "resident_pension"),
            ("510200", date(2024, 9, 1), "P9"),
            100,
        ),
        {"person_uncertified"},
    ),
    "the outreach list": (lists.outreach(EVERYWHERE, EVERYWHERE, 17, 100), {"outreach_since", "person_pkey"}),
    "the outreach list of a region": (lists.outreach(CITY, CITY, 17, 100), {"outreach_since", "person_pkey"}),
    "contacts": (contacts(EVERYWHERE), BY_PERSON),
    "contacts, a later page": (quality.contacts(Wanted(CITY), ("510150", "P9", 17), 100), BY_PERSON),
    "contacts nothing is known of": (contacts(CITY, "unverified"), BY_PERSON),
    "dead contacts": (contacts(EVERYWHERE, "dead"), GONE),
    "dead contacts of a county": (contacts(COUNTY, work=WorkList.DEAD), GONE),
    "contacts in another state": (contacts(CITY, "good"), BY_PERSON),
    "contacts that are somebody else's": (contacts(EVERYWHERE, work=WorkList.WRONG), GONE),
    "contacts nobody verified": (contacts(CITY, work=WorkList.NEVER_VERIFIED), BY_PERSON),
    "contacts that share a number": (
        quality.contacts(Wanted(CITY, work=WorkList.SHARED, shared_from=19000, live=False), quality.FIRST, 100),
        {"quality_shared_persons", "contact_key", "person_pkey", "number_pkey"},
    ),
    "shared numbers": (
        quality.shared(Wanted(EVERYWHERE, shared_from=5, live=False), (9001, b"k"), 100),
        {"quality_shared_persons", "contact_key"},
    ),
    "shared numbers of a region": (
        quality.shared(Wanted(COUNTY, shared_from=5, live=False), quality.FIRST_SHARED, 100),
        {"quality_shared_persons", "contact_key"},
    ),
    "the trend of a region": (quality.trend(COUNTY, quality.FIRST_MONTH, 100), {"quality_count_pkey", "quality_people_pkey"}),
}
"""Under plans for the values given, as lists ask for them."""


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan] + [below for child in plan.get("Plans", []) for below in nodes(child)]


async def explain(connection: asyncpg.pool.PoolConnectionProxy, statement: Statement, options: str = "costs off") -> list[dict[str, Any]]:
    plan = await connection.fetchval(f"explain (format json, {options}) {statement.sql}", *statement.args)
    return nodes(json.loads(plan)[0]["Plan"])


@pytest.fixture
async def filled(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
    async with pool.acquire() as connection:
        await connection.execute(FILL)
        await connection.execute("vacuum analyze")
        yield connection


async def test_every_hot_statement_is_answered_by_its_indexes(filled: asyncpg.pool.PoolConnectionProxy) -> None:
    wrong = {}
    for plans, statements in ((None, SINGLE), (PLAN_FOR_VALUES, LISTED)):
        async with filled.transaction():
            await filled.execute(plans or "select")
            for name, (statement, wanted) in statements.items():
                found = await explain(filled, statement)
                used = {node["Index Name"] for node in found if "Index Name" in node}
                scanned = {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"}
                if not wanted <= used or scanned:
                    wrong[name] = (sorted(wanted - used), sorted(used - wanted), sorted(scanned))
    assert wrong == {}


async def test_a_page_reads_not_many_more_rows_than_it_shows(filled: asyncpg.pool.PoolConnectionProxy) -> None:
    read = {}
    async with filled.transaction():
        await filled.execute(PLAN_FOR_VALUES)
        for name, (statement, _) in LISTED.items():
            found = await explain(filled, statement, "analyze")
            read[name] = max(node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0) for node in found)
    assert {name: rows for name, rows in read.items() if rows > 2000} == {}
