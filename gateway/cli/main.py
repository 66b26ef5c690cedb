"""The command `tixing`."""


import click

from gateway.cli.serve import serve_command
from gateway.cli.tokens import token_command
from gateway.roles.ports import Rooms


def build(rooms: Rooms) -> click.Group:
    """All commands, given the rooms that gateway does not import."""

    @click.group(context_settings={"help_option_names": ["-h", "--help"]})
    def tixing() -> None:
        """Tixing (提醒): informs people, for certain, before a deadline takes their benefits away."""

    tixing.add_command(serve_command(rooms))
    tixing.add_command(token_command(rooms))
    return tixing
