"""`GET /v1/events?source&id`: what became of an event."""

from typing import Annotated

from msgspec import Meta

from gateway.api import views
from gateway.api.calls import Call
from gateway.api.problems import Missing
from gateway.api.query import Query
from gateway.api.shapes import EventVerdict
from gateway.store.reading import events
from gateway.words import Scope


class EventQuery(Query, frozen=True, kw_only=True):
    """The event, as its source named it."""

    source: Annotated[str, Meta(min_length=1, max_length=2000, description="The CloudEvents attribute source.")]
    id: Annotated[str, Meta(min_length=1, max_length=2000, description="The CloudEvents attribute id.")]


async def event(call: Call) -> EventVerdict:
    """What became of an event: its verdict, and the notice it made or met."""
    query = call.query(EventQuery)
    async with call.connection() as connection:
        row = await events.one(connection, query.source, query.id)
    if row is None or not call.bearer.sees(row["region"]) or not _is_of_caller(call, query.source):
        raise Missing("event")
    return EventVerdict(
        row["source"], row["id"], row["type"], row["person_id"], row["accepted_at"], row["accepted_by"], row["verdict"], row["detail"],
        views.number(row["notice_id"]), row["pending"],
    )  # fmt: skip


def _is_of_caller(call: Call, source: str) -> bool:
    """A token that may only post sees only the sources that it may use."""
    return Scope.READ in call.bearer.scopes or not call.bearer.sources or source in call.bearer.sources
