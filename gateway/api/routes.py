"""The map of the API: every path, who may call it, and what answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiohttp import web
from msgspec import Struct

from gateway.api import health, lists, messages, notices, overrides, persons, quality, quality_counts, quality_models, verdicts
from gateway.api.calls import Call
from gateway.api.listing import Listing
from gateway.api.query import Query
from gateway.api.services import Services
from gateway.words import Scope

Answer: TypeAlias = Callable[[Call], Awaitable[Any]]
Probe: TypeAlias = Callable[[Services], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """A path. `answer` returns what is sent as JSON, a struct that OpenAPI reads off its annotation; a Listing answers by itself."""

    path: str
    answer: Answer | Listing[Any, Any, Any]
    scopes: tuple[Scope, ...] = (Scope.READ,)
    """A token with any of these may call."""
    query: type[Query] = Query
    method: str = "GET"
    body: type[Struct] | None = None
    """What is posted as JSON, where something is."""
    status: int = 200
    """Of an answer that went well."""


ROUTES = (
    Route("/v1/persons/{id}", persons.person),
    Route("/v1/persons/{id}/timeline", persons.TIMELINE),
    Route("/v1/notices", notices.NOTICES),
    Route("/v1/notices/{id}", notices.notice),
    Route("/v1/notices/{id}/cancel", notices.cancel, (Scope.OPERATE,), method="POST"),
    Route("/v1/messages/{id}", messages.message),
    Route("/v1/uncertified", lists.UNCERTIFIED),
    Route("/v1/outreach", lists.OUTREACH),
    Route("/v1/quality/summary", quality_counts.summary, query=quality_counts.SummaryQuery),
    Route("/v1/quality/trend", quality_counts.TREND),
    Route("/v1/quality/contacts", quality.CONTACTS),
    Route("/v1/quality/shared", quality.SHARED),
    Route("/v1/quality/models", quality_models.MODELS),
    Route("/v1/quality/models/{id}", quality_models.model),
    Route("/v1/quality/overrides", overrides.OVERRIDES),
    Route("/v1/quality/overrides", overrides.ask, (Scope.OPERATE,), method="POST", body=overrides.OverrideRequest, status=201),
    Route("/v1/quality/overrides/{id}/confirm", overrides.confirm, (Scope.OPERATE,), method="POST"),
    Route("/v1/quality/overrides/{id}/withdraw", overrides.withdraw, (Scope.OPERATE,), method="POST"),
    Route("/v1/events", verdicts.event, (Scope.READ, Scope.EVENTS), query=verdicts.EventQuery),
)
"""What takes a token."""

PROBES: dict[str, Probe] = {"/healthz": health.healthz, "/readyz": health.readyz, "/metrics": health.metrics}
"""What machines ask without one."""
