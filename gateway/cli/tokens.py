"""`tixing token`: API tokens."""

from pathlib import Path

import asyncpg
import click
import uvloop

from gateway.cli.options import config_option, loaded
from gateway.roles.ports import Rooms
from gateway.runtime import open_runtime
from gateway.security import tokens
from gateway.store import tokens as stored
from gateway.words import Scope


def token_command(rooms: Rooms) -> click.Group:
    """The group of commands, given the rooms that gateway does not import."""

    @click.group("token")
    def token() -> None:
        """Create, list and revoke API tokens."""

    @token.command("create")
    @click.argument("name")
    @click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice([str(s) for s in Scope]), help="What it may do; give it again for more.")
    @click.option("--region", help="Six-digit region code: it sees and posts for that region and all below. [default: the whole country]")
    @click.option("--source", "sources", multiple=True, help="Event source it may post for. [default: any]")
    @config_option
    def create(name: str, scopes: tuple[str, ...], region: str | None, sources: tuple[str, ...], config: Path | None) -> None:
        """Create a token. Prints the token alone on standard output, once; only its hash is stored."""
        made, token_hash = tokens.new()

        async def run() -> None:
            async with open_runtime(loaded(config), rooms.dates, "token", connections=1) as runtime, runtime.pool.acquire() as connection:
                if region is not None and not runtime.regions.exists(region):
                    raise click.BadParameter(f"{region} is no region code (GB/T 2260, six digits)", param_hint="--region")
                try:
                    await stored.create(connection, name, token_hash, scopes, region, sources)
                except asyncpg.UniqueViolationError:
                    raise click.ClickException(f"there is a token called {name} already; choose another name, or revoke that one first") from None

        uvloop.run(run())
        click.echo(made)

    return token
