"""The claim: one transaction that takes messages, locks their persons, checks once more that each is still true, and puts the attempts on record."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from gateway.dispatch.batch import into_calls
from gateway.dispatch.decide import Decisions, Starting, Wait, decide
from gateway.dispatch.failover import passed_on, refusing, without_way
from gateway.dispatch.lease import Lease, lease
from gateway.dispatch.outcome import Started
from gateway.dispatch.ports import Render, Stops
from gateway.dispatch.windows import Booked, Windows
from gateway.evidence.chain import FactKind, Sealer, entry
from gateway.ids import Draw, Ids
from gateway.store import calls, claims, messages, persons, routing, seals
from gateway.store.pool import Connection
from gateway.store.vault import Vault
from gateway.words import Status
from providers.base.types import Outgoing

NUMBER_BUSY_S = 1.0
"""Seconds that a message waits whose number is being claimed for somebody else at this moment."""
UNFIT_HERE_S = 120.0
"""Seconds until a message that this process could not open or judge may be claimed again, here or elsewhere."""
NO_LIMIT = 1_000_000
"""Attempts to a number in a day, where only a provider's own windows count."""
FACTS_PENDING_S = 30.0
"""Seconds between looks at a message whose person has events that are not planned yet."""


class Limits(Struct, frozen=True):
    """What protects people: attempts to a number in a day (0: no limit), when that day began and when the next one opens."""

    per_day: int
    day_start: Callable[[datetime], datetime]
    next_day: Callable[[datetime], datetime]
    probe_after_days: int = 0
    """After how many days without evidence a dead number is tried again; 0: never."""


class Line(Struct, frozen=True):
    """How a provider is called: lease and time-out in seconds, messages a call."""

    provider: str
    lease_s: float
    timeout_s: float
    batch_size: int
    route: tuple[str, ...] = ()
    """All providers that carry the lane."""
    windows: Windows | None = None
    """How often it takes messages to one number."""
    alike: Callable[[Outgoing], Hashable] | None = None
    """Messages with equal keys may share a call; None: all may."""


class Call(Struct, frozen=True):
    """An attempt on record: what to send, until when it may start, and what its answers will need (by reference)."""

    id: int
    provider: str
    lane: str
    batch: list[Outgoing]
    started: dict[str, Started]
    lease: Lease
    route: tuple[str, ...] = ()
    """All providers that carry the lane."""


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
            taken = await claims.take(connection, channel, lane, count, line.provider, line.route)
            if not taken:
                return NOTHING
            now = taken[0][3]
            ids = await self._ids.draw(connection, len(taken) + 1)
            facts = await persons.lock_standing(connection, list({row[1] for row in taken}))
            wanted, avoid = [row[0] for row in taken], {row[0]: row[4] for row in taken if row[4]}
            ended: list[tuple[str, str]] = []
            if avoid:
                wanted, ended = await self._without_way(connection, (channel, lane), taken, avoid, line)
            candidates = await claims.read(connection, wanted, self._limits.probe_after_days)
            per_day = self._limits.per_day or (NO_LIMIT if line.windows else 0)
            counts = await claims.sent_today(connection, {c.key for c in candidates}, self._limits.day_start(now)) if per_day else {}
            booked = await _booked(connection, counts, line.provider, line.windows, now) if line.windows else None
            decisions = decide(candidates, facts, now, per_day, counts, self._stops, self._render, self._vault, booked)
            await self._put_off(connection, decisions, now, avoid, line)
            made = _calls(decisions.start, line, lane, held, ids, avoid)
            if made:
                seal = self._sealer.seal(connection.chain, ids.take(), now, self._entries(made, now))
                await self._record(connection, made, decisions.start, line, now, seal.id)
                await seals.insert(connection, seal)
        if seal is not None:
            seal.committed(connection.chain)
        ids.done()
        return Claimed(made, len(taken), [(status, reason) for _, status, reason, _ in decisions.stop] + ended)

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

    async def _put_off(self, connection: Connection, decisions: Decisions, now: datetime, avoid: dict[int, list[str]], line: Line) -> None:
        if decisions.stop:
            await claims.stop(connection, decisions.stop, now)
            await persons.plan_again(connection, decisions.replan, now)
        if not decisions.wait and not decisions.full:
            return
        until = {
            Wait.NUMBER_FULL: self._limits.next_day(now),
            Wait.NUMBER_BUSY: now + timedelta(seconds=NUMBER_BUSY_S),
            Wait.FACTS_PENDING: now + timedelta(seconds=FACTS_PENDING_S),
            Wait.UNFIT_HERE: now + timedelta(seconds=UNFIT_HERE_S),
        }
        rows = [(w.id, w.person_id, w.lane, w.channel, until[why]) for w, why in decisions.wait]
        for w, free_at in decisions.full:
            others = passed_on(avoid.get(w.id, ()), line.provider, line.route)
            avoid[w.id] = refusing(avoid.get(w.id, ())) if others is None else others
            rows.append((w.id, w.person_id, w.lane, w.channel, free_at if others is None else now))
        if avoid:
            await routing.enqueue_avoiding(connection, rows, now, avoid)
        else:
            await messages.enqueue(connection, rows, now)

    async def _without_way(
        self, connection: Connection, where: tuple[str, str], taken: Sequence[claims.Taken], avoid: Mapping[int, list[str]], line: Line
    ) -> tuple[list[int], list[tuple[str, str]]]:
        """Messages that this provider must not have: those that others may have wait for them, the others end. (The rest, what ended.)

        The answers' transaction sees to that; what comes here was queued under another configuration.
        """
        now = taken[0][3]
        again, over = without_way(avoid, line.provider, line.route)
        if again:
            rows = [(row[0], row[1], where[1], where[0], now) for row in taken if row[0] in again]
            await routing.enqueue_avoiding(connection, rows, now, again)
        ended = await routing.nobody_left(connection, over, now) if over else []
        if ended:
            await persons.plan_again(connection, [person for person, _ in ended], now)
        astray = {*again, *over}
        return [row[0] for row in taken if row[0] not in astray], [(Status.FAILED, reason) for _, reason in ended]


async def _booked(connection: Connection, counts: Mapping[bytes, int | None], provider: str, windows: Windows, now: datetime) -> Booked:
    ours = [key for key, count in counts.items() if count is not None]
    return Booked(windows, await routing.sent_to(connection, ours, provider, windows.since(now), windows.most), now)


def _calls(start: Sequence[Starting], line: Line, lane: str, held: Lease, ids: Draw, avoid: Mapping[int, list[str]]) -> list[Call]:
    made = []
    for group in _groups(start, line):
        call_id = ids.take()
        name = str(call_id)
        for s in group:
            structs.force_setattr(s.outgoing, "call", name)  # nobody has seen it yet; a copy costs five times as much
        started = {s.outgoing.reference: Started(s.id, call_id, s.attempts + 1, s.expires_at, s.created) for s in group}
        if avoid:
            started = {r: structs.replace(one, avoid=avoid[one.id]) if one.id in avoid else one for r, one in started.items()}
        made.append(Call(call_id, line.provider, lane, [s.outgoing for s in group], started, held, line.route))
    return made


def _groups(start: Sequence[Starting], line: Line) -> list[list[Starting]]:
    """What goes into one call each."""
    if line.alike is None or line.batch_size == 1:
        return into_calls([(s.key, s) for s in start], line.batch_size)
    alike: dict[Hashable, list[tuple[bytes, Starting]]] = {}
    for s in start:
        alike.setdefault(line.alike(s.outgoing), []).append((s.key, s))
    return [call for group in alike.values() for call in into_calls(group, line.batch_size)]
