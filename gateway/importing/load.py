"""Rows → events → the store: the same checks and the same transactions as events posted over HTTP, in sets, two on their way at once."""

import asyncio
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from gateway.importing.rejected import Rejected as RejectedFile
from gateway.importing.rows import BadRow, Flaw, Said, contact, person
from gateway.importing.tables import Row, Table
from gateway.intake.check import Checked, Checker, Problem, Rejected
from gateway.pipeline.accept import DUPLICATE, Offered, Result, Sender

A_SET = 500
"""Events a transaction."""
AT_ONCE = 2
SOURCE = "urn:tixing:import"
ID_BYTES = 16

Accepts = Callable[[Sequence[Offered]], Any]
"""gateway.pipeline.accept.Accept."""
_encode = msgspec.json.Encoder(order="sorted").encode


class Imported(Struct):
    """What became of the rows: taken, known before, not taken; `short`: taken without a contact that no message reaches."""

    taken: int = 0
    known: int = 0
    rejected: int = 0
    short: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.taken + self.known + self.rejected


class _Waiting(Struct, frozen=True):
    """A row that passed its checks."""

    row: Row
    said: Said
    offered: Offered
    warnings: tuple[Problem, ...]


class Loading:
    """One import. `key`: 32 bytes that key the events' ids, so that nobody can guess from them what a row says."""

    def __init__(self, accept: Accepts, checker: Checker, key: bytes, by: str, rejected: RejectedFile) -> None:
        self._accept, self._checker, self._key, self._rejected = accept, checker, key, rejected
        self._sender = Sender(by)
        self._flying: dict[asyncio.Task[None], frozenset[str]] = {}
        self.done = Imported()

    async def load(self, table: Table, progress: Callable[[], object] = lambda: None) -> Imported:
        """Takes all rows. Rows of one person are stored in the order of the file."""
        read, waiting = contact if table.of_contacts else person, list[_Waiting]()
        try:
            for row in table.rows:
                if (one := self._check(row, read)) is not None:
                    waiting.append(one)
                if len(waiting) == A_SET:
                    await self._send(waiting)
                    waiting = []
                    progress()
            if waiting:
                await self._send(waiting)
            await self._landed(0)
        finally:
            for task in self._flying:
                task.cancel()
        progress()
        return self.done

    def _check(self, row: Row, read: Callable[..., Said]) -> _Waiting | None:
        try:
            if row.bad is not None:
                raise row.bad
            said = read(row.named, row.nested)
        except BadRow as bad:
            self._refuse(row, bad.flaws)
            return None
        checked = self._checker.structured(self._event(said))
        if isinstance(checked, Checked):
            return _Waiting(row, said, Offered(checked.event, self._sender), checked.warnings)
        self._refuse(row, _flaws(said, checked.errors))
        return None

    def _event(self, said: Said) -> bytes:
        """The event of a row; its id is a keyed hash of what the row says, so that the same row again is a duplicate."""
        content = _encode([said.type, said.person_id, said.data])
        ident = blake2b(content, digest_size=ID_BYTES, key=self._key, person=b"import").hexdigest()
        return _encode(
            {"specversion": "1.0", "id": ident, "source": SOURCE, "type": said.type, "subject": said.person_id, "data": said.data}
        )

    async def _send(self, rows: list[_Waiting]) -> None:
        persons = frozenset(one.said.person_id for one in rows)
        while any(persons & others for others in self._flying.values()):
            await self._landed(len(self._flying) - 1)
        await self._landed(AT_ONCE - 1)
        self._flying[asyncio.create_task(self._one_set(rows))] = persons

    async def _landed(self, most: int) -> None:
        """Waits until at most that many sets are on their way; raises what one of them raised."""
        while len(self._flying) > most:
            landed, _ = await asyncio.wait(self._flying, return_when=asyncio.FIRST_COMPLETED)
            for task in landed:
                del self._flying[task]
                task.result()

    async def _one_set(self, rows: list[_Waiting]) -> None:
        results: Sequence[Result] = await self._accept([one.offered for one in rows])
        for one, result in zip(rows, results, strict=True):
            if isinstance(result, Rejected):
                self._refuse(one.row, _flaws(one.said, result.errors))
                continue
            self.done.known += result is DUPLICATE
            self.done.taken += result is not DUPLICATE
            if one.warnings:
                self.done.short += 1
                self._rejected.put(one.row.number, one.row.cells, _flaws(one.said, one.warnings), kept=True)

    def _refuse(self, row: Row, flaws: Sequence[Flaw]) -> None:
        self.done.rejected += 1
        self._rejected.put(row.number, row.cells, flaws)


def _flaws(said: Said, problems: Sequence[Problem]) -> list[Flaw]:
    return [Flaw(said.column_at(problem.path), problem.detail) for problem in problems]
