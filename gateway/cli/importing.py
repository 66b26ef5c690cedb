"""`tixing import`: persons and contacts from a file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.options import config_option, loaded, run, who
from gateway.config import Config
from gateway.roles.ports import Rooms

if TYPE_CHECKING:
    from gateway.importing.load import Imported

MOST_UNREAD = 10
"""Columns that are not read and are named; the rest is counted."""


def command(rooms: Rooms) -> click.Command:
    """The command."""

    @click.command("import")
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True))
    @config_option
    def import_(file: Path, config: Path | None) -> None:
        r"""Import persons and contacts from .csv, .xlsx or .ndjson.

        The first row names the columns, in Chinese or English: person_id (编号), name (姓名), region (参保地), insurance (险种), certified_on
        (最近认证日期), phone (手机号码), phone2, family_phone (家属电话) …; docs/import.md has all of them. With a column address (号码) every row is one
        contact. Good rows are kept, bad ones go to FILE.rejected.csv with what is wrong. Safe to run again: a row that was imported changes nothing.
        Whatever becomes due by it is sent, as with events.

        \b
        tixing import pensioners.csv
        tixing import 待遇人员.xlsx
        """
        from gateway.importing.errors import UnusableFile  # noqa: PLC0415 - not for --help

        settings = loaded(config)
        try:
            done, rejected, unread = run(_import(settings, rooms, file))
        except UnusableFile as error:
            raise click.ClickException(f"{file}: {error}") from None
        _tell(done, rejected, unread)
        if done.rows and done.rejected == done.rows:
            raise SystemExit(1)

    return import_


async def _import(settings: Config, rooms: Rooms, file: Path) -> "tuple[Imported, Path | None, set[str]]":
    from gateway.cli.screen import progress  # noqa: PLC0415 - not for --help
    from gateway.importing.load import Loading  # noqa: PLC0415 - see above
    from gateway.importing.rejected import Rejected  # noqa: PLC0415 - see above
    from gateway.importing.tables import open_table  # noqa: PLC0415 - see above
    from gateway.pipeline.accept import Accept  # noqa: PLC0415 - see above
    from gateway.runtime import open_runtime  # noqa: PLC0415 - see above

    async def committed(*_: object) -> None:
        """Nobody to wake: the scheduler looks every second."""

    table = open_table(file)
    rejected = Rejected(file, table.headers)
    try:
        async with open_runtime(settings, rooms.dates, "import", connections=3) as runtime:
            parts = runtime.pool, runtime.vault, runtime.sealer, runtime.ids, runtime.writer, runtime.planning
            accept = Accept(*parts, settings.sending.timezone, committed)
            loading = Loading(accept, runtime.checker, runtime.keyring.lookup, f"import by {who()}", rejected)
            with progress("bytes" if table.size else "rows") as bar:
                task = bar.add_task(file.name, total=table.size or None)
                done = await loading.load(table, lambda: bar.update(task, completed=table.position()))
        return done, rejected.close(), table.unread
    except BaseException:
        rejected.drop()
        raise
    finally:
        table.close()


def _tell(done: "Imported", rejected: Path | None, unread: set[str]) -> None:
    if unread:
        more = f" and {len(unread) - MOST_UNREAD} more" if len(unread) > MOST_UNREAD else ""
        click.echo(f"columns that were not read: {', '.join(sorted(unread)[:MOST_UNREAD])}{more}", err=True)
    click.echo(f"{done.rows} rows: {done.taken} taken, {done.known} known already, {done.rejected} rejected")
    if done.short:
        click.echo(f"{done.short} of them have a contact that no message reaches: that contact was left out")
    if rejected is not None:
        click.echo(f"what is wrong, row by row: {rejected}", err=True)
