"""Writes rows of the store for the tests of the reading side, each with what a test does not care about filled in."""

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import asyncpg

from gateway.model import Benefit, Details
from gateway.store.vault import Cipher, SealedAnswer, Vault, pack_benefits

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""Noon of 2 March 2026 in Shanghai."""


class Rows:
    """One method a table; each returns the row's id."""

    def __init__(self, pool: asyncpg.Pool, cipher: Cipher) -> None:
        self.pool = pool
        self.vault = Vault(cipher)
        self._ids = count(1000)

    async def person(self, person_id: str, details: Details | None = None, benefits: tuple[Benefit, ...] = (), **given: Any) -> str:
        row: dict[str, Any] = {"region": "510104", "insurance": ["resident_pension"], "certified": [date(2025, 1, 15)], "cycle_start": date(2025, 1, 15),
                               "deadline": date(2026, 1, 15)} | given  # fmt: skip
        details = details or Details(name="王建国")
        residence = details.residence.region if details.residence else ""
        await self._insert(
            "person",
            row
            | {
                "id": person_id,
                "details": self.vault.seal_details(details),
                "residence_region": residence,
                "benefits": pack_benefits(benefits),
            },
        )
        return person_id

    async def contact(
        self, person_id: str, address: str = "+8613800138000", *, key: bytes | None = None, name: str | None = None, **given: Any
    ) -> int:
        row = {"channel": "sms", "relation": "self", "source": "counter"} | given
        ident = next(self._ids)
        await self._insert(
            "contact",
            row | {"id": ident, "person_id": person_id, "key": key or address.encode(), "sealed": self.vault.seal_contact(address, name)},
        )
        return ident

    async def number(self, key: bytes, **given: Any) -> None:
        await self._insert("number", {"channel": "sms", "last_at": NOON} | given | {"key": key})

    async def event(self, source: str, event_id: str, person_id: str, **given: Any) -> int:
        row = {
            "type": "si.cycle.reminder-due",
            "digest": b"d",
            "accepted_at": NOON,
            "accepted_by": "backend",
            "verdict": "notice",
            "seal_id": 7,
        } | given
        ident = next(self._ids)
        await self._insert("event", row | {"no": ident, "source": source, "id": event_id, "person_id": person_id})
        return ident

    async def notice(self, person_id: str, **given: Any) -> int:
        ident = next(self._ids)
        row = {"duty": f"duty:{ident}", "kind": "reminder", "cause": "", "effective": date(2026, 1, 15), "status": "in_progress", "lane": "bulk",
               "due_at": NOON, "created_at": NOON, "seal_id": 8, "cycle_start": date(2025, 1, 15), "deadline": date(2026, 1, 15)} | given  # fmt: skip
        await self._insert("notice", {"id": ident} | row | {"person_id": person_id})
        return ident

    async def message(
        self, notice_id: int, person_id: str, address: str = "+8613800138000", values: dict[str, str] | None = None, **given: Any
    ) -> int:
        ident = next(self._ids)
        row = {"rung": 1, "channel": "sms", "lane": "bulk", "contact_id": 1, "addressee": "self", "template": "reminder", "version": "v1", "segments": 1,
               "status": "queued", "created_at": NOON, "seal_id": 9, "sealed": self.vault.seal_message(address, values or {"name": "王建国"})} | given  # fmt: skip
        await self._insert("message", row | {"id": ident, "notice_id": notice_id, "person_id": person_id, "key": address.encode()})
        return ident

    async def call(self, message_ids: list[int], answers: list[SealedAnswer] | None = None, **given: Any) -> int:
        ident = next(self._ids)
        row = {"provider": "sandbox_sms", "claimed_at": NOON, "claimed_by": "worker-1", "lease_until": NOON, "seal_id": 10} | given
        sealed = self.vault.seal_answers(answers) if answers is not None else None
        await self._insert("call", row | {"id": ident, "message_ids": message_ids, "answers": sealed})
        return ident

    async def receipt(self, raw: bytes | None, reports: list[tuple[int, str, str, str]], **given: Any) -> int:
        """`reports`: (message id, status, reason, vendor's code)."""
        ident = next(self._ids)
        columns = [list(column) for column in zip(*reports, strict=True)]
        row = {"provider": "sandbox_sms", "received_at": NOON, "seal_id": 11} | given
        names = ("message_ids", "statuses", "reasons", "codes")
        sealed = self.vault.seal_raw(raw, b"receipt") if raw is not None else None
        await self._insert("receipt", row | dict(zip(names, columns, strict=True)) | {"id": ident, "sealed": sealed})
        return ident

    async def outreach(self, person_id: str, **given: Any) -> int:
        ident = next(self._ids)
        row = {"kind": "reminder", "why": "no_contact", "opened_at": NOON} | given
        await self._insert("outreach", row | {"id": ident, "person_id": person_id})
        return ident

    async def _insert(self, table: str, row: dict[str, Any]) -> None:
        places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
        await self.pool.execute(f"insert into {table} ({', '.join(row)}) values ({places})", *row.values())  # a test's own names
