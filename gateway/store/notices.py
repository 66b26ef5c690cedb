"""Notices: duties to inform, one row a duty for ever."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import structs

from gateway.model import Closing, Notice, Outreach, Tried
from gateway.store.consents import NOES
from gateway.store.copying import copy_in
from gateway.store.pool import Connection
from gateway.store.quality_state import TAKEN_BACK
from gateway.store.vault import SealedRequest, Vault
from gateway.words import OPEN_NOTICE, Cause, Insurance, Kind, Lane, NoticeStatus, Reason, Status

OF_PERSONS = """
select n.id, n.person_id, n.duty, n.kind, n.cause, n.insurance, n.effective, n.status, n.lane, n.due_at, n.reason, n.expires_at,
       n.cycle_start, n.deadline, n.request, n.checks, n.event_source, n.event_id,
       m.contact_id, m.channel, m.key, m.status, m.reason
  from unnest($1::text[]) as u(person) join notice n on n.person_id = u.person
       left join message m on m.notice_id = n.id and (n.status not in ('informed', 'suppressed') or n.denied)
 order by n.person_id || '', n.created_at, n.id, m.created_at, m.rung, m.id"""

RENEWED = f"""
select m.notice_id, m.key
  from unnest($1::bigint[]) as u(notice) join message m on m.notice_id = u.notice
       cross join lateral (select case when m.reason = 'no_receipt' then m.sent_at else coalesce(m.final_at, m.created_at) end as at offset 0) ended
 where exists (select from contact c
                where c.person_id = m.person_id and c.channel = m.channel and c.key || '' = m.key and c.removed_at is null and c.updated_at > ended.at
                  and c.verified_on >= (ended.at at time zone 'Asia/Shanghai')::date
                  and c.verified_on > coalesce((select max(l.verified_on) from listing l
                                                 where l.key = m.key and l.person_id = m.person_id and l.at <= ended.at), '-infinity'))
    or exists (select from suppression_override o
                where o.person_id = m.person_id and o.key = m.key and o.confirmed_at > ended.at and o.ended_at is null and o.until > now())
    or exists (select from quality_change q where m.reason is distinct from 'wrong_person' and q.person_id = m.person_id and q.key = m.key and q.at > ended.at and {TAKEN_BACK})
    or exists (select from consent k where k.key = m.key and k.template in (m.template, '') and k.at > ended.at and k.state <> all (array{list(NOES)}))"""  # noqa: S608 - our own words
"""Numbers of notices that were verified anew, overridden or believed in again since the message to them ended, and accounts that take such messages again;
what nobody reported on ended when it was sent."""

MAYBE_UNMET = frozenset({NoticeStatus.UNINFORMED, NoticeStatus.INFORMED})
"""Ended, and what was tried is read: nobody was informed, or somebody answered "not me"."""

COLUMNS = (
    "id", "person_id", "duty", "kind", "cause", "insurance", "effective", "status", "reason", "lane", "due_at", "expires_at", "cycle_start",
    "deadline", "request", "checks", "event_source", "event_id", "created_at", "closed_at", "seal_id", "closing_seal",
)  # fmt: skip

START = "update notice set status = 'in_progress' where id = any($1::bigint[]) and status = 'scheduled'"

CLOSE = """
update notice n set status = u.status, reason = u.reason, closed_at = $4, closing_seal = $5
  from unnest($1::bigint[], $2::text[], $3::text[]) as u(id, status, reason)
 where n.id = u.id and n.status in ('scheduled', 'in_progress', 'uninformed')
returning n.id, n.kind, n.status"""

CLOSE_INFORMED = """
update notice set status = 'informed', reason = null, closed_at = $2, closing_seal = $3
 where id = any($1::bigint[]) and status in ('scheduled', 'in_progress', 'uninformed')
returning id, kind, status"""

CLOSE_OPEN = CLOSE.replace("'in_progress', 'uninformed'", "'in_progress'")

PERSON_OF = "select person_id from notice where id = $1"

WITHDRAW_MESSAGES = """
update message m set status = 'canceled', reason = u.reason, fault = 'none', final_at = $3
  from unnest($1::bigint[], $2::text[]) as u(notice, reason)
 where m.notice_id = u.notice and m.status = 'queued'
returning m.id, m.channel, m.reason"""

OPEN_OUTREACH = """
insert into outreach (id, person_id, notice_id, kind, why, tried, opened_at, goes_to)
select id, person, notice, kind, why, string_to_array(tried, ' '), $7, goes_to
  from unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $8::text[])
    as u(id, person, notice, kind, why, tried, goes_to)
    on conflict (person_id, kind, why, coalesce(notice_id, 0)) where closed_at is null do nothing"""

RECALL = """
update message m set status = 'canceled', reason = u.reason, fault = 'none', final_at = $4
  from unnest($1::bigint[], $2::bytea[], $3::text[]) as u(notice, key, reason)
 where m.notice_id = u.notice and m.key = u.key and m.status = 'queued'
returning m.id, m.channel, m.reason"""

MOVE_OUTREACH = """
update outreach o set notice_id = u.after from unnest($1::bigint[], $2::bigint[]) as u(before, after)
 where o.notice_id = any($1::bigint[]) and o.notice_id = u.before and o.closed_at is null"""

GROW_OUTREACH = """
update outreach o set why = u.why, tried = string_to_array(u.tried, ' ') from unnest($1::bigint[], $2::text[], $3::text[]) as u(notice, why, tried)
 where o.notice_id = any($1::bigint[]) and o.notice_id = u.notice and o.closed_at is null and o.why <> 'not_informed'"""

SAME_DUTY = """
select n.id, n.status
  from unnest($1::bigint[]) as u(id) join notice d on d.id = u.id join notice n on n.person_id = d.person_id and n.id <> d.id
   and (n.kind, n.cause, n.effective) = (d.kind, d.cause, d.effective)
 where case when d.kind = 'requested' then (n.event_source, n.event_id) = (d.event_source, d.event_id)
            else d.deadline is not null or n.insurance = d.insurance end"""

WITHDRAW_OUTREACH = "update outreach set closed_at = $2 where closed_at is null and notice_id = any($1::bigint[])"

LIFT_OUTREACH = "update outreach set closed_at = $3 where closed_at is null and person_id = any($1::text[]) and kind = $2"


async def of_persons(connection: Connection, ids: Sequence[str], vault: Vault) -> dict[str, list[Notice]]:
    """All notices of locked persons; the open ones, and those whose message was answered "not me", with what was tried, and what of it is worth another try."""
    found: dict[str, list[Notice]] = {}
    rows = await connection.fetch(OF_PERSONS, ids)
    start = 0
    while start < len(rows):
        end = start + 1
        while end < len(rows) and rows[end][0] == rows[start][0]:
            end += 1
        found.setdefault(rows[start][1], []).append(_notice(rows[start:end], vault))
        start = end
    unmet = [n for of_one in found.values() for n in of_one if n.tried and n.status in MAYBE_UNMET]
    if unmet:
        await _mark_renewed(connection, found, unmet)
    return found


async def _mark_renewed(connection: Connection, found: dict[str, list[Notice]], unmet: Sequence[Notice]) -> None:
    renewed = {tuple(row) for row in await connection.fetch(RENEWED, [n.id for n in unmet])}
    for notice in unmet if renewed else ():
        tried = tuple(structs.replace(t, renewed=True) if (notice.id, t.key) in renewed else t for t in notice.tried)
        of_one = found[notice.person_id]
        of_one[of_one.index(notice)] = structs.replace(notice, tried=tried)


async def insert(connection: Connection, notices: Sequence[Notice], vault: Vault, at: datetime, seal_id: int) -> None:
    """Writes new notices of locked persons.

    Raises:
        asyncpg.UniqueViolationError: The duty exists: the caller did not look under the lock.

    """
    rows = [
        (
            n.id, n.person_id, n.duty, n.kind, n.cause, joined(n.insurance), n.effective, n.status, n.reason, n.lane, n.due_at, n.expires_at, n.cycle_start,
            n.deadline, request_of(n, vault), told(n.checks), n.event_source, n.event_id, at, None if n.status in OPEN_NOTICE else at, seal_id,
            None if n.status in OPEN_NOTICE else seal_id,
        )
        for n in notices
    ]  # fmt: skip
    await copy_in(connection, "notice", COLUMNS, rows)


async def start(connection: Connection, ids: Iterable[int]) -> None:
    """A scheduled notice gets its first message."""
    await connection.execute(START, list(ids))


async def close(connection: Connection, closings: Sequence[Closing], at: datetime, seal_id: int) -> list[tuple[int, str, str]]:
    """Ends notices (id, kind, status of those that changed). An uninformed one may still become informed or withdrawn, others stay."""
    rows = await connection.fetch(
        CLOSE, [c.notice_id for c in closings], [c.status for c in closings], [c.reason for c in closings], at, seal_id
    )
    return [tuple(row) for row in rows]


async def close_informed(connection: Connection, ids: Sequence[int], at: datetime, seal_id: int) -> list[tuple[int, str, str]]:
    """Ends notices whose duty is met: (id, kind, status of those that changed)."""
    return [tuple(row) for row in await connection.fetch(CLOSE_INFORMED, ids, at, seal_id)]


async def close_open(connection: Connection, closings: Sequence[Closing], at: datetime, seal_id: int) -> list[tuple[int, str, str]]:
    """Ends notices that are still under way: (id, kind, status)."""
    rows = await connection.fetch(
        CLOSE_OPEN, [c.notice_id for c in closings], [c.status for c in closings], [c.reason for c in closings], at, seal_id
    )
    return [tuple(row) for row in rows]


async def person_of(connection: Connection, notice_id: int) -> str | None:
    """Whose notice it is."""
    return await connection.fetchval(PERSON_OF, notice_id)  # type: ignore[no-any-return]


async def withdraw_messages(connection: Connection, closings: Sequence[Closing], at: datetime) -> list[tuple[int, str, str]]:
    """Cancels what has not left of the notices that end: (message id, channel, reason)."""
    rows = await connection.fetch(WITHDRAW_MESSAGES, [c.notice_id for c in closings], [c.reason or Reason.DUTY_MET for c in closings], at)
    return [tuple(row) for row in rows]


async def open_outreach(connection: Connection, rows: Sequence[tuple[int, Outreach]], at: datetime) -> None:
    """Puts persons on the outreach list: (row id, row). A row that stands already stays, but for what it says of a duty people had before."""
    if grown := [o for _, o in rows if o.grown]:
        await connection.execute(GROW_OUTREACH, [o.notice_id for o in grown], [o.why for o in grown], [" ".join(o.tried) for o in grown])
    await connection.execute(
        OPEN_OUTREACH,
        [ident for ident, _ in rows],
        [o.person_id for _, o in rows],
        [o.notice_id for _, o in rows],
        [o.kind for _, o in rows],
        [o.why for _, o in rows],
        [" ".join(o.tried) for _, o in rows],
        at,
        [o.goes_to for _, o in rows],
    )


async def withdraw_outreach(connection: Connection, notices: Sequence[int], lifted: Sequence[tuple[str, str]], at: datetime) -> None:
    """Ends outreach rows: those of these notices, and those about persons: (person id, kind)."""
    if notices:
        await connection.execute(WITHDRAW_OUTREACH, notices, at)
    for kind in dict.fromkeys(kind for _, kind in lifted):
        await connection.execute(LIFT_OUTREACH, [person for person, of in lifted if of == kind], kind, at)


async def move_outreach(connection: Connection, moved: Sequence[tuple[int, int]]) -> None:
    """Has rows go on with another notice of the same duty: (notice, new notice)."""
    await connection.execute(MOVE_OUTREACH, [before for before, _ in moved], [after for _, after in moved])


async def of_same_duty(connection: Connection, ids: Sequence[int]) -> list[tuple[int, str]]:
    """The other notices of the duties that these are of: (id, status). Their person is locked."""
    return [tuple(row) for row in await connection.fetch(SAME_DUTY, ids)]


async def recall(connection: Connection, recalls: Sequence[tuple[int, bytes, str]], at: datetime) -> list[tuple[int, str, str]]:
    """Cancels queued messages of a notice to a number: (notice, key, reason) → (message id, channel, reason)."""
    rows = await connection.fetch(RECALL, [r[0] for r in recalls], [r[1] for r in recalls], [r[2] for r in recalls], at)
    return [tuple(row) for row in rows]


def joined(insurances: Iterable[str]) -> str:
    """How a notice keeps the benefits it is about."""
    return "+".join(insurances)


def told(checks: Iterable[str]) -> str:
    """How a notice keeps what was checked. No code holds a blank."""
    return " ".join(checks)


def request_of(notice: Notice, vault: Vault) -> bytes | None:
    """The sealed request of a requested notice."""
    return vault.seal_request(SealedRequest(notice.template, notice.params, notice.channels)) if notice.kind is Kind.REQUESTED else None


def _notice(rows: Sequence[Any], vault: Vault) -> Notice:
    (ident, person, duty, kind, cause, insurance, effective, status, lane, due_at, reason, expires_at, start_on, deadline, request, checks,
     source, event) = tuple(rows[0])[:18]  # fmt: skip
    wanted = vault.open_request(request) if request is not None else SealedRequest("", {})
    return Notice(
        ident, person, duty, Kind(kind), Cause(cause), tuple([Insurance(name) for name in insurance.split("+")]) if insurance else (), effective, NoticeStatus(status), Lane(lane), due_at,
        Reason(reason) if reason else None, expires_at, start_on, deadline, template=wanted.template, params=wanted.params, channels=wanted.channels,
        checks=tuple(checks.split()), event_source=source, event_id=event,
        tried=tuple(Tried(r[18], r[19], r[20], Status(r[21]), Reason(r[22]) if r[22] else None) for r in rows if r[18] is not None),
    )  # fmt: skip
