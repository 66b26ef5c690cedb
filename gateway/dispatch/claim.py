"""The claim: one transaction that takes messages, locks their persons, checks once more that each is still true, and puts the attempts on record."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.dispatch.batch import into_calls
from gateway.dispatch.decide import Decisions, Starting, Wait, decide
from gateway.dispatch.lease import Lease, lease
from gateway.dispatch.outcome import Started
from gateway.dispatch.ports import Render, Stops
from gateway.evidence.chain import FactKind, Sealer, entry
from gateway.ids import Draw, Ids
from gateway.store import calls, claims, messages, persons, seals
from gateway.store.pool import Connection
from gateway.store.vault import Vault
from providers.base.types import Outgoing

NUMBER_BUSY_S = 1.0
"""Seconds that a message waits whose number is being claimed for somebody else at this moment."""
UNFIT_HERE_S = 120.0
"""Seconds until a message that this process could not open or judge may be claimed again, here or elsewhere."""
FACTS_PENDING_S = 30.0
"""Seconds between looks at a message whose person has events that are not planned yet."""


class Limits(Struct, frozen=True):
    """What protects people: attempts to a number in a day (0: no limit), when that day began and when the next one opens."""

    per_day: int
    day_start: Callable[[datetime], datetime]
    next_day: Callable[[datetime], datetime]


class Line(Struct, frozen=True):
    """How a provider is called: lease and time-out in seconds, messages a call."""

    provider: str
    lease_s: float
    timeout_s: float
    batch_size: int


class Call(Struct, frozen=True):
    """An attempt on record: what to send, until when it may start, and what its answers will need (by reference)."""

    id: int
    provider: str
    lane: str
    batch: list[Outgoing]
    started: dict[str, Started]
    lease: Lease


class Claimed(Struct, frozen=True):
    """What a claim took: the calls to make now, how many messages left the queue, and (status, reason) of those that ended instead."""

    calls: list[Call] = []
    taken: int = 0
    stopped: list[tuple[str, str]] = []


NOTHING = Claimed()


class Claimer:
    """Makes claims, one at a time a connection. `by` names this process on record."""

    def __init__(self, vault: Vault, sealer: Sealer, ids: Ids, stops: Stops, render: Render, limits: Limits, by: str) -> None:
        self._vault, self._sealer, self._ids = vault, sealer, ids
        self._stops, self._render, self._limits, self._by = stops, render, limits, by

    async def claim(self, connection: Connection, channel: str, lane: str, count: int, line: Line) -> Claimed:
        """Takes at most `count` messages; the calls it returns are committed and must start now."""
        held = lease(line.lease_s, line.timeout_s)
        seal = None
        async with connection.transaction():
            taken = await claims.take(connection, channel, lane, count)
            if not taken:
                return NOTHING
            now = taken[0][3]
            ids = await self._ids.draw(connection, len(taken) + 1)
            facts = await persons.lock(connection, list({row[1] for row in taken}))
            candidates = await claims.read(connection, [row[0] for row in taken])
            counts = (
                await claims.sent_today(connection, {c.key for c in candidates}, self._limits.day_start(now))
                if self._limits.per_day
                else {}
            )
            decisions = decide(candidates, facts, now, self._limits.per_day, counts, self._stops, self._render, self._vault)
            await self._put_off(connection, decisions, now)
            made = _calls(decisions.start, line, lane, held, ids)
            if made:
                seal = self._sealer.seal(connection.chain, ids.take(), now, self._entries(made, now))
                await self._record(connection, made, decisions.start, line, now, seal.id)
                await seals.insert(connection, seal)
        if seal is not None:
            seal.committed(connection.chain)
        ids.done()
        return Claimed(made, len(taken), [(status, reason) for _, status, reason, _ in decisions.stop])

    def _entries(self, made: Sequence[Call], now: datetime) -> list[bytes]:
        digest = self._sealer.digest
        return [entry(FactKind.CALL, c.id, digest(c.id, c.provider, [s.id for s in c.started.values()], now, self._by)) for c in made]

    async def _record(
        self, connection: Connection, made: Sequence[Call], start: Sequence[Starting], line: Line, now: datetime, seal_id: int
    ) -> None:
        call_of = {s.id: s.call_id for c in made for s in c.started.values()}
        await claims.start(
            connection, [s.id for s in start], [call_of[s.id] for s in start], [s.segments for s in start], now, line.provider
        )
        attempts = [(c.id, [s.id for s in c.started.values()]) for c in made]
        await calls.insert(connection, line.provider, attempts, now, self._by, now + timedelta(seconds=line.lease_s), seal_id)

    async def _put_off(self, connection: Connection, decisions: Decisions, now: datetime) -> None:
        if decisions.stop:
            await claims.stop(connection, decisions.stop, now)
            await persons.plan_again(connection, decisions.replan, now)
        if decisions.wait:
            until = {
                Wait.NUMBER_FULL: self._limits.next_day(now),
                Wait.NUMBER_BUSY: now + timedelta(seconds=NUMBER_BUSY_S),
                Wait.FACTS_PENDING: now + timedelta(seconds=FACTS_PENDING_S),
                Wait.UNFIT_HERE: now + timedelta(seconds=UNFIT_HERE_S),
            }
            await messages.enqueue(connection, [(w.id, w.person_id, w.lane, w.channel, until[why]) for w, why in decisions.wait], now)


def _calls(start: Sequence[Starting], line: Line, lane: str, held: Lease, ids: Draw) -> list[Call]:
    made = []
    for group in into_calls([(s.key, s) for s in start], line.batch_size):
        call_id = ids.take()
        started = {s.outgoing.reference: Started(s.id, call_id, s.attempts + 1, s.expires_at, s.created) for s in group}
        made.append(Call(call_id, line.provider, lane, [s.outgoing for s in group], started, held))
    return made
