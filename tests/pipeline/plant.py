"""A gateway in the test's process: the real stages over a real PostgreSQL, with fakes for the vendor and for the asking of jobs.

Several plants over one store are several processes: each has a pool, a source of ids and chains of its own.
"""

import base64
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date, datetime, timedelta
from typing import Any, cast

import asyncpg
import msgspec

from gateway.config import Config
from gateway.config.schema import MasterKey, ProviderSection, Redis, Route, Security, Sending, Store
from gateway.dispatch.claim import Call, Claimed, Claimer, Line
from gateway.events import Event
from gateway.ids import Draw
from gateway.intake.check import Rejected
from gateway.model import Person
from gateway.pipeline.accept import Accept, Offered, Result, Sender
from gateway.pipeline.cancel import Cancel
from gateway.pipeline.noted import Beside
from gateway.pipeline.overriding import Overriding
from gateway.pipeline.planner import Planner
from gateway.pipeline.planning import Planning
from gateway.pipeline.receive import Received
from gateway.pipeline.record import Answered, Recorded, Recorder
from gateway.pipeline.sweep import Sweep
from gateway.pipeline.write import Written
from gateway.plan.state import Changes, State
from gateway.receiving import Receiving, templates_of
from gateway.runtime import Runtime, open_runtime
from gateway.sending import _limits, _stops
from gateway.store import persons
from gateway.words import Lane, Outcome
from providers.base.types import Answer, Callback, Outgoing, Reading, Report, Settings, StillMine
from scheduler import calendar
from tests.pipeline.events import raw

KEY = base64.b64encode(bytes(range(32))).decode()
VENDOR, OTHER = "vendor", "other_vendor"
"""Providers of sms and of wechat."""
LINE = Line(VENDOR, 30.0, 10.0, 100)
ONE_A_CALL = Line(VENDOR, 30.0, 10.0, 1)
CONNECTIONS = 6
NO_REDIS = "redis://127.0.0.1:1"
"""Nobody listens there: the stages themselves need no Redis."""


class Asked:
    """Stands for arq: remembers what was asked for."""

    def __init__(self) -> None:
        self.plans = self.receives = 0
        self.drains: list[tuple[str, str, int]] = []

    async def drain(self, channel: str, lane: str, messages: int) -> None:
        self.drains.append((channel, lane, messages))

    async def plan(self) -> None:
        self.plans += 1

    async def receive(self) -> None:
        self.receives += 1


class Vendor:
    """Takes everything, unless `says` has another answer. `seen`: references in order of arrival; `calls`: as they came together."""

    def __init__(self, name: str = VENDOR, batch_size: int = 100) -> None:
        self.settings = Settings(name, "vendor", batch_size=batch_size)
        self.calls: list[list[Outgoing]] = []
        self.says: Callable[[Outgoing], Answer] = lambda message: Answer(message.reference, Outcome.ACCEPTED)
        self.reading: Reading | None = None
        """What the next callbacks say, whatever their bodies."""
        self.answers: Callable[[Sequence[Outgoing]], Sequence[Answer]] = lambda batch: [self.says(message) for message in batch]

    @property
    def seen(self) -> list[str]:
        return [message.reference for call in self.calls for message in call]

    @property
    def addresses(self) -> list[str]:
        return [message.address for call in self.calls for message in call]

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def send(self, batch: Sequence[Outgoing], still_mine: StillMine, on_first_byte: Callable[[], None]) -> Sequence[Answer]:
        if not still_mine():
            return [Answer(message.reference, Outcome.NOTHING_LEFT) for message in batch]
        on_first_byte()
        self.calls.append(list(batch))
        return self.answers(batch)

    def read(self, callback: Callback) -> Reading:
        if self.reading is not None:
            return self.reading
        return Reading(msgspec.json.decode(callback.body, type=list[Report]))


def config_of(dsn: str, **sections: Any) -> Config:
    """As if loaded: window always open, one provider for sms and one for wechat."""
    given: dict[str, Any] = {
        "store": Store(url=dsn, allow_sandbox=True),
        "redis": Redis(url=NO_REDIS),
        "security": Security(keys=(MasterKey(id=1, key=KEY),)),
        "sending": Sending(window=("00:00", "24:00")),
        "route": (Route(channel="sms", providers=(VENDOR,)), Route(channel="wechat", providers=(OTHER,))),
        "providers": dict.fromkeys((VENDOR, OTHER), ProviderSection(driver="sandbox", batch_size=100)),
    }
    return Config(**(given | sections))


class Failing:
    """Planning with a bug."""

    def __init__(self, real: Planning, person_id: str) -> None:
        self._real, self._person_id = real, person_id

    def plan(self, state: State, events: Sequence[Event], now: datetime, today: date, draw: Draw) -> Changes:
        if self._person_id in {"", state.person.id}:
            raise ValueError(f"cannot plan {state.person.details.name} with {len(events)} events")
        return self._real.plan(state, events, now, today, draw)


class Plant:
    """One process. Every method is one stage's work, done when it returns."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.pool = cast("asyncpg.Pool", runtime.pool)
        self.jobs, self.vendor = Asked(), Vendor()
        self.written: list[Written] = []
        self.received: list[Received] = []
        parts = runtime.pool, runtime.vault, runtime.sealer, runtime.ids
        self.accept = Accept(*parts, runtime.writer, runtime.planning, runtime.config.sending.timezone, self._accepted)
        self.planner = Planner(*parts, runtime.writer, runtime.planning, runtime.checker, runtime.config.sending.timezone, self._planned)
        self.sweep = Sweep(runtime.pool, runtime.sealer, runtime.ids)
        self.cancel = Cancel(runtime.pool, runtime.sealer, runtime.ids, runtime.writer, self.written.append)
        self.overriding = Overriding(*parts, timedelta(days=90))
        self.claimer = Claimer(runtime.vault, runtime.sealer, runtime.ids, _stops, runtime.render, _limits(runtime), runtime.name)
        self.receiving = Receiving(runtime, self.jobs, lambda received, _: self.received.append(received))
        self.keeping = Receiving(runtime, self.jobs, lambda received, _: self.received.append(received), keeping=True)
        self.keeping.providers = self.receiving.providers = {VENDOR: self.vendor}
        beside = Beside(frozenset({VENDOR}), templates_of(runtime), self.receiving.again.of_parts)
        self.recorder = Recorder(*parts, lambda _: False, beside)

    def offered(self, one: dict[str, Any], sender: Sender | None = None) -> Offered:
        checked = self.runtime.checker.structured(raw(one))
        assert not isinstance(checked, Rejected), checked
        return Offered(checked.event, sender or Sender("backend"))

    async def post(self, *events: dict[str, Any], sender: Sender | None = None) -> list[Result]:
        return list(await self.accept([self.offered(one, sender) for one in events]))

    async def plan(self) -> int:
        """Until nobody is due; how many sets it took."""
        for sets in range(50):
            if not (await self.planner()).persons:
                return sets
        raise AssertionError("the planner finds no end")

    @contextmanager
    def plan_fails(self, person_id: str = "") -> Iterator[None]:
        """Planning raises, for this person or for everybody."""
        real = self.accept._planning, self.planner._planning
        self.accept._planning = self.planner._planning = Failing(self.runtime.planning, person_id)  # type: ignore[assignment]
        try:
            yield
        finally:
            self.accept._planning, self.planner._planning = real

    async def person(self, person_id: str) -> Person:
        async with self.runtime.pool.acquire() as connection:
            return (await persons.lock(connection, [person_id], self.runtime.vault))[person_id]

    async def claim(self, lane: str = Lane.NORMAL, count: int = 500, line: Line = LINE, channel: str = "sms") -> Claimed:
        async with self.runtime.pool.acquire() as connection:
            return await self.claimer.claim(connection, channel, lane, count, line)

    async def claim_all(self, line: Line = LINE) -> list[Call]:
        return [call for lane in Lane for call in (await self.claim(lane, line=line)).calls]

    async def send(self, *calls: Call) -> None:
        """Makes the calls and records what came of them."""
        for call in calls:
            await self.record(call, await self.vendor.send(call.batch, call.lease.holds, lambda: None))

    async def record(self, call: Call, answers: Sequence[Answer]) -> Recorded:
        return (await self.recorder.record([Answered(call, answers)]))[0]

    async def drain(self, line: Line = LINE) -> None:
        """Sends whatever is due on every lane."""
        await self.send(*await self.claim_all(line))

    async def report(self, *reports: Report, provider: str = VENDOR) -> None:
        await self.receiving(provider, Callback("POST", {}, {}, msgspec.json.encode(reports)))

    async def called_back(self, reading: Reading, body: bytes = b"a callback") -> None:
        """A callback whose body the vendor's driver reads as this."""
        self.vendor.reading = reading
        try:
            await self.receiving(VENDOR, Callback("POST", {}, {}, body))
        finally:
            self.vendor.reading = None

    async def sweep_all(self, after: timedelta = timedelta(hours=72)) -> None:
        await self.sweep.leases()
        await self.sweep.receipts(VENDOR, after)

    async def end_leases(self) -> None:
        await self.pool.execute("update call set lease_until = now() - interval '1 second' where answered_at is null")

    async def end_leases_of_all(self) -> None:
        """And lets the time of every receipt go by."""
        await self.end_leases()
        await self.pool.execute("update call set claimed_at = now() - interval '99 hours' where not swept")

    async def make_due(self) -> None:
        """Lets the time pass until every queued message may be tried again."""
        await self.pool.execute("update queue set due_at = now()")

    async def messages(self, columns: str = "status_now, reason") -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.pool.fetch(f"select {columns} from message_now order by id")]

    async def notices(self, columns: str = "kind, status, reason") -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.pool.fetch(f"select {columns} from notice order by id")]

    async def rows(self, statement: str, *args: Any) -> Any:
        """Records: compared with tuples, asked by name."""
        return await self.pool.fetch(statement, *args)

    async def row(self, statement: str, *args: Any) -> Any:
        """The first record."""
        return (await self.pool.fetch(statement, *args))[0]

    async def value(self, statement: str, *args: Any) -> Any:
        """The first column of the first record."""
        return await self.pool.fetchval(statement, *args)

    async def count(self, table: str, where: str = "true") -> int:
        return int(await self.pool.fetchval(f"select count(*) from {table} where {where}"))

    async def now(self) -> datetime:
        return await self.pool.fetchval("select clock_timestamp()")  # type: ignore[no-any-return]

    async def _accepted(self, _: Sequence[Offered], __: Sequence[Result], written: Written) -> None:
        self.written.append(written)

    async def _planned(self, written: Written) -> None:
        self.written.append(written)


@asynccontextmanager
async def open_plant(dsn: str, *, connections: int = CONNECTIONS, **sections: Any) -> AsyncIterator[Plant]:
    async with open_runtime(config_of(dsn, **sections), calendar, "test", connections=connections, migrating=False) as runtime:
        yield Plant(runtime)
