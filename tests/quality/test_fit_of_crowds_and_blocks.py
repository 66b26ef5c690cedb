"""What a few numbers say very often is not learned as what most numbers do: numbers that block for years, a clerk's number for many persons."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from bench.quality.population import History, happen, populations
from gateway.quality.evidence import Evidence, Observation, code_of
from gateway.quality.fit import fit
from gateway.quality.model import PRIOR, Model
from gateway.quality.pair import UNKNOWN, observe
from gateway.quality.record import NONE, Record
from gateway.quality.tables import Tables

PERSONS, ROUNDS = 1_200, 12
CLERKS, EVERY_DAYS = 60, 4
DAYS = 1_800


@cache
def lived() -> History:
    # numbers are sold again so soon that few are dead at a time: few outcomes speak against what a block might say of the dead
    return happen(replace(populations()["tune-apart"], sale_days=30.0, death_on=0.15), 5, PERSONS)


def learned(record: Record) -> Model:
    return fit(record, lived().end_day, rounds=ROUNDS)


@cache
def plain() -> Model:
    return learned(lived().record)


def with_blocks(record: Record, every: int) -> Record:
    """Every n-th number blocks whatever comes in the later half of its life. Of two providers one says so, the other has one word for all that fails."""
    codes = ("p0", str(Evidence.RECIPIENT_BLOCKED), "BLOCKED"), ("p1", str(Evidence.AMBIGUOUS), "FAIL")
    lengths = np.diff(record.first)
    pair = np.repeat(np.arange(record.pairs), lengths)
    late = np.arange(len(pair)) - record.first[:-1][pair] > lengths[pair] / 2
    blocks = (pair % every == 0) & late & (record.what >= 0)
    what = np.where(blocks, len(record.codes) + np.arange(len(pair)) % 2, record.what).astype(np.int32)
    kept = ~((pair % every == 0) & late & (record.what < NONE))  # nobody answers what was blocked
    first = np.concatenate([[0], np.cumsum(np.bincount(pair[kept], minlength=record.pairs))])
    day, start, verified_day = record.day[kept], record.start[kept], record.verified_day[kept]
    return Record(first, day, what[kept], record.own[kept], start, verified_day, (*record.codes, *codes), record.starts)


def with_slips(record: Record, every: int) -> Record:
    """Of every n-th number one delivery is called a block: by mistake, once."""
    block = next(i for i, code in enumerate(record.codes) if code[1] == Evidence.RECIPIENT_BLOCKED)
    pair = np.repeat(np.arange(record.pairs), np.diff(record.first))
    delivered = np.isin(record.what, [i for i, code in enumerate(record.codes) if code[1] == Evidence.DELIVERED])
    rows = np.flatnonzero(delivered & (pair % every == 1))
    what = record.what.copy()
    what[rows[np.unique(pair[rows], return_index=True)[1]]] = block
    return replace(record, what=what)


def with_a_clerk(record: Record) -> Record:
    """Many more persons who stand with one number, which takes every message; each hears what all the others' messages met."""
    days = np.arange(0, DAYS, EVERY_DAYS)
    delivered = next(i for i, code in enumerate(record.codes) if code[1] == Evidence.DELIVERED)
    what, own = np.full(len(days), delivered), np.arange(len(days)) % CLERKS == 0
    what[0] = NONE
    begins = int(record.day.min())
    end, rows = int(record.first[-1]), len(days)

    def each(column: NDArray[Any], more: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([column, np.tile(more, CLERKS).astype(column.dtype)])

    return Record(
        np.concatenate([record.first, end + rows * np.arange(1, CLERKS + 1)]),
        each(record.day, begins + days),
        each(record.what, what),
        each(record.own, own),
        each(record.start, np.where(what == NONE, 0, NONE)),
        each(record.verified_day, np.full(rows, NONE)),
        record.codes,
        record.starts,
    )


def test_numbers_that_block_for_years_do_not_make_a_block_a_word_for_dead() -> None:
    model = learned(with_blocks(lived().record, every=12))
    in_service, off, dead = model.codes[code_of("p0", Evidence.RECIPIENT_BLOCKED, "BLOCKED")]
    assert in_service > 10 * dead
    assert in_service > off


def test_numbers_that_block_for_years_leave_the_rates_as_they_were() -> None:
    rates, before = learned(with_blocks(lived().record, every=12)).rates, plain().rates
    assert rates.death_on == pytest.approx(before.death_on, rel=0.1)
    assert rates.sale == pytest.approx(before.sale, rel=0.2)


def test_a_clerks_number_does_not_outweigh_all_others() -> None:
    record = with_a_clerk(lived().record)
    assert (~record.own).sum() > 0.5 * record.own.sum()
    rates, before = learned(record).rates, plain().rates
    assert rates.death_on == pytest.approx(before.death_on, rel=0.1)
    assert rates.off == pytest.approx(before.off, rel=0.15)


def blocked(model: Model, *words: Evidence) -> float:
    seen = [Observation(day * 60, word, "p0", source="counter") for day, word in enumerate((Evidence.LISTED, *words))]
    tables, belief = Tables(model), UNKNOWN
    for one in seen:
        belief = observe(tables, belief, one)
    return belief.blocked


def test_a_second_block_says_more_than_the_first() -> None:
    block, other = Evidence.RECIPIENT_BLOCKED, Evidence.CARRIER_BLACKLIST
    once, twice = blocked(PRIOR, block), blocked(PRIOR, block, block)
    assert (once, twice) == (0.9, 0.99)
    assert blocked(PRIOR, block, Evidence.DELIVERED, block) == once
    assert blocked(PRIOR, block, Evidence.UNREACHABLE, block) == twice
    assert blocked(PRIOR, other, block) == twice


def test_how_much_the_first_and_a_later_block_say_is_learned_apart() -> None:
    """Half of those that are blocked once are for good; the other half was a slip."""
    slips = with_slips(with_blocks(lived().record, every=12), every=12)
    model = learned(slips)
    assert model.blocks("recipient_blocked", again=False) < 0.8
    assert model.blocks("recipient_blocked", again=True) > 0.95


def test_one_number_of_ten_thousand_outcomes_at_random_teaches_nothing() -> None:
    record = lived().record
    words = [i for i, code in enumerate(record.codes) if code[1] in {Evidence.DELIVERED, Evidence.NUMBER_ABSENT}]
    rows = 10_000
    what = np.random.default_rng(1).choice(words, rows)
    what[0] = NONE
    more = Record(
        np.append(record.first, record.first[-1] + rows),
        np.concatenate([record.day, np.linspace(record.day.min(), record.day.max(), rows).astype(record.day.dtype)]),
        np.concatenate([record.what, what.astype(record.what.dtype)]),
        np.concatenate([record.own, np.ones(rows, dtype=np.bool_)]),
        np.concatenate([record.start, np.where(what == NONE, 0, NONE).astype(record.start.dtype)]),
        np.concatenate([record.verified_day, np.full(rows, NONE, dtype=record.verified_day.dtype)]),
        record.codes,
        record.starts,
    )
    assert learned(more).codes == plain().codes
