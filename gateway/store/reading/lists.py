"""The uncertified list [38-40, annex 7] and the outreach list [15, 21, 23]."""

from datetime import date

from msgspec import Struct

from gateway.store.reading.reader import STATEMENT_S, Reader, Span, Statement

TODAY = "select (now() at time zone 'Asia/Shanghai')::date"

_UNCERTIFIED = """
select p.id as person_id, p.region, p.insurance, p.details, p.certified[cardinality(p.certified)] as certified_on, p.cycle_start, p.deadline,
       $8::date as as_of
  from person p
 where p.listed and p.cycle_start between $1 and $2 and p.region >= $3 and p.region < $4
   and (p.region, p.cycle_start, p.id) > ($5, $6, $7){insurance}
 order by p.region, p.cycle_start, p.id
 limit ${limit}"""

UNCERTIFIED = _UNCERTIFIED.format(insurance="", limit=9)
UNCERTIFIED_OF_INSURANCE = _UNCERTIFIED.format(insurance=" and p.insurance @> array[$9]", limit=10)

_OUTREACH = """
select o.id, o.person_id, p.region, p.insurance, p.details, p.certified[cardinality(p.certified)] as certified_on, p.cycle_start, p.deadline,
       o.notice_id, o.kind, o.why, o.tried, o.goes_to, o.opened_at, (now() at time zone 'Asia/Shanghai')::date as as_of
  from outreach o join person p on p.id = o.person_id
 where o.closed_at is null and o.id > $1{regions}
 order by o.id
 limit ${limit}"""
_LIVES = "coalesce(nullif(p.residence_region, ''), p.region)"
"""Where somebody lives; the statistics `person_lives` tell the planner how many live in a region."""


async def today(reader: Reader) -> date:
    """Today in Asia/Shanghai by the store's clock."""
    day: date = await reader.fetchval(TODAY)
    return day


class Uncertified(Struct, frozen=True):
    """Whom to list: cycles that started from `first` to `last` (both included), of persons insured within `span`; bands are told as of `as_of`."""

    as_of: date
    first: date
    last: date
    span: Span
    insurance: str | None = None


def uncertified(wanted: Uncertified, after: tuple[str, date, str], limit: int) -> Statement:
    """Persons on the list by (region, start, id) and after that key."""
    args = (wanted.first, wanted.last, wanted.span.low, wanted.span.high, *after, wanted.as_of)
    if wanted.insurance is None:
        return Statement(UNCERTIFIED, (*args, limit))
    return Statement(UNCERTIFIED_OF_INSURANCE, (*args, wanted.insurance, limit))


def outreach(seen: Span, lives: Span, after: int, limit: int) -> Statement:
    """Open rows of persons insured within `seen` who live within `lives`, in the order they were opened, after that id.

    Rights go by the place where people are insured, work lists by the place where they live [15].
    """
    regions = ""
    args: list[object] = [after]
    for column, bounds in (("p.region", seen), (_LIVES, lives)):
        if not bounds.everywhere:
            regions += f" and {column} >= ${len(args) + 1} and {column} < ${len(args) + 2}"
            args += [bounds.low, bounds.high]
    return Statement(_OUTREACH.format(regions=regions, limit=len(args) + 1), (*args, limit))


async def count(reader: Reader, statement: Statement, at_most: int) -> int:
    """How many rows a list's statement has, counted up to `at_most`."""
    *args, _ = statement.args
    rows: int = await reader.fetchval(f"select count(*) from ({statement.sql}) rows", *args, at_most, timeout=STATEMENT_S)  # noqa: S608 - a statement of ours
    return rows
