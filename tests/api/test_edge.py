"""Errors as problems, and the line that a request leaves in the log."""

from http import HTTPStatus
from io import BytesIO
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from gateway.api.problems import Invalid, Missing, Problem, Unavailable, problem_of
from gateway.api.services import Readiness
from gateway.config import Config
from gateway.config.schema import Server
from tests.api.conftest import Client, MakeClient, Ports
from tests.api.rows import Rows


async def problem(answer: Any) -> dict[str, Any]:
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = await answer.json()
    assert (body["status"], body["title"], body["type"]) == (answer.status, HTTPStatus(answer.status).phrase, "about:blank")
    return body


async def test_what_is_not_there_is_a_problem_that_does_not_repeat_the_path(client: Client) -> None:
    answer = await client.get("/v1/13800138000")

    assert answer.status == 404
    assert "138" not in str(await problem(answer))


async def test_a_method_that_a_path_does_not_take_names_those_it_takes(client: Client) -> None:
    answer = await client.delete("/v1/notices")

    assert answer.status == 405
    assert "GET" in answer.headers["Allow"]
    await problem(answer)


async def test_an_answer_that_nobody_takes_is_not_acceptable(client: Client, rows: Rows) -> None:
    await rows.person("P1")

    answer = await client.get("/v1/persons/P1", headers={"Accept": "text/html"})

    assert answer.status == 406
    await problem(answer)
    for accept in ("application/json", "*/*", "text/html, */*;q=0.1", "application/*", "Application/JSON; charset=utf-8", ""):
        assert (await client.get("/v1/persons/P1", headers={"Accept": accept})).status == 200, accept


async def test_a_store_that_is_away_is_503_with_retry_after(make_client: MakeClient, pool: asyncpg.Pool, store_dsn: str) -> None:
    client = await make_client()
    assert (await client.get("/v1/notices")).status == 200
    admin = await asyncpg.connect(store_dsn, database="postgres")
    name = await pool.fetchval("select current_database()")
    try:
        await admin.execute(f"alter database {name} with allow_connections false")
        await admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
        for _ in range(3):
            answer = await client.get("/v1/notices")
            assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
            await problem(answer)
        assert (await client.get("/healthz")).status == 200
    finally:
        await admin.execute(f"alter database {name} with allow_connections true")
        await admin.close()
    assert (await client.get("/v1/notices")).status == 200


async def test_a_pool_with_nothing_free_is_503(make_client: MakeClient, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await make_client()
    assert (await client.get("/v1/notices")).status == 200
    monkeypatch.setattr("gateway.api.calls.ACQUIRE_S", 0.05)
    held = [await pool.acquire() for _ in range(4)]

    assert (await client.get("/v1/notices")).status == 503

    for connection in held:
        await pool.release(connection)


def test_errors_of_the_store_are_told_apart() -> None:
    passing = [asyncpg.ConnectionDoesNotExistError(), asyncpg.CannotConnectNowError(), asyncpg.AdminShutdownError(), asyncpg.TooManyConnectionsError(),
               asyncpg.DiskFullError(), asyncpg.QueryCanceledError(), asyncpg.DeadlockDetectedError(), asyncpg.InvalidCatalogNameError(),
               asyncpg.ReadOnlySQLTransactionError(), asyncpg.LockNotAvailableError(), asyncpg.InterfaceError("pool is closed"), asyncpg.InternalClientError("unknown protocol state"),
               ConnectionRefusedError(), TimeoutError(), FileNotFoundError("no socket")]  # fmt: skip
    ours = [
        asyncpg.UndefinedTableError(),
        asyncpg.UniqueViolationError(),
        asyncpg.PostgresSyntaxError(),
        asyncpg.DataError("x"),
        KeyError("x"),
        ValueError(),
    ]

    assert {problem_of(error).status for error in passing} == {503}
    assert {problem_of(error).status for error in ours} == {500}


@pytest.mark.parametrize("ours", [Missing("person"), Invalid([]), Unavailable(), Problem(409, "x")])
def test_a_problem_stays_itself(ours: Problem) -> None:
    assert problem_of(ours) is ours


async def crash(_: web.Request) -> web.Response:
    raise KeyError("王建国 13800138000")


async def fine(_: web.Request) -> web.Response:
    return web.Response(status=202)


async def greedy(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


async def test_a_bug_is_a_500_whose_log_line_says_where_and_nothing_personal(make_client: MakeClient) -> None:
    client = await make_client(extra_routes=[web.post("/v1/events", crash)])
    with capture_logs() as lines:
        answer = await client.post("/v1/events")

    assert answer.status == 500
    assert "KeyError" not in str(await problem(answer))
    [line] = lines
    assert (line["event"], line["log_level"], line["path"], line["status"], line["error"]) == (
        "request",
        "error",
        "/v1/events",
        500,
        "KeyError",
    )
    assert "crash:" in line["at"]
    assert "王" not in str(line)
    assert "138" not in str(line)


async def test_a_request_leaves_one_line_with_the_paths_template_and_the_tokens_name(client: Client, rows: Rows) -> None:
    await rows.person("P-13800138000")
    with capture_logs() as lines:
        await client.get("/v1/persons/P-13800138000")
        await client.get("/v1/persons/unknown")
        await client.get("/nothing-here/secret")

    assert [(line["path"], line["status"], line["token"]) for line in lines] == [
        ("/v1/persons/{id}", 200, "name-of-secret-0"), ("/v1/persons/{id}", 404, "name-of-secret-0"), ("-", 404, None),
    ]  # fmt: skip
    assert all(isinstance(line["ms"], float) for line in lines)
    assert "138" not in str(lines)


async def test_routes_with_an_account_of_their_own_are_logged_when_they_fail(make_client: MakeClient) -> None:
    client = await make_client(extra_routes=[web.post("/v1/events", fine), web.post("/callbacks/{provider}/{token}", crash)])
    with capture_logs() as lines:
        assert (await client.post("/v1/events")).status == 202
        assert (await client.get("/v1/events?source=a&id=b")).status == 404
        assert (await client.post("/callbacks/vendor/secret-token")).status == 500

    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("GET", "/v1/events", 404), ("POST", "/callbacks/{provider}/{token}", 500),
    ]  # fmt: skip
    assert "secret-token" not in str(lines)


async def test_a_body_over_the_limit_is_413(make_client: MakeClient) -> None:
    config = Config(server=Server(max_body_mib=0.5))
    client = await make_client(extra_routes=[web.post("/v1/events", greedy)], config=config)

    assert (await client.post("/v1/events", data=BytesIO(bytes(512 * 1024)))).status == 200
    answer = await client.post("/v1/events", data=BytesIO(bytes(512 * 1024 + 1)))

    assert answer.status == 413
    await problem(answer)


async def test_answers_are_not_kept_by_anybody(client: Client, rows: Rows) -> None:
    await rows.person("P1")
    for path in ("/v1/persons/P1", "/v1/persons/P2", "/v1/notices", "/v1/uncertified?format=csv"):
        assert (await client.get(path)).headers["Cache-Control"] == "no-store", path


async def test_health_and_readiness_need_no_token(make_client: MakeClient, ports: Ports) -> None:
    stranger = await make_client(token=None)
    with capture_logs() as lines:
        assert await (await stranger.get("/healthz")).json() == {"status": "ok"}
        assert await (await stranger.get("/readyz")).json() == {"status": "ready", "checks": {"store": "ok"}}
        assert (await stranger.get("/metrics")).status == 200
    ports.readiness = Readiness(ready=False, checks={"store": "cannot be reached", "redis": "ok"})

    answer = await stranger.get("/readyz")

    assert (answer.status, await answer.json()) == (503, {"status": "not_ready", "checks": {"store": "cannot be reached", "redis": "ok"}})
    assert lines == [], "machines ask every few seconds"


async def test_metrics_are_served_in_prometheus_text(make_client: MakeClient) -> None:
    from prometheus_client import CollectorRegistry, Counter  # noqa: PLC0415 - as the API has it

    registry = CollectorRegistry()
    Counter("tixing_events", "Events.", ["type"], registry=registry).labels("x").inc()
    client = await make_client(metrics=registry)

    answer = await client.get("/metrics")

    assert answer.content_type == "text/plain"
    assert 'tixing_events_total{type="x"} 1.0' in await answer.text()
