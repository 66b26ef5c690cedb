"""The planner: persons whose time has come, whose events wait or whose message failed, a set a transaction."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct, structs

from gateway.events import Event
from gateway.evidence.chain import Sealer
from gateway.ids import Draw, Ids
from gateway.intake.check import Checked, Checker
from gateway.logs import account, get_logger
from gateway.model import Person, Verdict
from gateway.pipeline.beliefs import beliefs_about
from gateway.pipeline.planning import Planning
from gateway.pipeline.poison import poisoned
from gateway.pipeline.write import Writer, Written
from gateway.plan.state import Changes, Rejection, State
from gateway.store import events, notices, persons, seals
from gateway.store.pool import Connection, Pool
from gateway.store.vault import Vault

CLOCK = "select clock_timestamp(), (clock_timestamp() at time zone $1)::date"
LATER = timedelta(minutes=5)
"""Until a person whom plan failed on is tried again."""
log = get_logger(__name__)


class Planned(Struct, frozen=True):
    """What one set came to. `persons` 0: nothing is due."""

    persons: int
    written: Written | None = None


class Planner:
    """Plans what is due. Any number may run at once: each takes persons that nobody else holds."""

    def __init__(
        self,
        pool: Pool,
        vault: Vault,
        sealer: Sealer,
        ids: Ids,
        writer: Writer,
        planning: Planning,
        checker: Checker,
        timezone: str,
        committed: Callable[[Written], Awaitable[None]],
    ) -> None:
        self._pool, self._vault, self._sealer, self._ids = pool, vault, sealer, ids
        self._writer, self._planning, self._checker, self._timezone, self._committed = writer, planning, checker, timezone, committed

    async def __call__(self, most: int = 500) -> Planned:
        """Plans at most `most` persons, in one transaction.

        Where one of them cannot even be read, each is tried alone, and that one is put off.
        """
        try:
            return await self._set(most)
        except Exception as error:
            if not poisoned(error):
                raise
            log.error("set_failed", persons=most, **account(error))
        if most > 1:
            planned = 0
            while planned < most and (await self(1)).persons:
                planned += 1
            return Planned(planned)
        async with self._pool.acquire() as connection:
            await persons.postpone_first(connection, LATER)
        return Planned(1)

    async def _set(self, most: int) -> Planned:
        seal = None
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                known = await persons.lock_due(connection, most, self._vault)
                if not known:
                    return Planned(0)
                now, today = await connection.fetchrow(CLOCK, self._timezone)
                waiting = await self._waiting(connection, [p.id for p in known.values() if p.pending])
                draw = await self._ids.draw(connection, 8 + 12 * len(known) + 10 * sum(map(len, waiting.values())))
                changes, verdicts = await self._plan(connection, known, waiting, now, today, draw)
                seal_id = draw.take()
                written = await self._writer.write(connection, changes, known, now, seal_id, draw.take)
                if verdicts:
                    await events.planned(connection, verdicts)
                if written.entries:
                    seal = self._sealer.seal(connection.chain, seal_id, now, written.entries)
                    await seals.insert(connection, seal)
            if seal is not None:
                seal.committed(connection.chain)
        await self._committed(written)
        return Planned(len(known), written)

    async def _waiting(self, connection: Connection, ids: Sequence[str]) -> dict[str, list[tuple[int, Event]]]:
        """Accepted events that wait to be planned, in order of acceptance."""
        found: dict[str, list[tuple[int, Event]]] = {}
        for no, sealed in await events.pending(connection, ids) if ids else []:
            checked = self._checker.structured(self._vault.open_raw(sealed, b"event"))
            if isinstance(checked, Checked):
                found.setdefault(checked.event.person_id, []).append((no, checked.event))
        return found

    async def _plan(
        self,
        connection: Connection,
        known: dict[str, Person],
        waiting: dict[str, list[tuple[int, Event]]],
        now: datetime,
        today: date,
        draw: Draw,
    ) -> tuple[list[Changes], list[tuple[int, str, str, int | None]]]:
        ids = list(known)
        contacts = await persons.contacts(connection, ids, self._vault)
        duties = await notices.of_persons(connection, ids, self._vault)
        beliefs = await beliefs_about(connection, [event for numbered in waiting.values() for _, event in numbered])
        changes, verdicts = [], []
        for ident, person in known.items():
            numbered = waiting.get(ident, [])
            free = structs.replace(person, pending=False) if person.pending else person
            state = State(free, tuple(contacts.get(ident, ())), tuple(duties.get(ident, ())), beliefs)
            try:
                made = self._planning.plan(state, [event for _, event in numbered], now, today, draw)
            except Exception as error:  # noqa: BLE001 - an edge: one person's trouble must not hold up the others
                log.error("plan_failed", events=len(numbered), **account(error))
                made = Changes(structs.replace(person, plan_due=now + LATER))
            else:
                verdicts += [(no, *_said(verdict)) for (no, _), verdict in zip(numbered, made.verdicts, strict=True)]
            changes.append(made)
        return changes, verdicts


def _said(verdict: Verdict | Rejection) -> tuple[str, str, int | None]:
    if isinstance(verdict, Rejection):
        return verdict.code, verdict.detail, None
    return verdict.code, verdict.detail, verdict.notice_id
