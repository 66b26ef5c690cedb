"""code mapped later → the past read again: messages that a code was said of move as they would have, once, forward, and on record."""

from collections.abc import Sequence

import msgspec
from msgspec import structs

from gateway.pipeline import meanings
from gateway.pipeline.incoming import Incoming
from gateway.pipeline.joining import Applies
from gateway.store import calls, codes, messages, parts
from gateway.store.calls import Effect
from gateway.store.pool import Connection, Pool
from gateway.words import Fault, Outcome, Reason, Status
from providers.base.json_answers import AnswerMeaning
from providers.base.types import Answer, Reading, Report

AT_ONCE = 200
"""Messages that are read again in one transaction."""
_answer = msgspec.json.Decoder(AnswerMeaning).decode
_json = msgspec.json.Encoder().encode
_STATUS = {Outcome.ACCEPTED: Status.SENDING, Outcome.DEFERRED: Status.QUEUED, Outcome.UNKNOWN: Status.UNKNOWN}

Said = Sequence[tuple[int, int, str | None]]
"""(message id, call or receipt that said it, vendor's id of the part)."""


class Rereading:
    """Reads again what was said with codes that are mapped by now. Any number may at once."""

    def __init__(self, pool: Pool, receive: Applies) -> None:
        self._pool, self._receive = pool, receive

    async def __call__(self) -> int:
        """One set of each such code; returns how many codes there were."""
        async with self._pool.acquire() as connection:
            waiting = await codes.waiting(connection)
        for code in waiting:
            await self._one(*code)
        return len(waiting)

    async def _one(self, provider: str, stage: str, code: str) -> None:
        async def take(connection: Connection) -> list[Incoming]:
            said = await codes.take(connection, provider, stage, code, AT_ONCE)
            if not said:
                return []
            reports = await (_answers if stage == codes.ANSWER else _reports)(connection, provider, code, said)
            body = _json({"read_again": stage, "code": code, "said_in": sorted({str(fact) for _, fact, _ in said})})
            return [Incoming(provider, body, Reading(reports), again=True)] if reports else []

        await self._receive.out_of(take)


async def _reports(connection: Connection, provider: str, code: str, said: Said) -> list[Report]:
    """As they came: the receipt path itself looks up what their code means. Those of a part of several are joined by its id, to be weighed again."""
    ids = list({vendor_id for *_, vendor_id in said if vendor_id is not None})
    several = {p.vendor_id for p in await parts.find(connection, ids, [provider]) if p.parts > 1} if ids else set()
    return [
        Report(
            None if vendor_id in several else str(message),
            Status.SENT,
            Reason.UNMAPPED,
            Fault.UNKNOWN,
            vendor_id=vendor_id,
            vendor_code=code,
        )
        for message, _, vendor_id in said
    ]


async def _answers(connection: Connection, provider: str, code: str, said: Said) -> list[Report]:
    """An answer that refused is final now. One that took the message, or put it off, moves those that nobody has settled meanwhile."""
    found = await codes.meanings(connection, codes.ANSWER, [(provider, code)])
    if not found:  # it was taken back meanwhile: they wait again
        await codes.remember_again(connection, provider, codes.ANSWER, code, said)
        return []
    answer = meanings.answered(Answer("", Outcome.UNKNOWN, vendor_code=code), _answer(found[provider, code]))
    if answer.outcome is Outcome.REFUSED:
        told = Report(None, Status.FAILED, answer.reason, answer.fault, answer.permanent, vendor_code=code)
    else:
        told = Report(None, Status.SENT, vendor_code=code)
        await _unsettled(connection, answer, said)
    return [structs.replace(told, reference=str(message)) for message, *_ in said]


async def _unsettled(connection: Connection, answer: Answer, said: Said) -> None:
    await calls.lock_persons(connection, [message for message, *_ in said])
    now = await connection.fetchval("select now()")
    status = _STATUS[answer.outcome]
    effects = [Effect(message, call, status, answer.reason, answer.fault, None, answer.vendor_code) for message, call, _ in said]
    moved = await calls.settle(connection, effects, now)
    again = [m for m in moved if m.status == Status.QUEUED]
    if again:
        await messages.enqueue(connection, [(m.id, m.person_id, m.lane, m.channel, None) for m in again], now)
