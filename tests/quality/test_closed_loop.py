"""Policies that see only what came of the messages they sent: they are judged on what that does to people, and see nothing of the rest."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from bench.quality.baselines import one_permanent as open_one_permanent
from bench.quality.baselines import three_failures as open_three_failures
from bench.quality.closed_loop import EVERYTHING, MODEL, SHORT_PERSONS, trials
from bench.quality.course import DEAD, USED, Course, Heard, run
from bench.quality.course_figures import worth
from bench.quality.measure import KEEP
from bench.quality.policies import Believing, Counting, Rules, one_permanent, three_failures
from bench.quality.population import EPOCH_DAY, History, happen, populations
from gateway.quality.model import PRIOR
from gateway.quality.pair import vector_of
from gateway.quality.record import NONE, Flags, Ints, steps_of
from gateway.quality.states import STATES
from gateway.quality.sweep import sweep
from gateway.quality.tables import Tables


@pytest.fixture(scope="module")
def history() -> History:
    return happen(replace(populations()["test-apart"], years=3.0, shared=0.2), 5, 250)


@pytest.fixture(scope="module")
def believing(history: History) -> tuple[Believing, Course]:
    policy = Believing(history, PRIOR, Rules())
    return policy, run(history, policy, 0, lambda: None)


class Listener:
    """Sends what it is told to, and keeps what it hears."""

    def __init__(self, sends: Callable[[Ints], Flags]) -> None:
        self.sends, self.heard = sends, list[Heard]()

    def begin(self, day: int) -> None: ...

    def decide(self, _day: int, pair: Ints) -> tuple[Flags, NDArray[np.int8]]:
        return self.sends(pair), np.zeros(len(pair), dtype=np.int8)

    def hear(self, heard: Heard) -> None:
        self.heard.append(heard)


def test_a_short_run_writes_its_table_and_the_model_wastes_less_and_keeps_people(tmp_path: Path) -> None:
    (found,) = trials(["test-apart"], 4, SHORT_PERSONS, short=True, folder=tmp_path)
    (document,) = tmp_path.iterdir()
    model, everything = found.ways[MODEL], found.ways[EVERYTHING]
    assert everything.reached == everything.wasted == 1
    assert model.wasted < 0.7
    assert model.reached + model.missed["not me"] > KEEP
    assert f"| {MODEL} | {model.reached:.4f} |" in document.read_text()


def test_what_is_believed_is_what_the_record_of_what_was_seen_says(history: History, believing: tuple[Believing, Course]) -> None:
    policy, course = believing
    record = policy.record()
    assert (record.own & (record.what >= 0)).sum() == course.sent.sum() < len(course.sent)
    swept = sweep(Tables(PRIOR), steps_of(record))
    assert np.allclose(swept.weights, [vector_of(belief) for belief in policy.beliefs], rtol=1e-6, atol=1e-12)
    assert np.mean([STATES[i] is belief.state for i, belief in zip(swept.state, policy.beliefs, strict=True)]) > 0.99


def test_nobody_acts_on_a_message_that_was_not_sent(history: History) -> None:
    silent = Listener(lambda pair: pair % 3 == 0)
    course = run(history, silent, 0, lambda: None)
    heard = np.concatenate([heard.pair for heard in silent.heard])
    assert set(heard % 3) == {0}
    assert set(history.messages.pair[course.sent]) == set(heard)


def test_everything_sent_brings_everything_that_the_population_drew(history: History) -> None:
    all_of_it = Listener(lambda pair: np.ones(len(pair), dtype=np.bool_))
    run(history, all_of_it, 0, lambda: None)
    seen = history.source.seen
    listed = seen.what == NONE
    theirs = zip(seen.pair[~listed], (seen.at_s[~listed] + 8 * 3_600) // 86_400, seen.what[~listed], strict=True)
    ours = [one for heard in all_of_it.heard for one in zip(heard.pair, np.full(len(heard.pair), heard.day), heard.what, strict=True)]
    assert sorted(ours) == sorted(theirs)


@pytest.mark.parametrize(("ours", "theirs"), [(one_permanent, open_one_permanent), (three_failures, open_three_failures)])
def test_a_baseline_drops_what_it_drops_on_whole_histories_and_never_takes_it_back(
    history: History, ours: Callable[[History], Counting], theirs: Callable[[History], Flags]
) -> None:
    course = run(history, ours(history), 0, lambda: None)
    assert (course.sent == ~theirs(history)).all()
    assert worth(history, course).recovered in {0.0, 1.0}


def test_a_dead_number_is_probed_half_a_year_after_the_last_word_and_not_before(
    history: History, believing: tuple[Believing, Course]
) -> None:
    course, m = believing[1], history.messages
    probes = np.flatnonzero(course.sent & (course.standing == DEAD))
    alone = probes[np.bincount(history.source.address)[history.source.address[m.pair[probes]]] == 1]
    assert len(alone)
    for row in alone.tolist():
        earlier = np.flatnonzero((m.pair == m.pair[row]) & course.sent & (m.day < m.day[row]))
        assert m.day[row] - m.day[earlier[-1]] > 180
    held = np.flatnonzero(~course.sent)
    assert len(held)
    assert set(course.standing[course.sent]) == {USED, DEAD}


def test_a_not_me_stops_a_number_where_the_rule_holds_and_is_evidence_where_it_does_not(history: History) -> None:
    day = EPOCH_DAY + 40
    pair = np.array([0])
    said = Heard(day, 12 * 3_600, pair, np.array([NONE - 1 - 2]))
    for rules, sent in ((Rules(), False), (Rules(denied_below=0.0), True)):
        policy = Believing(history, PRIOR, rules)
        policy.hear(said)
        assert policy.decide(day + 1, pair)[0].tolist() == [sent]


def test_a_model_learned_on_the_way_replaces_all_beliefs(history: History) -> None:
    policy = Believing(history, PRIOR, Rules(learns=(500,)))
    run(history, policy, 0, lambda: None)
    assert policy.model.version.startswith("fit-")
    swept = sweep(Tables(policy.model), steps_of(policy.record()))
    assert np.allclose(swept.weights, [vector_of(belief) for belief in policy.beliefs], rtol=1e-6, atol=1e-12)
