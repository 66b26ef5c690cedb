"""Invariant 11: limits are counted from attempts in PostgreSQL at the claim; Redis may only cache, and one that was emptied starts empty."""

import asyncio
import time
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from gateway.config.schema import Sending
from gateway.dispatch.tokens import RateTokens
from gateway.store import claims
from gateway.words import Outcome, Reason
from providers.base.types import Answer
from tests.pipeline.events import known, number, requested, sms
from tests.pipeline.plant import ONE_A_CALL, Plant, open_plant

ONE_A_DAY = Sending(window=("00:00", "24:00"), per_address_per_day=1)


async def share(plant: Plant, persons: int, address: str = number(1)) -> None:
    """So many persons with one number, one message each."""
    await plant.post(*(one for n in range(persons) for one in (known(f"p{n}", sms(address)), requested(f"p{n}"))))


async def sent(plant: Plant) -> int:
    return await plant.count("message", "sent_at is not null")


async def test_persons_who_share_a_number_share_its_limit(plant: Plant) -> None:
    await share(plant, 8)
    for _ in range(3):
        await plant.drain()
        await plant.make_due()
    assert len(plant.vendor.seen) == 5
    assert [row[0] for row in await plant.messages()].count("queued") == 3


async def test_what_is_over_the_limit_waits_for_the_next_day(plant: Plant) -> None:
    await share(plant, 6)
    await plant.drain()
    waits_h = await plant.value("select extract(epoch from due_at - now()) / 3600 from queue")
    assert 0 < waits_h <= 24
    await plant.pool.execute("update message set sent_at = sent_at - interval '1 day' where sent_at is not null")
    await plant.pool.execute("update call set claimed_at = claimed_at - interval '1 day'")
    await plant.make_due()
    await plant.drain()
    assert len(plant.vendor.seen) == 6


async def test_attempts_that_never_left_do_not_use_the_number_up(plant: Plant) -> None:
    await share(plant, 6)
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.NOTHING_LEFT, Reason.PROVIDER_UNAVAILABLE)
    await plant.drain()
    plant.vendor.says = lambda m: Answer(m.reference, Outcome.ACCEPTED)
    plant.vendor.calls.clear()
    for _ in range(3):
        await plant.make_due()
        await plant.drain()
    assert len(plant.vendor.seen) == 5


async def test_claims_of_two_processes_at_once_keep_the_limit(plant: Plant, other: Plant) -> None:
    await share(plant, 24)
    for _ in range(5):
        await asyncio.gather(*((plant, other)[n % 2].claim(count=3) for n in range(8)))
        await plant.make_due()
    assert await sent(plant) == 5


SLOW_NUMBERS = """
insert into message (id, notice_id, person_id, rung, channel, lane, contact_id, key, addressee, template, version, segments, status, created_at, sent_at, seal_id)
select -row_number() over (), m.notice_id, m.person_id, 9, m.channel, m.lane, m.contact_id, m.key, m.addressee, m.template, m.version, 1, 'failed', now(), now(), 1
  from message m where m.person_id like 'busy%';
create function slow() returns boolean language plpgsql as $$ begin perform pg_sleep(0.03); return true; end $$;
create policy slow on message using (id > 0 or slow());
alter table message enable row level security, force row level security"""
"""Numbers whose attempts of today take 30 ms to count, so that a look at the numbers lasts."""


async def test_a_claim_counts_what_a_claim_that_just_ended_sent(store_dsn: str, monkeypatch: Any) -> None:
    """Two claims of the same numbers, each over persons of its own. The second is in the middle of its look at the numbers when the first commits."""
    people = [(f"{group}{n}", n) for group in ("a", "b") for n in range(100)] + [(f"busy{n}", 500 + n) for n in range(6)]
    async with open_plant(store_dsn, sending=ONE_A_DAY) as one, open_plant(store_dsn, sending=ONE_A_DAY) as two:
        await one.post(*(event for person, n in people for event in (known(person, sms(number(n))), requested(person))))
        await one.pool.execute(SLOW_NUMBERS)
        await one.pool.execute("update queue set due_at = now() + interval '1 hour' where person_id like 'b%'")
        looking, look = asyncio.Event(), claims.sent_today

        async def telling(*args: Any) -> Any:
            looking.set()
            return await look(*args)

        async with one.runtime.pool.acquire() as connection:
            first = cast("Any", connection).transaction()
            await first.start()
            mine = await one.claimer.claim(connection, "sms", "normal", 500, ONE_A_CALL)
            await two.pool.execute("update queue set due_at = now() where person_id like 'b%'")
            monkeypatch.setattr(claims, "sent_today", telling)
            second = asyncio.create_task(two.claim(line=ONE_A_CALL))
            await looking.wait()
            await asyncio.sleep(0.09)
            await first.commit()
        await second
        assert len(mine.calls) == 100
        over = "select key from message where status = 'sending' group by key having count(*) > 1"
        assert await one.rows(over) == []  # finding 2


async def test_a_bucket_that_redis_does_not_know_starts_empty(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        tokens = RateTokens(redis)
        began = time.monotonic()
        assert await tokens.take("vendor", 1000, 1000) == 0
        await asyncio.sleep(0.1)
        assert 50 <= await tokens.take("vendor", 1000, 1000) <= 1000 * (time.monotonic() - began) + 1
        await redis.flushdb()
        assert await tokens.take("vendor", 1000, 1000) == 0


async def test_a_bucket_gives_no_more_than_its_rate(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        one, two = RateTokens(redis), RateTokens(redis)
        began, given = time.monotonic(), 0
        while time.monotonic() - began < 0.6:
            given += sum(await asyncio.gather(one.take("vendor", 200, 50), two.take("vendor", 200, 50)))
        assert 0 < given <= 200 * (time.monotonic() - began) + 1


async def test_a_slow_rate_still_sends(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        tokens = RateTokens(redis)
        began, given = time.monotonic(), 0
        for _ in range(13):
            given += await tokens.take("vendor", 0.9, 5)
            await asyncio.sleep(0.1)
        assert 1 <= given <= 0.9 * (time.monotonic() - began) + 1  # finding 15


async def test_tokens_given_back_can_be_taken_again(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        tokens = RateTokens(redis)
        await tokens.take("vendor", 100, 1)
        await asyncio.sleep(0.2)
        taken = await tokens.take("vendor", 100, 100)
        await tokens.give_back("vendor", 100, taken)
        assert await tokens.take("vendor", 100, 100) >= taken
        await tokens.give_back("vendor", 100, 10_000)
        assert await tokens.take("vendor", 100, 10_000) <= 100


async def test_without_redis_a_limited_provider_gets_nothing_and_an_unlimited_one_all() -> None:
    async with Redis.from_url("redis://127.0.0.1:1") as redis:
        tokens = RateTokens(redis)
        assert await tokens.take("vendor", 10, 5) == 0
        assert await tokens.take("vendor", 0, 5) == 5
        await tokens.give_back("vendor", 10, 5)


@pytest.mark.parametrize("limit", [1, 3])
async def test_the_limit_is_the_configured_one(emptied_dsn: str, limit: int) -> None:
    async with open_plant(emptied_dsn, sending=Sending(window=("00:00", "24:00"), per_address_per_day=limit)) as plant:
        await share(plant, 5)
        await plant.drain()
        assert len(plant.vendor.seen) == limit
