"""attempt → outcome: writes what came of calls, many calls a transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct, structs

from gateway.dispatch.claim import Call
from gateway.dispatch.outcome import Way, effect
from gateway.evidence.chain import FactKind, Sealer, entry
from gateway.ids import Ids
from gateway.logs import account, get_logger
from gateway.pipeline.noted import Beside, Noted, as_mapped, note, write
from gateway.receipt.texts import fitted_answers
from gateway.store import calls, messages, persons, routing, seals, unlearned
from gateway.store.calls import Effect, Moved
from gateway.store.pool import Connection, Pool
from gateway.store.vault import SealedAnswer, Vault
from gateway.words import Outcome, Status
from providers.base.types import Answer

ALONE = Beside()
log = get_logger(__name__)


class Answered(Struct, frozen=True):
    """A call that ended, with an answer for each of its messages."""

    call: Call
    answers: Sequence[Answer]


class Recorded(Struct, frozen=True):
    """What a transaction of answers did: messages it moved (not those simply accepted), whether somebody must plan again, and whether other
    providers are to try.
    """

    moved: list[Moved]
    replan: bool
    unmapped: frozenset[str] = frozenset()
    """References of messages that were answered with a code that is in no table."""
    passed_on: bool = False


class Recorder:
    """Writes answers. `resend_unknown` says for which providers unknown may be resent."""

    def __init__(
        self, pool: Pool, vault: Vault, sealer: Sealer, ids: Ids, resend_unknown: Callable[[str], bool], beside: Beside = ALONE
    ) -> None:
        self._pool, self._vault, self._sealer, self._ids = pool, vault, sealer, ids
        self._resend_unknown, self._beside = resend_unknown, beside

    async def record(self, done: Sequence[Answered]) -> Sequence[Recorded]:
        """One transaction for all these calls; the same result for each."""
        done = [Answered(one.call, fitted_answers(one.answers)) for one in done]
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                ids = await self._ids.draw(connection, 1)
                now = await connection.fetchval("select now()")
                noted = note(done)
                if noted.unmapped and (read := await as_mapped(connection, noted)):
                    done = [structs.replace(one, answers=[read.get(a.reference, a) for a in one.answers]) for one in done]
                effects = self._effects(done, now)
                if effects:
                    await calls.lock_persons(connection, [e.message_id for e in effects])
                rows = [(d.call.id, _outcome(d.answers), self._vault.seal_answers(_kept(d.answers))) for d in done]
                seal_id = ids.take()
                written = await calls.answer(connection, rows, now, seal_id)
                effects = [e for e in effects if e.call_id in written]  # an answer counts once
                moved = await self._move(connection, effects, now) if effects else []
                noted.parted = [p for p in noted.parted if p[1] in written]
                if effects or noted.parted:
                    await write(
                        connection, noted, effects, moved, {d.call.id: d.call.provider for d in done}, now, self._beside, self._vault
                    )
                entries = [entry(FactKind.ANSWER, row[0], self._sealer.digest(*row, now)) for row in rows if row[0] in written]
                seal = self._sealer.seal(connection.chain, seal_id, now, entries)
                await seals.insert(connection, seal)
            seal.committed(connection.chain)
        ids.done()
        if noted.parted:
            await self._look(noted)
        failed, passed_on = any(m.status == Status.FAILED for m in moved), any(e.avoid for e in effects)
        recorded = Recorded(moved, failed, frozenset(a.reference for _, a in noted.unmapped), passed_on)
        return [recorded] * len(done)

    async def _look(self, noted: Noted) -> None:
        """For reports that came before these ids were on disk; what fails here the sweep of unjoined reports does."""
        if self._beside.look is None:
            return
        try:
            await self._beside.look(list({p[0] for p in noted.parted}), [vendor_id for p in noted.parted for vendor_id in p[3]])
        except Exception as error:  # noqa: BLE001 - an edge: the answers are on disk, and must not be handed in again
            log.error("early_reports_wait", **account(error))

    def _effects(self, done: Sequence[Answered], now: datetime) -> list[Effect]:
        found: list[Effect | None] = []
        for answered in done:
            call = answered.call
            late, resend, way = call.lease.over(), self._resend_unknown(call.provider), Way(call.provider, call.route)
            told = [a for a in answered.answers if late or a.outcome is not Outcome.ACCEPTED]
            found += [effect(a, call.started[a.reference], now, resend_unknown=resend, late=late, way=way) for a in told]
        return [e for e in found if e is not None]

    async def _move(self, connection: Connection, effects: Sequence[Effect], now: datetime) -> list[Moved]:
        moved = await calls.settle(connection, effects, now)
        retry_at = {e.message_id: e.retry_at for e in effects}
        again = [m for m in moved if m.status == Status.QUEUED]
        if again:
            rows = [(m.id, m.person_id, m.lane, m.channel, retry_at[m.id]) for m in again]
            if avoid := {e.message_id: e.avoid for e in effects if e.avoid}:
                await routing.enqueue_avoiding(connection, rows, now, avoid)
            else:
                await messages.enqueue(connection, rows, now)
        failed = [m.person_id for m in moved if m.status == Status.FAILED]
        if failed:
            await unlearned.put(connection, {m.key for m in moved if m.status == Status.FAILED})
            await persons.plan_again(connection, failed, now)
        return moved


def _outcome(answers: Sequence[Answer]) -> str:
    """The call's own outcome: accepted if any message was, for the others moved on by themselves; else that of the first."""
    if any(a.outcome is Outcome.ACCEPTED for a in answers):
        return Outcome.ACCEPTED
    return answers[0].outcome if answers else Outcome.UNKNOWN


def _kept(answers: Sequence[Answer]) -> list[SealedAnswer]:
    return [SealedAnswer(a.reference, a.outcome, a.vendor_id, a.vendor_code, a.vendor_text) for a in answers]
