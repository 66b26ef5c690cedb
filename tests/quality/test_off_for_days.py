"""Off periods of days beside those of weeks are found where messages can tell them, and change nothing where they cannot."""

from functools import cache

import numpy as np
import pytest
from msgspec.json import decode, encode
from msgspec.structs import replace

from bench.quality.measure import believe
from bench.quality.oracle import oracle
from bench.quality.population import History, happen, populations
from gateway.quality.briefly import begun, telling
from gateway.quality.chain import transitions
from gateway.quality.evidence import code_of
from gateway.quality.fit import fit
from gateway.quality.kept import LEARNED, read
from gateway.quality.model import BRIEF, CLASSES, PRIOR, Model, digest
from gateway.quality.record import steps_of
from gateway.quality.tables import Tables

TWO = populations()["tune-two-offs"]


@cache
def lived(gaps: str = "random", persons: int = 2_000) -> History:
    return happen(replace(TWO, gaps=gaps), 5, persons)


@cache
def learned() -> Model:
    return fit(lived().record, lived().end_day, rounds=16)


def bias(model: Model) -> float:
    history = lived()
    said = believe(Tables(model), steps_of(history.record), history)
    return float(said.p_reach.mean() - history.truth_reached.mean())


def test_off_periods_of_days_are_found_beside_long_ones() -> None:
    rates = learned().rates
    assert rates.brief == pytest.approx(TWO.brief, rel=0.5)
    assert 365.25 / rates.back == pytest.approx(TWO.brief_days, rel=0.4)
    assert 365.25 / rates.on > 3 * 365.25 / rates.back


def test_a_phone_that_is_switched_off_is_told_from_one_that_is_suspended_by_its_words() -> None:
    suspended, off = code_of("p0", "number_suspended", "E2"), code_of("p0", "unreachable", "E3")
    assert learned().codes[suspended][1] > 5 * learned().brief[suspended]
    assert learned().brief[off] > 1.5 * learned().codes[off][1]


def test_beliefs_are_as_true_as_those_of_the_filter_that_is_told_all() -> None:
    assert abs(bias(learned())) < 0.015
    assert abs(bias(oracle(TWO, lived()))) < 0.01


def test_where_messages_never_come_within_days_of_one_another_no_such_periods_are_looked_for() -> None:
    assert telling(lived().record)
    assert not telling(lived("even").record)
    model = fit(lived("even", 600).record, lived("even", 600).end_day, rounds=3)
    assert model.rates.brief == 0
    assert not model.brief
    assert Tables(model).layout.size == 12


def test_the_search_begins_with_the_failures_that_there_are() -> None:
    codes = tuple((f"p{i}", word, code) for i, route in enumerate(TWO.providers) for word, code, *_ in route.codes)
    model = replace(PRIOR, codes={code_of(*code): CLASSES[code[1]] for code in codes})  # type: ignore[index]
    first = begun(model, codes)
    for provider in ("p0", "p1"):
        names = [code_of(*code) for code in codes if code[0] == provider]
        assert sum(first.codes[name][0] for name in names) == pytest.approx(1)
        assert sum(first.brief[name] for name in names) == pytest.approx(1)
    assert Tables(first).layout.size == 16


def test_a_model_that_was_learned_without_them_means_what_it_meant() -> None:
    plain = decode(encode(PRIOR))
    for name in ("brief", "back"):
        plain["rates"].pop(name)
    plain.pop("brief")
    version = LEARNED + digest(plain)
    model = read(version, encode(plain | {"version": version}, order="sorted").decode())
    assert model.rates == PRIOR.rates
    before, after = Tables(PRIOR), Tables(model)
    assert before.layout.size == after.layout.size == 12
    assert (before.moves == after.moves).all()


def test_a_code_that_nothing_was_learned_of_weighs_as_its_provider_s_others_do() -> None:
    model = replace(PRIOR, codes={"p|unreachable|a": (0.1, 0.2, 0.3), "p|unreachable|b": (0.1, 0.2, 0.3)}, brief={"p|unreachable|a": 0.6})
    assert model.weight_brief("p", "unreachable", "a") == 0.6
    assert model.weight_brief("p", "unreachable", "b") == 0.2
    assert model.weight_brief("p", "unreachable", "c") == pytest.approx(0.8)
    assert model.weight_brief("q", "unreachable", "c") == BRIEF["unreachable"]  # type: ignore[index]


def test_whoever_is_off_for_days_is_back_within_weeks() -> None:
    tables = Tables(replace(PRIOR, rates=replace(PRIOR.rates, brief=3.0)))
    layout = tables.layout
    days = transitions(layout, tables.model.rates, 40)
    back = days[:, layout.brief.start, layout.on.start]
    assert np.allclose(days.sum(axis=2), 1)
    assert back[7] == pytest.approx(1 - np.exp(-1), abs=0.03)
    assert back[40] > 0.9
    assert days[40][layout.brief.start, layout.on.start + 1] == 0, "it is the same person"
