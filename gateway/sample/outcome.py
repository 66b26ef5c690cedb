"""What became of a day, read from the store: whether all is settled, and the counts that the demo prints."""

from collections import Counter
from collections.abc import Mapping

import asyncpg
from msgspec import Struct

from gateway.store.reading.reader import Reader

STANDING = """
select (select count(*) from notice),
       (select count(*) from notice where status = 'in_progress' or (status = 'scheduled' and due_at <= now())),
       (select count(*) from message where status in ('sending', 'unknown')) + (select count(*) from queue),
       (select count(*) from person where plan_due <= now() or pending)"""

BY_KIND = """
select kind, cause, status, coalesce(reason, ''), count(*) from notice group by 1, 2, 3, 4 order by 1, 2, 3, 4"""

BY_CHANNEL = """
select m.channel, coalesce(m.provider, ''), m.status_now, coalesce(m.reason, ''), count(*), sum(m.segments) filter (where m.sent_at is not null and m.channel = 'sms')
  from message_now m group by 1, 2, 3, 4 order by 1, 2, 3, 4"""

BY_PERSON = """
select p.id, (select string_agg(n.status, ',' order by n.id) from notice n where n.person_id = p.id),
       (select count(*) from message m where m.person_id = p.id and m.sent_at is not null),
       exists (select from outreach o where o.person_id = p.id and o.closed_at is null)
  from person p"""

OUTREACH = "select kind, why, count(*) from outreach where closed_at is null group by 1, 2 order by 1, 2"

TOLD = "select id from notice where status = 'informed' order by id desc limit 1"


class Standing(Struct, frozen=True):
    """Notices in all, and what is still under way: notices, messages, persons to plan."""

    notices: int
    open: int
    moving: int
    due: int

    @property
    def settled(self) -> bool:
        """Nothing more will happen today."""
        return not (self.open or self.moving or self.due)


class Share(Struct, frozen=True):
    """What became of the persons of one scenario."""

    persons: int
    statuses: Mapping[str, int]
    messages: int
    outreach: int


async def standing(reader: Reader) -> Standing:
    """How far all is."""
    rows = await reader.fetch(STANDING)
    return Standing(*rows[0])


async def scenarios(reader: Reader, scenario_of: Mapping[str, str]) -> dict[str, Share]:
    """What became of each scenario, in the order in which they were told."""
    rows = {row[0]: row for row in await reader.fetch(BY_PERSON)}
    members: dict[str, list[str]] = {}
    for person, scenario in scenario_of.items():
        members.setdefault(scenario, []).append(person)
    return {name: _share([rows[person] for person in persons if person in rows], len(persons)) for name, persons in members.items()}


def _share(rows: list[asyncpg.Record], persons: int) -> Share:
    statuses = Counter(status for row in rows for status in (row[1].split(",") if row[1] else ["none"]))
    return Share(persons, statuses, sum(row[2] for row in rows), sum(row[3] for row in rows))
