"""The fit finds what the population was made with."""

from functools import cache

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from bench.quality.measure import believe
from bench.quality.oracle import oracle
from bench.quality.population import History, Population, happen, populations
from gateway.quality.chain import Layout, generator, transitions
from gateway.quality.evidence import Evidence, code_of, reached
from gateway.quality.expect import expect
from gateway.quality.fit import fit
from gateway.quality.model import PRIOR, Model, Rates
from gateway.quality.record import steps_of
from gateway.quality.routes import worth
from gateway.quality.samples import sample
from gateway.quality.tables import Tables

PERSONS = 2_500
ONE_BAD = replace(populations()["tune-bad-route"], providers=(populations()["tune-bad-route"].providers[1],))


def bad_route() -> Population:
    return populations()["tune-bad-route"]


@cache
def tried(alone: bool = False) -> tuple[History, Model]:
    p = replace(ONE_BAD, providers=(replace(ONE_BAD.providers[0], share=1.0),)) if alone else bad_route()
    history = happen(p, 5, PERSONS)
    return history, fit(history.record, history.end_day, rounds=15)


def test_rates_are_found() -> None:
    _, model = tried()
    p = bad_route()
    assert model.rates.death_on == pytest.approx(p.death_on, rel=0.15)
    assert model.rates.off == pytest.approx(p.off, rel=0.4)
    assert 365.25 / model.rates.on == pytest.approx(p.off_days, rel=0.4)
    assert model.rates.sale == pytest.approx(365.25 / p.sale_days, rel=0.4)


def test_what_people_do_is_found() -> None:
    said, p = tried()[1].responses, bad_route()
    assert np.dot(said.shares, said.certified) == pytest.approx(sum(share * rate for share, rate in p.kinds), rel=0.1)
    assert said.certified_else == pytest.approx(p.certified_else, abs=0.01)
    assert said.wrong_person[1] == pytest.approx(p.wrong_person[1], rel=0.3)


def test_weights_of_codes_are_found_for_each_provider() -> None:
    _, model = tried()
    for i, route in enumerate(bad_route().providers):
        for word, code, on, _, dead in route.codes:
            weights = model.codes[code_of(reached(f"p{i}"), word, code)]
            assert weights[0] == pytest.approx(on, abs=0.02)
            assert weights[2] == pytest.approx(dead, abs=0.06)


@pytest.mark.parametrize("alone", [False, True])
def test_a_route_that_calls_living_numbers_absent_is_noticed_and_does_no_more_harm(alone: bool) -> None:
    history, model = tried(alone)
    assert [route.false_absent for route in worth(model, history.record) if route.suspect] == [pytest.approx(0.2, abs=0.03)]
    assert not model.spans
    steps = steps_of(history.record)
    before, after = (believe(Tables(one), steps, history).suppressed & history.truth_own for one in (PRIOR, model))
    assert before.sum() / history.truth_own.sum() > 0.01
    assert after.sum() / history.truth_own.sum() < (0.006 if alone else 0.002)


def test_codes_that_a_bad_route_uses_first_after_the_fit_do_no_more_harm_than_its_old_ones() -> None:
    history, model = tried()
    renamed = tuple((*code[:2], f"new {code[2]}") if code[1] == Evidence.NUMBER_ABSENT else code for code in history.record.codes)
    steps = steps_of(replace(history.record, codes=renamed))
    # what a new code had before: the prior of its class
    mute = replace(model, codes={name: three for name, three in model.codes.items() if "|number_absent|" not in name}, version="fit-mute")
    harm = {
        one.version: (believe(Tables(one), steps, history).suppressed & history.truth_own).sum() / history.truth_own.sum()
        for one in (model, mute)
    }
    assert harm[model.version] < 0.002
    assert harm["fit-mute"] > 0.01


def test_each_round_explains_the_histories_better() -> None:
    history, _ = tried()
    said: list[float] = []
    fit(sample(history.record, 800), history.end_day, rounds=8, told=lambda _, mean: said.append(mean))
    assert said == sorted(said)


def test_the_truth_is_where_the_fit_goes() -> None:
    history, model = tried()
    steps = steps_of(history.record)
    truth, found = (expect(Tables(one), steps, history.end_day).likelihood for one in (oracle(bad_route(), history), model))
    assert found > truth - 0.002 * len(steps.row)


def test_a_handful_of_histories_leaves_the_priors_nearly_as_they_were() -> None:
    history, _ = tried()
    model = fit(sample(history.record, 3), history.end_day)
    assert model.rates.death_on == pytest.approx(PRIOR.rates.death_on, rel=0.5)
    assert model.starts["legacy"].mine == pytest.approx(PRIOR.starts["legacy"].mine, abs=0.2)


def test_the_same_histories_give_the_same_version() -> None:
    history, _ = tried()
    few = sample(history.record, 200)
    assert fit(few, history.end_day, rounds=3) == fit(few, history.end_day, rounds=3)


def test_what_was_learned_of_a_provider_stays_where_the_next_record_says_nothing_of_it() -> None:
    history, _ = tried()
    gone = {"old|number_absent|1": (0.1, 0.2, 0.7), "p0|number_absent|gone": (0.1, 0.2, 0.7)}
    model = fit(sample(history.record, 200), history.end_day, before=replace(PRIOR, codes=gone), rounds=3)
    assert model.codes["old|number_absent|1"] == (0.1, 0.2, 0.7)
    assert "p0|number_absent|gone" not in model.codes


def test_a_model_is_stored_as_json_and_read_again() -> None:
    _, model = tried()
    assert msgspec.json.decode(msgspec.json.encode(model), type=Model) == model


def test_a_sample_is_whole_histories() -> None:
    history, _ = tried()
    few = sample(history.record, 10)
    assert few.pairs == 10
    assert few.first[-1] == len(few.day) == len(few.what)
    assert (few.day[: few.first[1]] == history.record.day[: history.record.first[1]]).all()


def test_days_that_are_tabulated_follow_from_the_rates() -> None:
    layout, rates = Layout(2, 3), Rates()
    table = transitions(layout, rates, 900)
    assert np.allclose(table.sum(axis=2), 1)
    assert np.allclose(table[300] @ table[500], table[800])
    assert np.allclose(generator(layout, rates).sum(axis=1), 0)
    assert table[365][0, layout.own].sum() == pytest.approx(np.exp(-rates.death_on), abs=0.02)
