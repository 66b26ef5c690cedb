"""What a crash or a silent vendor left: calls whose lease ended become unknown, messages whose receipts never came end as no_receipt."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from msgspec import Struct

from gateway.evidence.chain import FactKind, Sealer, entry
from gateway.ids import Ids
from gateway.store import asks, calls, persons, seals, unlearned
from gateway.store.calls import Effect, Moved
from gateway.store.pool import Connection, Pool
from gateway.words import Fault, Outcome, Reason, Status

ASK_AFTER = timedelta(minutes=2)
"""How long an unknown message waits for a report by itself before its vendor is asked, where it can be."""


class Swept(Struct, frozen=True):
    """What one sweep did: calls looked at, messages moved."""

    calls: int
    moved: list[Moved]


NOTHING = Swept(0, [])


class Sweep:
    """Sweeps, a set a transaction. Any number may run at once.

    Persons are locked before calls are written, as everywhere; what somebody else settled in between is left alone.
    """

    def __init__(self, pool: Pool, sealer: Sealer, ids: Ids, askable: frozenset[str] = frozenset()) -> None:
        self._pool, self._sealer, self._ids, self._askable = pool, sealer, ids, askable

    async def leases(self, most: int = 200) -> Swept:
        """Calls that nobody answered within their lease: what left is not known."""
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                over = await calls.expired(connection, most)
                if not over:
                    return NOTHING
                draw = await self._ids.draw(connection, 1)
                now = await connection.fetchval("select now()")
                messages = [(m, call) for call, _, ids in over for m in ids]
                await calls.lock_persons(connection, [m for m, _ in messages])
                effects = [Effect(m, call, Status.UNKNOWN, fault=Fault.UNKNOWN) for m, call in messages]
                seal_id = draw.take()
                given_up = await calls.give_up(connection, [call for call, *_ in over], now, seal_id)
                moved = await calls.settle(connection, [e for e in effects if e.call_id in given_up], now)
                if to_ask := [(call, provider) for call, provider, _ in over if provider in self._askable and call in given_up]:
                    await asks.put(connection, to_ask, now + ASK_AFTER)
                entries = [entry(FactKind.ANSWER, call, self._sealer.digest(call, Outcome.UNKNOWN, None, now)) for call in given_up]
                seal = self._sealer.seal(connection.chain, seal_id, now, entries)
                await seals.insert(connection, seal)
            seal.committed(connection.chain)
        return Swept(len(over), moved)

    async def receipts(self, provider: str, after: timedelta, most: int = 200) -> Swept:
        """Messages of calls older than `after` with no final word: no_receipt, provisionally; the ladder goes on."""
        return await self._receipts(lambda connection: calls.overdue(connection, provider, after, most))

    async def receipts_of_others(self, but: Sequence[str], after: timedelta, most: int = 200) -> Swept:
        """The same for providers that are configured no more: nobody else would end their messages."""
        return await self._receipts(lambda connection: calls.overdue_of_others(connection, but, after, most))

    async def asked_in_vain(self, most: int = 200) -> Swept:
        """The same for messages whose vendors were asked a last time and knew nothing."""

        async def over(connection: Connection) -> list[tuple[int, list[int]]]:
            ended = await asks.ended(connection, most)
            await asks.drop(connection, [call for call, _ in ended])
            return ended

        return await self._receipts(over)

    async def _receipts(self, overdue: Callable[[Connection], Awaitable[list[tuple[int, list[int]]]]]) -> Swept:
        async with self._pool.acquire() as connection, connection.transaction():
            over = await overdue(connection)
            if not over:
                return NOTHING
            ids = [m for _, messages in over for m in messages]
            await calls.lock_persons(connection, ids)
            waiting = await calls.still_open(connection, ids, [call for call, _ in over])
            moved: Sequence[Moved] = []
            if waiting:
                now = await connection.fetchval("select now()")
                effects = [Effect(m, call, Status.UNDELIVERED, Reason.NO_RECEIPT, Fault.UNKNOWN, provisional=True) for m, call in waiting]
                moved = await calls.settle(connection, effects, now)
                await persons.plan_again(connection, [m.person_id for m in moved], now)
                await unlearned.put(connection, {m.key for m in moved})
            await calls.swept(connection, [call for call, _ in over])
        return Swept(len(over), list(moved))
