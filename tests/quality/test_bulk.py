"""Beliefs of many pairs at once are the beliefs one by one, whatever the order in which evidence arrived."""

import time

import numpy as np
import pytest
from msgspec.structs import replace

from gateway.quality.assemble import Observations, assemble
from gateway.quality.days import DAY_S
from gateway.quality.evidence import BLOCKS, OUTCOMES, RESPONSES, Evidence, Observation
from gateway.quality.fold import fold
from gateway.quality.model import PRIOR, STARTS
from gateway.quality.pair import UNKNOWN, OutOfOrder, PairBelief, observe, reading, vector_of
from gateway.quality.record import MOVED, NONE, Record, steps_of
from gateway.quality.states import STATES, judge
from gateway.quality.sweep import readings, sweep
from gateway.quality.tables import Tables

SOURCES = tuple(STARTS)
CODES = tuple((f"p{i % 3}", str(word), f"v{i}") for i, word in enumerate(OUTCOMES * 2))


@pytest.fixture(scope="module", params=[0.0, 3.0], ids=["off for long", "off for days, too"])
def tables(request: pytest.FixtureRequest) -> Tables:
    return Tables(replace(PRIOR, rates=replace(PRIOR.rates, brief=request.param)))


def anything(seed: int, pairs: int = 60, longest: int = 25) -> tuple[Observations, np.ndarray]:
    """Observations of every kind, some numbers shared, some pairs never listed."""
    rng = np.random.default_rng(seed)
    pair = np.repeat(np.arange(pairs), rng.integers(1, longest, pairs))
    count = len(pair)
    kind = rng.choice(4, count, p=[0.1, 0.6, 0.25, 0.05])
    what = np.select(
        [kind == 3, kind == 1, kind == 2],
        [np.full(count, MOVED), rng.integers(0, len(CODES), count), NONE - 1 - rng.integers(0, len(RESPONSES), count)],
        NONE,
    )
    at_s = rng.integers(15_000 * DAY_S, 17_500 * DAY_S, count)
    what = np.where((what == MOVED) & np.append(True, np.diff(pair) > 0), NONE, what)
    start = np.where((what == NONE) | (what == MOVED), rng.integers(0, len(SOURCES), count), NONE)
    checked = (what == NONE) & np.array([SOURCES[i].endswith("+verified") for i in start])
    verified = np.where(checked, at_s // DAY_S - rng.integers(0, 900, count), NONE)
    asks = rng.random(count) < 0.8
    return Observations(pair, at_s, what, start, verified, asks), np.minimum(np.arange(pairs), 50 + np.arange(pairs) % 3)


def observation(record: Record, row: int) -> Observation:
    day, what, own = int(record.day[row]), int(record.what[row]), bool(record.own[row])
    if what == NONE:
        source, _, verified = record.starts[int(record.start[row])].partition("+")
        return Observation(day, Evidence.LISTED, source=source, verified_day=int(record.verified_day[row]) if verified else None, own=own)
    if what == MOVED:
        return Observation(day, Evidence.MOVED, source=record.starts[int(record.start[row])].partition("+")[0])
    if what < 0:
        return Observation(day, RESPONSES[NONE - 1 - what], own=own)
    provider, word, vendor_code = record.codes[what]
    assert record.asks is not None
    return Observation(day, Evidence(word), provider, vendor_code, own=own, asks=bool(record.asks[row]))


def one_by_one(tables: Tables, record: Record) -> list[PairBelief]:
    beliefs = []
    for pair in range(record.pairs):
        belief = UNKNOWN
        for row in range(int(record.first[pair]), int(record.first[pair + 1])):
            belief = observe(tables, belief, observation(record, row))
        beliefs.append(belief)
    return beliefs


@pytest.mark.parametrize("seed", range(4))
def test_bulk_and_one_by_one_give_the_same_numbers(tables: Tables, seed: int) -> None:
    seen, address = anything(seed)
    record = assemble(seen, address, CODES, SOURCES)
    assert not record.own.all()
    singly, bulk = one_by_one(tables, record), sweep(tables, steps_of(record))
    assert np.allclose(bulk.weights, [vector_of(belief) for belief in singly], rtol=1e-9, atol=1e-15)
    assert [STATES[i] for i in bulk.state] == [belief.state for belief in singly]
    assert bulk.blocked.tolist() == pytest.approx([belief.blocked for belief in singly])
    assert bulk.day.tolist() == [belief.day for belief in singly]
    now, states = readings(tables, bulk, 20_000)
    for i, belief in enumerate(singly):
        then = reading(tables, belief, 20_000)
        assert now.one(i).p_reach == pytest.approx(then.p_reach, rel=1e-9)
        assert STATES[states[i]] is judge(then, belief.state, heard=belief.heard, failed=belief.failed)


def test_the_order_of_arrival_changes_nothing(tables: Tables) -> None:
    seen, address = anything(9)
    seen.at_s = seen.at_s // DAY_S // 30 * 30 * DAY_S  # many at the same second
    assert seen.asks is not None
    turn = np.random.default_rng(1).permutation(len(seen.pair))
    other = Observations(seen.pair[turn], seen.at_s[turn], seen.what[turn], seen.start[turn], seen.verified_day[turn], seen.asks[turn])
    first, second = (sweep(tables, steps_of(assemble(made, address, CODES, SOURCES))) for made in (seen, other))
    assert (first.weights == second.weights).all()
    assert (first.state == second.state).all()


def test_the_order_in_which_codes_were_met_changes_nothing(tables: Tables) -> None:
    seen, address = anything(10)
    seen.at_s = seen.at_s // DAY_S // 90 * 90 * DAY_S
    turned = len(CODES) - 1 - seen.what
    other = Observations(seen.pair, seen.at_s, np.where(seen.what >= 0, turned, seen.what), seen.start, seen.verified_day, seen.asks)
    first = sweep(tables, steps_of(assemble(seen, address, CODES, SOURCES)))
    second = sweep(tables, steps_of(assemble(other, address, CODES[::-1], SOURCES)))
    assert (first.weights == second.weights).all()


def test_ten_thousand_observations_of_one_person_are_a_matter_of_a_second(tables: Tables) -> None:
    count = 10_000
    none = np.full(count, NONE)
    days = np.sort(np.random.default_rng(2).integers(10_000, 18_000, count))
    what = np.random.default_rng(3).integers(0, len(OUTCOMES), count)
    record = assemble(Observations(np.zeros(count, dtype=np.int64), days * DAY_S, what, none, none), np.zeros(1, dtype=np.int64), CODES, ())
    began = time.process_time()
    bulk = sweep(tables, steps_of(record))
    assert time.process_time() - began < 10
    assert np.isfinite(bulk.weights).all()
    assert bulk.weights.sum() == pytest.approx(1)


def test_a_number_shared_by_many_is_dead_for_all_of_them(tables: Tables) -> None:
    pairs, dead = 5, OUTCOMES.index(Evidence.NUMBER_ABSENT)
    pair = np.concatenate([np.arange(pairs), [0, 1, 2, 0]])
    at_s = np.concatenate([np.full(pairs, 15_000), [15_100, 15_150, 15_200, 15_260]]) * DAY_S
    what = np.concatenate([np.full(pairs, NONE), np.full(4, dead)])
    start = np.concatenate([np.zeros(pairs, dtype=np.int64), np.full(4, NONE)])
    record = assemble(Observations(pair, at_s, what, start, np.full(len(pair), NONE)), np.zeros(pairs, dtype=np.int64), CODES, ("legacy",))
    assert {STATES[i] for i in sweep(tables, steps_of(record)).state} == {STATES[3]}


def test_an_update_in_bulk_takes_at_most_five_microseconds(tables: Tables) -> None:
    seen, address = anything(4, pairs=20_000, longest=16)
    record = assemble(seen, np.arange(len(address)), CODES, SOURCES)
    took = []
    for _ in range(3):
        began = time.process_time()
        sweep(tables, steps_of(record))
        took.append((time.process_time() - began) / len(record.day))
    assert min(took) < 5e-6


def test_blocks_are_outcomes() -> None:
    assert set(BLOCKS) < set(OUTCOMES)


@pytest.mark.parametrize("seed", range(3))
def test_folding_sets_gives_the_same_beliefs(tables: Tables, seed: int) -> None:
    seen, address = anything(seed + 20)
    record = assemble(seen, address, CODES, SOURCES)
    beliefs = [UNKNOWN] * record.pairs
    lengths = np.diff(record.first)
    for k in range(int(lengths.max())):
        having = np.flatnonzero(lengths > k).tolist()
        after = fold(tables, [(beliefs[i], observation(record, int(record.first[i]) + k)) for i in having])
        for i, belief in zip(having, after, strict=True):
            beliefs[i] = belief
    for folded, single in zip(beliefs, one_by_one(tables, record), strict=True):
        assert vector_of(folded) == pytest.approx(vector_of(single), rel=1e-9)
        assert replace(folded, weights=b"") == replace(single, weights=b"")


def test_folding_takes_a_few_microseconds_a_pair(tables: Tables) -> None:
    start = observe(tables, UNKNOWN, Observation(100, Evidence.DELIVERED, "p0"))
    pairs = [(start, Observation(160 + i % 90, Evidence.DELIVERED, "p0", f"v{i % 5}")) for i in range(2_000)]
    took = []
    for _ in range(5):
        began = time.process_time()
        fold(tables, pairs)
        took.append((time.process_time() - began) / len(pairs))
    assert min(took) < 15e-6


def test_one_observation_too_late_stops_the_set(tables: Tables) -> None:
    belief = observe(tables, UNKNOWN, Observation(100, Evidence.DELIVERED))
    with pytest.raises(OutOfOrder):
        fold(tables, [(belief, Observation(120, Evidence.DELIVERED)), (belief, Observation(90, Evidence.DELIVERED))])
    assert fold(tables, []) == []
