"""`tixing quality fit` and `tixing quality models`: learn the weights of codes from what is on record, and what was learned so far."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.options import config_option, loaded, run
from gateway.config import Config
from gateway.roles.ports import Rooms

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from gateway.pipeline.fitting import Fitted, Told
    from gateway.store.quality_models import KeptModel

GIVES_WAY = 10
"""Niceness: whoever sends goes first."""
MOST = 50
"""Models that are listed."""


def fit_command(rooms: Rooms) -> click.Command:
    """`tixing quality fit`."""

    @click.command("fit")
    @click.option("--dry-run", is_flag=True, help="Keep nothing: print what would be learned.")
    @config_option
    def fit(dry_run: bool, config: Path | None) -> None:  # noqa: FBT001 - click hands flags over so
        r"""Learn the weights of vendors' codes, rates and what sources are worth from the record, and keep them as a new model.

        The acting scheduler does it by itself every quality.fit_every_days. It reads a fair sample of 30,000 numbers, takes a minute or so of one core at low
        priority, and says which providers call living numbers absent. Beliefs are worked out anew with the new model, beside everything else.

        \b
        tixing quality fit
        tixing quality fit --dry-run
        """
        os.nice(GIVES_WAY)
        _show(run(_fit(loaded(config), rooms, dry_run=dry_run)))

    return fit


def models_command(rooms: Rooms) -> click.Command:
    """`tixing quality models`."""

    @click.command("models")
    @config_option
    def models(config: Path | None) -> None:
        """List the models that were learned, newest first: the first one is in force."""
        _list(run(_models(loaded(config), rooms)))

    return models


async def _fit(settings: Config, rooms: Rooms, *, dry_run: bool) -> "Fitted":
    from gateway.cli.screen import progress  # noqa: PLC0415 - not for --help
    from gateway.pipeline.fitting import Busy, learn  # noqa: PLC0415 - see above
    from gateway.roles.supervise import orphaned  # noqa: PLC0415 - see above
    from gateway.runtime import open_runtime  # noqa: PLC0415 - see above

    async with open_runtime(settings, rooms.dates, "fit", connections=1) as runtime, runtime.pool.acquire() as connection:
        task = asyncio.current_task()
        alone = asyncio.create_task(orphaned())
        alone.add_done_callback(lambda ended: None if ended.cancelled() or task is None else task.cancel())
        try:
            with progress() as bar:
                return await learn(connection, _bars(bar), keep=not dry_run)
        except Busy as error:
            raise click.ClickException(str(error)) from error
        finally:
            alone.cancel()


def _bars(bar: "Progress") -> "Told":
    """A bar for each thing that is done."""
    tasks: dict[str, TaskID] = {}

    def told(what: str, done: int, of: int) -> None:
        if what not in tasks:
            tasks[what] = bar.add_task(what, total=of)
        bar.update(tasks[what], completed=done)

    return told


def _show(made: "Fitted") -> None:
    from gateway.cli.quality_weights import show  # noqa: PLC0415 - not for --help
    from gateway.cli.screen import out  # noqa: PLC0415 - see above

    basis = made.basis
    if made.model is not None and made.record is not None and made.report is not None:
        show(made.model, made.record, out())
        for route in made.report.routes:
            if route.suspect:
                click.echo(
                    f"ask {route.provider} why; `tixing provider suspend {route.provider} --reason ...` sends nothing through it meanwhile"
                )
        if held := made.report.held_out:
            click.echo(
                f"{held.pairs:,} histories that were not learned from: log-likelihood {held.after:.4f} an observation,"
                f" {held.before:.4f} by {made.before.version}"
            )
    click.echo(f"{basis.outcomes:,} outcomes, {basis.observations:,} observations of {basis.pairs:,} pairs of person and number")
    click.echo(f"{made.model.version if made.model else 'nothing was learned'}: {made.why}")


async def _models(settings: Config, rooms: Rooms) -> "list[KeptModel]":
    from gateway.runtime import open_runtime  # noqa: PLC0415 - not for --help
    from gateway.store import quality_models  # noqa: PLC0415 - see above

    async with open_runtime(settings, rooms.dates, "models", connections=1) as runtime, runtime.pool.acquire() as connection:
        return await quality_models.listed(connection, MOST)


def _list(kept: "list[KeptModel]") -> None:
    from msgspec.json import decode  # noqa: PLC0415 - not for --help

    from gateway.cli.screen import out, table  # noqa: PLC0415 - see above
    from gateway.quality.report import Basis, Report  # noqa: PLC0415 - see above

    if not kept:
        click.echo("nothing was learned yet: beliefs use the priors")
        return
    shown = table("model", "version", "learned", "pairs", "outcomes", "suspect routes", numbers=("model", "pairs", "outcomes"))
    for one in kept:
        basis, report = decode(one.basis, type=Basis), decode(one.report, type=Report)
        suspects = [f"{route.provider} {route.false_absent:.0%}" for route in report.routes if route.suspect]
        suspects += [f"{route.provider} {time.since} to {time.until}" for route in report.routes for time in route.lied if time.until]
        shown.add_row(
            str(one.id), one.version, f"{one.at:%Y-%m-%d %H:%M}", f"{basis.pairs:,}", f"{basis.outcomes:,}", ", ".join(suspects) or "-"
        )
    out().print(shown)
