"""`tixing migrate`: brings the store to this version."""

from pathlib import Path

import click

from gateway.cli.options import config_option, loaded, run
from gateway.config import Config
from gateway.engines.host import EngineHost
from gateway.roles.ports import Rooms
from gateway.security.opening import open_keyring
from gateway.store.migrate import migrate

NOT_NEEDED = "not needed"
"""A Redis URL that starts nothing and is not asked."""


def command(_: Rooms) -> click.Command:
    """The command."""

    @click.command("migrate")
    @config_option
    def migrate_(config: Path | None) -> None:
        """Bring the store to this version.

        Needed for a PostgreSQL of your own (store.url), once for each new version, before its processes start; the embedded one is brought up to
        date by whoever starts it. Safe to run again, and by several at once.
        """
        applied = run(_migrate(loaded(config)))
        for name in applied:
            click.echo(f"applied {name}")
        click.echo("the store is up to date" if applied else "the store was up to date: nothing to do")

    return migrate_


async def _migrate(settings: Config) -> list[str]:
    if settings.store.embedded:
        open_keyring(settings)  # before the database is: one without its keys is refused
    redis = settings.redis.url if settings.store.embedded else NOT_NEEDED
    async with EngineHost(settings.store.data_path, settings.store.url, redis) as host:
        return await migrate(host.store_dsn)
