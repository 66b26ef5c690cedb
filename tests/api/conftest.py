"""The API over a real PostgreSQL: a fresh database, fakes for the ports, and clients that hold a token."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from prometheus_client import CollectorRegistry

from gateway.api.app import build_app
from gateway.api.auth import Tokens
from gateway.api.services import Readiness, Services
from gateway.config import Config
from gateway.evidence.chain import Sealer
from gateway.ids import Ids
from gateway.pipeline.overriding import Overriding
from gateway.regions import Regions
from gateway.security.tokens import hash_of
from gateway.store.pool import Pool, open_reading
from gateway.store.vault import Vault
from gateway.words import Scope
from scheduler import calendar
from tests.api.rows import Rows

Client = TestClient[web.Request, web.Application]
MakeClient = Callable[..., Awaitable[Client]]


class OpenCipher:
    """Seals by writing the purpose before the content, and opens only what was sealed for that purpose."""

    def seal(self, plain: bytes, purpose: bytes) -> bytes:
        return purpose + b":" + plain

    def open(self, sealed: bytes, purpose: bytes) -> bytes:
        assert sealed.startswith(purpose + b":")
        return sealed[len(purpose) + 1 :]


@dataclass
class Ports:
    """What the fakes were asked, and what they answer."""

    cancelled: list[tuple[int, str]] = field(default_factory=list)
    cancel_answers: bool = True
    readiness: Readiness = field(default_factory=lambda: Readiness(ready=True, checks={"store": "ok"}))

    async def cancel(self, notice_id: int, who: str) -> bool:
        self.cancelled.append((notice_id, who))
        return self.cancel_answers

    async def ready(self) -> Readiness:
        return self.readiness

    @staticmethod
    def render_text(template: str, version: str, values: dict[str, str]) -> str | None:
        return None if version == "gone" else f"{template}@{version} {values}"


@pytest.fixture
async def pool(store_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_reading(store_dsn, 4, "tests")
    yield opened
    opened.terminate()


@pytest.fixture
def rows(pool: asyncpg.Pool) -> Rows:
    return Rows(pool, OpenCipher())


@pytest.fixture
def ports() -> Ports:
    return Ports()


@pytest.fixture
def make_services(pool: asyncpg.Pool, ports: Ports) -> Callable[..., Services]:
    def make(**other: Any) -> Services:
        given: dict[str, Any] = {
            "config": Config(),
            "pool": pool,
            "cipher": OpenCipher(),
            "tokens": Tokens(pool),
            "render_text": ports.render_text,
            "calendar": calendar,
            "regions": Regions.load(),
            "cancel": ports.cancel,
            "overriding": Overriding(cast("Pool", pool), Vault(OpenCipher()), Sealer(bytes(32)), Ids(), timedelta(days=90)),
            "ready": ports.ready,
            "metrics": CollectorRegistry(),
        }
        return Services(**(given | other))

    return make


@pytest.fixture
def make_client(aiohttp_client: Any, make_services: Callable[..., Services], pool: asyncpg.Pool) -> MakeClient:
    """Makes a client with a token: `await make_client(region="510100", scopes=("read",))`; `token=None` for none."""
    made = iter(range(1000))

    async def make(
        region: str | None = None,
        scopes: tuple[str, ...] = tuple(Scope),
        sources: tuple[str, ...] = (),
        *,
        token: str | None = "",
        **other: Any,
    ) -> Client:
        headers = {}
        if token is not None:
            token = token or f"secret-{next(made)}"
            await pool.execute(
                "insert into token (name, hash, scopes, region, sources) values ($1, $2, $3, $4, $5)",
                f"name-of-{token}", hash_of(token), list(scopes), region, list(sources),
            )  # fmt: skip
            headers["Authorization"] = f"Bearer {token}"
        client: Client = await aiohttp_client(build_app(make_services(**other)), headers=headers)
        return client

    return make


@pytest.fixture
async def client(make_client: MakeClient) -> Client:
    """Holds a token that may do everything everywhere."""
    return await make_client()
