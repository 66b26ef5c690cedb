"""A later number of the same person speaks against the earlier one, as far as that is so in the population."""

from datetime import UTC, datetime, timedelta
from json import dumps
from typing import Any

import numpy as np
import pytest

from bench.quality.population import happen, populations
from gateway.quality.assemble import Observations, assemble
from gateway.quality.days import DAY_S, SHANGHAI_S
from gateway.quality.evaluate import evaluate, rows
from gateway.quality.fit import fit
from gateway.quality.histories import Histories
from gateway.quality.model import PRIOR
from gateway.quality.record import MOVED, NONE

NOW = datetime(2026, 3, 1, tzinfo=UTC)
Story = tuple[str, int, str, dict[str, str]]
OLD: list[Story] = [("a", 400, "listed", {"source": "counter"}), ("a", 300, "delivered", {})]
SELF = {"source": "self_service", "verified_on": str((NOW - timedelta(days=100)).date())}


def reach(*told: Story, address: str = "a") -> float:
    return float(next(row[3] for row in written(*told) if row[1] == address))


def written(*told: Story) -> list[tuple[Any, ...]]:
    """What is believed after this was told of one person: address, days ago, evidence, more."""
    histories = Histories(NOW)
    for address, ago, word, more in told:
        line = {"person": "p", "address": address, "at": (NOW - timedelta(days=ago)).isoformat(), "evidence": word}
        histories.add(dumps(line | more))
    return list(rows(evaluate(histories, histories.record(), PRIOR), why=True))


def test_a_number_that_the_person_listed_later_speaks_against_the_old_one_and_the_sentence_says_so() -> None:
    alone, after = reach(*OLD), written(*OLD, ("b", 100, "listed", SELF))
    assert float(after[0][3]) < alone - 0.2
    assert "此人2025-11-21另登记了新号码" in str(after[0][-1])


def test_it_takes_nothing_from_the_new_one() -> None:
    assert reach(*OLD, ("b", 100, "listed", SELF), address="b") == reach(("b", 100, "listed", SELF), address="b")


def test_an_old_list_that_brings_another_number_says_nothing() -> None:
    assert reach(*OLD, ("b", 100, "listed", {"source": "legacy"})) == pytest.approx(reach(*OLD), abs=0.02)


def test_numbers_listed_on_one_day_say_nothing_of_one_another() -> None:
    both = [("a", 100, "listed", {"source": "counter"}), ("b", 100, "listed", SELF)]
    assert reach(*both) == reach(both[0])


def test_a_number_that_was_checked_before_the_old_one_was_listed_says_nothing() -> None:
    earlier = {"source": "self_service", "verified_on": str((NOW - timedelta(days=500)).date())}
    assert reach(*OLD, ("b", 100, "listed", earlier)) == pytest.approx(reach(*OLD), abs=1e-3)


def test_a_number_that_is_moved_from_is_moved_from_once() -> None:
    once = reach(*OLD, ("b", 100, "listed", SELF))
    assert reach(*OLD, ("b", 100, "listed", SELF), ("c", 50, "listed", {"source": "self_service"})) == once


def test_whoever_certifies_after_a_notice_to_the_old_number_still_has_it() -> None:
    story = [*OLD, ("b", 100, "listed", SELF), ("a", 60, "delivered", {}), ("a", 58, "certified_after_notice", {})]
    assert reach(*story) > 0.85


def test_the_order_of_lines_changes_nothing() -> None:
    story = [*OLD, ("b", 100, "listed", SELF), ("c", 100, "listed", {"source": "data_sharing"}), ("a", 60, "delivered", {})]
    assert sorted(written(*story)) == sorted(written(*reversed(story)))


def learned(*, lost_only: bool) -> tuple[float, float]:
    """What is learned where a third of persons lists another number: those who lost theirs, or anybody."""
    lived = happen(populations()["tune-apart"], 5, 1_500)
    seen, dice = lived.source.seen, np.random.default_rng(2)
    may = ~lived.truth_own if lost_only else np.ones(len(lived.message_pair), dtype=np.bool_)
    at = np.flatnonzero(may & (dice.random(len(may)) < (0.3 if lost_only else 0.03)))
    pair = lived.message_pair[at]
    at_s = (lived.message_day[at] + 1) * DAY_S - SHANGHAI_S
    start = next(i for i, name in enumerate(lived.source.starts) if name.startswith("self_service"))
    nothing = np.full(len(at), NONE)
    columns = zip(
        (seen.pair, seen.at_s, seen.what, seen.start, seen.verified_day),
        (pair, at_s, np.full(len(at), MOVED), np.full(len(at), start), nothing),
        strict=True,
    )
    both = Observations(*(np.concatenate(part) for part in columns))
    model = fit(assemble(both, lived.source.address, lived.source.codes, lived.source.starts), lived.end_day, rounds=12)
    return model.moved["self_service"]


def test_what_another_number_says_is_learned_from_the_population() -> None:
    own, lost = learned(lost_only=True)
    assert lost > 10 * own
    own, lost = learned(lost_only=False)
    assert 0.6 * own < lost < 1.6 * own


def test_where_nobody_lists_another_number_nothing_is_learned_of_it() -> None:
    lived = happen(populations()["tune-apart"], 5, 300)
    assert fit(lived.record, lived.end_day, rounds=2).moved == PRIOR.moved
