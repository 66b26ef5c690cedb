"""The uncertified list [38-40, annex 7] and the outreach list [15, 21, 23]."""

from datetime import date

from gateway.store.reading.reader import Reader, Span, Statement

TODAY = "select (now() at time zone 'Asia/Shanghai')::date"

_UNCERTIFIED = """
select p.id, p.region, p.insurance, p.details, p.certified[cardinality(p.certified)] as certified_on, p.cycle_start, p.deadline
  from person p
 where p.listed and p.cycle_start between $1 and $2 and p.region >= $3 and p.region < $4
   and (p.region, p.cycle_start, p.id) > ($5, $6, $7){insurance}
 order by p.region, p.cycle_start, p.id
 limit ${limit}"""

UNCERTIFIED = _UNCERTIFIED.format(insurance="", limit=8)
UNCERTIFIED_OF_INSURANCE = _UNCERTIFIED.format(insurance=" and p.insurance @> array[$8]", limit=9)

# Work lists go by the place where people live, rights by the place where they are insured.
OUTREACH = """
select o.id, o.person_id, p.region, p.insurance, p.details, p.certified[cardinality(p.certified)] as certified_on, p.cycle_start, p.deadline,
       o.notice_id, o.kind, o.why, o.tried, o.opened_at, (now() at time zone 'Asia/Shanghai')::date as today
  from outreach o join person p on p.id = o.person_id
 where o.closed_at is null and o.id > $1 and p.region >= $2 and p.region < $3
   and coalesce(nullif(p.residence_region, ''), p.region) >= $4 and coalesce(nullif(p.residence_region, ''), p.region) < $5
 order by o.id
 limit $6"""


async def today(reader: Reader) -> date:
    """Today in Asia/Shanghai by the store's clock."""
    day: date = await reader.fetchval(TODAY)
    return day


def uncertified(starts: tuple[date, date], span: Span, insurance: str | None, after: tuple[str, date, str], limit: int) -> Statement:
    """Persons on the list whose cycle started within `starts` (both included), by (region, start, id) and after that key."""
    args = (*starts, span.low, span.high, *after)
    if insurance is None:
        return Statement(UNCERTIFIED, (*args, limit))
    return Statement(UNCERTIFIED_OF_INSURANCE, (*args, insurance, limit))


def outreach(seen: Span, lives: Span, after: int, limit: int) -> Statement:
    """Open rows of persons insured within `seen` who live within `lives`, in the order they were opened, after that id."""
    return Statement(OUTREACH, (after, seen.low, seen.high, lives.low, lives.high, limit))
