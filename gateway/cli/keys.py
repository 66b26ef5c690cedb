"""`tixing key`: the master keys."""

from pathlib import Path

import click

from gateway.cli.options import config_option, loaded
from gateway.roles.ports import Rooms


def command(_: Rooms) -> click.Group:
    """The group of commands."""

    @click.group("key")
    def key() -> None:
        """The master keys that seal personal data."""

    @key.command("rotate")
    @config_option
    def rotate(config: Path | None) -> None:
        """Make a new key for what is written from now on; old ones stay, and with them all that they sealed stays readable.

        Processes that run take it within seconds. Where security.keys stands in the configuration there is no file to add to: the message says what
        to write there. Back the key file up afterwards, apart from the store: what was sealed under a lost key is lost.
        """
        from gateway.security.opening import rotate as make  # noqa: PLC0415 - needs the cryptography library

        settings = loaded(config)
        made = make(settings)
        click.echo(f"key {made} seals what is written from now on; back up {_file(settings.security.keys, settings.store.data_path)} now")

    return key


def _file(keys: object, data_path: Path) -> Path:
    return Path(keys.removeprefix("file:")) if isinstance(keys, str) else data_path / "keys"
