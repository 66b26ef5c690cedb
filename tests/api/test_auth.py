"""Tokens: who may call what."""

import asyncio

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from gateway.api.auth import TTL_S, Tokens
from gateway.api.problems import Problem
from gateway.security.tokens import hash_of
from gateway.words import Scope
from tests.api.conftest import MakeClient
from tests.api.rows import Rows

PATHS = ("/v1/persons/P1", "/v1/persons/P1/timeline", "/v1/notices", "/v1/notices/1", "/v1/messages/1", "/v1/uncertified", "/v1/outreach",
         "/v1/quality/summary", "/v1/quality/contacts", "/v1/events?source=a&id=b")  # fmt: skip


def asking(authorization: str) -> web.Request:
    return make_mocked_request("GET", "/", headers={"Authorization": authorization})


async def test_every_path_of_v1_asks_for_a_token(make_client: MakeClient) -> None:
    stranger = await make_client(token=None)
    for path in PATHS:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic c2VjcmV0"}, {"Authorization": "Bearer "}):
            answer = await stranger.get(path, headers=headers)
            assert (answer.status, answer.content_type) == (401, "application/problem+json"), (path, headers)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_every_path_asks_for_its_scope(make_client: MakeClient) -> None:
    poster = await make_client(scopes=("events",))

    assert {path: (await poster.get(path)).status for path in PATHS if not path.startswith("/v1/events")} == dict.fromkeys(PATHS[:-1], 403)
    assert (await poster.get(PATHS[-1])).status == 404


async def test_a_revoked_token_is_refused(make_client: MakeClient, pool: asyncpg.Pool) -> None:
    client = await make_client(tokens=Tokens(pool, ttl_s=0))
    assert (await client.get("/v1/notices")).status == 200

    await pool.execute("update token set revoked_at = now()")

    assert (await client.get("/v1/notices")).status == 401


async def test_a_revocation_acts_within_five_seconds_and_a_found_token_costs_no_query_until_then(pool: asyncpg.Pool) -> None:
    now = 1000.0
    tokens = Tokens(pool, clock=lambda: now)
    await pool.execute("insert into token (name, hash, scopes, region) values ('backend', $1, '{read}', '510100')", hash_of("secret"))
    bearer = await tokens.admit(asking("bearer secret"), Scope.READ)
    await pool.execute("update token set revoked_at = now()")

    now += TTL_S - 0.01
    assert await tokens.admit(asking("Bearer secret"), Scope.READ) is bearer
    now += 0.01
    with pytest.raises(Problem) as refused:
        await tokens.admit(asking("Bearer secret"), Scope.READ)

    assert (refused.value.status, bearer.name, bearer.region, TTL_S) == (401, "backend", "510100", 5.0)


async def test_many_requests_at_once_ask_for_a_token_once(pool: asyncpg.Pool) -> None:
    asked = []

    class Counting:
        def acquire(self, *, timeout: float) -> object:
            asked.append(timeout)
            return pool.acquire(timeout=timeout)

    tokens = Tokens(Counting())  # type: ignore[arg-type]  # the part of a pool that it uses
    await pool.execute("insert into token (name, hash, scopes) values ('backend', $1, '{events}')", hash_of("secret"))

    await asyncio.gather(*(tokens.admit(asking("Bearer secret"), Scope.EVENTS) for _ in range(64)))

    assert len(asked) == 1


async def test_guessed_tokens_do_not_fill_the_memory(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.api.auth.REMEMBERED", 10)
    tokens = Tokens(pool)
    for guess in range(35):
        with pytest.raises(Problem):
            await tokens.admit(asking(f"Bearer {guess}"), Scope.READ)

    assert len(tokens._found) <= 10


async def test_an_event_is_told_to_whoever_may_post_it_or_read(make_client: MakeClient, rows: Rows) -> None:
    await rows.person("P1", region="510104")
    await rows.person("P2", region="510703")
    notice = await rows.notice("P1")
    await rows.event("/benefits", "e1", "P1", notice_id=notice)
    await rows.event("/benefits", "e2", "P2")
    benefits = await make_client(scopes=("events",), sources=("/benefits",), region="510100")
    other = await make_client(scopes=("events",), sources=("/other",))
    reader = await make_client(scopes=("read",), sources=("/other",))

    async def status(client: object, event: str) -> int:
        return (await client.get("/v1/events", params={"source": "/benefits", "id": event})).status  # type: ignore[attr-defined,no-any-return]

    assert [await status(client, "e1") for client in (benefits, other, reader)] == [200, 404, 200]
    assert [await status(client, "e2") for client in (benefits, other, reader)] == [404, 404, 200]
    told = await (await reader.get("/v1/events", params={"source": "/benefits", "id": "e1"})).json()
    assert told == {
        "source": "/benefits", "id": "e1", "type": "si.cycle.reminder-due", "subject": "P1", "accepted_at": "2026-03-02T04:00:00Z",
        "accepted_by": "backend", "verdict": "notice", "detail": "", "notice_id": str(notice), "pending": False,
    }  # fmt: skip
    assert (await reader.get("/v1/events", params={"source": "/benefits"})).status == 422
