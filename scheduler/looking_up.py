"""Asks carriers' services about the numbers whose answer would change what is done, beside the chores: a few a second, the most needed first.

It walks over all persons, a page a second, and keeps what is most needed of what it found. What was answered is on record for as long as the service's
`valid_days` say, so neither a walk that begins anew nor another scheduler asks again. The learner reads the answers.
"""

import asyncio
import heapq
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

import asyncpg

from gateway.logs import account, get_logger
from gateway.lookup.asking import MOBILE, Lookups, Service, Tokens, services_of
from gateway.runtime import Runtime
from gateway.store import wanted
from gateway.store.pool import Queries
from gateway.store.wanted import Asked, Need, Wanted
from scheduler.calendar import latest_start

SOON_DAYS = 14
"""How long before a reminder is due a number that nobody knows is asked about."""
PERSONS_A_PAGE = 1000
EVERY_S = 3600.0
"""Seconds between the beginnings of two walks; after one that took longer, it rests as long as it took."""
PAUSE_S = 1.0
"""Between two sets: a rate's bucket holds what one second brings."""
MOST_WAITING = 1000
"""Numbers of each need that are kept; the rest is found by the next walk."""
AFTER_FAILURE_S, LONGEST_PAUSE_S = 30.0, 900.0
"""After a service that failed; doubled each time until it answers."""
log = get_logger("lookup")


class LookingUp:
    """At most one walk at a time, and nothing at all where no service is configured."""

    every_s = 1.0

    def __init__(self, runtime: Runtime, tokens: Tokens) -> None:
        self._pool, self._vault, config = runtime.pool, runtime.vault, runtime.config
        self._services = services_of(config)
        self._lookups = Lookups(runtime.pool, tokens, self._services)
        self._months, self._zone = config.cycle.reminder_month - 1, ZoneInfo(config.sending.timezone)
        self._at_once = max(map(_at_once, self._services), default=0)
        self._turn: asyncio.Task[None] | None = None
        self._waiting: dict[bytes, Wanted] = {}
        self._after, self._began, self._next = "", 0.0, 0.0
        self._answers = 0
        self._failed_s = AFTER_FAILURE_S

    async def __call__(self, connection: Queries) -> None:  # noqa: ARG002 - as all that goes on beside the chores
        """Begins where something is configured and nothing is under way."""
        if self._services and (self._turn is None or self._turn.done()):
            self._turn = asyncio.create_task(self._go(), name="numbers are looked up")

    async def stop(self) -> None:
        """Cuts it off: what was not answered is asked again."""
        if self._turn is not None:
            self._turn.cancel()
            await asyncio.wait([self._turn])
            self._turn = None

    async def _go(self) -> None:
        await self._lookups.open()
        try:
            while True:
                pause_s = await self._round()
                await asyncio.sleep(pause_s)
        finally:
            await self._lookups.close()

    async def _round(self) -> float:
        """A page of the walk, and a set of questions; how long to pause now, in seconds."""
        try:
            async with self._pool.acquire() as connection:
                now: datetime = await connection.fetchval("select now()")
            await self._walk_on(now)
            if not await self._ask(now):
                return self._pause_after_failure()
            return PAUSE_S if self._waiting or self._after else max(PAUSE_S, self._next - time.monotonic())
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("numbers_not_looked_up", **account(error))
        except Exception as error:  # noqa: BLE001 - an edge: drivers may come from other packages, and whatever they raise, the chores go on
            log.error("lookup_broken", **account(error))
        return self._pause_after_failure()

    def _pause_after_failure(self) -> float:
        pause_s, self._failed_s = self._failed_s, min(2 * self._failed_s, LONGEST_PAUSE_S)
        return pause_s

    async def _walk_on(self, now: datetime) -> None:
        if not self._after:
            if time.monotonic() < self._next:
                return
            self._began = time.monotonic()
            self._waiting.clear()
        today = now.astimezone(self._zone).date()
        asked = Asked(*self._soon(today), [one.name for one in self._services], now)
        async with self._pool.acquire() as connection:
            page = await wanted.after(connection, self._after, PERSONS_A_PAGE, asked)
        self._keep(page.numbers)
        self._after = (page.last or "") if page.full else ""
        if not self._after:
            ended = time.monotonic()
            self._next = max(self._began + EVERY_S, ended + (ended - self._began))
            log.info("walked_for_lookups", answers=self._answers, waiting=len(self._waiting), took_s=round(ended - self._began, 3))
            self._answers = 0

    def _soon(self, today: date) -> tuple[date, date]:
        """The first and the last start of a cycle whose reminder is due from today on and soon."""
        first = latest_start(today - timedelta(days=1), self._months) + timedelta(days=1)
        return first, latest_start(today + timedelta(days=SOON_DAYS), self._months)

    def _keep(self, numbers: Sequence[Wanted]) -> None:
        kept = Counter(one.need for one in self._waiting.values())
        for one in numbers:
            before = self._waiting.get(one.key)
            if before is not None and before.need <= one.need:
                continue
            if kept[one.need] < MOST_WAITING:
                self._waiting[one.key] = one
                kept[one.need] += 1

    async def _ask(self, now: datetime) -> bool:
        """Asks about what is most needed; False where a service failed."""
        chosen = heapq.nsmallest(self._at_once, self._waiting.values(), key=_urgency)
        for one in chosen:
            del self._waiting[one.key]  # what breaks this round is not met again before the next walk
        if not chosen:
            return True
        addresses = {one.key: self._vault.open_contact(one.sealed).address for one in chosen}
        looked = await self._lookups.ask(addresses, now)
        left = [one for one in chosen if one.key not in looked.words and addresses[one.key].startswith(MOBILE)]
        self._waiting |= {one.key: one for one in left}
        if looked.new:
            self._answers += len(looked.new)
            self._failed_s = AFTER_FAILURE_S
        return not looked.failed


def _urgency(one: Wanted) -> tuple[Need, date]:
    return one.need, one.start or date.max


def _at_once(service: Service) -> int:
    """Numbers that one second brings."""
    return ceil(service.rate_per_s) if service.rate_per_s else service.batch_size
