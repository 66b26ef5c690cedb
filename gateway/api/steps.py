"""Puts a notice's trail together from the rows it left behind."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import asyncpg

from gateway.api.messages import Records
from gateway.api.shapes import MessageView
from gateway.api.trail import AttemptStep, ClosingStep, DecisionStep, EventStep, MessageStep, ReceiptStep, Step, Trail
from gateway.api.views import number
from gateway.words import NoticeStatus, Reason

Told: TypeAlias = Sequence[tuple[asyncpg.Record, MessageView]]
"""Messages as they are stored and as they are shown."""


def trail(notice: asyncpg.Record, events: Sequence[asyncpg.Record], told: Told, records: Records) -> Trail:
    """All steps in order of time; of steps at one moment, causes stand before what they caused."""
    steps: Trail = [_event(event) for event in events]
    steps.append(_decision(notice))
    for row, message in told:
        steps.append(_message(row, message))
        steps += _attempts(message, records)
        steps += _receipts(message, records)
    steps += _closing(notice)
    return sorted(steps, key=_moment)


def _moment(step: Step) -> float:
    return step.at.timestamp()


def _event(row: asyncpg.Record) -> EventStep:
    return EventStep(
        at=row["accepted_at"],
        seal=number(row["seal_id"]),
        source=row["source"],
        id=row["id"],
        type=row["type"],
        accepted_by=row["accepted_by"],
        verdict=row["verdict"],
    )


def _decision(notice: asyncpg.Record) -> DecisionStep:
    by = "event" if notice["event_id"] else "calendar"
    return DecisionStep(at=notice["created_at"], seal=number(notice["seal_id"]), by=by, checks=notice["checks"])


def _message(row: asyncpg.Record, message: MessageView) -> MessageStep:
    return MessageStep(
        at=message.created_at,
        seal=number(row["seal_id"]),
        message_id=message.id,
        rung=message.rung,
        channel=message.channel,
        addressee=message.addressee,
        address_masked=message.address_masked,
        template=message.template,
        template_version=message.template_version,
    )


def _attempts(message: MessageView, records: Records) -> Iterator[AttemptStep]:
    for attempt in message.attempts:
        call = records.calls[int(attempt.id)]
        yield AttemptStep(
            at=attempt.at,
            seal=number(call["seal_id"]),
            message_id=message.id,
            attempt_id=attempt.id,
            provider=attempt.provider,
            claimed_by=call["claimed_by"],
            answered_at=attempt.answered_at,
            outcome=attempt.outcome,
            vendor_id=attempt.vendor_id,
            vendor_code=attempt.vendor_code,
            vendor_text=attempt.vendor_text,
            answer_seal=number(call["answer_seal"]),
        )


def _receipts(message: MessageView, records: Records) -> Iterator[ReceiptStep]:
    for receipt in message.receipts:
        yield ReceiptStep(
            at=receipt.at,
            seal=number(records.receipts[int(receipt.id)]["seal_id"]),
            message_id=message.id,
            receipt_id=receipt.id,
            provider=receipt.provider,
            status=receipt.status,
            reason=receipt.reason,
            vendor_code=receipt.vendor_code,
            raw_sha256=receipt.raw_sha256,
        )


def _closing(notice: asyncpg.Record) -> Iterator[ClosingStep]:
    if notice["closed_at"] is not None:
        reason = Reason(notice["reason"]) if notice["reason"] else None
        yield ClosingStep(at=notice["closed_at"], seal=number(notice["closing_seal"]), status=NoticeStatus(notice["status"]), reason=reason)
