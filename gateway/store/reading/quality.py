"""What is believed of contacts: counted, and listed."""

from gateway.store.reading.reader import STATEMENT_S, Reader, Rows, Span, Statement

UNVERIFIED = "unverified"
"""The state of a number that nothing is known of yet; most such numbers have no row."""
DEAD = "dead"
"""Proved absent: the state that people work through."""

SUMMARY = """
select c.channel, coalesce(b.state, 'unverified') as state, count(*) as contacts,
       count(b.opted_out_at) as opted_out, count(b.wrong_person_at) as wrong_person
  from contact c join person p on p.id = c.person_id left join number b on b.key = c.key
 where c.removed_at is null and p.region >= $1 and p.region < $2
 group by 1, 2 order by 1, 2"""

_COLUMNS = """c.id, c.person_id, c.key, p.region, p.details, c.channel, c.relation, c.source, c.verified_on, c.sealed,
 b.state, b.p_alive, b.delivered, b.failed, b.last_at, b.opted_out_at, b.wrong_person_at"""

_CONTACTS = """
select {columns} from {tables} join person p on p.id = c.person_id
 where c.removed_at is null and p.region >= $1 and p.region < $2 and ({key}, c.id) > ($3, $4){state}
 order by {key}, c.id limit ${limit}"""
_BY_CONTACT = "contact c left join number b on b.key = c.key"
_BY_NUMBER = "number b join contact c on c.key = b.key"

# An anti-join, whose size the planner can tell; of a condition on the outer join it guesses that hardly any row meets it.
_NOTHING_KNOWN = " and not exists (select from number k where k.key = c.key and k.state <> 'unverified')"

ALL = _CONTACTS.format(columns=_COLUMNS, tables=_BY_CONTACT, key="c.key", state="", limit=5)
UNKNOWN = _CONTACTS.format(columns=_COLUMNS, tables=_BY_CONTACT, key="c.key", state=_NOTHING_KNOWN, limit=5)
DEAD_ONES = _CONTACTS.format(columns=_COLUMNS, tables=_BY_NUMBER, key="b.key", state=" and b.state = 'dead'", limit=5)
OTHER = _CONTACTS.format(columns=_COLUMNS, tables=_BY_NUMBER, key="b.key", state=" and b.state = $5", limit=6)

FIRST = (b"", 0)
"""Before the first page."""


async def summary(reader: Reader, span: Span) -> Rows:
    """Contacts of a region and below by channel and state. Reads all of them: for people, not for machines."""
    return await reader.fetch(SUMMARY, span.low, span.high, timeout=STATEMENT_S)


def contacts(state: str | None, span: Span, after: tuple[bytes, int], limit: int) -> Statement:
    """Contacts in a state (None: all) by (key, id) and after that key."""
    args = (span.low, span.high, *after)
    if state is None or state == UNVERIFIED:
        return Statement(ALL if state is None else UNKNOWN, (*args, limit))
    if state == DEAD:
        return Statement(DEAD_ONES, (*args, limit))
    return Statement(OTHER, (*args, state, limit))
