"""`/healthz`, `/readyz` and `/metrics`: for machines that watch the process. No token; nothing personal."""

from aiohttp import web

from gateway.api.calls import json_answer
from gateway.api.services import Services
from gateway.api.shapes import HealthView, ReadinessView

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def healthz(_: Services) -> web.Response:
    """The process is alive."""
    return json_answer(HealthView("ok"))


async def readyz(services: Services) -> web.Response:
    """Whether the store, Redis and the migrations are there; 503 where one is not, with what is wrong."""
    found = await services.ready()
    return json_answer(ReadinessView("ready" if found.ready else "not_ready", found.checks), 200 if found.ready else 503)


async def metrics(services: Services) -> web.Response:
    """This process's metrics in Prometheus' text format."""
    from prometheus_client import generate_latest  # noqa: PLC0415 - for those who have metrics

    return web.Response(body=generate_latest(services.metrics), headers={"Content-Type": METRICS_TYPE})
