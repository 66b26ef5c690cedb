"""Results for people: a table on the terminal, the same as Markdown and JSON in `bench/results/`."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench.figures import Bench, Measured, Run, Spread, as_plain, cpu_of, latency, shortfalls, spread, spread_of
from bench.meter import OTHERS
from bench.scenarios import SCENARIOS, Scenario

RESULTS = Path(__file__).parent / "results"
GROUPS = ("api", "worker", "scheduler", "postgres", "redis", "vendor", "loader")
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}

WIDTH = 170
Rows = list[list[str]]
FIGURES = [
    "scenario",
    "target",
    "median",
    "min to max",
    "of bare client",
    "p50 / p99 ms",
    "once / twice / never",
    "PSS / RSS MiB",
    "misses",
]
CPU = ["µs CPU a message", *GROUPS, "all", OTHERS]


def wide_console() -> Console:
    """As wide as the terminal; in a file or a CI log as wide as a table."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def figures(bench: Bench) -> Rows:
    """One row a scenario."""
    return [_figures(BY_NAME[measured.name], measured, bench.bare, judged=not bench.short) for measured in bench.measured]


def cpu(bench: Bench) -> Rows:
    """Where the CPU went, medians, one row a scenario."""
    return [_cpu(measured) for measured in bench.measured]


def loads(bench: Bench) -> Rows:
    """What each scenario is."""
    return [[measured.name, BY_NAME[measured.name].says] for measured in bench.measured]


def facts(bench: Bench) -> Rows:
    """What the figures were taken on."""
    machine = bench.machine
    bare = f"{_range(spread(bench.bare))} calls/s" if bench.bare else "not measured"
    return [
        ["commit", bench.commit + (" (dirty)" if bench.dirty else "")],
        ["at", bench.at.isoformat(timespec="seconds")],
        ["machine", f"{machine.cores} cores, {machine.cpu}, {machine.memory_mib:,} MiB, {machine.kernel}, Python {machine.python}"],
        ["disk", f"{machine.fdatasync_per_s:,.0f} fdatasync/s of 8 KiB"],
        ["PostgreSQL", ", ".join(f"{name} {value}" for name, value in machine.settings.items())],
        ["bare aiohttp client", bare],
    ]


def show(bench: Bench, console: Console) -> None:
    """Prints all of it."""
    for header, rows in _tables(bench):
        table = Table(*header, show_header=bool(header[0]))
        for row in rows:
            table.add_row(*row)
        console.print(table)


def write(bench: Bench, folder: Path = RESULTS) -> Path:
    """Writes DATE-COMMIT.json and .md; returns the latter."""
    folder.mkdir(exist_ok=True)
    stem = f"{bench.at:%Y-%m-%d}-{bench.commit[:10]}" + ("-dirty" if bench.dirty else "") + ("-short" if bench.short else "")
    plain = as_plain(msgspec.to_builtins(bench))
    (folder / f"{stem}.json").write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n")
    document = folder / f"{stem}.md"
    parts = [
        f"# Bench of {bench.at:%Y-%m-%d}",
        markdown(["", ""], facts(bench)),
        markdown(FIGURES, figures(bench)),
        markdown(CPU, cpu(bench)),
    ]
    document.write_text("\n\n".join(parts) + "\n")
    return document


def markdown(header: Sequence[str], rows: Rows) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _tables(bench: Bench) -> list[tuple[list[str], Rows]]:
    return [(["", ""], facts(bench)), (["scenario", "load"], loads(bench)), (FIGURES, figures(bench)), (CPU, cpu(bench))]


def _figures(scenario: Scenario, measured: Measured, bare: Sequence[float], *, judged: bool) -> list[str]:
    runs = measured.runs
    per_s = spread_of(runs, lambda run: run.per_s)
    paced = bool(scenario.rate_per_s)
    return [
        scenario.name,
        _target(scenario),
        f"{per_s.median:,.0f}/s",
        f"{per_s.least:,.0f} to {per_s.most:,.0f}",
        f"{per_s.median / spread(bare).median:.2f}" if bare and not paced else "",
        " / ".join(_range(spread_of(runs, latency(name)), ".1f") for name in ("p50", "p99")) if paced else "",
        " / ".join(f"{sum(count)}" for count in zip(*((r.arrivals.once, r.arrivals.twice, r.arrivals.never) for r in runs), strict=True)),
        f"{spread_of(runs, lambda run: run.pss_mib).most:.0f} / {spread_of(runs, lambda run: run.rss_mib).most:.0f}",
        "; ".join(shortfalls(scenario, measured, bare)) if judged else "not judged",
    ]


def _target(scenario: Scenario) -> str:
    target = scenario.target
    said = [f"{target.per_s:,.0f}/s"] if target.per_s else []
    said += [f"{target.of_bare_client:g} of bare"] if target.of_bare_client else []
    said += [f"p50 {target.p50_ms:g} ms, p99 {target.p99_ms:g} ms"] if target.p50_ms else []
    return ", ".join(said)


def _cpu(measured: Measured) -> list[str]:
    medians = [spread_of(measured.runs, figure).median for figure in (*map(cpu_of, GROUPS), _all_cpu, cpu_of(OTHERS))]
    return [measured.name, *(f"{value:.1f}" for value in medians)]


def _all_cpu(run: Run) -> float:
    return sum(run.cpu_us.get(group, 0.0) for group in GROUPS)


def _range(found: Spread, form: str = ",.0f") -> str:
    return f"{found.median:{form}} ({found.least:{form}} to {found.most:{form}})"
