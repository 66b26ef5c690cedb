"""Whatever is changed, deleted, added or cut off after it was sealed is found, and nothing else is."""

from typing import Any

import pytest

from gateway.evidence.chain import FactKind, entries_of
from gateway.evidence.findings import Report
from gateway.evidence.heads import in_letters, publish_heads
from gateway.evidence.verify import everything, one_person
from tests.evidence.conftest import PERSONS
from tests.pipeline.events import number, reminder, sms
from tests.pipeline.plant import Plant, open_plant

SEALED = {
    "event": "no source id type person_id digest sealed accepted_by accepted_at seal_id",
    "notice": "id person_id duty kind cause insurance effective checks event_source event_id created_at seal_id status reason closed_at closing_seal",
    "message": "id notice_id person_id channel contact_id key addressee template version sealed created_at seal_id",
    "call": "id provider message_ids claimed_at claimed_by seal_id outcome answers answered_at answer_seal",
    "receipt": "id provider sealed message_ids statuses reasons codes received_at seal_id",
    "inbound": "id provider key message_id keyword sealed received_at seal_id",
    "suppression_override": "id person_id key channel contact_id state sealed until asked_by asked_at seal_id confirmed_by confirmed_at confirm_seal"
    " ended_by ended_at ended_why end_seal",
    "seal": "chain seq at entries mac",
    "seal_head": "at heads mac",
}
"""Every column that stands in a digest or a MAC, or says where the fact is sealed."""
OPEN = {
    "event": "verdict detail notice_id pending",
    "notice": "lane due_at expires_at cycle_start deadline request denied",
    "message": "rung lane segments status provider reason fault permanent vendor_code expires_at sent_at final_at provisional calls receipts",
    "call": "lease_until swept",
    "seal": "id",
    "seal_head": "id",
}
"""Columns that stand in no digest: they move, or say only how the fact is handled. Who adds a column decides here."""
OTHERWISE = {
    "text": "coalesce({0}, '') || 'x'",
    "int8": "{0} + 1000000",
    "bytea": "{0} || '\\x00'::bytea",
    "date": "{0} + 1",
    "timestamptz": "{0} + interval '1 day'",
    "_text": "{0} || 'x'::text",
    "_int8": "{0} || 1::bigint",
    "jsonb": '{0} || \'{{"1": [1, "00"]}}\'',
}
"""A little of the type added."""
KEY = {"event": "no"}
CLOSED, OF_CLOSED = "status = 'informed'", {"status", "reason", "closed_at", "closing_seal"}


async def kinds_of(plant: Plant, table: str) -> dict[str, str]:
    rows = await plant.runtime.reading.fetch("select column_name, udt_name from information_schema.columns where table_name = $1", table)
    return {row[0]: row[1] for row in rows}


async def verified(plant: Plant, kept: tuple[str, ...] = ()) -> Report:
    async with plant.runtime.reading.acquire() as connection:
        return await everything(connection, plant.runtime.sealer, kept)


async def broken(plant: Plant, statement: str) -> list[str]:
    """Does something that only somebody with the store's password can, and says what is found."""
    assert (await plant.runtime.reading.execute(statement)).split()[-1] != "0", "nothing was tampered with"
    return [f"{finding.about}: {finding.what}" for finding in (await verified(plant)).findings]


async def test_a_store_that_nobody_touched_is_whole(plant: Plant) -> None:
    report = await verified(plant)
    assert [(f.about, f.what) for f in report.findings] == []
    assert (report.broken, report.publications, report.backed) == (0, 1, 5)
    assert report.seals == await plant.count("seal")
    assert report.chains == await plant.runtime.reading.fetchval("select count(distinct chain) from seal")


async def test_it_looks_at_facts_of_every_kind(plant: Plant) -> None:
    kinds = {kind for row in await plant.runtime.reading.fetch("select entries from seal") for kind, _, _ in entries_of(row[0])}
    assert kinds == set(FactKind)


@pytest.mark.parametrize("table", SEALED)
async def test_every_column_is_sealed_or_named_as_one_that_is_not(plant: Plant, table: str) -> None:
    assert set(await kinds_of(plant, table)) == {*SEALED[table].split(), *OPEN.get(table, "").split()}


@pytest.mark.parametrize("table", SEALED)
async def test_a_changed_column_is_found(plant: Plant, table: str) -> None:
    kinds = await kinds_of(plant, table)
    key = KEY.get(table, "id")
    for column in SEALED[table].split():
        where = CLOSED if column in OF_CLOSED else "true"
        row = (await plant.runtime.reading.fetch(f"select {key}, {column} as was from {table} where {where} order by 1 desc limit 1"))[0]
        changed = await plant.runtime.reading.fetchval(
            f"update {table} set {column} = {OTHERWISE[kinds[column]].format(column)} where {key} = $1 returning {key}", row[0]
        )
        assert (await verified(plant)).broken, f"{table}.{column} was changed and nothing was found"
        await plant.runtime.reading.execute(f"update {table} set {column} = $1 where {key} = $2", row["was"], changed)
        assert not (await verified(plant)).broken


@pytest.mark.parametrize("table", ["event", "notice", "message", "call", "receipt", "inbound", "suppression_override"])
async def test_a_deleted_fact_is_found(plant: Plant, table: str) -> None:
    key = KEY.get(table, "id")
    found = await broken(plant, f"delete from {table} where {key} = (select min({key}) from {table})")
    assert "was deleted" in found[0]


@pytest.mark.parametrize("table", ["event", "message", "receipt", "inbound", "suppression_override"])
async def test_a_content_that_is_gone_is_found_unless_an_erasure_is_on_record(plant: Plant, table: str) -> None:
    key = KEY.get(table, "id")
    found = await broken(plant, f"update {table} set sealed = null where {key} = (select min({key}) from {table})")
    assert "no erasure is on record" in found[0]
    erased = f"select '{table}', {key}, now(), 'asked for' from {table} where sealed is null"
    await plant.runtime.reading.execute(f"insert into erasure (kind, fact_id, at, why) {erased}")
    report = await verified(plant)
    assert (report.broken, report.erased) == (0, 1)


async def test_an_added_fact_is_found(plant: Plant) -> None:
    columns = "notice_id, person_id, rung, channel, lane, contact_id, key, addressee, template, version, sealed, segments, status, created_at, seal_id"
    found = await broken(plant, f"insert into message (id, {columns}) select id + 1000000, {columns} from message limit 1")
    assert "stands in no seal" in found[0]


async def test_a_chain_without_its_end_is_found_by_what_was_published(plant: Plant) -> None:
    chain, last = (await plant.runtime.reading.fetch("select chain, max(seq) from seal group by chain order by 2 desc limit 1"))[0]
    found = await broken(plant, f"delete from seal where chain = {chain} and seq = {last}")
    assert found[0] == f"chain {chain}: its end was cut off: {last} rows were published, it has {last - 1}"
    assert any("stands in no seal" in one for one in found)


async def test_a_chain_without_its_middle_is_found(plant: Plant) -> None:
    chain = await plant.runtime.reading.fetchval("select chain from seal group by chain order by count(*) desc limit 1")
    found = await broken(plant, f"delete from seal where chain = {chain} and seq = 2")
    assert found[0].startswith(f"chain {chain}: row 2 missing before row 3")


async def test_a_chain_that_is_gone_is_found_by_what_was_published(plant: Plant) -> None:
    chain = await plant.runtime.reading.fetchval("select min(chain) from seal")
    found = await broken(plant, f"delete from seal where chain = {chain}")
    assert any(one.startswith(f"chain {chain}: missing: it was published with") for one in found)


async def test_two_rows_that_changed_places_are_found(plant: Plant) -> None:
    chain = await plant.runtime.reading.fetchval("select chain from seal group by chain order by count(*) desc limit 1")
    await plant.runtime.reading.execute(f"update seal set seq = -seq where chain = {chain} and seq <= 2")
    found = await broken(plant, f"update seal set seq = 3 + seq where chain = {chain} and seq < 0")
    assert found[0].startswith(f"chain {chain}, row 1: does not follow from the row before it")


async def test_two_contents_that_changed_places_are_found(plant: Plant) -> None:
    ends = "(select min(id) from message union select max(id) from message)"
    found = await broken(
        plant, f"update message m set sealed = o.sealed from message o where m.id in {ends} and o.id in {ends} and m.id <> o.id"
    )
    assert sum("was changed since it was sealed" in one for one in found) == 2


async def test_a_publication_that_leaves_out_a_chain_is_found(plant: Plant) -> None:
    chain = await plant.runtime.reading.fetchval("select min(chain) from seal")
    await plant.runtime.reading.execute(f"delete from seal where chain = {chain}")
    async with plant.runtime.reading.acquire() as connection:
        await publish_heads(connection, plant.runtime.sealer)  # the gateway itself publishes what is left
    assert any(f"leaves out chain {chain}" in finding.what for finding in (await verified(plant)).findings)


async def test_a_store_put_back_to_an_earlier_state_is_found_by_lines_that_were_kept_elsewhere(plant: Plant) -> None:
    mac = in_letters(await plant.runtime.reading.fetchval("select mac from seal_head"))
    line = f'{{"chains":2,"seals":7,"mac":"{mac}","event":"heads"}}'
    assert (await verified(plant, (line, f"heads chains=2 seals=7 mac={mac}", "another line"))).broken == 0
    await plant.runtime.reading.execute("delete from seal_head")
    report = await verified(plant, (line,))
    assert [(f.about, mac in f.what) for f in report.findings] == [("publications", True)]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("update message set status = 'delivered' where id = (select min(id) from message where status = 'undelivered')", "no sealed receipt says so"),
        ("update message set receipts = '{}' where status = 'delivered'", "no sealed receipt says so"),
        ("update message set calls = '{}' where status = 'delivered'", "no attempt was made"),
        ("update message set calls = '{}' where status = 'undelivered'", "attempts were taken from a message"),
        ("update message set calls = (select array[max(id)] from call) where id = (select min(id) from message)", "an attempt that did not hold it"),
        ("update message set status = 'undelivered', reason = 'number_absent' where status = 'delivered'", "no message of it was delivered"),
        ("update notice set status = 'informed' where status = 'uninformed'", "no message of it was delivered"),
        ("update message set reason = 'wrong_person' where status = 'delivered'", "no sealed reply says so"),
        ("update notice set status = 'in_progress', closed_at = null, closing_seal = null where status = 'informed'", "names another seal"),
    ],
)  # fmt: skip
async def test_a_status_that_no_sealed_fact_backs_is_found(plant: Plant, statement: str, says: str) -> None:
    assert any(says in one for one in await broken(plant, statement))


async def test_what_is_known_later_by_right_is_no_break(plant: Plant) -> None:
    """A call that the sweep gave up and its worker answered; a notice that nobody was informed by until a late receipt."""
    twice = dict.fromkeys(FactKind, 0)
    seen: set[tuple[FactKind, int]] = set()
    for row in await plant.runtime.reading.fetch("select entries from seal"):
        for kind, fact, _ in entries_of(row[0]):
            twice[kind] += (kind, fact) in seen
            seen.add((kind, fact))
    assert twice[FactKind.ANSWER] == 1
    assert twice[FactKind.CLOSING] >= 1
    assert (await verified(plant)).broken == 0


async def test_a_notice_put_back_to_what_it_was_before_is_found(plant: Plant) -> None:
    notice, last = (await plant.runtime.reading.fetch("select id, closing_seal from notice where person_id = 'late'"))[0]
    closings = [
        (row["id"], row["at"])
        for row in await plant.runtime.reading.fetch("select id, at, entries from seal order by at")
        if (FactKind.CLOSING, notice) in {(kind, fact) for kind, fact, _ in entries_of(row["entries"])}
    ]
    (first, at), (second, _) = closings
    assert second == last
    await plant.runtime.reading.execute(
        "update notice set status = 'uninformed', reason = 'no_receipt', closing_seal = $2, closed_at = $3 where id = $1", notice, first, at
    )
    assert [finding.about for finding in (await verified(plant)).findings] == [f"ending of notice {notice}"]


async def test_it_names_the_first_and_counts_all(plant: Plant) -> None:
    await plant.post(*(reminder(f"many-{n}", sms(number(1000 + n))) for n in range(120)))
    await plant.runtime.reading.execute("update message set template = 'other' where person_id like 'many-%'")
    report = await verified(plant)
    assert (report.broken, len(report.findings)) == (120, 50)


async def test_a_new_gateway_with_nothing_stored_is_whole(store_dsn: str) -> None:
    async with open_plant(store_dsn, connections=1) as plant:
        assert (await verified(plant)).broken == 0


async def of(plant: Plant, person: str) -> Report | None:
    async with plant.runtime.reading.acquire() as connection:
        return await one_person(connection, plant.runtime.sealer, person)


@pytest.mark.parametrize("person", [*PERSONS, "dead", "in-time"])
async def test_one_person_is_verified_alone(plant: Plant, person: str) -> None:
    report = await of(plant, person)
    assert report is not None
    assert [(f.about, f.what) for f in report.findings] == []
    assert report.facts >= 2


async def test_nothing_is_stored_of_a_person_nobody_knows(plant: Plant) -> None:
    assert await of(plant, "nobody") is None


@pytest.mark.parametrize(
    "statement",
    [
        "update event set accepted_at = accepted_at - interval '1 day' where person_id = 'delivered'",
        "update message set version = 'v' where person_id = 'delivered'",
        "update receipt set statuses = array['undelivered', 'delivered', 'undelivered']",
        "update call set claimed_by = 'nobody'",
        "delete from seal where id = (select seal_id from message where person_id = 'delivered')",
        "update seal set at = at + interval '1 day'",
        "update notice set closing_seal = seal_id where person_id = 'delivered'",
    ],
)
async def test_what_was_changed_of_one_person_is_found(plant: Plant, statement: str) -> None:
    await plant.runtime.reading.execute(statement)
    report: Any = await of(plant, "delivered")
    assert report.broken


async def test_what_was_changed_of_another_person_is_not_told_of_this_one(plant: Plant) -> None:
    await plant.runtime.reading.execute("update message set version = 'v' where person_id = 'absent'")
    report: Any = await of(plant, "delivered")
    assert report.broken == 0
