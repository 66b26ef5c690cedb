"""What a bench says of its runs: medians, spreads, and every miss by name."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from bench.figures import Arrivals, Bench, Machine, Measured, Run, integrity_failures, quantiles_ms, shortfalls, spread
from bench.pairs import lower_bound
from bench.report import cpu, figures, write
from bench.scenarios import SCENARIOS, Scenario, Target
from bench.vendor import counted
from tests.standins.book import Arrival

SCENARIO = Scenario(name="batch100", says="…", target=Target(per_s=1000, of_bare_client=0.5), count=100)
WHOLE = Arrivals(once=100, twice=0, never=0, delivered=100)


def run(seconds: float = 0.1, arrivals: Arrivals = WHOLE, pss_mib: float = 200, latency_ms: dict[str, float] | None = None) -> Run:
    return Run(
        count=100,
        seconds=seconds,
        posted_s=0.05,
        arrivals=arrivals,
        cpu_us={"api": 20.0},
        pss_mib=pss_mib,
        rss_mib=250,
        latency_ms=latency_ms or {},
    )


def missed(*runs: Run, scenario: Scenario = SCENARIO, bare: tuple[float, ...] = (1500.0,)) -> list[str]:
    return shortfalls(scenario, Measured(name="batch100", runs=list(runs)), bare)


def test_nothing_is_missed_where_everything_was_reached() -> None:
    assert missed(run()) == []


def test_the_median_is_judged_not_the_best_run() -> None:
    assert missed(run(0.05), run(0.2), run(0.2)) == ["500/s < 1,000/s", "0.33 of the bare client < 0.5"]


def test_memory_counts() -> None:
    assert missed(run(pss_mib=301)) == ["301 MiB > 300 MiB"]


def test_latency_counts() -> None:
    scenario = Scenario(name="latency", says="…", target=Target(p50_ms=5, p99_ms=20))
    assert missed(run(latency_ms={"p50": 4, "p99": 30}), scenario=scenario) == ["p99 30.0 ms > 20 ms"]


@pytest.mark.parametrize(
    "arrivals",
    [
        Arrivals(once=99, twice=1, never=0, delivered=100),
        Arrivals(once=99, twice=0, never=1, delivered=100),
        Arrivals(once=100, twice=0, never=0, delivered=99),
    ],
)
def test_a_doubled_lost_or_open_message_in_any_run_counts(arrivals: Arrivals) -> None:
    found = missed(run(), run(), run(arrivals=arrivals))
    assert len(found) == 1
    assert found[0].startswith("of 100: ")


def test_the_vendor_counts_numbers_told_once_twice_and_never() -> None:
    arrived = [
        Arrival(1.0, "+8613800002000"),
        Arrival(1.0, "+8613800002001"),
        Arrival(2.0, "+8613800002001"),
        Arrival(1.0, "+8613900009999"),
    ]
    found = counted(arrived, 0, {"13800002000", "13800002001", "13800002002"}, 3)
    assert (found.once, found.twice, found.never) == (1, 1, 1)


def test_the_same_reference_again_counts_as_twice() -> None:
    assert counted([Arrival(1.0, "+8613800002000")], 1, {"13800002000"}, 1).twice == 1


def test_quantiles_are_in_milliseconds() -> None:
    assert quantiles_ms([n / 1000 for n in range(1, 101)]) == {"p50": 51.0, "p99": 100.0, "max": 100.0}
    assert quantiles_ms([]) == {}


def test_a_spread_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])


def test_pairs_that_agree_bound_the_ratio_closely_and_noisy_ones_do_not() -> None:
    assert lower_bound([1.10, 1.11, 1.10, 1.09, 1.10]) == pytest.approx(1.093, abs=0.003)
    assert lower_bound([0.8, 1.5, 1.1, 0.9, 1.3]) < 1
    assert lower_bound([2.0]) == 0


def bench_of(*runs: Run) -> Bench:
    machine = Machine(cores=2, cpu="c", memory_mib=1, kernel="k", python="3.11", fdatasync_per_s=1000.0, settings={"fsync": "on"})
    measured = [Measured(name="batch100", runs=list(runs))]
    return Bench(
        commit="0123456789abcdef",
        dirty=True,
        at=datetime(2026, 1, 2, tzinfo=UTC),
        short=False,
        machine=machine,
        bare=[1500.0],
        measured=measured,
    )


def test_results_are_written_with_commit_and_settings(tmp_path: Path) -> None:
    document = write(bench_of(run(0.1), run(0.2)), tmp_path)
    assert document.name == "2026-01-02-0123456789-dirty.md"
    assert "fsync on" in document.read_text()
    kept = json.loads(document.with_suffix(".json").read_text())
    assert (kept["commit"], kept["dirty"], len(kept["measured"][0]["runs"])) == ("0123456789abcdef", True, 2)


def test_the_table_shows_target_median_and_spread() -> None:
    (row,) = figures(bench_of(run(0.1), run(0.2), run(0.2)))
    assert row[1:5] == ["15,000/s", "500/s", "500 to 1,000", "0.33"]


def test_what_others_took_is_told_apart() -> None:
    disturbed = structs.replace(run(), cpu_us={"api": 20.0, "postgres": 30.5, "others": 400.0})
    (row,) = cpu(bench_of(disturbed))
    assert (row[1], row[4], row[-2], row[-1]) == ("20.0", "30.5", "50.5", "400.0")


def test_a_short_bench_judges_no_figure_but_counts() -> None:
    assert integrity_failures(bench_of(run(9.0))) == []
    assert integrity_failures(bench_of(run(arrivals=Arrivals(once=99, twice=0, never=1, delivered=99)))) == [
        "batch100: of 100: once 99, twice 0, never 1, delivered 99"
    ]


def test_every_scenario_says_what_it_must_reach() -> None:
    assert all(scenario.target != Target() and scenario.count for scenario in SCENARIOS)
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
