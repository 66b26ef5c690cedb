"""What is believed of contacts: counted, listed, followed over months."""

from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct

from gateway.store.quality_census import COUNTS, PEOPLE, SHARED
from gateway.store.quality_state import IN_STATE, QUALITY, WRONG_PERSON
from gateway.store.reading.reader import STATEMENT_S, Reader, Rows, Span, Statement

LIVE = {"regions": " and p.region >= $1 and p.region < $2", "narrow": " join person q on q.id = c.person_id",
        "within": " and q.region >= $1 and q.region < $2"}  # fmt: skip
STORED = "select * from {table} where month = $3 and region >= $1 and region < $2"

GROUPED = """
select {part} as part, channel, state, sum(contacts)::bigint as contacts, sum(opted_out)::bigint as opted_out,
       sum(wrong_person)::bigint as wrong_person, sum(never_verified)::bigint as never_verified
  from ({counts}) x group by 1, 2, 3 order by 1, 2, 3"""

PEOPLE_OF = """
select {part} as part, sum(persons)::bigint as persons, sum(without_contact)::bigint as without_contact, sum(without_usable)::bigint as without_usable
  from ({people}) x group by 1 order by 1"""

FEW_BYTES = 32 * 1024 * 1024
"""Up to this size of the table of contacts (some hundred thousand), whoever asks counts: below half a second."""
SIZE = "select pg_relation_size('contact')"

LATEST = "select month, counted_at from quality_census order by month desc limit 1"

_ID = 'p.id collate "POSIX"'
"""As the index `person_region` has it."""
CONTACTS = f"""
select c.id, c.person_id, p.region, p.details, c.channel, c.relation, c.source, c.verified_on, c.sealed, {QUALITY}, {{shared_by}} as shared_by
  from person p join contact c on c.person_id = p.id{{join}}
 where p.region >= $1 and p.region < $2 and (p.region, {_ID}) >= ($3, $4) and (p.region, {_ID}, c.id) > ($3, $4, $5)
   and c.removed_at is null{{wanted}}
 order by p.region, {_ID}, c.id limit ${{limit}}"""  # noqa: S608 - our own words

SHARED_NUMBERS = """
select s.key, s.persons, s.sources, s.regions, h.channel, h.sealed
  from {shared} s cross join lateral (select channel, sealed from contact c where c.key = s.key and c.removed_at is null limit 1) h
 where s.persons <= $1 and (s.persons < $1 or s.key > $2) and s.persons >= $3{regions}
 order by s.persons desc, s.key limit ${limit}"""
_SEEN = ' and exists (select from jsonb_object_keys(s.regions) r(code) where code collate "C" >= $4 and code collate "C" < $5)'

_STATES = """(select jsonb_object_agg(state, contacts) from (
           select state, sum(contacts) as contacts from quality_count x where x.month = {month} and region >= $1 and region < $2 group by 1) y)"""
TREND = f"""
select m.month, m.counted_at, {_STATES.format(month="m.month")} as states, {_STATES.format(month="m.before")} as states_before,
       p.persons, p.without_contact, p.without_usable
  from (select month, counted_at, (month - interval '1 month')::date as before from quality_census where month > $3 order by month limit $4) m
  cross join lateral (select sum(persons)::bigint as persons, sum(without_contact)::bigint as without_contact, sum(without_usable)::bigint as without_usable
                        from quality_people x where x.month = m.month and region >= $1 and region < $2) p
 order by m.month"""  # noqa: S608 - our own words

FIRST = ("", "", 0)
"""Before the first contact of a list."""
FIRST_SHARED = (2**31 - 1, b"")
"""Before the first shared number."""
FIRST_MONTH = date(1, 1, 1)


class By(StrEnum):
    """What contacts are counted apart by."""

    REGION = "region"
    INSURANCE = "insurance"
    SOURCE = "source"


class WorkList(StrEnum):
    """Contacts of living persons that somebody can do something about."""

    DEAD = "dead"
    """The number is gone: ask for another one."""
    WRONG = "wrong"
    """Somebody else has the number: ask for the person's own."""
    SHARED = "shared"
    """The number stands for many persons: a clerk's, a village's."""
    NEVER_VERIFIED = "never_verified"
    """Nobody ever checked that the number is the person's."""


_WORK = {
    WorkList.DEAD: IN_STATE["dead"],
    WorkList.WRONG: IN_STATE[WRONG_PERSON],
    WorkList.SHARED: "true",
    WorkList.NEVER_VERIFIED: "c.verified_on is null",
}


class Basis(Struct, frozen=True):
    """What counts are made of: all contacts as they are at `at` (month None), or the census of a month."""

    at: datetime
    month: date | None = None


class Wanted(Struct, frozen=True):
    """Which contacts to list. `shared_from`: persons from which on a number counts as shared; `live`: those numbers are found now, not taken from the census."""

    span: Span
    state: str | None = None
    work: WorkList | None = None
    shared_from: int = 2
    live: bool = True


async def few(reader: Reader) -> bool:
    """Whether contacts are so few that whoever asks may count them."""
    return bool(await reader.fetchval(SIZE) <= FEW_BYTES)


async def basis(reader: Reader) -> Basis:
    """Where counts come from: from the contacts themselves while they are few, or were never counted."""
    counted = None if await few(reader) else await reader.fetchrow(LATEST)
    return Basis(await reader.fetchval("select now()")) if counted is None else Basis(counted["counted_at"], counted["month"])


async def counts(reader: Reader, span: Span, of: Basis, by: By | None) -> Rows:
    """Contacts of living persons by channel and state, and by `part`, which is a county, a set of insurances joined by +, a source, or empty."""
    table = COUNTS.format(**LIVE) if of.month is None else STORED.format(table="quality_count")
    return await reader.fetch(GROUPED.format(part=by or "''", counts=table), *_args(span, of), timeout=STATEMENT_S)


async def people(reader: Reader, span: Span, of: Basis, by: By | None) -> Rows:
    """Living persons and those whom no contact can reach, by `part` as `counts` (persons have no source)."""
    table = PEOPLE.format(**LIVE) if of.month is None else STORED.format(table="quality_people")
    part = "''" if by in {None, By.SOURCE} else by
    return await reader.fetch(PEOPLE_OF.format(part=part, people=table), *_args(span, of), timeout=STATEMENT_S)


def contacts(wanted: Wanted, after: tuple[str, str, int], limit: int) -> Statement:
    """Contacts by (region, person id, contact id) and after that key."""
    args: list[object] = [wanted.span.low, wanted.span.high, *after]
    conditions, join = [], ""
    if wanted.work is not None:
        conditions += ["not p.deceased", _WORK[wanted.work]]
    if wanted.work is WorkList.SHARED:
        args.append(wanted.shared_from)
        join = f" join {_shared(wanted)} s on s.key = c.key and s.persons >= ${len(args)}"
    if wanted.state is not None:
        conditions.append(IN_STATE.get(wanted.state, "false"))
    text = CONTACTS.format(
        shared_by="s.persons" if join else "null::int", join=join, wanted="".join(f" and {one}" for one in conditions), limit=len(args) + 1
    )
    return Statement(text, (*args, limit))


def shared(wanted: Wanted, after: tuple[int, bytes], limit: int) -> Statement:
    """Numbers that stand for many persons, of whom some are insured within the span, those that stand for most first, and after (persons, key)."""
    args: list[object] = [*after, wanted.shared_from]
    regions = ""
    if not wanted.span.everywhere:
        regions = _SEEN
        args += [wanted.span.low, wanted.span.high]
    return Statement(SHARED_NUMBERS.format(shared=_shared(wanted), regions=regions, limit=len(args) + 1), (*args, limit))


def trend(span: Span, after: date, limit: int) -> Statement:
    """Months that were counted, in their order, after that one: contacts by state, then and the month before, and persons."""
    return Statement(TREND, (span.low, span.high, after, limit))


def _shared(wanted: Wanted) -> str:
    return f"({SHARED.format(least=int(wanted.shared_from))})" if wanted.live else "quality_shared"


def _args(span: Span, of: Basis) -> tuple[object, ...]:
    return (span.low, span.high) if of.month is None else (span.low, span.high, of.month)
