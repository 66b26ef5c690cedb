"""What was measured, as values; medians, spreads and verdicts on them."""

import statistics
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from bench.scenarios import MEMORY_MIB, Scenario


class Arrivals(Struct, frozen=True, kw_only=True):
    """Counted at the vendor over all persons who had to be told, and in the store."""

    once: int
    twice: int
    never: int
    delivered: int
    """Messages whose status in the store is `delivered`."""

    def whole(self, expected: int) -> bool:
        """Every person was told exactly once and every message reached its end."""
        return (self.once, self.twice, self.never, self.delivered) == (expected, 0, 0, expected)


class Run(Struct, frozen=True, kw_only=True):
    """One run of one scenario. CPU in microseconds a message by group of processes; latency in milliseconds from event to vendor."""

    count: int
    seconds: float
    posted_s: float
    arrivals: Arrivals
    cpu_us: dict[str, float]
    pss_mib: float
    rss_mib: float
    asked_to_wait: int = 0
    preload_per_s: float = 0
    latency_ms: dict[str, float] = {}

    @property
    def per_s(self) -> float:
        """Messages a second, from the first byte posted to the last message final."""
        return self.count / self.seconds


class Measured(Struct, kw_only=True):
    """A scenario with all its runs."""

    name: str
    runs: list[Run] = field(default_factory=list)


class Machine(Struct, frozen=True, kw_only=True):
    """What the figures were taken on. `settings` as PostgreSQL shows them."""

    cores: int
    cpu: str
    memory_mib: int
    kernel: str
    python: str
    fdatasync_per_s: float
    settings: dict[str, str] = {}


class Bench(Struct, kw_only=True):
    """A whole run of the bench. `bare` holds a bare aiohttp client's calls a second, one for each round."""

    commit: str
    dirty: bool
    at: datetime
    short: bool
    machine: Machine
    bare: list[float] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)


class Spread(Struct, frozen=True):
    """Median, least and most."""

    median: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """Raises ValueError where there is nothing."""
    if not values:
        raise ValueError("nothing was measured")
    return Spread(statistics.median(values), min(values), max(values))


def spread_of(runs: Sequence[Run], what: Callable[[Run], float]) -> Spread:
    """Of one figure over all runs."""
    return spread([what(run) for run in runs])


def quantiles_ms(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p99 and the worst, in milliseconds; nothing for nothing."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    pick = {"p50": 0.50, "p99": 0.99}
    found = {name: ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 for name, share in pick.items()}
    return found | {"max": ordered[-1] * 1000}


def shortfalls(scenario: Scenario, measured: Measured, bare: Sequence[float]) -> list[str]:
    """What the scenario missed, in words. Integrity counts in every run, figures by their median."""
    said = [f"{_integrity(run)}" for run in measured.runs if not run.arrivals.whole(run.count)]
    target, runs = scenario.target, measured.runs
    per_s = spread_of(runs, lambda run: run.per_s).median
    if target.per_s and per_s < target.per_s:
        said.append(f"{per_s:,.0f}/s < {target.per_s:,.0f}/s")
    if target.of_bare_client and bare and per_s / spread(bare).median < target.of_bare_client:
        said.append(f"{per_s / spread(bare).median:.2f} of the bare client < {target.of_bare_client:g}")
    for name, limit in (("p50", target.p50_ms), ("p99", target.p99_ms)):
        if limit and (found := spread_of(runs, latency(name)).median) > limit:
            said.append(f"{name} {found:.1f} ms > {limit:g} ms")
    if (peak := spread_of(runs, lambda run: run.pss_mib).median) > MEMORY_MIB:
        said.append(f"{peak:.0f} MiB > {MEMORY_MIB} MiB")
    return said


def integrity_failures(bench: Bench) -> list[str]:
    """Runs in which somebody was told twice or never, or a message did not reach its end."""
    return [f"{m.name}: {_integrity(run)}" for m in bench.measured for run in m.runs if not run.arrivals.whole(run.count)]


def _integrity(run: Run) -> str:
    found = run.arrivals
    return f"of {run.count}: once {found.once}, twice {found.twice}, never {found.never}, delivered {found.delivered}"


def latency(name: str) -> Callable[[Run], float]:
    """Picks p50, p99 or max of a run; 0 where no latency was taken."""

    def pick(run: Run) -> float:
        return run.latency_ms.get(name, 0.0)

    return pick


def cpu_of(group: str) -> Callable[[Run], float]:
    """Picks a group's microseconds a message."""

    def pick(run: Run) -> float:
        return run.cpu_us.get(group, 0.0)

    return pick


def as_plain(value: Any) -> Any:
    """For JSON: rounds what is a float to four digits after the point."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: as_plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_plain(item) for item in value]
    return value
