"""`tixing due`: the daily scan by hand, or what it would send."""

from datetime import date, datetime
from pathlib import Path

import click

from gateway.cli.options import config_option, loaded, run
from gateway.config import Config
from gateway.roles.ports import Rooms

DAY = click.DateTime(["%Y-%m-%d"])


def command(rooms: Rooms) -> click.Command:
    """The command."""

    @click.command("due")
    @click.option("--dry-run", is_flag=True, help="Write nothing: print what would be sent, by kind and region.")
    @click.option("--as-of", type=DAY, metavar="DATE", help="As if it were noon of this day; only with --dry-run.  [default: now]")
    @config_option
    def due(dry_run: bool, as_of: datetime | None, config: Path | None) -> None:  # noqa: FBT001 - click hands flags over so
        r"""Plan by hand whatever is due: what the scheduler does by itself every second.

        Notices and messages are written; workers send them. With --dry-run nothing is written. --as-of plans as if that day had come and nothing were
        sent or certified in between: how many reminders come in the first week of March?

        \b
        tixing due
        tixing due --dry-run
        tixing due --dry-run --as-of 2026-03-01
        """
        if as_of is not None and not dry_run:
            raise click.UsageError("--as-of goes with --dry-run only: notices are never sent as of another day than today")
        run(_due(loaded(config), rooms, as_of.date() if as_of else None, dry_run=dry_run))

    return due


async def _due(settings: Config, rooms: Rooms, as_of: date | None, *, dry_run: bool) -> None:
    from gateway.cli import scanning  # noqa: PLC0415 - not for --help
    from gateway.cli.screen import progress  # noqa: PLC0415 - see above
    from gateway.runtime import open_runtime  # noqa: PLC0415 - see above

    async with open_runtime(settings, rooms.dates, "due", connections=2) as runtime:
        with progress("persons") as bar:
            task = bar.add_task("planning", total=await scanning.waiting(runtime, as_of))
            scan = scanning.foresee(runtime, as_of) if dry_run else scanning.plan(runtime)
            async for tally in scan:
                bar.update(task, completed=tally.persons)
    scanning.show(tally, runtime.regions, dry_run=dry_run)
