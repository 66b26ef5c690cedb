"""Facts as they are stored, so that their digests can be computed again: one source a kind, in the order of columns that its writer seals.

The writers: gateway/pipeline/{accept,write,receive,replies,record,sweep,overriding}.py and gateway/dispatch/claim.py. What stands in no digest (a status, a
reason, a due date) may change; what it may change to is for `backing.py`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from gateway.evidence.chain import FactKind
from gateway.words import NoticeStatus, Outcome, Reason

A_TRANSACTION = timedelta(minutes=5)
"""The longest that a transaction can last, waiting for locks included: the moments of its rows and of its seal lie no further apart."""


class Source(Struct, frozen=True):
    """One kind of fact in the store.

    `columns`: id, seal, moment, whether its content is gone, then the sealed content. `standing`: which rows of the table must stand in a seal.
    """

    kind: FactKind
    table: str
    columns: str
    id: str = "id"
    seal: str = "seal_id"
    standing: str = "true"
    of_person: str = "person_id = $1"

    @property
    def read(self) -> str:
        """The facts with these ids, from the first to the last of them: a block-range index knows stretches only."""
        between = f"{self.id} between $2 and $3 and {self.id} = any($1::bigint[])"
        return f"select {self.columns} from {self.table} where {between}"  # noqa: S608 - our own words, as in all below

    @property
    def count(self) -> str:
        """How many there are."""
        return f"select count(*) from {self.table} where {self.standing}"  # noqa: S608

    @property
    def every(self) -> str:
        """(id, seal) of all that must stand in a seal."""
        return f"select {self.id}, {self.seal} from {self.table} where {self.standing}"  # noqa: S608

    @property
    def person(self) -> str:
        """(id, seal) of those of one person."""
        return f"select {self.id}, {self.seal} from {self.table} where {self.of_person} and {self.standing}"  # noqa: S608


_BY_CALLS = "id in (select unnest(calls) from message where person_id = $1)"
_BY_RECEIPTS = "id in (select unnest(receipts) from message where person_id = $1)"
_BY_MESSAGES = "message_id in (select id from message where person_id = $1)"

SOURCES = (
    Source(
        FactKind.EVENT,
        "event",
        "no, seal_id, accepted_at, sealed is null, no, source, id, type, person_id, digest, sealed, accepted_by",
        id="no",
    ),
    Source(
        FactKind.NOTICE,
        "notice",
        "id, seal_id, created_at, false, id, person_id, duty, kind, cause, insurance, effective, checks, event_source, event_id",
    ),
    Source(
        FactKind.MESSAGE,
        "message",
        "id, seal_id, created_at, sealed is null, id, notice_id, person_id, channel, contact_id, key, addressee, template, version, sealed",
    ),
    Source(FactKind.CALL, "call", "id, seal_id, claimed_at, false, id, provider, message_ids, claimed_at, claimed_by", of_person=_BY_CALLS),
    Source(
        FactKind.ANSWER,
        "call",
        "id, answer_seal, answered_at, false, id, outcome, answers, answered_at",
        seal="answer_seal",
        standing="(answered_at is not null or answer_seal is not null)",
        of_person=_BY_CALLS,
    ),
    Source(
        FactKind.RECEIPT,
        "receipt",
        "id, seal_id, received_at, sealed is null, id, provider, sealed, message_ids, statuses, reasons, codes",
        of_person=_BY_RECEIPTS,
    ),
    Source(
        FactKind.CLOSING,
        "notice",
        "id, closing_seal, closed_at, false, id, status, reason, closed_at",
        seal="closing_seal",
        standing="(closing_seal is not null or closed_at is not null)",
    ),
    Source(
        FactKind.INBOUND,
        "inbound",
        "id, seal_id, received_at, sealed is null, id, provider, key, message_id, keyword, sealed",
        of_person=_BY_MESSAGES,
    ),
    Source(
        FactKind.OVERRIDE,
        "suppression_override",
        "id, seal_id, asked_at, sealed is null, id, person_id, key, channel, contact_id, state, sealed, until, asked_by, asked_at",
    ),
    Source(
        FactKind.CONFIRMATION,
        "suppression_override",
        "id, confirm_seal, confirmed_at, false, id, confirmed_by, confirmed_at",
        seal="confirm_seal",
        standing="(confirmed_at is not null or confirm_seal is not null)",
    ),
    Source(
        FactKind.WITHDRAWAL,
        "suppression_override",
        "id, end_seal, ended_at, false, id, ended_by, ended_at, ended_why",
        seal="end_seal",
        standing="(ended_at is not null or end_seal is not null)",
    ),
)
SOURCE_OF = {source.kind: source for source in SOURCES}


def earlier(kind: FactKind, fact_id: int, at: datetime) -> Iterator[tuple[Any, ...]]:
    """What a fact may have been before a later one of its kind replaced it: a call that the sweep gave up, a notice that nobody was informed by."""
    if kind is FactKind.ANSWER:
        yield fact_id, Outcome.UNKNOWN, None, at
    elif kind is FactKind.CLOSING:
        yield from ((fact_id, NoticeStatus.UNINFORMED, reason, at) for reason in (None, *Reason))


def named(kind: FactKind, fact_id: int) -> str:
    """A fact as people are told of it."""
    of = {
        FactKind.ANSWER: "answer of call",
        FactKind.CLOSING: "ending of notice",
        FactKind.INBOUND: "reply",
        FactKind.CONFIRMATION: "confirmation of override",
        FactKind.WITHDRAWAL: "withdrawal of override",
    }
    return f"{of.get(kind, kind.name.lower())} {fact_id}"
