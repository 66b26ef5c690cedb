"""What the beliefs must reach, loosely, on small populations that nothing was tuned on. `make quality` measures it in earnest."""

import pytest

from bench.quality.measure import KEEP
from bench.quality.report import table
from bench.quality.trial import MODEL, ORACLE, Trial, trial
from bench.report import markdown


@pytest.fixture(scope="module", params=["test-apart", "test-ambiguous"])
def tried(request: pytest.FixtureRequest) -> Trial:
    return trial(request.param, 3, 2_500, lambda _: None)


def test_beliefs_are_calibrated_and_nearly_as_sharp_as_the_oracle(tried: Trial) -> None:
    model, oracle = tried.ways[MODEL], tried.ways[ORACLE]
    assert model.ece < 0.03
    assert model.end_ece < 0.04
    assert model.brier < 1.05 * oracle.brier
    assert model.end_brier < 1.08 * oracle.end_brier


def test_the_oracle_is_far_better_than_the_best_baseline(tried: Trial) -> None:
    baselines = [found.brier for way, found in tried.ways.items() if way.startswith(("use", "drop"))]
    assert len(baselines) == 3
    assert tried.ways[ORACLE].brier < 0.65 * min(baselines)


def test_people_are_kept_and_waste_is_saved(tried: Trial) -> None:
    model, oracle = tried.ways[MODEL], tried.ways[ORACLE]
    assert model.kept > KEEP
    assert model.wasted < 0.7
    assert model.waste_at_keep < 1.1 * oracle.waste_at_keep


def test_living_numbers_are_seldom_given_up(tried: Trial) -> None:
    assert tried.ways[MODEL].suppressed_living < 0.003
    assert tried.ways[MODEL].recognised > (0.97 if tried.population == "test-apart" else 0.85)


def test_a_report_has_a_row_a_way(tried: Trial) -> None:
    rows = table(tried)
    assert [row[0] for row in rows] == list(tried.ways)
    assert markdown([""] * len(rows[0]), rows).count("\n") == len(rows) + 1
