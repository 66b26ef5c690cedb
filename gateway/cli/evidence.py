"""`tixing evidence verify`: is what is stored what was sealed?"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.options import config_option, loaded, run
from gateway.config import Config
from gateway.roles.ports import Rooms
from gateway.runtime import open_runtime

if TYPE_CHECKING:
    from gateway.evidence.findings import Report

MOST_SHOWN = 20
"""Broken links that are printed; the rest is counted."""


def command(rooms: Rooms) -> click.Group:
    """The group of commands."""

    @click.group("evidence")
    def evidence() -> None:
        """The chain of seals over everything that happened."""

    @evidence.command("verify")
    @click.option("--person", metavar="ID", help="Only what is stored of this person.")
    @click.option(
        "--heads",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="File with log lines `heads … mac=…` that were kept outside the store: what they name must be there.",
    )
    @config_option
    def verify(person: str | None, heads: Path | None, config: Path | None) -> None:
        r"""Is what is stored what was sealed? Ends with 1 and names the first broken link where it is not.

        Walks every chain of seals, computes the digest of every event, notice, message, attempt, answer, receipt, ending and reply again, and compares
        with the heads that were published. Shows what was changed, deleted, added or cut off after it was sealed. Runs beside a working gateway.

        \b
        tixing evidence verify
        tixing evidence verify --heads /var/log/tixing/heads.log
        tixing evidence verify --person P-1001
        """
        if person and heads:
            raise click.UsageError("--heads is about the whole store: leave --person out")
        report = run(_verify(loaded(config), rooms, person, heads))
        if report is None:
            raise click.ClickException(f"nothing is stored of a person {person}")
        _tell(report)

    return evidence


async def _verify(settings: Config, rooms: Rooms, person: str | None, heads: Path | None) -> "Report | None":
    from gateway.cli.screen import progress  # noqa: PLC0415 - not for --help
    from gateway.evidence.verify import everything, one_person  # noqa: PLC0415 - see above

    async with open_runtime(settings, rooms.dates, "evidence", connections=1) as runtime, runtime.reading.acquire() as connection:
        if person is not None:
            return await one_person(connection, runtime.sealer, person)
        with progress("seals") as bar:
            task = bar.add_task("verifying", total=None)

            def show(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            return await everything(connection, runtime.sealer, _lines(heads), show)


def _lines(heads: Path | None) -> list[str]:
    return heads.read_text(errors="replace").splitlines() if heads is not None else []


def _tell(report: "Report") -> None:
    looked = f"{report.chains} chains, {report.seals} seals, {report.facts} facts, {report.publications} publications of heads"
    looked += f", {report.backed} messages against their attempts and receipts"
    if report.erased:
        looked += f"; {report.erased} facts were erased on record"
    if not report.broken:
        click.echo(f"whole: {looked}")
        return
    first, *others = report.findings
    click.echo(f"BROKEN: {first.about} {first.what}")
    for finding in others[: MOST_SHOWN - 1]:
        click.echo(f"        {finding.about} {finding.what}")
    if report.broken > MOST_SHOWN:
        click.echo(f"        and {report.broken - MOST_SHOWN} more")
    click.echo(f"{report.broken} broken links in {looked}", err=True)
    raise SystemExit(1)
