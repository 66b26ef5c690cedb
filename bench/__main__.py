"""`python -m bench`: measures; `python -m bench pairs --base REV`: compares two commits."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click
import msgspec

from bench.figures import integrity_failures, shortfalls
from bench.pairs import compare
from bench.processes import HarnessError, stopped_on_sigterm
from bench.report import BY_NAME, show, wide_console, write
from bench.rounds import Rounds, bench
from bench.scenarios import SCENARIOS, Scenario

NAMES = click.Choice([scenario.name for scenario in SCENARIOS])
only_option = click.option("--only", multiple=True, type=NAMES, help="Scenarios to run; all where none is named.")


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a measurement. `profile` in seconds; 0: none."""

    short: bool
    runs: int
    count: int | None
    workers: int | None
    strict: bool
    profile: int
    only: tuple[str, ...]


@click.group(invoke_without_command=True)
@click.option("--short", is_flag=True, help="A few thousand messages, one run: counts, but judges no figure.")
@click.option("--runs", default=5, show_default=True, type=click.IntRange(1), help="Runs of each scenario.")
@click.option("--count", type=click.IntRange(1), help="Messages of a run instead of the scenario's own number.")
@click.option("--workers", type=click.IntRange(1, 8), help="Worker processes instead of the scenario's own number.")
@click.option("--strict", is_flag=True, help="Exit 1 where a figure is missed, too.")
@click.option(
    "--profile", default=0, type=click.IntRange(0), metavar="SECONDS", help="Record API and workers with py-spy, if it is installed."
)
@only_option
@click.pass_context
def main(context: click.Context, /, **given: Any) -> None:
    """Measure the whole pipeline. Exit 1 where a message was lost, doubled or not brought to its end."""
    if context.invoked_subcommand is None:
        measure(Choices(**given))


def measure(choices: Choices) -> None:
    """Runs, shows, writes, judges."""
    console = wide_console()
    scenarios = [_adjusted(scenario, choices) for scenario in _chosen(choices.only)]
    found = bench(scenarios, 1 if choices.short else choices.runs, Rounds(short=choices.short, profile_s=choices.profile, console=console))
    show(found, console)
    if not (choices.short or choices.count or choices.only or choices.workers):
        console.print(f"Written: {write(found)}")
    failures = integrity_failures(found)
    if choices.strict:
        failures += [f"{one.name}: {missed}" for one in found.measured for missed in shortfalls(BY_NAME[one.name], one, found.bare)]
    for failure in failures:
        console.print(failure, style="bold red")
    sys.exit(bool(failures))


@main.command()
@click.option("--base", required=True, help="Commit to compare this checkout with.")
@click.option("--pairs", default=5, show_default=True, type=click.IntRange(2), help="Interleaved pairs of runs.")
@only_option
def pairs(base: str, pairs: int, only: Sequence[str]) -> None:
    """Compare this checkout with another commit."""
    compare(_chosen(only), base, pairs, wide_console())


def _chosen(only: Sequence[str]) -> list[Scenario]:
    return [scenario for scenario in SCENARIOS if not only or scenario.name in only]


def _adjusted(scenario: Scenario, choices: Choices) -> Scenario:
    scenario = scenario.shortened() if choices.short else scenario
    return replace(scenario, count=choices.count or scenario.count, workers=choices.workers or scenario.workers)


if __name__ == "__main__":
    with stopped_on_sigterm():
        try:
            main()
        except HarnessError as error:
            reason, _, logs = str(error).partition("\n")
            sys.exit(f"{logs.strip()}\n{reason}".strip())  # the reason last: it is what a terminal or a CI log shows
