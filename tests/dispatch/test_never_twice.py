"""Ten thousand messages over two vendors that go wrong in every way they know, counted at the vendors."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from msgspec import structs

from gateway.config.schema import ProviderSection, Sending
from gateway.dispatch import circuit
from tests.dispatch.working import ONE, TWO, Working, gateway, section, vendors
from tests.pipeline.events import known, requested, sms
from tests.standins.vendor import FAULTS, VendorOptions

MESSAGES = 10_000
EACH = dict.fromkeys(FAULTS, 0.05)
ENDINGS = ("0005", "0006", "0007")
LANES = ("urgent", "normal", "bulk")


def address(n: int) -> str:
    """One in a hundred refuses, is throttled twice, or never answers."""
    return f"13{n // 100:05d}{ENDINGS[n % 3]}" if n % 100 == 0 else f"13{n:08d}9"


def giving_way(url: str) -> ProviderSection:
    """The stand-in's section; what this vendor refuses another may take."""
    made = section(url, timeout_s=0.5, lease_s=30, connections=40)
    codes: Any = made.options["response"]["codes"] | {
        "REFUSED": {"outcome": "refused", "reason": "account_problem", "retry": "other_route"}
    }
    return structs.replace(made, options=made.options | {"response": made.options["response"] | {"codes": codes}})


async def post(worker: Working) -> None:
    for start in range(0, MESSAGES, 500):
        people = range(start, start + 500)
        await worker.plant.post(
            *(one for n in people for one in (known(f"p{n}", sms(address(n))), requested(f"p{n}", priority=LANES[n % 3])))
        )


@pytest.mark.timeout(300)
async def test_nothing_is_sent_twice_through_two_routes(emptied_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit, "OPEN_S", (0.1,))
    one, two = (VendorOptions(faults=EACH, slow_ms=700, seed=seed) for seed in (1, 2))
    async with (
        vendors(one, two) as (first, second),
        gateway(
            emptied_dsn,
            {ONE: giving_way(first.url), TWO: giving_way(second.url)},
            sending=Sending(window=("00:00", "24:00"), per_address_per_day=100),
        ) as worker,
    ):
        await post(worker)
        for _ in range(200):
            await worker.wake()
            await asyncio.sleep(0.15)
            if not await worker.plant.count("queue"):
                await worker.sending.landed()
                if not await worker.plant.count("queue"):
                    break
            await worker.plant.make_due()
        arrived = Counter([*first.book.arrivals, *second.book.arrivals])
        assert first.book.twice == second.book.twice == []
        assert [reference for reference, times in arrived.items() if times > 1] == []
        statuses = await worker.plant.rows("select id::text, status_now, reason, calls from message_now")
        found = Counter(row[1] for row in statuses)
        assert sum(found.values()) == MESSAGES
        assert set(found) <= {"sent", "unknown", "failed"}
        assert all(row[0] in arrived for row in statuses if row[1] == "sent")
        assert not any(row[0] in arrived for row in statuses if row[1] == "failed")
        assert min(first.book.taken, second.book.taken) > 0.3 * MESSAGES
        assert sum(len(row[3]) > 1 for row in statuses) > 500
