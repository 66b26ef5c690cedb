"""GET /v1/quality/models: what was learned, for those who see everything."""

import csv
from typing import Any

import asyncpg
import msgspec
import numpy as np

from gateway.quality.evidence import code_of
from gateway.quality.kept import written
from gateway.quality.model import PRIOR, Model, Span, digest
from gateway.quality.record import Record
from gateway.quality.report import Basis
from gateway.quality.reporting import report
from gateway.store import gauges, quality_models
from tests.api.conftest import Client, MakeClient
from tests.api.rows import NOON
from tests.api.test_files import sheet_rows
from tests.api.test_quality import get

CODES = (
    ("acme", "number_absent", "MK:0001"),
    ("other", "number_absent", "1"),
    ("acme", "delivered", "DELIVRD"),
    ("tiny", "number_absent", "9"),
)
SEEN = (300, 400, 600, 3)


def learned(lies: float) -> tuple[Model, Record]:
    """A model in which acme, and tiny with its three messages, call so many of the living absent."""
    weights = dict(
        zip(("|".join(code) for code in CODES), ((lies, 0.2, 0.8), (0.001, 0.1, 0.9), (0.7, 0.1, 0.1), (lies, 0.1, 0.9)), strict=True)
    )
    model = msgspec.structs.replace(PRIOR, codes=weights)
    rows = np.repeat(np.arange(4, dtype=np.int32), SEEN)
    nothing = np.full(len(rows), -1, dtype=np.int32)
    record = Record(np.arange(len(rows) + 1), rows * 0, rows, rows >= 0, nothing, nothing, CODES, ("counter",))
    return msgspec.structs.replace(model, version=f"fit-{digest(model)}"), record


async def keep(pool: asyncpg.Pool, *lies: float) -> list[str]:
    versions = []
    for share in lies:
        model, record = learned(share)
        texts = (msgspec.json.encode(one).decode() for one in (Basis(9000, 70_000, 50_000, 7, NOON), report(model, PRIOR, record)))
        async with pool.acquire() as connection:
            await quality_models.keep(connection, model.version, written(model), *texts)
        versions.append(model.version)
    return versions


async def test_models_are_listed_newest_first_with_the_providers_that_lie(client: Client, pool: asyncpg.Pool) -> None:
    assert (await get(client, "/v1/quality/models"))["items"] == []
    old, new = await keep(pool, 0.001, 0.2)
    first = await get(client, "/v1/quality/models?limit=1")
    second = await get(client, f"/v1/quality/models?limit=1&cursor={first['next_cursor']}")
    [item] = first["items"]
    assert (item["version"], item["in_force"], item["pairs"], item["outcomes"]) == (new, True, 9000, 50_000)
    assert item["says"] == ["服务商 acme 把 20% 的在用号码报为空号：其“空号”回执已按此折算，请向其核实原因。"]
    assert [(one["version"], one["in_force"], one["says"]) for one in second["items"]] == [(old, False, [])]
    assert second["next_cursor"] is None


async def test_one_shows_all_that_was_learned(client: Client, pool: asyncpg.Pool) -> None:
    [version] = await keep(pool, 0.2)
    found: dict[str, Any] = await get(client, f"/v1/quality/models/{version}")
    assert found["version"] == version
    absent = next(one for one in found["report"]["codes"] if one["vendor_code"] == "MK:0001")
    assert absent["weights"] == {"in_service": 0.2, "off": 0.2, "dead": 0.8}
    assert (absent["seen"], absent["prior"]["in_service"]) == (300, 0.004)
    routes = {one["provider"]: (one["outcomes"], one["suspect"]) for one in found["report"]["routes"]}
    assert routes == {"acme": (900, True), "other": (400, False), "tiny": (3, False)}
    assert found["report"]["rates"]["freeze_days"] == 90.0
    assert (await client.get("/v1/quality/models/fit-000000000000")).status == 404


async def test_a_time_in_which_a_provider_lied_is_said_apart_from_what_it_does_now(client: Client, pool: asyncpg.Pool) -> None:
    model, record = learned(0.001)
    names = {"acme": Span("acme", 0, 10), "other": Span("other", 0)}
    lying = {code_of(span.name, *code[1:]): (0.3, 0.2, 0.5) for span in names.values() for code in CODES if code[0] == span.provider}
    model = msgspec.structs.replace(model, codes={**model.codes, **lying}, spans=tuple(names.values()))
    model = msgspec.structs.replace(model, version=f"fit-{digest(model)}")
    texts = (msgspec.json.encode(one).decode() for one in (Basis(9000, 70_000, 50_000, 7, NOON), report(model, PRIOR, record)))
    async with pool.acquire() as connection:
        await quality_models.keep(connection, model.version, written(model), *texts)
        shares = (await gauges.read(connection, gauges.Census())).false_absent
    [item] = (await get(client, "/v1/quality/models"))["items"]
    assert item["says"] == [
        "服务商 acme 自 1970-01-01 至 1970-01-11 把 30% 的在用号码报为空号：该期间的“空号”回执已按此折算，请向其核实原因。",
        "服务商 other 自 1970-01-01 起至今把 30% 的在用号码报为空号：该期间的“空号”回执已按此折算，请向其核实原因。",
    ]
    assert shares == {"acme": 0.001, "other": 0.3, "tiny": 0.001}


async def test_who_sees_a_region_is_told_that_this_is_of_the_country(make_client: MakeClient, pool: asyncpg.Pool) -> None:
    [version] = await keep(pool, 0.2)
    chengdu = await make_client(region="510100")
    for path in ("/v1/quality/models", "/v1/quality/models?format=csv", f"/v1/quality/models/{version}"):
        assert (await chengdu.get(path)).status == 403


async def test_they_are_exported(client: Client, pool: asyncpg.Pool) -> None:
    [version] = await keep(pool, 0.2)
    answer = await client.get("/v1/quality/models?format=csv")
    [headings, row] = csv.reader((await answer.read()).decode().removeprefix("\ufeff").splitlines())
    assert (headings[0], row[0], row[2]) == ("版本", version, "是")
    assert (await sheet_rows(client, "/v1/quality/models?format=xlsx"))[1][0] == version
