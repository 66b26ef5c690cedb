"""What quality holds of the numbers that events bring: a number proved dead stays unused when it comes in with somebody new."""

from collections.abc import Mapping, Sequence

from gateway.events import Event
from gateway.plan.state import Belief
from gateway.store import persons
from gateway.store.pool import Connection

NONE: Mapping[bytes, Belief] = {}


async def beliefs_about(connection: Connection, found: Sequence[Event]) -> Mapping[bytes, Belief]:
    """Beliefs about the numbers of these events, by key; numbers nothing is known of are missing."""
    keys = {contact.key for event in found for contact in event.contacts}
    if not keys:
        return NONE
    rows = await persons.known_numbers(connection, list(keys))
    return {key: Belief(dead_at, opted_out, tuple(refused or ())) for key, dead_at, opted_out, refused in rows}
