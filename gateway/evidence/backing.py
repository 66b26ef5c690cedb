"""What no digest covers because it moves: a status must be backed by facts that are sealed."""

from collections.abc import Mapping, Sequence

import asyncpg

from gateway.evidence.findings import MOST_KEPT, Report
from gateway.evidence.session import Session

PAGE = 2000
NO_FACTS: Mapping[int, frozenset[str]] = {}
_MESSAGES = "select id, status, reason, calls, receipts from message where "
MESSAGES = _MESSAGES + "status in ('delivered', 'undelivered') or cardinality(calls) > 0"
OF_PERSON = _MESSAGES + "person_id = $1"

RECEIPTS = "select id, message_ids, statuses from receipt where id = any($1::bigint[])"
CALLS = "select id, message_ids from call where id = any($1::bigint[])"

INFORMED = """
select n.id from notice n
 where n.status = 'informed' and not exists (select from message m where m.notice_id = n.id and m.status = 'delivered') limit $1"""

INFORMED_PERSON = INFORMED.replace(" limit $1", " and n.person_id = $2 limit $1")

DENIED = """
select m.id from message m
 where m.reason = 'wrong_person' and m.status in ('sending', 'unknown', 'sent', 'delivered')
   and not exists (select from inbound i where i.key = m.key and i.message_id = m.id and i.keyword = 'wrong_person') limit $1"""

DENIED_PERSON = DENIED.replace(" limit $1", " and m.person_id = $2 limit $1")

OVERRIDDEN = """
select c.id from contact c
 where c.override_until > now(){of} and not exists (
   select from suppression_override o
    where o.person_id = c.person_id and o.key = c.key and o.until = c.override_until and o.confirmed_at is not null and o.ended_at is null)
 limit $1"""

ATTEMPTS = """
select (select coalesce(sum(cardinality(calls)), 0) from message), (select coalesce(sum(cardinality(message_ids)), 0) from call)"""


async def check(connection: Session, report: Report, person: str | None = None) -> None:
    """Messages against receipts and calls, notices against messages, contacts against overrides; of one person, or of all."""
    of = () if person is None else (person,)
    cursor = await connection.cursor(MESSAGES if person is None else OF_PERSON, *of)
    while rows := await cursor.fetch(PAGE):
        await _messages(connection, rows, report)
    for row in await connection.fetch(INFORMED if person is None else INFORMED_PERSON, MOST_KEPT, *of):
        report.wrong(f"notice {row[0]}", "says informed, and no message of it was delivered")
    for row in await connection.fetch(DENIED if person is None else DENIED_PERSON, MOST_KEPT, *of):
        report.wrong(f"message {row[0]}", 'counts as answered "not me", and no sealed reply says so')
    overridden = OVERRIDDEN.format(of="" if person is None else " and c.person_id = $2")
    for row in await connection.fetch(overridden, MOST_KEPT, *of):
        report.wrong(f"contact {row[0]}", "is used although it was given up, and no confirmed override says so")
    if person is None:
        of_messages, of_calls = (await connection.fetch(ATTEMPTS))[0]
        if of_messages != of_calls:
            report.wrong(
                "attempts", f"messages name {of_messages}, calls hold {of_calls}: attempts were taken from a message or added to one"
            )


async def _messages(connection: Session, rows: Sequence[asyncpg.Record], report: Report) -> None:
    said = await _said(connection, list({receipt for row in rows for receipt in row["receipts"]}))
    held = {
        row["id"]: frozenset(row["message_ids"]) for row in await connection.fetch(CALLS, list({c for row in rows for c in row["calls"]}))
    }
    for row in rows:
        report.backed += 1
        ident, about = row["id"], f"message {row['id']}"
        if any(ident not in held.get(call, ()) for call in row["calls"]):
            report.wrong(about, "names an attempt that did not hold it")
        elif row["status"] == "delivered" and not row["calls"]:
            report.wrong(about, "says delivered, and no attempt was made")
        if _needs_receipt(row) and not any(row["status"] in said.get(r, NO_FACTS).get(ident, ()) for r in row["receipts"]):
            report.wrong(about, f"says {row['status']}, and no sealed receipt says so")


def _needs_receipt(row: asyncpg.Record) -> bool:
    status: str = row["status"]
    return status == "delivered" or (status == "undelivered" and row["reason"] != "no_receipt")


async def _said(connection: Session, receipts: Sequence[int]) -> dict[int, dict[int, frozenset[str]]]:
    """Receipt → message → what it said of it. An erased body leaves that behind, so erasure changes nothing here."""
    said: dict[int, dict[int, frozenset[str]]] = {}
    for receipt, messages, statuses in await connection.fetch(RECEIPTS, receipts):
        of = said.setdefault(receipt, {})
        for message, status in zip(messages, statuses, strict=False):
            of[message] = of.get(message, frozenset()) | {status}
    return said
