"""An operator withdraws a notice, under the person's lock, on record."""

from collections.abc import Callable

from gateway.evidence.chain import Sealer
from gateway.ids import Ids
from gateway.model import Closing
from gateway.pipeline.write import Writer, Written
from gateway.store import audit, notices, persons, seals
from gateway.store.pool import Pool
from gateway.words import NoticeStatus, Reason


class Cancel:
    """Cancels notices that are not final."""

    def __init__(self, pool: Pool, sealer: Sealer, ids: Ids, writer: Writer, written: Callable[[Written], None]) -> None:
        self._pool, self._sealer, self._ids, self._writer, self._written = pool, sealer, ids, writer, written

    async def __call__(self, notice_id: int, who: str) -> bool:
        """True: it was open and is canceled now. False: it was final, or there is none."""
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                person = await notices.person_of(connection, notice_id)
                if person is None:
                    return False
                await persons.lock_also_of(connection, [person], [])
                draw = await self._ids.draw(connection, 1)
                now, seal_id = await connection.fetchval("select now()"), draw.take()
                closing = [Closing(notice_id, NoticeStatus.CANCELED, Reason.OPERATOR)]
                closed = await notices.close_open(connection, closing, now, seal_id)
                if not closed:
                    return False
                canceled = await notices.withdraw_messages(connection, closing, now)
                await notices.withdraw_outreach(connection, [notice_id], [], now)
                await audit.note(connection, who, "notice.cancel", str(notice_id))
                seal = self._sealer.seal(
                    connection.chain, seal_id, now, self._writer.closing_entries({notice_id: Reason.OPERATOR}, closed, now)
                )
                await seals.insert(connection, seal)
            seal.committed(connection.chain)
        self._written(Written(now, [], [], [], closed, canceled))
        return True
