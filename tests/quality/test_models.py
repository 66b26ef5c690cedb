"""Models are values: kept once under the digest of their content, read again to the last bit, refused where they are not what their version names."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from gateway.pipeline.models import in_force
from gateway.quality.evidence import Evidence, code_of
from gateway.quality.kept import Spoilt, read, written
from gateway.quality.model import CLASSES, PRIOR, Model, digest
from gateway.quality.routes import false_absent
from gateway.store import gauges, quality_models
from gateway.store.pool import open_pool

CODES = {
    code_of("bad", "number_absent", "MK:0001"): (0.2, 0.25, 0.5),
    code_of("bad", "number_absent", "MK:0000"): (0.01, 0.02, 0.3),
    code_of("bad", "delivered", "DELIVRD"): (0.7, 0.1, 0.001),
    code_of("good", "number_absent", "UNDELIV|X"): (1e-7, 0.02, 0.9),
}


def learned(**other: Any) -> Model:
    model = replace(PRIOR, **({"codes": CODES, "rates": replace(PRIOR.rates, death_on=0.1 + 0.2)} | other))
    return replace(model, version=f"fit-{digest(model)}")


@pytest.fixture
async def connection(store_dsn: str) -> AsyncIterator[Any]:
    pool = await open_pool(store_dsn, 1, "tests")
    async with pool.acquire() as opened:
        yield opened
    await pool.close()


async def keep(connection: Any, model: Model, report: str = "{}") -> int:
    return await quality_models.keep(connection, model.version, written(model), "{}", report)


async def test_the_newest_is_in_force_to_the_last_bit(connection: Any) -> None:
    assert (await in_force(connection)).model is PRIOR
    first = await keep(connection, learned())
    second = await keep(connection, learned(stages=4))
    found = await in_force(connection)
    assert (found.id, found.newest, await quality_models.newest_id(connection)) == (second, second, second)
    assert found.model == learned(stages=4)
    assert found.model.rates.death_on == 0.1 + 0.2
    assert [one.id for one in await quality_models.listed(connection, 10)] == [second, first]


async def test_a_version_that_is_there_is_not_kept_twice(connection: Any) -> None:
    first = await keep(connection, learned(), '{"a": 1}')
    assert await keep(connection, learned(), '{"b": 1}') == first
    kept = await quality_models.listed(connection, 10)
    assert [(one.version, one.report) for one in kept] == [(learned().version, '{"a": 1}')]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("jsonb_set(model, '{rates,death_on}', '0.31')", "its content was changed"),
        ("jsonb_set(model, '{version}', '\"fit-000000000000\"')", "its content was changed"),
        ("jsonb_set(model, '{rates,death_on}', '\"often\"')", "cannot be read"),
        ("'[]'", "cannot be read"),
    ],
)
async def test_a_row_that_is_not_what_its_version_names_is_refused_and_nothing_counts_as_learned(
    connection: Any, change: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "gateway.pipeline.models.log", type("Log", (), {"error": lambda _, event, **more: lines.append({"event": event} | more)})()
    )
    ident = await keep(connection, learned())
    await connection.execute(f"update quality_model set model = {change}")
    found = await in_force(connection)
    assert (found.id, found.model, found.newest) == (0, PRIOR, ident)
    assert lines[0]["event"] == "model_refused"
    assert said in lines[0]["said"]


async def test_two_that_keep_the_same_at_once_get_the_same(store_dsn: str) -> None:
    async with asyncpg.create_pool(store_dsn, min_size=2, max_size=2) as pool, pool.acquire() as one, pool.acquire() as other:
        transaction = one.transaction()
        await transaction.start()
        first = await keep(one, learned())
        task = asyncio.ensure_future(keep(other, learned()))
        await asyncio.sleep(0.1)
        assert not task.done()
        await transaction.commit()
        assert await task == first


@given(some.floats(1e-300, 1e15), some.floats(0, 1), some.text("a|.:_中", max_size=8))
def test_any_number_and_any_code_survive(rate: float, weight: float, code: str) -> None:
    model = learned(rates=replace(PRIOR.rates, sale=rate), codes={code_of("p", "delivered", code): (weight, 0.5, 1e-9)})
    assert read(model.version, written(model)) == model


def test_a_model_of_a_later_version_of_tixing_that_knows_more_is_read() -> None:
    plain = msgspec.json.decode(written(learned())) | {"more": 1.5}
    version = f"fit-{digest(plain)}"
    assert read(version, msgspec.json.encode(plain | {"version": version}).decode()).rates == learned().rates


def test_a_model_that_was_learned_before_a_source_was_known_starts_it_as_assumed() -> None:
    older = replace(PRIOR, starts={key: start for key, start in PRIOR.starts.items() if key != "many_persons"})
    older = replace(older, version=f"fit-{digest(msgspec.json.decode(written(older)))}")
    assert read(older.version, written(older)).starts == PRIOR.starts


def test_a_model_under_another_models_version_is_refused() -> None:
    with pytest.raises(Spoilt, match="its content was changed"):
        read("fit-0123456789ab", written(replace(learned(), version="fit-0123456789ab")))


def test_a_code_first_seen_after_the_fit_weighs_what_its_class_weighs_at_its_provider() -> None:
    model = learned()
    on, off, dead = model.weights("bad", "number_absent", "new")
    assert (on, off, dead) == pytest.approx((0.21, 0.27, 0.8))
    assert dead / on < 4, "a lying route's new word for absent would weigh two hundred to one"
    assert model.weights("good", "number_absent", "new") == CODES[code_of("good", "number_absent", "UNDELIV|X")]


def test_a_code_of_a_class_or_a_provider_that_was_never_seen_has_the_prior_of_its_class() -> None:
    model = learned()
    assert model.weights("bad", "ambiguous", "new") == CLASSES[Evidence.AMBIGUOUS]
    assert model.weights("nobody", "number_absent", "new") == CLASSES[Evidence.NUMBER_ABSENT]


def test_what_a_new_code_borrows_makes_nobody_suspect() -> None:
    codes = [("bad", "number_absent", "MK:0001"), *(("bad", "number_absent", f"new{n}") for n in range(5)), ("good", "delivered", "x")]
    assert false_absent(learned(), codes) == {"bad": 0.2, "good": 0}


async def messages(connection: Any, keys: list[bytes], channel: str = "sms") -> None:
    first = await connection.fetchval("select coalesce(max(id), 0) from message")
    rows = [
        (first + n, n, f"p{n}", 1, channel, "bulk", n, key, "self", "reminder", "v1", 1, "delivered", 1) for n, key in enumerate(keys, 1)
    ]
    names = [
        "id",
        "notice_id",
        "person_id",
        "rung",
        "channel",
        "lane",
        "contact_id",
        "key",
        "addressee",
        "template",
        "version",
        "segments",
        "status",
        "seal_id",
    ]
    await connection.copy_records_to_table("message", records=rows, columns=names)


async def test_a_sample_is_all_numbers_where_they_are_few(connection: Any) -> None:
    keys = [Random(n).randbytes(16) for n in range(40)]
    await messages(connection, keys * 3)
    await messages(connection, [b"w" * 16], "wechat")
    assert sorted(await quality_models.sample(connection, frozenset({"sms"}), 100)) == sorted(keys)


async def test_a_sample_of_many_numbers_is_fair_and_no_more_than_was_asked_for(connection: Any) -> None:
    random = Random(7)
    keys = sorted(random.randbytes(16) for _ in range(5000))
    await messages(connection, keys)
    found = await quality_models.sample(connection, frozenset({"sms"}), 500)
    assert 400 < len(found) <= 500
    places = [keys.index(key) for key in found]
    assert all(150 < sum(at <= place < at + 2000 for place in places) < 250 for at in (0, 1500, 3000))


async def test_it_is_due_when_the_time_is_over_and_enough_is_new(connection: Any) -> None:
    async def due(days: float, fresh: int) -> bool:
        return await quality_models.due(connection, timedelta(days=days).total_seconds(), fresh)

    assert not await due(0, 1), "nothing was ever sent"
    await messages(connection, [b"k"] * 50)
    assert not await due(7, 50), "the first message is of today"
    await connection.execute("update message set created_at = now() - interval '8 days'")
    assert await due(7, 50)
    assert not await due(7, 51)
    model = learned()
    await quality_models.keep(connection, model.version, written(model), '{"message_id": 20}', "{}")
    assert not await due(7, 10), "a model of today"
    await connection.execute("update quality_model set at = now() - interval '8 days'")
    assert await due(7, 30)
    assert not await due(7, 31), "twenty of the fifty were learned from"


async def test_the_gauges_show_what_each_provider_says_of_living_numbers_and_how_old_the_model_is(connection: Any) -> None:
    found = await gauges.read(connection, gauges.Census())
    assert (found.false_absent, found.model_age_s) == ({}, {})
    routes = '{"routes": [{"provider": "bad", "false_absent": 0.2}, {"provider": "good", "false_absent": 1e-06}]}'
    await keep(connection, learned(stages=4), '{"routes": []}')
    ident = await keep(connection, learned(), routes)
    await connection.execute("update quality_model set at = now() - interval '1 hour' where id = $1", ident)
    found = await gauges.read(connection, gauges.Census())
    assert found.false_absent == {"bad": 0.2, "good": 1e-06}
    assert found.model_age_s == {learned().version: pytest.approx(3600, abs=60)}


async def test_a_sample_and_whether_it_is_due_are_read_by_index_however_many_messages_there_are(connection: Any) -> None:
    await messages(connection, [Random(n).randbytes(16) for n in range(300)])
    arguments: dict[str, tuple[Any, ...]] = {
        quality_models.ALL: (10,),
        quality_models.AT_POINTS: ([b"1", b"2"],),
        quality_models.DUE: (1.0, 10),
    }
    for statement, values in arguments.items():
        plan = "\n".join(row[0] for row in await connection.fetch(f"explain {statement}", *values))
        assert "Seq Scan on message" not in plan
        assert re.search(r"using message_(key|pkey) on message", plan)
