"""Every kind of transaction at once, over two processes and few numbers: no deadlock, nothing sent twice, what is final stays, and the chain is whole."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from gateway.dispatch.claim import Call
from gateway.evidence.verify import everything
from gateway.pipeline.asking import Asking
from gateway.pipeline.inbox import Inbox
from gateway.store import codes
from gateway.words import Fault, Lane, Outcome, Reason, Status
from providers.base.json_receipts import ReportMeaning
from providers.base.types import Answer, Callback, Inbound, Outgoing, Reading, Report
from providers.base.words import RetryClass, Sign
from tests.pipeline.events import certified, deceased, known, lapsed, number, reminder, requested, resumed, sms, suspended
from tests.pipeline.plant import LINE, ONE_A_CALL, OTHER, VENDOR, Plant

LASTS_S, MOST_S = 6.0, 60.0
"""It goes on until this long has passed and `ENOUGH` was done, on a slow machine at most so long."""
ENOUGH = 1_000
PERSONS, NUMBERS = 60, 40
ROUTE = (VENDOR, OTHER)
KEEPS_FINAL = """
create function keeps() returns trigger language plpgsql as $$ begin
  if old.final_at is not null and not old.provisional and new.status <> old.status then raise exception 'a final status moved'; end if;
  if new.status = 'sending' and old.status <> 'queued' and old.status <> 'unknown' and old.status <> 'sending' then raise exception 'sent again'; end if;
  return new; end $$;
create trigger keeps before update on message for each row execute function keeps()"""

FORGOTTEN = "select id, person_id, lane from message where status = 'queued' and not exists (select from queue where message_id = id)"


class Chaos:
    """What happens at random, and what was said of which message."""

    lasts_s, enough = LASTS_S, ENOUGH

    def __init__(self, plants: list[Plant], seed: int) -> None:
        """`CHAOS_SEED` in the environment tries another one; who is first in the store differs each time all the same."""
        self.plants, self.seed = plants, int(os.environ.get("CHAOS_SEED", seed))
        self.dice = random.Random(self.seed)
        self.taken: dict[str, str] = {}
        """Reference → the provider that took it, or may have."""
        self.twice: list[str] = []
        self.sent: list[tuple[str, str]] = []
        self.did: Counter[str] = Counter()
        self.raised: list[str] = []
        self.asking = Asking(plants[0].runtime.pool, plants[0].runtime.vault, frozenset({VENDOR}))

    def kinds(self) -> Sequence[Callable[[Plant], Awaitable[object]]]:
        return [
            *[self.events] * 3, *[self.send] * 5, *[self.report] * 4, *[self.keep] * 2, self.apply, self.plan, self.leases, self.receipts,
            self.cancel, self.map, self.ask, self.read_again, self.join_again,
        ]  # fmt: skip

    async def run(self) -> None:
        began = asyncio.get_running_loop().time()
        kinds = self.kinds()

        def over() -> bool:
            lasted_s = asyncio.get_running_loop().time() - began
            return lasted_s >= self.lasts_s and (self.did.total() >= self.enough or lasted_s >= MOST_S)

        async def one() -> None:
            while not over():
                kind = self.dice.choice(kinds)
                try:
                    await kind(self.dice.choice(self.plants))
                except Exception as error:  # noqa: BLE001 - all that was raised is shown at the end
                    self.raised.append(f"{kind.__name__}: {type(error).__name__} {error}")
                self.did[kind.__name__] += 1

        await asyncio.gather(*(one() for _ in range(10)))

    def __repr__(self) -> str:
        """What a failure should say first."""
        return f"CHAOS_SEED={self.seed}, done: {', '.join(f'{name} {times}' for name, times in self.did.most_common())}"

    def person(self) -> str:
        return f"p{self.dice.randrange(PERSONS)}"

    def number(self) -> str:
        return number(self.dice.randrange(NUMBERS))

    async def events(self, plant: Plant) -> None:
        who = [self.person() for _ in range(4)]
        say: list[Callable[[str], dict[str, Any]]] = [
            lambda p: known(p, sms(self.number()), sms(self.number(), relation="family")), reminder, certified, resumed, suspended,
            lapsed, *[lambda p: requested(p, sms(self.number()))] * 12, lambda p: known(p, sms(self.number())),
        ]  # fmt: skip
        say += [deceased] if self.dice.random() < 0.002 else []
        await plant.post(*(self.dice.choice(say)(p) for p in who))

    async def send(self, plant: Plant) -> None:
        provider = self.dice.choice(ROUTE)
        line = self.dice.choice((LINE, ONE_A_CALL))
        line = line.__class__(provider, line.lease_s, line.timeout_s, line.batch_size, ROUTE)
        claimed = await plant.claim(self.dice.choice(list(Lane)), self.dice.choice((1, 5, 20)), line)
        for call in claimed.calls:
            answers = [self.answer(call, message) for message in call.batch]
            if self.dice.random() < 0.1:
                await plant.pool.execute("update call set lease_until = now() - interval '1 second' where id = $1", call.id)
            if self.dice.random() < 0.95:
                await plant.record(call, answers)
            self.sent += [(call.provider, a.reference) for a in answers]

    def answer(self, call: Call, message: Outgoing) -> Answer:
        one = message.reference
        if one in self.taken:
            self.twice.append(one)
        says = self.dice.randrange(10)
        if says < 5:
            self.taken[one] = call.provider
            parts = tuple(f"v{one}-{n}" for n in range(self.dice.randrange(3)))
            return Answer(one, Outcome.ACCEPTED, parts=parts)
        if says == 5:
            self.taken[one] = call.provider
            return Answer(one, Outcome.UNKNOWN, Reason.PROVIDER_UNAVAILABLE, Fault.PROVIDER)
        if says == 6:
            self.taken[one] = call.provider
            return Answer(one, Outcome.UNKNOWN, Reason.UNMAPPED, Fault.UNKNOWN, vendor_code=f"a{self.dice.randrange(3)}")
        if says == 7:
            return Answer(one, Outcome.NOTHING_LEFT, Reason.PROVIDER_UNAVAILABLE, Fault.PROVIDER)
        if says == 8:
            return Answer(one, Outcome.REFUSED, Reason.NUMBER_ABSENT, Fault.RECIPIENT, permanent=True)
        return Answer(one, Outcome.DEFERRED, Reason.ACCOUNT_PROBLEM, Fault.SENDER, retry=RetryClass.OTHER_ROUTE)

    def reading(self) -> tuple[str, Reading]:
        some = self.dice.sample(self.sent, min(len(self.sent), 5))
        reports = []
        for _, one in some:
            status = self.dice.choice([Status.DELIVERED, Status.DELIVERED, Status.UNDELIVERED, Status.SENT])
            code = f"r{self.dice.randrange(3)}"
            reason, fault = (Reason.UNREACHABLE, Fault.RECIPIENT) if status is Status.UNDELIVERED else (None, Fault.NONE)
            if status is Status.SENT:
                reason, fault = Reason.UNMAPPED, Fault.UNKNOWN
            by_part = self.dice.random() < 0.4
            vendor_id = f"v{one}-{self.dice.randrange(3)}" if by_part else None
            reports.append(Report(None if by_part else one, status, reason, fault, vendor_id=vendor_id, vendor_code=code))
        replies = [Inbound(self.number(), self.dice.choice(["收到"] * 9 + ["退订", "非本人"]))] if self.dice.random() < 0.05 else []
        if self.dice.random() < 0.2:
            replies.append(Inbound(self.number(), "", sign=self.dice.choice([Sign.FOLLOWED, Sign.CONSENTED, Sign.REFUSED])))
        return (some[0][0] if some else VENDOR), Reading(reports, replies)

    async def report(self, plant: Plant) -> None:
        provider, plant.vendor.reading = self.reading()
        plant.receiving.providers = dict.fromkeys(ROUTE, plant.vendor)
        await plant.receiving(provider, Callback("POST", {}, {}, b"a callback"))

    async def keep(self, plant: Plant) -> None:
        provider, plant.vendor.reading = self.reading()
        plant.keeping.providers = dict.fromkeys(ROUTE, plant.vendor)
        await plant.keeping(provider, Callback("POST", {}, {}, b"a callback"))

    async def apply(self, plant: Plant) -> None:
        inbox: Inbox = plant.keeping.inbox
        await inbox.drain(lambda: False)

    async def plan(self, plant: Plant) -> None:
        await plant.planner()
        await plant.pool.execute("update queue set due_at = now() where due_at > now()")

    async def leases(self, plant: Plant) -> None:
        await plant.sweep.leases()

    async def receipts(self, plant: Plant) -> None:
        how = self.dice.randrange(3)
        if how == 0:
            await plant.sweep.receipts(OTHER, timedelta(seconds=1))
        elif how == 1:
            await self.asking.hand_over(VENDOR, timedelta(seconds=1))
        else:
            await plant.pool.execute(
                "update ask set ends_at = now() where call_id in (select call_id from ask where ends_at > now() limit 3)"
            )
            await plant.sweep.asked_in_vain()

    async def ask(self, _: Plant) -> None:
        await self.asking.due(VENDOR)
        await self.asking.forget_others()

    async def cancel(self, plant: Plant) -> None:
        notice = await plant.value("select id from notice where status in ('scheduled', 'in_progress') order by random() limit 1")
        if notice is not None and self.dice.random() < 0.1:
            await plant.cancel(notice, "op")

    async def map(self, plant: Plant) -> None:
        async with plant.runtime.pool.acquire() as connection:
            code = f"r{self.dice.randrange(3)}"
            provider = self.dice.choice(ROUTE)
            if self.dice.random() < 0.5:
                await codes.put(connection, provider, codes.REPORT, code, ReportMeaning(Status.UNDELIVERED, Reason.UNREACHABLE), "op")
            else:
                await codes.remove(connection, provider, code, None)

    async def read_again(self, plant: Plant) -> None:
        await plant.receiving.rereading()

    async def join_again(self, plant: Plant) -> None:
        await plant.receiving.again.lately()


async def test_all_kinds_of_transactions_at_once_hold_what_was_promised(plants: list[Plant]) -> None:
    plant = plants[0]
    await plant.pool.execute(KEEPS_FINAL)
    before = await plant.value("select deadlocks from pg_stat_database where datname = current_database()")
    try:
        chaos = Chaos(plants, seed=3)
        await chaos.run()
    finally:
        await plant.pool.execute("drop function keeps() cascade")
    await plant.pool.execute("select pg_stat_force_next_flush()")
    deadlocks = await plant.value("select deadlocks from pg_stat_database where datname = current_database()") - before
    assert chaos.raised == [], chaos
    assert chaos.twice == [], chaos
    assert deadlocks == 0, chaos
    assert await plant.rows(FORGOTTEN) == [], chaos
    async with plant.runtime.reading.acquire() as connection:
        assert (await everything(connection, plant.runtime.sealer)).findings == [], chaos
