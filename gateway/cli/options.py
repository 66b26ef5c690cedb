"""What the commands share: the option --config, the configuration it names, and a loop that ends cleanly."""

import asyncio
import getpass
import logging
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.config import Config, load
from gateway.logs import configure

T = TypeVar("T")
TERMINATED = 128 + signal.SIGTERM

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="TIXING_CONFIG",
    show_envvar=True,
    help="Configuration file.  [default: config.toml]",
)


def loaded(path: Path | None, *, chatty: bool = False) -> Config:
    """The configuration, with logging set up as it says. Raises ConfigError with all that is wrong.

    A command that ends (not `chatty`) leaves out the lines about what went well: its own words are what people read.
    """
    config = load(path)
    level = config.log.level if chatty or config.log.level != "info" else "warning"
    configure(level, config.log.format)
    if not chatty:
        logging.getLogger("pogo_core").setLevel("ERROR")  # it warns of every migration that it applies
    return config


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a command to its end. Ctrl-C and SIGTERM let it close what it opened: engines it started are stopped, too."""
    import uvloop  # noqa: PLC0415 - not for --help

    try:
        return uvloop.run(_stoppable(work))
    except asyncio.CancelledError:
        raise SystemExit(TERMINATED) from None


async def _stoppable(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def who() -> str:
    """The account that typed the command, for the record of acts (table audit)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
