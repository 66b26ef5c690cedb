"""HTTP → the reading side, health and whatever routes the composition root adds: builds the aiohttp application."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.api import forms
from gateway.api.calls import FILES_AT_ONCE, JSON, Call, json_answer
from gateway.api.edge import edge
from gateway.api.listing import Listing
from gateway.api.routes import PROBES, ROUTES, Probe, Route
from gateway.api.services import Services
from gateway.store.vault import Vault

MOST_FILES = 2
"""CSV and XLSX files made at a time, of the few connections that reading has."""
MIB = 1024 * 1024


def build_app(services: Services) -> web.Application:
    """The application, not started. Run it with `access_log=None`: it writes its own line a request."""
    app = web.Application(middlewares=[edge(services.extra_routes)], client_max_size=int(services.config.server.max_body_mib * MIB))
    app[FILES_AT_ONCE] = asyncio.Semaphore(MOST_FILES)
    vault = Vault(services.cipher)
    app.add_routes([web.route(route.method, route.path, _admitted(route, services, vault)) for route in ROUTES])
    app.add_routes([web.get(path, _probed(probe, services)) for path, probe in PROBES.items()])
    app.add_routes([web.get("/openapi.json", _openapi)])
    app.add_routes(services.extra_routes)
    return app


def _admitted(route: Route, services: Services, vault: Vault) -> Handler:
    """The handler of a route that takes a token."""
    answer = route.answer

    async def handle(request: web.Request) -> web.StreamResponse:
        call = Call(request, services, await services.tokens.admit(request, *route.scopes), vault)
        if isinstance(answer, Listing):
            return await forms.answer(call, answer)
        call.accepts(JSON)
        call.query(route.query)
        return json_answer(await answer(call), route.status)

    return handle


def _probed(probe: Probe, services: Services) -> Handler:
    async def handle(_: web.Request) -> web.StreamResponse:
        return await probe(services)

    return handle


async def _openapi(_: web.Request) -> web.StreamResponse:
    from gateway.api.openapi import document  # noqa: PLC0415 - schemas are computed for those who ask

    return json_answer(document())
