"""The edge of the process: every error becomes a problem here, and every request one line in the log."""

from collections.abc import Sequence
from time import perf_counter

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.api.auth import BEARER
from gateway.api.problems import problem_of
from gateway.logs import account

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Paths that machines ask every few seconds: logged when they fail."""

log: structlog.stdlib.BoundLogger = structlog.get_logger("api")


def edge(own_account: Sequence[web.RouteDef]) -> Middleware:
    """The one middleware. Routes of `own_account` write their own account of what went well: at thousands a second a line each is too dear."""
    accounted = frozenset(route.handler for route in own_account)

    @web.middleware
    async def at_the_edge(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = perf_counter()
        failure: Exception | None = None
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 - the process edge: logged once, told as a problem
            failure = error
            response = problem_of(error).response()
        if response.status >= 400 or request.match_info.handler not in accounted:
            _write_line(request, response.status, perf_counter() - started, failure)
        return response

    return at_the_edge


def _write_line(request: web.Request, status: int, seconds: float, failure: Exception | None) -> None:
    """Names the path's template, never the path: it may hold a callback's token or an id. 499: the client did not wait (nginx's word)."""
    resource = request.match_info.route.resource
    path = resource.canonical if resource is not None else "-"
    if path in QUIET and status < 400:
        return
    bearer = request.get(BEARER)
    line = log.bind(method=request.method, path=path, status=status, ms=round(seconds * 1000, 1), token=bearer.name if bearer else None)
    if failure is not None and (request.transport is None or request.transport.is_closing()):
        line.info("request", status=499)
    elif status >= 500 and failure is not None:
        line.error("request", **account(failure))
    else:
        line.info("request")
