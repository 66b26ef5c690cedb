"""Accept = intake + plan in one transaction for a set of events. What it answers "accepted" is on disk, and so is what follows from it."""

from collections.abc import Awaitable, Callable, Sequence
from operator import itemgetter

import asyncpg
from msgspec import UNSET, Struct, structs

from gateway.events import Event, PersonData
from gateway.evidence.chain import FactKind, Sealer, entry
from gateway.ids import Draw, Ids
from gateway.intake.check import Problem, Rejected, same
from gateway.logs import account, get_logger
from gateway.model import Person, Verdict
from gateway.pipeline.beliefs import beliefs_about
from gateway.pipeline.planning import Planning
from gateway.pipeline.write import Writer, Written
from gateway.plan.state import Changes, Rejection, State
from gateway.store import events, notices, persons, seals
from gateway.store.events import EventRow, Known, Moment
from gateway.store.pool import Connection, Pool
from gateway.store.vault import Vault

TRIES = 6
"""How often a batch starts again when another process wrote one of its new persons or events at the same moment."""
_AGAIN = (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
log = get_logger(__name__)


class Sender(Struct, frozen=True, gc=False):
    """Who posts: the token's name, and whether it may post for a region (None: it has no limit)."""

    name: str
    covers: Callable[[str], bool] | None = None


class Offered(Struct, frozen=True, gc=False):
    """An event that passed its checks, and who posts it."""

    event: Event
    sender: Sender


class Accepted(Struct, frozen=True, gc=False):
    """On disk. `duplicate`: it was before."""

    duplicate: bool = False


ACCEPTED, DUPLICATE = Accepted(), Accepted(duplicate=True)
Result = Accepted | Rejected
Committed = Callable[[Sequence[Offered], Sequence[Result], Written], Awaitable[None]]
"""Told after each commit: wake-ups and metrics."""


class _Work(Struct):
    """One person's share of a batch: places in the batch of the events to plan, the region they leave, and what came of them."""

    person: Person
    places: list[int]
    region: str
    changes: Changes | None = None


class _Sorted(Struct):
    """A batch by person; `echoes`: (place, place of the first event of that name in this batch, whether it says the same)."""

    work: list[_Work]
    echoes: list[tuple[int, int, bool]]


class Accept:
    """Accepts sets of events. One a process."""

    def __init__(
        self, pool: Pool, vault: Vault, sealer: Sealer, ids: Ids, writer: Writer, planning: Planning, timezone: str, committed: Committed
    ) -> None:
        self._pool, self._vault, self._sealer, self._ids = pool, vault, sealer, ids
        self._writer, self._planning, self._timezone, self._committed = writer, planning, timezone, committed

    async def __call__(self, offered: Sequence[Offered]) -> Sequence[Result]:
        """Results in order.

        Raises:
            asyncpg.PostgresError, OSError: The store did not take it; nothing of this set is stored.

        """
        for left in reversed(range(TRIES)):
            try:
                results, again, written = await self._once(offered)
            except _AGAIN:
                if not left:
                    raise
                continue
            await self._committed(offered, results, written)
            if again:  # their namesake came first and was rejected: the name is free
                for place, result in zip(again, await self([offered[place] for place in again]), strict=True):
                    results[place] = result
            return results
        raise AssertionError

    async def _once(self, offered: Sequence[Offered]) -> tuple[list[Result], list[int], Written]:
        results: list[Result] = [ACCEPTED] * len(offered)
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                draw = await self._ids.draw(connection, ids_needed([o.event for o in offered]))
                known = await persons.lock(connection, list({o.event.person_id for o in offered}), self._vault)
                moment = await events.moment(connection, [(o.event.source, o.event.id) for o in offered], self._timezone)
                batch = self._sort(offered, results, known, moment)
                await self._plan(connection, offered, results, batch.work, moment, draw)
                again = _echo(batch.echoes, offered, results)
                seal_id = draw.take()
                taken = [w for w in batch.work if w.person.stored or any(not isinstance(results[p], Rejected) for p in w.places)]
                changes = [w.changes for w in taken if w.changes is not None]
                written = await self._writer.write(connection, changes, known, moment.now, seal_id, draw.take)
                entries = written.entries + await self._events(connection, offered, results, taken, moment, seal_id)
                if not entries:
                    return results, again, written
                seal = self._sealer.seal(connection.chain, seal_id, moment.now, entries)
                await seals.insert(connection, seal)
            seal.committed(connection.chain)
        draw.done()
        return results, again, written

    def _sort(self, offered: Sequence[Offered], results: list[Result], known: dict[str, Person], moment: Moment) -> _Sorted:
        """Puts repetitions, conflicts and what the sender may not do into `results`; the rest by person, in order."""
        work: dict[str, _Work] = {}
        first: dict[tuple[str, str], int] = {}
        echoes: list[tuple[int, int, bool]] = []
        for place, (event, sender) in enumerate((o.event, o.sender) for o in offered):
            key = event.source, event.id
            if (before := moment.known.get(key)) is not None:
                results[place] = self._again(event, before)
                continue
            if key in first:
                earlier = offered[first[key]].event
                echoes.append((place, first[key], earlier.digest == event.digest or same(event.raw, earlier.raw)))
                continue
            share = work.get(event.person_id)
            if share is None:
                person = known.get(event.person_id) or Person(event.person_id)
                share = _Work(person, [], person.region)
            region = _region_given(event)
            if sender.covers is not None and not _may(sender.covers, share.region, region):
                results[place] = Rejected(
                    event.id, (Problem("forbidden", "$.subject", "this token may not speak for the person's region"),)
                )
                continue
            work[event.person_id] = share
            share.region = region or share.region
            first[key] = place
            share.places.append(place)
        return _Sorted(list(work.values()), echoes)

    def _again(self, event: Event, stored: Known) -> Result:
        """A repetition is a duplicate; the same name for something else is a conflict."""
        if stored.digest == event.digest:
            return DUPLICATE
        if stored.sealed is not None and same(event.raw, self._vault.open_raw(stored.sealed, b"event")):
            return DUPLICATE
        return _conflict(event)

    async def _plan(
        self, connection: Connection, offered: Sequence[Offered], results: list[Result], work: Sequence[_Work], moment: Moment, draw: Draw
    ) -> None:
        stored = [w.person.id for w in work if w.person.stored]
        contacts = await persons.contacts(connection, stored, self._vault) if stored else {}
        known = await notices.of_persons(connection, stored, self._vault) if stored else {}
        beliefs = await beliefs_about(connection, [offered[p].event for w in work for p in w.places])
        for share in work:
            ident = share.person.id
            state = State(share.person, tuple(contacts.get(ident, ())), tuple(known.get(ident, ())), beliefs)
            self._share(share, state, [offered[p].event for p in share.places], moment, draw)
            self._reject(share, offered, results)

    def _share(self, share: _Work, state: State, found: Sequence[Event], moment: Moment, draw: Draw) -> None:
        """Plans one person. If that raises, the events are kept to be planned later: a bug loses nothing and tells nobody anything false."""
        if not state.person.pending:
            try:
                share.changes = self._planning.plan(state, found, moment.now, moment.today, draw)
            except Exception as error:  # noqa: BLE001 - an edge: what is accepted must be stored whatever plan does
                log.error("plan_failed", events=len(found), **account(error))
            else:
                return
        share.changes = Changes(structs.replace(state.person, pending=True, plan_due=moment.now))

    @staticmethod
    def _reject(share: _Work, offered: Sequence[Offered], results: list[Result]) -> None:
        verdicts = share.changes.verdicts if share.changes else ()
        for place, verdict in zip(share.places, verdicts, strict=False):
            if isinstance(verdict, Rejection):
                results[place] = Rejected(offered[place].event.id, (Problem(verdict.code, verdict.path, verdict.detail),))

    async def _events(
        self,
        connection: Connection,
        offered: Sequence[Offered],
        results: Sequence[Result],
        work: Sequence[_Work],
        moment: Moment,
        seal_id: int,
    ) -> list[bytes]:
        rows = sorted(self._rows(offered, results, work, moment), key=itemgetter(0))
        if not rows:
            return []
        await events.insert(connection, rows, seal_id)
        return [entry(FactKind.EVENT, row[0], self._sealer.digest(*row[:8])) for row in rows]

    def _rows(self, offered: Sequence[Offered], results: Sequence[Result], work: Sequence[_Work], moment: Moment) -> list[EventRow]:
        rows: list[EventRow] = []
        for share in work:
            pending = share.changes is not None and share.changes.person.pending
            verdicts = () if pending or share.changes is None else share.changes.verdicts
            for index, place in enumerate(share.places):
                if isinstance(results[place], Rejected):
                    continue
                event, verdict = offered[place].event, verdicts[index] if index < len(verdicts) else PENDING
                sealed = self._vault.seal_raw(event.raw, b"event")
                rows.append((
                    moment.numbers[place], event.source, event.id, event.type, event.person_id, event.digest, sealed, offered[place].sender.name,
                    verdict.code, verdict.detail, verdict.notice_id if isinstance(verdict, Verdict) else None, pending,
                ))  # fmt: skip
        return rows


PENDING = Verdict("pending")
"""Accepted, and not planned yet."""


def _conflict(event: Event) -> Rejected:
    return Rejected(event.id, (Problem("conflict", "$.id", "this source posted another event under the same id"),))


def _echo(echoes: Sequence[tuple[int, int, bool]], offered: Sequence[Offered], results: list[Result]) -> list[int]:
    """What becomes of events whose namesake came earlier in the batch; returns those to take anew, since the namesake was rejected."""
    again = []
    for place, first, says_the_same in echoes:
        namesake = results[first]
        if isinstance(namesake, Rejected):
            if says_the_same:
                results[place] = namesake
            else:
                again.append(place)
        else:
            results[place] = DUPLICATE if says_the_same else _conflict(offered[place].event)
    return again


def ids_needed(found: Sequence[Event]) -> int:
    """About how many ids planning these events takes."""
    return 8 + sum(10 + 2 * len(event.contacts) for event in found)


def _region_given(event: Event) -> str | None:
    data = event.data if isinstance(event.data, PersonData) else getattr(event.data, "person", None)
    return data.region if data is not None and data.region is not UNSET else None


def _may(covers: Callable[[str], bool], stands: str, given: str | None) -> bool:
    """A region binds events by the person's region; moving a person, and bringing a new one, needs the new region too."""
    if not stands:
        return given is not None and covers(given)
    return covers(stands) and (given is None or covers(given))
