"""Messages as people may see them: status, attempts, receipts, and the text rendered again."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import asyncpg
from msgspec import Struct

from gateway.api.calls import Call
from gateway.api.problems import Missing
from gateway.api.services import RenderText
from gateway.api.shapes import Attempt, MessageView, ReceiptView
from gateway.numbers.masks import mask
from gateway.store.reading import messages
from gateway.store.reading.reader import Reader
from gateway.store.vault import SealedAnswer, Vault
from gateway.words import Fault, Outcome, Reason, Status

NO_ANSWER = SealedAnswer("", "")


async def message(call: Call) -> MessageView:
    """A message with its attempts, its receipts and its text."""
    async with call.connection() as connection:
        row = await messages.one(connection, call.number("message"))
        if row is None or not call.bearer.sees(row["region"]):
            raise Missing("message")
        records = await Records.of([row], connection, call.vault)
    return view(row, records, call.vault, call.services.render_text)


class Records(Struct, frozen=True):
    """Attempts and receipts of some messages, opened once for all of them."""

    calls: dict[int, asyncpg.Record]
    answers: dict[int, dict[str, SealedAnswer]]
    """By call, then by our reference."""
    receipts: dict[int, asyncpg.Record]
    digests: dict[int, str]
    """SHA-256 of the raw bodies that still stand."""

    @staticmethod
    async def of(rows: Sequence[asyncpg.Record], reader: Reader, vault: Vault, *, receipts: bool = True) -> "Records":
        """Reads what belongs to these messages; lists leave the receipts out."""
        calls = await messages.calls(reader, _ids(row["calls"] for row in rows))
        came = await messages.receipts(reader, _ids(row["receipts"] for row in rows)) if receipts else []
        return Records(
            {call["id"]: call for call in calls},
            {
                call["id"]: {answer.reference: answer for answer in vault.open_answers(call["answers"])}
                for call in calls
                if call["answers"] is not None
            },
            {receipt["id"]: receipt for receipt in came},
            {
                receipt["id"]: sha256(vault.open_raw(receipt["sealed"], b"receipt")).hexdigest()
                for receipt in came
                if receipt["sealed"] is not None
            },
        )

    def attempts(self, row: asyncpg.Record) -> list[Attempt]:
        """The attempts of a message, in their order."""
        return [self._attempt(row, self.calls[call_id]) for call_id in row["calls"] if call_id in self.calls]

    def reports(self, row: asyncpg.Record) -> list[ReceiptView]:
        """What receipts said of a message, in the order they came; one callback may speak of it more than once."""
        mine = [self.receipts[receipt_id] for receipt_id in dict.fromkeys(row["receipts"]) if receipt_id in self.receipts]
        return [
            self._report(receipt, position)
            for receipt in mine
            for position, named in enumerate(receipt["message_ids"])
            if named == row["id"]
        ]

    def _attempt(self, row: asyncpg.Record, call: asyncpg.Record) -> Attempt:
        answer = self.answers.get(call["id"], {}).get(str(row["id"]), NO_ANSWER)
        # A call's own outcome speaks of the messages that are still at it: one that was put back has its answer, or none.
        here = row["calls"][-1] == call["id"] and row["status"] != Status.QUEUED
        outcome = answer.outcome or (call["outcome"] if here else None)
        return Attempt(
            str(call["id"]), call["provider"], call["claimed_at"], call["answered_at"], Outcome(outcome) if outcome else None,
            answer.vendor_id, answer.vendor_code, answer.vendor_text,
        )  # fmt: skip

    def _report(self, receipt: asyncpg.Record, position: int) -> ReceiptView:
        return ReceiptView(
            str(receipt["id"]), receipt["received_at"], receipt["provider"], receipt["statuses"][position], receipt["reasons"][position] or None,
            receipt["codes"][position] or None, self.digests.get(receipt["id"]),
        )  # fmt: skip


def view(row: asyncpg.Record, records: Records, vault: Vault, render_text: RenderText | None) -> MessageView:
    """A message; without `render_text` its text is left out."""
    content = vault.open_message(row["sealed"]) if row["sealed"] is not None else None
    return MessageView(
        id=str(row["id"]),
        notice_id=str(row["notice_id"]),
        person_id=row["person_id"],
        channel=row["channel"],
        addressee=row["addressee"],
        address_masked=mask(content.address) if content else None,
        provider=row["provider"],
        status=Status(row["status"]),
        reason=Reason(row["reason"]) if row["reason"] else None,
        fault=Fault(row["fault"]) if row["fault"] else None,
        permanent=row["permanent"],
        vendor_code=row["vendor_code"],
        attempts=records.attempts(row),
        receipts=records.reports(row),
        segments=row["segments"],
        created_at=row["created_at"],
        sent_at=row["sent_at"],
        final_at=row["final_at"],
        expires_at=row["expires_at"],
        provisional=row["provisional"],
        rung=row["rung"],
        template=row["template"],
        template_version=row["version"],
        text=render_text(row["template"], row["version"], content.values) if render_text and content else None,
    )


def _ids(columns: Iterable[Sequence[int]]) -> list[int]:
    return sorted({fact for column in columns for fact in column})
