"""vendor's code → what an operator said at run time that it means. Asked only of codes that neither the driver nor the configuration knows."""

from collections.abc import Sequence

import msgspec
from msgspec import structs

from gateway.pipeline.incoming import Incoming
from gateway.store import codes
from gateway.store.pool import Connection
from gateway.words import Reason
from providers.base.json_answers import AnswerMeaning
from providers.base.json_receipts import ReportMeaning
from providers.base.types import Answer, Reading, Report

LONGEST_CODE = 64
_answer = msgspec.json.Decoder(AnswerMeaning).decode
_report = msgspec.json.Decoder(ReportMeaning).decode


def plain(code: str | None) -> str:
    """A code as it is counted and mapped."""
    return (code or "")[:LONGEST_CODE]


async def of_reports(connection: Connection, incoming: Sequence[Incoming]) -> Sequence[Incoming]:
    """The same callbacks, with reports of unmapped codes as operators read them."""
    asked = {(i.provider, plain(r.vendor_code)) for i in incoming for r in i.reading.reports if r.reason is Reason.UNMAPPED}
    if not asked:
        return incoming
    known = {key: _report(meaning) for key, meaning in (await codes.meanings(connection, codes.REPORT, list(asked))).items()}
    if not known:
        return incoming
    return [_read(i, [_reported(r, known.get((i.provider, plain(r.vendor_code)))) for r in i.reading.reports]) for i in incoming]


async def of_answers(connection: Connection, answers: Sequence[tuple[str, Answer]]) -> dict[str, Answer]:
    """(provider, answer) of unmapped codes → by reference, the answer as operators read it; those nobody mapped are missing."""
    asked = {(provider, plain(answer.vendor_code)) for provider, answer in answers}
    known = {key: _answer(meaning) for key, meaning in (await codes.meanings(connection, codes.ANSWER, list(asked))).items()}
    found = ((provider, answer, known.get((provider, plain(answer.vendor_code)))) for provider, answer in answers)
    return {answer.reference: answered(answer, meaning) for _, answer, meaning in found if meaning is not None}


def answered(answer: Answer, meaning: AnswerMeaning) -> Answer:
    """An answer read anew."""
    said = meaning.ruling()
    return structs.replace(
        answer,
        outcome=said.outcome,
        reason=said.reason,
        fault=said.fault,
        permanent=said.permanent,
        retry_after_s=said.retry_after_s,
        retry=said.retry,
    )


def reported(report: Report, meaning: ReportMeaning) -> Report:
    """A report read anew."""
    status, reason, fault, permanent = meaning.told()
    return structs.replace(report, status=status, reason=reason, fault=fault, permanent=permanent)


def _reported(report: Report, meaning: ReportMeaning | None) -> Report:
    return report if meaning is None or report.reason is not Reason.UNMAPPED else reported(report, meaning)


def _read(incoming: Incoming, reports: Sequence[Report]) -> Incoming:
    return structs.replace(incoming, reading=Reading(reports, incoming.reading.inbound))
