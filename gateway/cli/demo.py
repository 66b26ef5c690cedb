"""`tixing demo`: a sample day through a gateway of its own, bounded."""

from pathlib import Path

import click

from gateway.cli.options import config_option, loaded, run
from gateway.roles.ports import Rooms

PERSONS, LEAST_PERSONS, MOST_PERSONS = 300, 30, 20_000


def command(rooms: Rooms) -> click.Command:
    """The command."""

    @click.command("demo")
    @click.option(
        "--persons",
        type=click.IntRange(LEAST_PERSONS, MOST_PERSONS),
        default=PERSONS,
        show_default=True,
        help="About how many persons the day has.",
    )
    @config_option
    def demo(persons: int, config: Path | None) -> None:
        r"""Send a day of sample events, wait until everything is settled, print what happened.

        Runs a gateway of its own in a temporary folder, with embedded engines and the sandbox, which reaches nobody: it can be run beside anything and
        leaves nothing. From the configuration it takes [ladder], [cycle] and [signatures]; the sending window is always open. Ends with 1 where
        something did not settle.

        \b
        tixing demo                   300 persons, less than a minute
        tixing demo --persons 5000
        """
        from gateway.cli.demonstration import Demonstration  # noqa: PLC0415 - not for --help
        from gateway.sample.home import running, temporary_home  # noqa: PLC0415 - see above

        with temporary_home(_configuration(config)) as home, running(home) as process:
            settled = run(Demonstration(rooms, home, process).run(persons))
        if not settled:
            raise SystemExit(1)

    return demo


def _configuration(given: Path | None) -> Path | None:
    """The user's configuration, checked; none where none was named and there is no config.toml here."""
    path = given or Path("config.toml")
    if given is None and not path.exists():
        return None
    loaded(path)
    return path
