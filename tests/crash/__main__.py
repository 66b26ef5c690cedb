"""`python -m tests.crash`: kills everything in turn under load and counts what was lost, doubled or false."""

import random
import sys
from typing import NoReturn

import click
from rich.console import Console
from rich.table import Table

from bench.processes import HarnessError, TimeUpError, bounded, stopped_on_sigterm
from bench.report import wide_console
from tests.crash.blows import plan, short_plan
from tests.crash.ledger import Check, Demand, judge
from tests.crash.run import Plan, Round, run

SHORT = Plan(blows=short_plan(), events_per_s=800, demand=Demand(events_per_s=500), receipt_timeout_s=10)
SETUP_S = 420
"""Beside the rounds: start, quiet, verification of the evidence."""
ROUND_S = 60


@click.command()
@click.option(
    "--rounds", default=20, show_default=True, type=click.IntRange(1), help="Kills; after every fifth a sleeper and an emptied Redis."
)
@click.option("--short", is_flag=True, help="A few rounds at a lighter load, for CI.")
@click.option("--seed", type=int, help="Shuffles the order of the blows.")
@click.option("--rate", default=1_200, show_default=True, type=click.IntRange(1), help="Events a second.")
def main(*, rounds: int, short: bool, seed: int | None, rate: int) -> None:
    """Kill everything in turn under load; exit 1 where a check fails."""
    console = wide_console()
    planned = SHORT if short else Plan(blows=plan(rounds), events_per_s=rate)
    if seed is not None:
        random.Random(seed).shuffle(blows := list(planned.blows))
        planned = Plan(blows=blows, events_per_s=planned.events_per_s, demand=planned.demand, receipt_timeout_s=planned.receipt_timeout_s)
    table = Table("#", "blow", "calls in flight", "over after", "brought back by", "events taken", "messages arrived")
    try:
        with stopped_on_sigterm(), bounded(SETUP_S + ROUND_S * len(planned.blows)), console.status("starting") as status:

            def tell(done: Round) -> None:
                table.add_row(*row(table.row_count + 1, done))
                status.update(f"{table.row_count} of {len(planned.blows)}: {done.what}, {done.taken:,} events taken")

            ledger = run(planned, tell)
    except (HarnessError, TimeUpError) as error:
        console.print(table)
        console.print(str(error), markup=False, style="red")
        finish([Check("the run came to its end", [str(error).splitlines()[0]])], console)
    console.print(table)
    finish(judge(ledger, planned.demand), console)


def row(number: int, done: Round) -> list[str]:
    """A row of the table."""
    return [str(number), done.what, str(done.calls), f"{done.over_s:.1f} s", done.by, f"{done.taken:,}", f"{done.arrived:,}"]


def finish(checks: list[Check], console: Console) -> NoReturn:
    """Prints every check, and last how many passed; exits."""
    for check in checks:
        console.print(
            f"{'ok  ' if check.passed else 'FAIL'} {check.name}" + (f" ({check.note})" if check.note else ""), markup=False, highlight=False
        )
        for found in check.found:
            console.print(f"       {found}", markup=False, highlight=False, soft_wrap=True)
    failed = sum(not check.passed for check in checks)
    click.echo(f"{len(checks) - failed} passed, {failed} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
