"""`python -m bench.quality.closed_loop`: policies that see only what came of the messages they sent, on populations of known truth."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from msgspec import Struct
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.quality.course import Policy, run
from bench.quality.course_figures import Worth, worth
from bench.quality.oracle import oracle
from bench.quality.policies import YEAR, Believing, Rules, everything, one_permanent, three_failures
from bench.quality.population import EPOCH_DAY, History, Population, happen, populations
from bench.quality.report import RESULTS
from bench.report import markdown, wide_console
from gateway.quality.model import PRIOR
from gateway.quality.states import WORTH_FROM

PERSONS, SHORT_PERSONS, SEED = 10_000, 300, 23
MONTH, YEARLY, NEVER = 30, tuple(YEAR * n for n in range(1, 5)), 10**6
"""Days on which the model is learned, and one beyond all."""
EVERYTHING, MODEL, ORACLE = "use everything", "model", "oracle"
EVIDENCE_ONLY, DENIED, FOR_GOOD = "“not me” is evidence only", "“not me” stops where own ≤ 0.2", "“not me” stops for good"
PROBED = "probes from p_reach 0.01 on"
Maker = Callable[[Population, History], Policy]


def _model(rules: Rules) -> Maker:
    return lambda _, history: Believing(history, PRIOR, rules)


def _oracle(rules: Rules) -> Maker:
    return lambda p, history: Believing(history, oracle(p, history), rules)


WAYS: Mapping[str, Maker] = {
    EVERYTHING: lambda _, history: everything(history),
    "drop after one permanent": lambda _, history: one_permanent(history),
    "drop after three failures": lambda _, history: three_failures(history),
    MODEL: _model(Rules(learns=YEARLY)),
    f"{MODEL}, learns after a month": _model(Rules(learns=(MONTH, *YEARLY))),
    f"{MODEL}, {EVIDENCE_ONLY}": _model(Rules(denied_below=0.0, learns=YEARLY)),
    f"{MODEL}, {DENIED}": _model(Rules(denied_below=0.2, learns=YEARLY)),
    f"{MODEL}, {FOR_GOOD}": _model(Rules(denied_below=1.0, learns=YEARLY)),
    f"{MODEL}, {PROBED}": _model(Rules(probe_from=0.01, learns=YEARLY)),
    f"{MODEL}, nothing below {WORTH_FROM}": _model(Rules(worth_from=WORTH_FROM, learns=YEARLY)),
    ORACLE: _oracle(Rules()),
    f"{ORACLE}, {EVIDENCE_ONLY}": _oracle(Rules(denied_below=0.0)),
    f"{ORACLE}, {DENIED}": _oracle(Rules(denied_below=0.2)),
    f"{ORACLE}, {FOR_GOOD}": _oracle(Rules(denied_below=1.0)),
    f"{ORACLE}, {PROBED}": _oracle(Rules(probe_from=0.01)),
    f"{ORACLE}, no probes": _oracle(Rules(probe_after_days=NEVER)),
    f"{ORACLE}, strangers probed": _oracle(Rules(probe_strangers=True)),
    f"{ORACLE}, nothing below {WORTH_FROM}": _oracle(Rules(worth_from=WORTH_FROM)),
    f"{ORACLE}, nothing below {WORTH_FROM}, probed": _oracle(Rules(worth_from=WORTH_FROM, probe_below_after_days=180)),
}
SHORT_WAYS: Mapping[str, Maker] = {
    EVERYTHING: WAYS[EVERYTHING],
    "drop after three failures": WAYS["drop after three failures"],
    MODEL: _model(Rules(learns=(YEAR,))),
}
COLUMNS: Mapping[str, Callable[[Worth], str]] = {
    "reached": lambda w: f"{w.reached:.4f}",
    "person-years": lambda w: f"{w.years:.4f}",
    "wasted": lambda w: f"{w.wasted:.3f}",
    "to strangers": lambda w: f"{w.strangers:.3f}",
    "probes": lambda w: f"{w.probes}",
    "reach": lambda w: f"{w.probes_reached}",
    "lost, of 10,000": lambda w: f"{w.lost * 1e4:.0f}",
    "messages to a dead number": lambda w: f"{w.until_given_up:.2f}",
    "dead after ≤ 3": lambda w: f"{w.recognised:.4f}",
    "living given up, of 10,000": lambda w: f"{w.given_up * 1e4:.0f}",
    "recovered": lambda w: f"{w.recovered:.2f}" if w.given_up else "-",
    "after days": lambda w: f"{w.recovered_days:.0f}" if w.given_up and w.recovered else "-",
    "said “not me”, of 10,000": lambda w: f"{w.denied * 1e4:.0f}",
    "missed: dead / wrong / not me / below": lambda w: " / ".join(f"{share:.4f}" for share in w.missed.values()),
}
ON_SCREEN = ("reached", "wasted", "to strangers", "lost, of 10,000", "messages to a dead number", "living given up, of 10,000", "recovered")
"""What a terminal has room for."""


class Closed(Struct, frozen=True):
    """All ways on one population."""

    population: str
    persons: int
    messages: int
    reached: float
    ways: dict[str, Worth]

    @property
    def heading(self) -> str:
        """What was tried."""
        return f"{self.population}: {self.persons:,} persons, {self.messages:,} messages due ({self.reached:.1%} reach the person)"


def closed(name: str, seed: int, persons: int, ways: Mapping[str, Maker], shown: Progress) -> Closed:
    """Every way through one history."""
    population = populations()[name]
    history = happen(population, seed, persons)
    days = history.end_day - EPOCH_DAY
    made = {}
    for way, maker in ways.items():
        task = shown.add_task(f"{name}: {way}", total=days)
        course = run(history, maker(population, history), population.certified_rest_days, partial(shown.advance, task))
        made[way] = worth(history, course)
    return Closed(name, persons, len(history.messages.day), float(history.truth_reached.mean()), made)


def rows(tried: Closed) -> list[list[str]]:
    """One row a way."""
    return [[way, *(say(found) for say in COLUMNS.values())] for way, found in tried.ways.items()]


def write(tried: Sequence[Closed], at: datetime, *, short: bool, folder: Path = RESULTS) -> Path:
    """Writes the tables as Markdown."""
    folder.mkdir(exist_ok=True)
    document = folder / f"{at:%Y-%m-%d}-closed-loop{'-short' if short else ''}.md"
    parts = [f"# Contact quality in a closed loop, {at:%Y-%m-%d}"]
    for one in tried:
        parts += [f"## {one.population}", one.heading, markdown(["way", *COLUMNS], rows(one))]
    document.write_text("\n\n".join(parts) + "\n")
    return document


def show(tried: Sequence[Closed], console: Console) -> None:
    """Prints them."""
    for one in tried:
        table = Table("way", *ON_SCREEN, title=one.heading, title_justify="left")
        for way, found in one.ways.items():
            table.add_row(way, *(COLUMNS[name](found) for name in ON_SCREEN))
        console.print(table)


def trials(names: Sequence[str], seed: int, persons: int, *, short: bool, folder: Path = RESULTS) -> list[Closed]:
    """Tries these populations, says how it goes, and writes what is there after each."""
    console = wide_console()
    made: list[Closed] = []
    for name in names:
        with Progress(console=console, transient=True) as shown:
            made.append(closed(name, seed, persons, SHORT_WAYS if short else WAYS, shown))
        show(made[-1:], console)
        console.print(f"written to {write(made, datetime.now(UTC), short=short, folder=folder)}")
    return made


def main() -> int:
    """Runs."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality.closed_loop", description=__doc__)
    parser.add_argument("populations", nargs="*", help="names in populations.toml (default: those that nothing was tuned on)")
    parser.add_argument("--short", action="store_true", help=f"{SHORT_PERSONS:,} persons each, the chief policies only, and one fit")
    parser.add_argument("--persons", type=int, default=PERSONS)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    names = given.populations or [name for name in populations() if name.startswith(("test-", "drawn-"))]
    trials(names, given.seed, SHORT_PERSONS if given.short else given.persons, short=given.short)
    return 0


if __name__ == "__main__":
    sys.exit(main())
