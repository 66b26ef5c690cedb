"""A verification counts on its day, whenever we hear of it, and once, however often it is told."""

import numpy as np
import pytest
from msgspec.structs import replace

from gateway.quality.assemble import Observations, assemble
from gateway.quality.days import DAY_S, SHANGHAI_S, day_of
from gateway.quality.evidence import Evidence, Observation
from gateway.quality.fold import fold
from gateway.quality.model import start_of
from gateway.quality.pair import UNKNOWN, OutOfOrder, observe, reading, vector_of
from gateway.quality.record import NONE, Record, steps_of
from gateway.quality.states import STATES, State
from gateway.quality.sweep import Beliefs, sweep
from gateway.quality.tables import Tables

Told = tuple[float, str, int | None]
"""Day, from noon to noon; word, or source of a listing; day of verification."""
CODES = (("p0", "delivered", ""), ("p0", "number_absent", ""))
WORDS = [code[1] for code in CODES]
BASE = 18_000
FIRST: Told = (0, "legacy", None)
ABSENT: list[Told] = [(300, "number_absent", None), (400, "number_absent", None)]


def record(*told: Told) -> Record:
    """One pair."""
    starts = sorted({start_of(word, verified=day is not None) for _, word, day in told if word not in WORDS})
    rows = [
        (
            0,
            int((BASE + at) * DAY_S) + 4 * 3_600,
            WORDS.index(word) if word in WORDS else NONE,
            NONE if word in WORDS else starts.index(start_of(word, verified=checked is not None)),
            NONE if checked is None else BASE + checked,
        )
        for at, word, checked in told
    ]
    return assemble(Observations(*np.array(rows, dtype=np.int64).T), np.zeros(1, dtype=np.int64), CODES, tuple(starts))


def believed(tables: Tables, *told: Told) -> Beliefs:
    return sweep(tables, steps_of(record(*told)))


def same(one: Beliefs, other: Beliefs) -> bool:
    return bool((one.weights == other.weights).all() and (one.state == other.state).all() and (one.day == other.day).all())


@pytest.mark.parametrize("checked", [-50, 20, 299, 300, 350, 399, 400, 450])
def test_a_verification_that_we_hear_of_late_says_what_it_would_have_said_at_once(tables: Tables, checked: int) -> None:
    """Of its own day, too: it came after what failed on that day, as a check does that we hear of in the evening."""
    late = believed(tables, FIRST, *ABSENT, (500, "self_service", checked))
    at_once = believed(tables, FIRST, *ABSENT, (checked + 0.4, "self_service", checked))
    assert np.allclose(late.weights, at_once.weights, rtol=1e-12)
    assert (late.state, late.heard) == (at_once.state, at_once.heard)


def test_a_verification_of_before_the_absences_takes_no_dead_number_back_and_one_since_does(tables: Tables) -> None:
    states = [STATES[int(believed(tables, FIRST, *ABSENT, (500, "self_service", day)).state[0])] for day in (-50, 100, 400, 499)]
    assert states == [State.DEAD, State.DEAD, State.GOOD, State.GOOD]
    assert believed(tables, FIRST, *ABSENT, (500, "self_service", 299)).weights[0, tables.layout.own].sum() < 0.05


def test_a_verification_of_before_deliveries_makes_no_number_worse(tables: Tables) -> None:
    sent: list[Told] = [(at, "delivered", None) for at in (100, 200, 300, 400)]
    without = believed(tables, FIRST, *sent)
    own = tables.layout.own
    for day in (-400, 50, 250, 399):
        assert believed(tables, FIRST, *sent, (500, "self_service", day)).weights[0, own].sum() > without.weights[0, own].sum()


def test_one_check_counts_once_however_often_and_by_whom_it_is_told(tables: Tables) -> None:
    once = believed(tables, FIRST, (120, "counter", 100), *ABSENT)
    feeds: list[Told] = [(130, "data_sharing", 100), (330, "counter", 100), (450, "legacy", 100), (460, "counter", 100)]
    assert same(believed(tables, FIRST, (120, "counter", 100), *ABSENT, *feeds), once)
    assert not same(believed(tables, FIRST, (120, "counter", 100), *ABSENT, (450, "counter", 301)), once)


def test_of_two_that_tell_the_same_check_at_once_the_better_source_made_it(tables: Tables) -> None:
    pair: list[Told] = [(120, "self_service", 100), (120, "legacy", 100)]
    assert same(believed(tables, FIRST, *pair), believed(tables, FIRST, *pair[::-1]))
    assert same(believed(tables, FIRST, *pair), believed(tables, FIRST, pair[0]))


def test_one_by_one_a_verification_that_is_older_than_what_was_seen_asks_for_the_record(tables: Tables) -> None:
    seen = [Observation(0, Evidence.LISTED, source="legacy"), Observation(300, Evidence.NUMBER_ABSENT, "p0")]
    belief = UNKNOWN
    for one in seen:
        belief = observe(tables, belief, one)
    for stale in (100, 299):
        for take in (lambda one: observe(tables, belief, one), lambda one: fold(tables, [(belief, one)])):
            with pytest.raises(OutOfOrder):
                take(Observation(400, Evidence.LISTED, source="counter", verified_day=stale))
    assert observe(tables, belief, Observation(400, Evidence.LISTED, source="counter", verified_day=300)).state is State.GOOD


def test_one_by_one_the_same_check_told_again_changes_nothing(tables: Tables) -> None:
    first = observe(tables, UNKNOWN, Observation(150, Evidence.LISTED, source="counter", verified_day=100))
    (after,) = fold(tables, [(first, Observation(200, Evidence.NUMBER_ABSENT, "p0"))])
    again = Observation(300, Evidence.LISTED, source="counter", verified_day=100)
    assert observe(tables, after, again) == after
    assert fold(tables, [(after, again)]) == [after]


def test_one_by_one_and_in_bulk_a_check_ages_alike(tables: Tables) -> None:
    one = observe(tables, UNKNOWN, Observation(BASE + 500, Evidence.LISTED, source="counter", verified_day=BASE))
    bulk = believed(tables, (500, "counter", 0))
    assert (one.day, bulk.day.tolist()) == (BASE, [BASE])
    assert np.allclose(vector_of(one), bulk.weights[0])
    unsaid = replace(one, day=BASE + 500)
    assert reading(tables, one, BASE + 500).p_reach < reading(tables, unsaid, BASE + 500).p_reach - 0.05


def test_a_check_that_lies_ahead_counts_when_it_is_told(tables: Tables) -> None:
    made = record((0, "counter", 3))
    assert made.day.tolist() == [BASE]
    assert day_of((BASE + 1) * DAY_S - SHANGHAI_S - 1) == BASE
