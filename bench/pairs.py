"""Compares two commits: interleaved pairs of runs, and a lower bound of the ratio that this machine's noise allows to state."""

import math
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.scenarios import Scenario
from bench.trial import trial
from bench.vendor import TREE

T_95 = {1: 6.314, 2: 2.920, 3: 2.353, 4: 2.132, 5: 2.015, 6: 1.943, 7: 1.895, 8: 1.860, 9: 1.833}
"""Student's t, one-sided 95 %, by degrees of freedom; beyond nine the last is used, which is on the safe side."""


def lower_bound(ratios: Sequence[float]) -> float:
    """What the true ratio is at least, with 95 % confidence, from ratios of pairs (their logarithms taken as normal). One pair bounds nothing: 0."""
    if len(ratios) < 2:
        return 0.0
    logs = [math.log(ratio) for ratio in ratios]
    error = statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(statistics.mean(logs) - T_95.get(len(logs) - 1, T_95[9]) * error)


@contextmanager
def worktree(revision: str) -> Iterator[Path]:
    """A checkout of another commit beside this one, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tixing-base-") as folder:
        path = Path(folder) / "tree"
        _git("worktree", "add", "--quiet", "--detach", str(path), revision)
        Path(folder).chmod(0o755)
        try:
            yield path
        finally:
            _git("worktree", "remove", "--force", str(path))


def compare(scenarios: Sequence[Scenario], base: str, pairs: int, console: Console) -> None:
    """Runs base and head in turn, the first of each pair changing, and prints the ratios."""
    table = Table("scenario", "base", "head", "ratio (median)", "at least (95 %)")
    with worktree(base) as tree:
        for scenario in scenarios:
            found = [_pair(scenario, tree, head_first=bool(number % 2), console=console) for number in range(pairs)]
            ratios = [head / old for old, head in found]
            old, head = (statistics.median(side) for side in zip(*found, strict=True))
            table.add_row(
                scenario.name, f"{old:,.0f}/s", f"{head:,.0f}/s", f"{statistics.median(ratios):.3f}", f"{lower_bound(ratios):.3f}"
            )
    console.print(table)


def _pair(scenario: Scenario, base: Path, *, head_first: bool, console: Console) -> tuple[float, float]:
    """(base, head) in messages a second."""
    order = [TREE, base] if head_first else [base, TREE]
    found = {tree: trial(scenario, tree, lambda _what, _done: None)[0].per_s for tree in order}
    console.print(f"{scenario.name}: base {found[base]:,.0f}/s, head {found[TREE]:,.0f}/s, ratio {found[TREE] / found[base]:.3f}")
    return found[base], found[TREE]


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=TREE, check=True, capture_output=True)  # noqa: S607 - git is where PATH says
