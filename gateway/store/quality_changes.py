"""Changes of state, as facts that others can follow: of a number, or of a number with a person. Written with the beliefs (store/believed.py)."""

from datetime import datetime

from msgspec import Struct

from gateway.store.pool import Queries

# The snapshot's lower bound, not the ids, says how far one may read: a transaction that is still open may hold a lower id than one that ended.
AFTER = """
select xact::text::bigint, id, key, person_id, before, after, why, at from quality_change
 where (xact, id) > ($1::text::xid8, $2::bigint) and xact < pg_snapshot_xmin(pg_current_snapshot())
 order by quality_change.xact, id limit $3"""

BEGINNING = (0, 0)
"""The place before the first change."""


class Change(Struct, frozen=True, gc=False):
    """A state became another. `person_id` None: the number's own, whoever holds it; `why`: the evidence that decided."""

    key: bytes
    person_id: str | None
    before: str
    after: str
    why: str
    at: datetime


class Followed(Struct, frozen=True, gc=False):
    """A change and its place in the order in which changes are read."""

    place: tuple[int, int]
    change: Change


async def after(connection: Queries, place: tuple[int, int], most: int) -> list[Followed]:
    """The next changes behind a place, each once and none passed over, however long the transactions that wrote them took."""
    rows = await connection.fetch(AFTER, str(place[0]), place[1], most)
    return [Followed((row[0], row[1]), Change(*row[2:])) for row in rows]
