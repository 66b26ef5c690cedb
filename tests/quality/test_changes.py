"""Changes of state are facts that others follow: each once, in an order in which none is passed over."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import asyncpg
import pytest

from gateway.store import quality_changes
from gateway.store.pool import Connection, Pool, open_pool
from gateway.store.quality_changes import BEGINNING, Change

RECORD = "insert into quality_change (key, person_id, before, after, why, at) values ($1, $2, $3, $4, $5, $6)"
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


@pytest.fixture
async def pool(store_dsn: str) -> AsyncIterator[Pool]:
    opened = await open_pool(store_dsn, 4, "tests")
    yield opened
    await opened.close()


def change(key: bytes, before: str = "good", after: str = "dead", person_id: str | None = None) -> Change:
    return Change(key, person_id, before, after, "number_absent number_absent", NOON)


async def record(connection: Connection, changes: Sequence[Change]) -> None:
    await connection.executemany(RECORD, [(c.key, c.person_id, c.before, c.after, c.why, c.at) for c in changes])


async def test_a_change_is_read_as_it_was_written(pool: Pool) -> None:
    changes = [change(b"1"), change(b"2", "unverified", "wrong_person", "P1")]
    async with pool.acquire() as connection:
        await record(connection, changes)

        found = await quality_changes.after(connection, BEGINNING, 10)

    assert [one.change for one in found] == changes


async def test_a_follower_gets_each_change_once_page_by_page(pool: Pool) -> None:
    seen: list[bytes] = []
    place = BEGINNING
    async with pool.acquire() as connection:
        for n in range(5):
            await record(connection, [change(b"%d%d" % (n, m)) for m in range(3)])
        while page := await quality_changes.after(connection, place, 4):
            seen += [one.change.key for one in page]
            place = page[-1].place

    assert seen == [b"%d%d" % (n, m) for n in range(5) for m in range(3)]


async def test_a_change_whose_transaction_is_still_open_is_not_passed_over(pool: Pool) -> None:
    async with pool.acquire() as slow, pool.acquire() as quick:
        async with slow.transaction():
            await record(slow, [change(b"slow")])
            await record(quick, [change(b"quick")])
            meanwhile = await quality_changes.after(quick, BEGINNING, 10)
        found = await quality_changes.after(quick, BEGINNING, 10)

    assert meanwhile == []
    assert {one.change.key for one in found} == {b"slow", b"quick"}


async def recorded_in_vain(connection: Connection) -> None:
    async with connection.transaction():
        await record(connection, [change(b"1")])
        await connection.execute("select 1/0")


async def test_changes_are_part_of_the_transaction_that_makes_them(pool: Pool) -> None:
    async with pool.acquire() as connection:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await recorded_in_vain(connection)

        assert await quality_changes.after(connection, BEGINNING, 10) == []


async def test_following_reads_by_its_index(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await record(connection, [change(b"%d" % n) for n in range(3000)])
        await connection.execute("analyze quality_change")
        plan = await connection.fetchval(f"explain (format json) {quality_changes.AFTER}", "0", 0, 100)

    assert "quality_change_pkey" in plan
    assert "Sort" not in plan
