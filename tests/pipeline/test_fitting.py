"""From rows of the store to a model in force: a route that lies is named, and its word counts for little from then on."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from gateway.pipeline import fitting
from gateway.pipeline.believing import believe, lens
from gateway.pipeline.fitting import Busy, gather, learn
from gateway.pipeline.models import in_force
from gateway.pipeline.observed import NUMBERS
from gateway.quality.evidence import Evidence, first_said
from gateway.quality.model import CLASSES, PRIOR
from gateway.quality.report import Basis, Report
from gateway.store import quality_models
from gateway.store.pool import open_pool
from tests.pipeline.lived import key_of, lived, record

PERSONS = 1_200


def deaf(*_: object) -> None:
    """Hears nothing."""


@pytest.fixture
async def pool(store_dsn: str) -> AsyncIterator[Any]:
    opened = await open_pool(store_dsn, 2, "tests")
    yield opened
    await opened.close()


@pytest.fixture
async def connection(pool: Any) -> AsyncIterator[Any]:
    async with pool.acquire() as opened:
        yield opened


async def test_a_bad_route_among_the_messages_is_named_and_the_model_is_kept(connection: Any) -> None:
    history = lived("tune-bad-route", PERSONS)
    await record(connection, history)
    heard: list[tuple[str, int, int]] = []

    made = await learn(connection, lambda *said: heard.append(said))

    assert made.model is not None
    assert made.report is not None
    routes = {route.provider: route for route in made.report.routes}
    assert {name: route.suspect for name, route in routes.items()} == {"p0": False, "p1": True}
    assert routes["p1"].false_absent == pytest.approx(0.2, abs=0.03)
    on, _, dead = made.model.weights("p1", "number_absent", "")
    prior = CLASSES[Evidence.NUMBER_ABSENT]
    assert dead / on < 10 < prior[2] / prior[0]
    assert made.report.held_out is not None
    assert made.report.held_out.after > made.report.held_out.before
    kept = await quality_models.newest(connection)
    assert kept is not None
    assert (kept.id, kept.version) == (made.id, made.model.version)
    assert msgspec.json.decode(kept.report, type=Report) == made.report
    assert msgspec.json.decode(kept.basis, type=Basis) == made.basis
    assert made.basis.pairs == PERSONS
    assert made.basis.outcomes == await connection.fetchval("select count(*) from message")
    assert made.basis.message_id == await connection.fetchval("select max(id) from message")
    assert (await in_force(connection)).model == made.model
    assert {what for what, _, _ in heard} == {"reading", "learning"}


async def test_living_numbers_that_the_bad_route_took_away_come_back_with_the_model(connection: Any) -> None:
    history = lived("tune-bad-route", PERSONS)
    await record(connection, history)
    keys = [key_of(address) for address in set(history.source.address.tolist())]

    async def given_up() -> tuple[int, int]:
        """Contacts that are used no more: those that would reach their persons, and the others."""
        async with connection.transaction():
            found = await in_force(connection)
            await believe(connection, keys, lens(found.model, found.id))
        rows = await connection.fetch("select id from contact where state in ('dead', 'wrong_person')")
        reach = [bool(history.end_reach[row[0] - 1]) for row in rows]
        return sum(reach), len(reach) - sum(reach)

    harmed, right = await given_up()
    assert harmed > 5
    await learn(connection, deaf)
    harmed_then, right_then = await given_up()
    assert harmed_then <= 2
    assert right_then > 0.7 * right


async def test_a_route_that_began_to_lie_is_named_with_its_first_day_and_living_numbers_come_back(connection: Any) -> None:
    history = lived("test-route-lies-for-a-time", PERSONS)
    await record(connection, history)
    lie = [i for i, code in enumerate(history.record.codes) if (first_said(code[0]), *code[1:]) == ("p2", "number_absent", "001")]
    lately = np.isin(history.record.what[history.record.first[1:] - 1], lie)
    keys = [key_of(address) for address in history.source.address[lately & history.end_reach].tolist()]
    assert len(keys) > 3

    async def reach() -> float:
        async with connection.transaction():
            found = await in_force(connection)
            await believe(connection, keys, lens(found.model, found.id))
        return float(await connection.fetchval("select avg(p_reach) from contact where key = any($1)", keys))

    before = await reach()
    made = await learn(connection, deaf)
    assert made.report is not None
    routes = {route.provider: route for route in made.report.routes}
    assert [(name, [time.until is None for time in route.lied]) for name, route in routes.items()] == [
        ("p0", [False]),
        ("p1", []),
        ("p2", [True]),
    ]
    assert {name: route.suspect for name, route in routes.items()} == {"p0": False, "p1": False, "p2": True}
    assert {row["provider"] for row in msgspec.to_builtins(made.report.codes)} >= {f"p2~{routes['p2'].lied[0].since}", "p2"}
    assert (await in_force(connection)).model == made.model
    assert await reach() > before + 0.3


async def test_the_store_says_what_the_population_was(connection: Any) -> None:
    history = lived("tune-bad-route", 300)
    await record(connection, history)
    observed = await gather(connection, await quality_models.sample(connection, NUMBERS, 1000), deaf)
    ours, theirs = observed.record, history.record
    assert sorted(ours.codes) == sorted(theirs.codes)
    outcomes = {code: int(((theirs.what == n) & theirs.own).sum()) for n, code in enumerate(theirs.codes)}
    assert {code: int(((ours.what == n) & ours.own).sum()) for n, code in enumerate(ours.codes)} == outcomes


async def test_too_little_is_said_and_nothing_is_kept(connection: Any) -> None:
    await record(connection, lived("tune-bad-route", 20))
    made = await learn(connection, deaf)
    assert (made.id, made.model) == (None, None)
    assert "2,000 are needed" in made.why
    assert await quality_models.newest_id(connection) == 0


async def test_nothing_at_all_is_too_little(connection: Any) -> None:
    made = await learn(connection, deaf)
    assert made.why.startswith("0 outcomes")


async def test_a_dry_run_keeps_nothing(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "ENOUGH", 100)
    await record(connection, lived("tune-bad-route", 200))
    made = await learn(connection, deaf, keep=False)
    assert made.model is not None
    assert (made.id, await quality_models.newest_id(connection)) == (None, 0)


async def test_a_model_that_foretells_worse_than_the_one_in_force_is_not_kept(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "ENOUGH", 100)
    bad = msgspec.structs.replace(PRIOR, rates=msgspec.structs.replace(PRIOR.rates, death_on=5.0), version="fit-bad")
    monkeypatch.setattr(fitting, "fit", lambda *_, **__: bad)
    await record(connection, lived("tune-bad-route", 200))
    made = await learn(connection, deaf)
    assert made.id is None
    assert "not kept" in made.why
    assert await quality_models.newest_id(connection) == 0


async def test_two_never_learn_at_a_time_and_the_right_is_given_back(pool: Any) -> None:
    async with pool.acquire() as one, pool.acquire() as other:
        assert await quality_models.lock(one)
        with pytest.raises(Busy):
            await learn(other, deaf)
        await quality_models.unlock(one)
        await learn(other, deaf)
        assert await quality_models.lock(one)


async def test_an_offices_number_teaches_nothing(connection: Any) -> None:
    await record(connection, lived("tune-bad-route", 60))
    office = key_of(0)
    rows = [(10_000 + n, f"x{n}", "sms", office, "self", "counter", b"") for n in range(fitting.CROWD + 1)]
    names = ["id", "person_id", "channel", "key", "relation", "source", "sealed"]
    await connection.copy_records_to_table("contact", records=rows, columns=names)
    keys = await quality_models.sample(connection, NUMBERS, 1000)
    assert office in keys
    observed = await gather(connection, keys, deaf)
    assert office not in {key for key, _ in observed.pairs}


async def test_one_that_is_cut_off_ends_with_its_round_and_keeps_nothing(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_end(*_: Any, told: Callable[[int, float], None], **__: Any) -> None:
        for n in range(1000):
            told(n, 0.0)
            time.sleep(0.02)

    monkeypatch.setattr(fitting, "ENOUGH", 100)
    monkeypatch.setattr(fitting, "fit", without_end)
    await record(connection, lived("tune-bad-route", 100))
    begun = asyncio.Event()
    task = asyncio.ensure_future(learn(connection, lambda what, *_: begun.set() if what == "learning" else None))
    await begun.wait()
    task.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait([task])
    assert task.cancelled()
    assert await quality_models.newest_id(connection) == 0
    assert await quality_models.lock(connection), "the right was given back"
