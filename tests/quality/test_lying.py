"""A route that calls living numbers absent for a time only: that time is found, its words weigh otherwise then, and honest routes have none."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from msgspec.structs import replace

from bench.quality.population import EPOCH_DAY, History, happen, populations
from bench.quality.routes import Route
from gateway.cli.quality_weights import said_of
from gateway.quality.assemble import Observations, assemble
from gateway.quality.evidence import OUTCOMES, Evidence, Observation, borrowed, code_of, during, first_said, repeating
from gateway.quality.fit import fit
from gateway.quality.fold import fold
from gateway.quality.kept import read, written
from gateway.quality.lying import SURE, lies
from gateway.quality.model import PRIOR, Model, Span
from gateway.quality.pair import UNKNOWN, observe, vector_of
from gateway.quality.record import NONE, Record, steps_of
from gateway.quality.report import RouteWorth
from gateway.quality.routes import worth
from gateway.quality.spans import spanned
from gateway.quality.sweep import readings, sweep
from gateway.quality.tables import Tables
from tests.quality.test_bulk import CODES, SOURCES, anything, observation

HONEST = populations()["test-apart"].providers[0]
DAYS = 1826
AGREES = 6
"""Days by which a time may be missed."""


def lived(persons: int, *lie: tuple[int, int, float] | None, seed: int = 7) -> History:
    """As many routes as times of lying, or none, each with the same share of the messages."""
    routes = tuple(Route(1 / len(lie), HONEST.codes, lies=one) for one in lie)
    return happen(replace(populations()["test-apart"], providers=routes), seed, persons)


@cache
def learned(persons: int, *lie: tuple[int, int, float] | None) -> tuple[History, Model]:
    history = lived(persons, *lie)
    return history, fit(history.record, history.end_day, rounds=20)


def times(model: Model) -> dict[str, tuple[int, int]]:
    """First and last day, in days of the population."""
    return {s.provider: (s.since - EPOCH_DAY, (s.until - EPOCH_DAY) if s.until is not None else DAYS) for s in model.spans}


def test_lies_of_two_routes_are_found_with_their_days_and_what_they_say_else_is_worth_what_it_was() -> None:
    history, model = learned(1_500, (500, 800, 0.05), (1_000, 1_015, 1.0), None)
    found = times(model)
    assert set(found) == {"p0", "p1"}
    assert found["p1"] == pytest.approx((1_000, 1_015), abs=AGREES)
    assert found["p0"] == pytest.approx((500, 800), abs=40), "a twentieth of some hundred words leaves the edges open"
    routes = {route.provider: route for route in worth(model, history.record)}
    assert not any(route.suspect for route in routes.values()), "what is over is over"
    assert all(route.false_absent < 0.01 for route in routes.values())
    assert [time.false_absent for time in routes["p0"].lied] == [pytest.approx(0.05, abs=0.02)]
    assert [time.false_absent for time in routes["p1"].lied] == [pytest.approx(1.0, abs=0.1)]


def test_a_lie_of_the_last_weeks_is_found_in_a_few_thousand_messages_and_goes_on_until_the_next_fit() -> None:
    history, model = learned(1_500, (DAYS - 60, DAYS, 0.2), None)
    assert len(history.message_day) < 30_000
    assert times(model)["p0"] == pytest.approx((DAYS - 60, DAYS), abs=AGREES)
    (span,) = model.spans
    assert span.until is None
    assert model.called("p0", history.end_day + 5) == span.name
    named, other = worth(model, history.record)
    assert named.suspect
    assert named.false_absent == pytest.approx(0.2, abs=0.06)
    assert not other.suspect
    on, _, dead = model.weights("p0", "number_absent", "N")
    assert dead / on > 100, "before it began its word was good"
    on, _, dead = model.weights(model.called("p0", history.end_day), "number_absent", "first seen now")
    assert dead / on < 10


def test_living_numbers_that_it_called_absent_are_believed_in() -> None:
    history, model = learned(1_500, (DAYS - 60, DAYS, 0.2), None)
    last = history.record.what[history.record.first[1:] - 1]
    absent = [i for i, code in enumerate(history.record.codes) if code[1] == Evidence.NUMBER_ABSENT]
    lied_about = np.isin(last, absent) & history.end_reach
    assert lied_about.sum() > 5
    deceived, told = (
        readings(Tables(one), sweep(Tables(one), steps_of(spanned(history.record, one.spans))), history.end_day)[0].p_reach[lied_about]
        for one in (replace(model, spans=()), model)
    )
    assert deceived.mean() < 0.25
    assert told.mean() > 0.6


@pytest.mark.parametrize("name", ["test-apart", "tune-bad-route", "tune-two-ambiguous", "drawn-2"])
def test_routes_that_always_do_what_they_do_have_no_such_time(name: str) -> None:
    history = happen(populations()[name], 3, 1_000)
    model = fit(history.record, history.end_day, rounds=12)
    assert model.spans == ()
    assert all(lie.sure < 0.7 * SURE for lie in lies(history.record, model, history.end_day))


def waves(died: Callable[[np.random.Generator, int], np.ndarray], providers: int, until: int) -> Record:
    """Numbers that get a message each month until a day; `died` draws the day on which each of them dies."""
    dice, count = np.random.default_rng(3), 1_500
    dies = died(dice, count)
    begins = np.where(np.arange(count) < count // 4, 360, 0)  # a quarter of them is listed a year later
    pair, month = (one.ravel() for one in np.meshgrid(np.arange(count), np.arange(24), indexing="ij"))
    day = 30 * month + dice.integers(0, 30, len(pair))
    sent = (day > begins[pair]) & (day <= until)
    pair, day = pair[sent], day[sent]
    failed = (day > dies[pair]) | (dice.random(len(day)) < 0.002)
    route = np.where(begins[pair] > 0, providers - 1, dice.integers(0, providers, len(day)))  # which go through one route only
    what = np.concatenate([np.full(count, NONE), 2 * route + failed])
    start = np.where(what == NONE, 0, NONE)
    at_s = 86_400 * (18_000 + np.concatenate([begins, day]))
    codes = tuple((f"p{i}", word, word) for i in range(providers) for word in ("delivered", "number_absent"))
    seen = Observations(np.concatenate([np.arange(count), pair]), at_s, what, start, np.full(len(what), NONE))
    return assemble(seen, np.arange(count), codes, ("legacy",))


def natural(dice: np.random.Generator, count: int) -> np.ndarray:
    return dice.exponential(3_000, count)


def wave(dice: np.random.Generator, count: int) -> np.ndarray:
    """A tenth dies within ten days."""
    return np.where(dice.random(count) < 0.1, 500 + dice.integers(0, 10, count), natural(dice, count))


def bad_feed(dice: np.random.Generator, count: int) -> np.ndarray:
    """Four in ten of those that are listed a year later are dead by then."""
    return np.where((np.arange(count) < count // 4) & (dice.random(count) < 0.4), 0, natural(dice, count))


@pytest.mark.parametrize("died", [natural, wave, bad_feed])
@pytest.mark.parametrize(("providers", "until"), [(1, 520), (2, 390), (2, 520), (2, 720)])
def test_deaths_make_no_liar_be_they_many_and_all_at_once(died: Callable[..., np.ndarray], providers: int, until: int) -> None:
    record = waves(died, providers, until)
    assert fit(record, 18_000 + until, rounds=10).spans == ()


def test_each_way_of_believing_gives_the_same_numbers_in_such_times() -> None:
    words = tuple(str(word) for word in OUTCOMES)
    spans = (Span("p0", 15_400, 16_300), Span("p1", 16_000), Span("p0", 16_000, 17_000))
    codes = {
        code_of(span.name, word, code): (0.3, 0.2 + i / 40, 0.1 + n / 4)
        for n, span in enumerate(spans)
        for i, (_, word, code) in enumerate(CODES)
    }
    codes |= {
        code_of(repeating(spans[0].name), "number_absent", "v1"): (0.9, 0.9, 0.05),
        code_of(repeating("p2"), words[0], "v2"): (0.1, 0.8, 0.1),
    }
    tables = Tables(replace(PRIOR, codes=codes, spans=spans))
    record = assemble(*anything(3), CODES, SOURCES)
    bulk, plain = sweep(tables, steps_of(spanned(record, spans))), sweep(tables, steps_of(record))
    assert not np.allclose(bulk.weights, plain.weights)
    beliefs = [UNKNOWN] * record.pairs
    together = list(beliefs)
    for k in range(int(np.diff(record.first).max())):
        having = np.flatnonzero(np.diff(record.first) > k).tolist()
        seen = [plainly(observation(record, int(record.first[i]) + k)) for i in having]
        folded = fold(tables, [(together[i], one) for i, one in zip(having, seen, strict=True)])
        for i, one, belief in zip(having, seen, folded, strict=True):
            beliefs[i], together[i] = observe(tables, beliefs[i], one), belief
    for one_by_one in (beliefs, together):
        assert np.allclose(bulk.weights, [vector_of(belief) for belief in one_by_one], rtol=1e-9, atol=1e-15)


def plainly(seen: Observation) -> Observation:
    """As the gateway sees it: by the provider's own name."""
    return replace(seen, provider=first_said(seen.provider))


def test_names_borrow_from_the_nearest() -> None:
    name = repeating(during("a~b", "2026-01-05"))
    assert name == during(repeating("a~b"), "2026-01-05") == "a~b~2026-01-05+again"
    assert borrowed(name) == (name, "a~b~2026-01-05", "a~b+again", "a~b")
    assert borrowed("x") == ("x",)


def test_a_model_with_such_times_is_kept_and_read_again() -> None:
    _, model = learned(1_500, (DAYS - 60, DAYS, 0.2), None)
    assert read(model.version, written(model)) == model


def test_the_next_fit_judges_anew_and_keeps_the_times_of_providers_it_hears_nothing_of() -> None:
    gone, here = Span("gone", 15_000, 15_100), Span("p0", EPOCH_DAY + 400)
    codes = {code_of(span.name, Evidence.NUMBER_ABSENT, "N"): (0.5, 0.2, 0.7) for span in (gone, here)}
    history = lived(400, None)
    model = fit(history.record, history.end_day, before=replace(PRIOR, spans=(gone, here), codes=codes), rounds=5)
    assert model.spans == (gone,)
    assert set(codes) & set(model.codes) == {code_of(gone.name, Evidence.NUMBER_ABSENT, "N")}


def test_a_route_is_said_in_words_that_tell_the_two_shares_and_the_times_apart() -> None:
    (_, ended), (_, goes_on) = learned(1_500, (500, 800, 0.05), (1_000, 1_015, 1.0), None), learned(1_500, (DAYS - 60, DAYS, 0.2), None)
    routes = worth(ended, learned(1_500, (500, 800, 0.05), (1_000, 1_015, 1.0), None)[0].record)
    assert [len(said_of(route)) for route in routes] == [1, 1, 0]
    assert " of numbers in service from 2023-09-28 to 2023-10-1" in said_of(routes[1])[0]
    now = worth(goes_on, learned(1_500, (DAYS - 60, DAYS, 0.2), None)[0].record)[0]
    assert len(said_of(now)) == 1
    assert " on, and still does" in said_of(now)[0]
    always = RouteWorth("x", 900, 0.2, suspect=True, false_absent_again=0.97)
    assert "for 20% of numbers in service, and for 97% of those that it called absent before:" in said_of(always)[0]
