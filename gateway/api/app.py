"""HTTP → the reading side, health and whatever routes the composition root adds: builds the aiohttp application."""

from aiohttp import web

from gateway.api.services import Services


def build_app(services: Services) -> web.Application:
    """The application, not started. Run it with `access_log=None`: it writes its own line a request."""
    return web.Application(client_max_size=int(services.config.server.max_body_mib * 1024 * 1024))
