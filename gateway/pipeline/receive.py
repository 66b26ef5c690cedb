"""report → status → belief: stores callbacks, joins their reports to messages, closes notices, many callbacks a transaction.

What a vendor is answered is on disk: "a report acknowledged is a report stored".
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.evidence.chain import FactKind, Sealer, entry
from gateway.ids import Draw, Ids
from gateway.model import Closing
from gateway.pipeline import meanings
from gateway.pipeline.incoming import Incoming
from gateway.pipeline.joining import Joining
from gateway.pipeline.replies import Replies
from gateway.pipeline.write import Writer
from gateway.receipt.example import example
from gateway.receipt.reference import ours, storable
from gateway.receipt.step import Step, step
from gateway.store import calls, codes, notices, parts, persons, receipts, seals, unlearned
from gateway.store.codes import Unmapped
from gateway.store.parts import Unjoined
from gateway.store.pool import Connection, Pool
from gateway.store.receipts import Move, ReceiptRow, Standing
from gateway.store.vault import Vault
from gateway.words import OPEN_NOTICE, NoticeStatus, Reason, Status
from providers.base.types import Report

NOTHING = "-"
"""Stands for "no reason" and "no code" in the arrays of a receipt row."""
LONGEST_CODE = 64


class Received(Struct, frozen=True):
    """What a transaction of callbacks did, for wake-ups and metrics."""

    moved: list[tuple[Standing, Report]]
    closed: list[tuple[int, str, str]]
    unmapped: dict[tuple[str, str], int]
    replan: bool
    unjoined: list[int]
    """Receipts with reports of messages that nobody knows yet."""


class _Batch(Struct):
    """What a set of callbacks comes to, while it is worked out."""

    moves: dict[Move, list[tuple[int, int]]]
    recorded: list[tuple[int, int]]
    unjoined: list[Unjoined]
    moved: list[tuple[Standing, Report]]
    reopened: list[Closing]
    rows: list[ReceiptRow]
    unmapped: list[Unmapped]


class Receive:
    """Stores callbacks. One a process."""

    def __init__(
        self,
        pool: Pool,
        vault: Vault,
        sealer: Sealer,
        ids: Ids,
        writer: Writer,
        replies: Replies,
        joining: Joining,
        committed: Callable[[Received, datetime], Awaitable[None]],
    ) -> None:
        self._pool, self._vault, self._sealer, self._ids = pool, vault, sealer, ids
        self._writer, self._replies, self._joining, self._committed = writer, replies, joining, committed

    async def __call__(self, incoming: Sequence[Incoming]) -> Sequence[None]:
        """Stores a set of callbacks and all that follows, in one transaction."""

        async def take(_: Connection) -> Sequence[Incoming]:
            return incoming

        return [None] * await self.out_of(take)

    async def out_of(self, take: Callable[[Connection], Awaitable[Sequence[Incoming]]]) -> int:
        """The same with callbacks that `take` takes out of the store in that transaction; returns how many those were."""
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                incoming = await take(connection)
                if not incoming:
                    return 0
                joined = None
                if any(r.reason is Reason.UNMAPPED or not ours(r.reference) for i in incoming for r in i.reading.reports):
                    joined = await self._joining.find(connection, await meanings.of_reports(connection, incoming))
                    incoming = joined.incoming
                now = await connection.fetchval("select now()")
                replies = [(i.provider, m) for i in incoming for m in i.reading.inbound]
                draw = await self._ids.draw(connection, 1 + len(incoming) + len(replies))
                messages = list({int(r.reference) for i in incoming for r in i.reading.reports if ours(r.reference)})
                heard = await self._replies.lock(connection, replies, messages) if replies else None
                if heard is None:
                    await calls.lock_persons(connection, messages)
                if joined is not None:
                    incoming = await self._joining.weigh(connection, joined)
                standing = await receipts.read(connection, messages) if messages else {}
                batch = self._work_out(incoming, standing, await _carriers(connection, incoming, standing), draw)
                seal_id = draw.take()
                entries, closed = await self._write(connection, batch, now, seal_id)
                if heard is not None:
                    entries += await self._replies.write(connection, heard, now, seal_id, draw.take)
                seal = self._sealer.seal(connection.chain, seal_id, now, entries)
                await seals.insert(connection, seal)
            seal.committed(connection.chain)
        draw.done()
        replan = heard is not None or any(not _informs(stand, report) for stand, report in batch.moved)
        unmapped = Counter((u.provider, u.code) for u in batch.unmapped if not u.again)
        await self._committed(Received(batch.moved, closed, unmapped, replan, [u.receipt_id for u in batch.unjoined]), now)
        return len(incoming)

    def _work_out(self, incoming: Sequence[Incoming], standing: dict[int, Standing], carriers: dict[int, set[str]], draw: Draw) -> _Batch:
        batch = _Batch({}, [], [], [], [], [], [])
        done: set[int] = set()
        for callback in incoming:
            receipt_id = draw.take()
            row = ReceiptRow(receipt_id, callback.provider, self._vault.seal_raw(callback.body, b"receipt"), [], [], [], [])
            batch.rows.append(row)
            for position, report in enumerate(callback.reading.reports):
                stand = standing.get(int(report.reference)) if ours(report.reference) else None
                if stand is None or callback.provider not in carriers.get(stand.id, {stand.provider}):
                    stand = None
                    batch.unjoined.append(self._joining.unjoined(receipt_id, position, callback.provider, report))
                else:
                    _join(batch, row, stand, report, done)
                if report.reason is Reason.UNMAPPED:
                    batch.unmapped.append(_unmapped(callback, report, stand, receipt_id, self._vault))
        return batch

    async def _write(
        self, connection: Connection, batch: _Batch, now: datetime, seal_id: int
    ) -> tuple[list[bytes], list[tuple[int, str, str]]]:
        await receipts.insert(connection, batch.rows, now, seal_id)
        digest = self._sealer.digest
        entries = [
            entry(FactKind.RECEIPT, r.id, digest(r.id, r.provider, r.sealed, r.message_ids, r.statuses, r.reasons, r.codes))
            for r in batch.rows
        ]
        recorded = {*batch.recorded}.difference(*batch.moves.values())  # a callback may say the same of a message many times
        if recorded:
            await receipts.record(connection, sorted(recorded))
        if batch.unjoined:
            await parts.unjoined(connection, batch.unjoined, now)
        if batch.unmapped:
            await codes.remember(connection, batch.unmapped, now)
        if not batch.moves:
            return entries, []
        await receipts.move(connection, batch.moves, now)
        await unlearned.put(connection, {s.key for s, _ in batch.moved})
        closed = await self._close(connection, batch, now, seal_id, entries)
        failed = [s.person_id for s, r in batch.moved if not _informs(s, r)]
        if failed:
            await persons.plan_again(connection, failed, now)
        return entries, closed

    async def _close(
        self, connection: Connection, batch: _Batch, now: datetime, seal_id: int, entries: list[bytes]
    ) -> list[tuple[int, str, str]]:
        met = [s.notice_id for s, r in batch.moved if _informs(s, r)]
        if not met:
            return []
        closed = await notices.close_informed(connection, met, now, seal_id)
        entries += self._writer.closing_entries({}, closed, now)
        await notices.withdraw_outreach(connection, met, [], now)
        if batch.reopened:  # a late word: the ladder went on meanwhile; what has not left of its later rungs stays
            await notices.withdraw_messages(connection, batch.reopened, now)
            closed += await self._close_elsewhere(connection, batch.reopened, now, seal_id, entries)
        return closed

    async def _close_elsewhere(
        self, connection: Connection, met: Sequence[Closing], now: datetime, seal_id: int, entries: list[bytes]
    ) -> list[tuple[int, str, str]]:
        """The duty may have been taken up again by another notice meanwhile: nobody is told twice, and nobody looks for the person any more."""
        others = await notices.of_same_duty(connection, [c.notice_id for c in met])
        if not others:
            return []
        closings = [Closing(ident, NoticeStatus.CANCELED, Reason.DUTY_MET) for ident, status in others if status in OPEN_NOTICE]
        closed = await notices.close_open(connection, closings, now, seal_id)
        await notices.withdraw_messages(connection, closings, now)
        await notices.withdraw_outreach(connection, [ident for ident, _ in others], [], now)
        entries += self._writer.closing_entries({c.notice_id: c.reason for c in closings}, closed, now)
        return closed


async def _carriers(connection: Connection, incoming: Sequence[Incoming], standing: dict[int, Standing]) -> dict[int, set[str]]:
    """Who carried messages that are reported by another than their last provider: one that put us off and sent all the same may say so late."""
    told = ((i.provider, standing.get(int(r.reference))) for i in incoming for r in i.reading.reports if ours(r.reference))
    others = {stand.id for provider, stand in told if stand is not None and stand.provider != provider}
    return await receipts.carriers(connection, list(others)) if others else {}


def _unmapped(callback: Incoming, report: Report, stand: Standing | None, receipt_id: int, vault: Vault) -> Unmapped:
    return Unmapped(
        callback.provider,
        codes.REPORT,
        meanings.plain(report.vendor_code),
        stand.id if stand is not None else None,
        receipt_id,
        storable(report.vendor_id) if report.vendor_id else None,
        vault.seal_example(example(report.vendor_text)),
        again=callback.again,
    )


def _denied(stand: Standing) -> bool:
    """Whether somebody answered "not me" to the message before anything was reported on it."""
    return stand.reason == Reason.WRONG_PERSON


def _informs(stand: Standing, report: Report) -> bool:
    """Whether a report says that the person was told."""
    return report.status is Status.DELIVERED and not _denied(stand)


def _join(batch: _Batch, row: ReceiptRow, stand: Standing, report: Report, done: set[int]) -> None:
    row.message_ids.append(stand.id)
    row.statuses.append(report.status)
    row.reasons.append(report.reason or NOTHING)
    row.codes.append((report.vendor_code or NOTHING).replace("\x1f", " ")[:LONGEST_CODE])
    if stand.id in done or step(stand, report, row.provider) is Step.RECORDED:
        batch.recorded.append((stand.id, row.id))
        return
    done.add(stand.id)
    code = report.vendor_code[:LONGEST_CODE] if report.vendor_code else None
    reason = report.reason or (Reason.WRONG_PERSON if _denied(stand) else None)
    move = Move(report.status, reason, report.fault, report.permanent, code)
    batch.moves.setdefault(move, []).append((stand.id, row.id))
    batch.moved.append((stand, report))
    if stand.provisional and _informs(stand, report):
        batch.reopened.append(Closing(stand.notice_id, NoticeStatus.INFORMED, Reason.DUTY_MET))
