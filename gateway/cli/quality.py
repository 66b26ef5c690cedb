"""`tixing quality`: what histories of evidence say of contact numbers."""

import csv
import gzip
import sys
import zlib
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from gateway.cli import quality_fit
from gateway.roles.ports import Rooms

if TYPE_CHECKING:
    from gateway.quality.histories import Histories
    from gateway.quality.model import Model
    from gateway.quality.record import Record

MOST_SAID = 20
"""Bad lines that are said one by one; the rest is counted."""
GZIP = b"\x1f\x8b"
"""How a file begins that gzip packed."""


def command(rooms: Rooms) -> click.Group:
    """The group of commands."""

    @click.group("quality")
    def quality() -> None:
        """Which numbers reach their persons."""

    @quality.command("evaluate")
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True))
    @click.option("--as-of", "as_of", metavar="T", help="Date or time of the beliefs; later lines are left out.  [default: now]")
    @click.option("--fit", "learns", is_flag=True, help="Learn rates and weights of codes from these histories first, and print them.")
    @click.option("--why", is_flag=True, help="One more column: why, in a Chinese sentence.")
    @click.option(
        "--out", type=click.Path(path_type=Path, dir_okay=False, writable=True), help="Write the CSV here.  [default: standard output]"
    )
    def evaluate(file: Path, as_of: str | None, learns: bool, why: bool, out: Path | None) -> None:  # noqa: FBT001 - click hands flags over so
        r"""Beliefs about persons and their numbers, from NDJSON histories of evidence. Reads no configuration and no store.

        One observation a line, in any order, with "source" and "verified_on" for evidence "listed", "provider" and "vendor_code" where
        they are known. Bad lines are said with their number and left out. A file that gzip packed is read as it is.

        \b
        {"person":"p1","address":"a1","at":"2026-01-05T09:00:00+08:00",
         "evidence":"delivered","provider":"x","vendor_code":"DELIVRD"}

        The CSV has person, address, state, p_reach, p_alive, p_mine, observations, last_at. What --fit learned goes to standard error, or to
        standard output where the CSV goes to a file. docs/quality.md says what the numbers mean.

        \b
        tixing quality evaluate histories.ndjson > beliefs.csv
        tixing quality evaluate histories.ndjson --as-of 2026-01-31 --fit --out beliefs.csv
        """
        from gateway.quality.evaluate import HEADER, evaluate, rows  # noqa: PLC0415 - not for --help
        from gateway.quality.histories import Histories  # noqa: PLC0415 - see above
        from gateway.quality.model import PRIOR  # noqa: PLC0415 - see above

        histories = Histories(datetime.now(UTC), _moment(as_of))
        bad = _read(histories, file)
        if not len(histories):
            raise click.ClickException(f"{file}: no line that can be used")
        record = histories.record()
        model = _learn(record, histories, beside=out is not None) if learns else PRIOR
        found = evaluate(histories, record, model)
        with _opened(out) as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow((*HEADER, "why") if why else HEADER)
            writer.writerows(rows(found, why=why))
        again = f", {histories.repeated} said twice" if histories.repeated else ""
        later = f", {histories.later} later than --as-of" if histories.later else ""
        counts = f"{len(histories) - histories.repeated} observations of {len(histories.pairs)} pairs; {bad} bad lines{again}{later}"
        click.echo(f"{counts}; model {model.version}", err=True)

    quality.add_command(quality_fit.fit_command(rooms))
    quality.add_command(quality_fit.models_command(rooms))
    return quality


def _opened(out: Path | None) -> AbstractContextManager[TextIO]:
    return out.open("w", encoding="utf-8", newline="") if out else nullcontext(sys.stdout)


def _moment(text: str | None) -> datetime | None:
    """A time, or the end of a day in Shanghai."""
    from gateway.quality.histories import SHANGHAI  # noqa: PLC0415 - not for --help

    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no date or time: write 2026-01-31 or 2026-01-31T12:00:00+08:00", param_hint="--as-of"
        ) from None
    if len(text) <= len("2026-01-31"):
        read = datetime.combine(read.date(), time.max)
    return read if read.tzinfo else read.replace(tzinfo=SHANGHAI)


def _read(histories: "Histories", file: Path) -> int:
    """Takes the file; says what is wrong with which line; returns how many were bad."""
    from gateway.cli.screen import progress  # noqa: PLC0415 - not for --help
    from gateway.quality.histories import read_lines  # noqa: PLC0415 - see above

    bad = 0
    with progress("bytes") as bar, file.open("rb") as kept:
        packed = kept.peek(2).startswith(GZIP)
        task = bar.add_task(file.name, total=file.stat().st_size or None)
        try:
            for number, wrong in read_lines(histories, gzip.GzipFile(fileobj=kept) if packed else kept):
                if not wrong:
                    bar.update(task, completed=kept.tell())
                    continue
                bad += 1
                if bad <= MOST_SAID:
                    click.echo(f"line {number}: {wrong}", err=True)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise click.ClickException(
                f"{file}: is compressed and cannot be unpacked ({error}); pack it again, or unpack it first"
            ) from error
    if bad > MOST_SAID:
        click.echo(f"and {bad - MOST_SAID} more bad lines", err=True)
    return bad


def _learn(record: "Record", histories: "Histories", *, beside: bool) -> "Model":
    """Learns, and prints what was learned."""
    from gateway.cli.quality_weights import show  # noqa: PLC0415 - not for --help
    from gateway.cli.screen import err, out, progress  # noqa: PLC0415 - see above
    from gateway.quality.evaluate import as_of_day  # noqa: PLC0415 - see above
    from gateway.quality.fit import ROUNDS, fit  # noqa: PLC0415 - see above
    from gateway.quality.samples import sample  # noqa: PLC0415 - see above

    with progress("rounds") as bar:
        task = bar.add_task("learning", total=ROUNDS)
        model = fit(sample(record), as_of_day(histories), told=lambda n, _: bar.update(task, completed=n + 1))
    console = out() if beside else err()
    show(model, record, console)
    return model
