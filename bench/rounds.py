"""All runs of a bench: every round measures the bare client once and every scenario once, so that a slow minute spoils no scenario alone."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.figures import Bench, Measured
from bench.machine import commit_of, machine
from bench.scenarios import Scenario
from bench.standin import Terms
from bench.trial import trial
from bench.vendor import TREE, StandIn

BARE_CONNECTIONS = 50
"""Best against a vendor that answers at once (measured: DESIGN, Speed)."""
BARE_CALLS = 40_000


def bare_per_s(calls: int) -> float:
    """Calls a second of a bare aiohttp client against a fresh stand-in."""
    with tempfile.TemporaryDirectory(prefix="tixing-bench-") as folder:
        vendor = StandIn(Path(folder), Terms())
        try:
            argv = [sys.executable, "-m", "bench.bare", vendor.url, str(calls), str(BARE_CONNECTIONS)]
            done = subprocess.run(argv, cwd=TREE, capture_output=True, text=True, check=True, timeout=120)
        finally:
            vendor.stop()
    return float(json.loads(done.stdout)["per_s"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """How the rounds are run. `profile_s` 0: no profiler."""

    short: bool
    profile_s: int
    console: Console
    tree: Path = TREE


def bench(scenarios: Sequence[Scenario], runs: int, how: Rounds) -> Bench:
    """Runs everything. Raises HarnessError where a run could not be brought to its end."""
    commit, dirty = commit_of(how.tree)
    at = datetime.now(UTC)
    bare: list[float] = []
    measured = {scenario.name: Measured(name=scenario.name) for scenario in scenarios}
    settings: dict[str, str] = {}
    with _bar(how.console) as bar:
        overall = bar.add_task("runs", total=runs * (len(scenarios) + 1))
        current = bar.add_task("", total=1.0)
        for number in range(runs):
            bar.update(current, description=f"{number + 1}: bare client", completed=0)
            bare.append(bare_per_s(BARE_CALLS // (8 if how.short else 1)))
            bar.advance(overall)
            for scenario in scenarios:

                def progress(what: str, done: float, prefix: str = f"{number + 1}: {scenario.name}") -> None:
                    bar.update(current, description=f"{prefix}: {what}", completed=done)

                run, settings = trial(scenario, how.tree, progress, how.profile_s)
                measured[scenario.name].runs.append(run)
                bar.advance(overall)
    with tempfile.TemporaryDirectory(prefix="tixing-bench-") as folder:
        found = machine(Path(folder), settings)
    return Bench(commit=commit, dirty=dirty, at=at, short=how.short, machine=found, bare=bare, measured=list(measured.values()))


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
