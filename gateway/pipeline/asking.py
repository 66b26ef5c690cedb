"""silence → question → word: asks vendors that can be asked what became of messages nobody reported (abilities.Asks).

An unknown message is asked about two minutes after its call, then ever more rarely. A message whose receipt's time is up is asked about a last
time, again while that finds nobody, and ends as `no_receipt` where the vendor knows nothing of it within ten minutes. No transaction is open while a vendor is asked.
"""

from collections.abc import Sequence
from datetime import timedelta

from gateway.pipeline.sweep import NOTHING, Swept
from gateway.store import asks, calls
from gateway.store.asks import Open
from gateway.store.pool import Pool
from gateway.store.vault import Vault
from providers.base.abilities import Asked

WAITS = tuple(timedelta(minutes=minutes) for minutes in (8, 30, 120, 360, 720))
"""From the first question to the second, and so on; the last one repeats."""
GRACE = timedelta(minutes=10)
"""What a vendor has for its last word."""
LAST_WAIT = timedelta(minutes=4)
"""Between the last questions: the vendor may be away when the first of them is asked."""
MOST = 100
"""Calls that are asked about at once."""


class Asking:
    """Keeps account of questions. `askable`: providers that can be asked."""

    def __init__(self, pool: Pool, vault: Vault, askable: frozenset[str]) -> None:
        self._pool, self._vault, self.askable = pool, vault, askable

    async def due(self, provider: str) -> list[Asked]:
        """Messages to ask this vendor about now. Whoever else looks does not get them; a death over the asking costs one wait."""
        async with self._pool.acquire() as connection, connection.transaction():
            taken = await asks.take(connection, provider, MOST, WAITS, LAST_WAIT)
            if not taken:
                return []
            open_ = await asks.still_open(connection, taken)
            settled = set(taken) - {one.call_id for one in open_}
            if settled:
                await asks.drop(connection, list(settled))
        return self._asked(open_)

    async def hand_over(self, provider: str, after: timedelta, most: int = 200) -> Swept:
        """Receipts whose time is up: instead of ending their messages, has the vendor asked a last time."""
        async with self._pool.acquire() as connection, connection.transaction():
            over = await calls.overdue(connection, provider, after, most)
            if not over:
                return NOTHING
            ids = [call for call, _ in over]
            waiting = await calls.still_open(connection, [m for _, messages in over for m in messages], ids)
            if waiting:
                await asks.last(connection, sorted({call for _, call in waiting}), provider, GRACE)
            await calls.swept(connection, ids)
        return Swept(len(over), [])

    async def forget_others(self) -> None:
        """Questions to providers that cannot be asked any more."""
        async with self._pool.acquire() as connection:
            await asks.drop_of_others(connection, sorted(self.askable))

    def _asked(self, open_: Sequence[Open]) -> list[Asked]:
        """Each with the id that the vendor gave it, where its answer holds one."""
        ids = {one.call_id: one.answers for one in open_ if one.answers is not None}
        known = {(call, a.reference): a.vendor_id for call, sealed in ids.items() for a in self._vault.open_answers(sealed)}
        return [
            Asked(
                str(one.message_id),
                str(one.call_id),
                self._vault.open_message(one.sealed).address,
                one.sent_at,
                known.get((one.call_id, str(one.message_id))),
            )
            for one in open_
        ]
