"""The report: a table a population on the terminal, the same as Markdown and JSON in `bench/quality/results/`, with plots."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench.quality.measure import KEEP, Figures
from bench.quality.trial import Trial, shortfalls
from bench.report import markdown

RESULTS = Path(__file__).parent / "results"
COLUMNS: dict[str, Callable[[Figures], str]] = {
    "Brier": lambda f: f"{f.brier:.4f}",
    "ECE": lambda f: f"{f.ece:.4f}",
    "Brier, end": lambda f: f"{f.end_brier:.4f}",
    "ECE, end": lambda f: f"{f.end_ece:.4f}",
    f"waste at {KEEP:.1%} kept": lambda f: f"{f.waste_at_keep:.3f}",
    "at p_reach": lambda f: f"{f.threshold_at_keep:.3f}",
    "kept by states": lambda f: f"{f.kept:.4f}",
    "wasted by states": lambda f: f"{f.wasted:.3f}",
    "person-years kept": lambda f: f"{f.kept_years:.4f}",
    "living suppressed": lambda f: f"{f.suppressed_living:.5f}",
    "dead after ≤ 3": lambda f: f"{f.recognised:.4f}",
}


def table(tried: Trial) -> list[list[str]]:
    """One row a way."""
    return [[way, *(say(found) for say in COLUMNS.values())] for way, found in tried.ways.items()]


def show(trials: Sequence[Trial], console: Console) -> None:
    """Prints all of it."""
    for tried in trials:
        made = Table("way", *COLUMNS, title=heading(tried), title_justify="left")
        for row in table(tried):
            made.add_row(*row)
        console.print(made)
        for said in shortfalls(tried):
            console.print(f"misses: {said}", style="red")


def heading(tried: Trial) -> str:
    """What was tried."""
    return (
        f"{tried.population}: {tried.persons:,} persons, {tried.messages:,} messages ({tried.reached:.1%} reach the person), "
        f"{tried.observations:,} observations; fit {tried.fit_s:.0f} s; {tried.speed.bulk_us:.2f} µs an observation in bulk, "
        f"{tried.speed.singly_us:.0f} µs one by one; 25 million × 8 in {tried.speed.all_minutes_one_core:.1f} min on one core"
    )


def write(trials: Sequence[Trial], at: datetime, *, short: bool, folder: Path = RESULTS) -> Path:
    """Writes DATE.json, DATE.md and the plots; returns the Markdown."""
    from bench.quality.plots import plot  # noqa: PLC0415 - drawing takes seconds to load

    folder.mkdir(exist_ok=True)
    stem = f"{at:%Y-%m-%d}" + ("-short" if short else "")
    plain = [{**msgspec.to_builtins(tried), "shortfalls": shortfalls(tried)} for tried in trials]
    (folder / f"{stem}.json").write_text(json.dumps(_rounded(plain), ensure_ascii=False) + "\n")
    parts = [f"# Contact quality, {at:%Y-%m-%d}"]
    parts += [f"![{title}]({path.name})" for title, path in plot(trials, folder, stem).items()]
    for tried in trials:
        misses = "; ".join(shortfalls(tried)) or "nothing"
        parts += [f"## {tried.population}", heading(tried), markdown(["way", *COLUMNS], table(tried)), f"Misses: {misses}."]
    document = folder / f"{stem}.md"
    document.write_text("\n\n".join(parts) + "\n")
    return document


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value
