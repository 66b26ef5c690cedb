"""Options and endings that the commands share."""

from pathlib import Path

import click

from gateway.config import Config, load
from gateway.config.errors import ConfigError

config_option = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), envvar="TIXING_CONFIG", help="Configuration file. [default: config.toml]"
)


def loaded(path: Path | None) -> Config:
    """The configuration; ends the command with all that is wrong with it."""
    try:
        return load(path)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(f"config: {problem}", err=True)
        raise SystemExit(1) from None
