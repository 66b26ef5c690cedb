"""The command `tixing`: finds the command that was asked for, and ends with one clear sentence where something is in its way."""

from importlib import import_module
from typing import Any

import click

from gateway.cli.failures import sentence
from gateway.logs import configure
from gateway.roles.ports import Rooms

COMMANDS = {
    "serve": "serve",
    "demo": "demo",
    "check": "check",
    "migrate": "migrate",
    "import": "importing",
    "due": "due",
    "token": "tokens",
    "provider": "provider",
    "codes": "codes",
    "quality": "quality",
    "evidence": "evidence",
    "key": "keys",
}
"""Name → module of this folder; its `command(rooms)` makes the command. Loaded when it is asked for: each pays for its own imports."""


class Commands(click.Group):
    """Loads commands by name, and turns what an operator can mend into a sentence on standard error and exit code 1."""

    def __init__(self, rooms: Rooms, **given: Any) -> None:
        super().__init__(**given)
        self._rooms = rooms

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the base's signature
        """All names, in the order of `COMMANDS`: what a new user needs first comes first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - see above
        """One command."""
        if cmd_name not in COMMANDS:
            return None
        made: click.Command = import_module(f"gateway.cli.{COMMANDS[cmd_name]}").command(self._rooms)
        return _unwrapped(made)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command that was asked for."""
        configure()  # until the configuration says how: nothing personal in what goes wrong while it is read
        try:
            return super().invoke(ctx)
        except Exception as error:
            said = sentence(error)
            if said is None:
                raise
            for line in said.splitlines():
                click.echo(f"tixing {ctx.invoked_subcommand or ''}: {line}", err=True)
        raise SystemExit(1)


def _unwrapped(command: click.Command) -> click.Command:
    r"""The command and those below it, with examples that click leaves as they are: by a backspace, which a raw docstring writes as \b."""
    if command.help:
        command.help = command.help.replace("\\b", "\b")
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        _unwrapped(below)
    return command


def build(rooms: Rooms) -> click.Group:
    """All commands, given the rooms that gateway does not import."""
    return Commands(
        rooms,
        name="tixing",
        help="""Tixing (提醒): informs people, for certain, before a deadline takes their benefits away.

        \b
        tixing serve --sample     a gateway with everything embedded and a day of sample events
        tixing check              is this configuration fit to run?
        tixing COMMAND --help     what a command does, with examples
        """,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    )
