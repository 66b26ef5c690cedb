"""The HTTP side over a plant, put together as gateway/roles/api.py does, without Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from gateway.api.app import build_app
from gateway.api.auth import Tokens
from gateway.api.events import Intake
from gateway.api.services import Readiness, Services
from gateway.config.schema import ProviderSection
from gateway.intake.check import Rejected
from gateway.metrics import Metrics
from gateway.observe import Observer
from gateway.roles.api import _routes, _text, accepting, covers
from gateway.security.tokens import hash_of
from scheduler import calendar
from tests.pipeline.plant import OTHER, VENDOR, Plant

Client = TestClient[web.Request, web.Application]
SECRET = "callback-secret-of-the-vendor"
PROVIDERS = dict.fromkeys((VENDOR, OTHER), ProviderSection(driver="sandbox", batch_size=100, callback_tokens=(SECRET,)))
_serial = count(1)


class Front:
    """The application, and what it was told of."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.refused: list[Rejected] = []
        self.full = False
        runtime, config = plant.runtime, plant.runtime.config
        self.metrics = Metrics({VENDOR: ["sms", "wechat"]}, "test")
        self.accept = accepting(runtime, plant.jobs, Observer(self.metrics))
        self.tokens = Tokens(runtime.pool)
        most = int(config.server.max_body_mib * 1024 * 1024)
        intake = Intake(self.tokens, runtime.checker, self.accept, covers, lambda: self.full, self.refused.append, most)
        services = Services(
            config, runtime.reading, runtime.cipher, self.tokens, lambda t, v, values: _text(runtime, t, v, values), calendar, runtime.regions,
            plant.cancel, plant.overriding, self._ready, CollectorRegistry(), _routes(config, intake, plant.receiving, self.metrics),
        )  # fmt: skip
        self.app = build_app(services)

    async def token(self, *, region: str | None = None, scopes: tuple[str, ...] = ("events", "read"), sources: tuple[str, ...] = ()) -> str:
        token = f"tx_test_token_{next(_serial):020}"
        statement = "insert into token (name, hash, scopes, region, sources) values ($1, $2, $3, $4, $5)"
        await self.plant.pool.execute(statement, f"token {token}", hash_of(token), list(scopes), region, list(sources))
        return token

    @staticmethod
    async def _ready() -> Readiness:
        return Readiness(ready=True, checks={})


@asynccontextmanager
async def client_of(front: Front, **token: Any) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {await front.token(**token)}"}
    async with TestClient(TestServer(front.app), headers=headers) as client:
        yield client
