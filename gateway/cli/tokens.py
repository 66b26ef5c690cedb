"""`tixing token`: API tokens."""

from pathlib import Path

import asyncpg
import click

from gateway.cli.options import config_option, loaded, run, who
from gateway.cli.screen import out, table
from gateway.config import Config
from gateway.roles.ports import Rooms
from gateway.runtime import Runtime, open_runtime
from gateway.security import tokens
from gateway.store import audit
from gateway.store import tokens as stored
from gateway.words import Scope

CREATED = """\
The token is shown once: keep it where secrets are kept. Only its hash is stored. Try it:
  curl -H "Authorization: Bearer TOKEN" http://{host}:{port}/v1/uncertified"""


def command(rooms: Rooms) -> click.Group:
    """The group of commands."""

    @click.group("token")
    def token() -> None:
        """Create, list and revoke API tokens."""

    @token.command("create")
    @click.argument("name")
    @click.option(
        "--scope",
        "scopes",
        multiple=True,
        required=True,
        type=click.Choice([str(scope) for scope in Scope]),
        help="What it may do: post events, read, operate (cancel). Give it again for more.",
    )
    @click.option(
        "--region", metavar="CODE", help="Sees and posts for this region and all below, six digits.  [default: the whole country]"
    )
    @click.option("--source", "sources", metavar="URI", multiple=True, help="Event source it may post for; again for more.  [default: any]")
    @config_option
    def create(name: str, scopes: tuple[str, ...], region: str | None, sources: tuple[str, ...], config: Path | None) -> None:
        r"""Create a token. Prints the token alone on standard output, once; only its hash is stored.

        \b
        tixing token create benefits --scope events --source urn:chengdu:benefits
        tixing token create jinjiang --scope read --region 510104
        TOKEN=$(tixing token create mine --scope events --scope read)
        """
        settings = loaded(config)
        made = run(_create(settings, rooms, name, scopes, region, sources))
        click.echo(CREATED.format(host=settings.server.host, port=settings.server.port), err=True)
        click.echo(made)

    @token.command("list")
    @config_option
    def list_(config: Path | None) -> None:
        """List all tokens, never the tokens themselves."""
        _show(run(_every(loaded(config), rooms)))

    @token.command("revoke")
    @click.argument("name")
    @config_option
    def revoke(name: str, config: Path | None) -> None:
        """Revoke a token: refused from the next request on (an API process may remember it for some seconds)."""
        run(_revoke(loaded(config), rooms, name))
        click.echo(f"token {name} is revoked", err=True)

    return token


async def _create(settings: Config, rooms: Rooms, name: str, scopes: tuple[str, ...], region: str | None, sources: tuple[str, ...]) -> str:
    async with open_runtime(settings, rooms.dates, "token", connections=1) as runtime:
        if region is not None and not runtime.regions.exists(region):
            raise click.BadParameter(f"{region} is no region code (GB/T 2260, six digits)", param_hint="--region")
        return await create_token(runtime, name, scopes, region, sources)


async def create_token(
    runtime: Runtime, name: str, scopes: tuple[str, ...], region: str | None = None, sources: tuple[str, ...] = ()
) -> str:
    """Makes and stores a token, on record. Raises ClickException where the name is taken."""
    made, token_hash = tokens.new()
    async with runtime.pool.acquire() as connection, connection.transaction():
        try:
            await stored.create(connection, name, token_hash, scopes, region, sources)
        except asyncpg.UniqueViolationError:
            raise click.ClickException(f"there is, or was, a token called {name}: choose another name") from None
        await audit.note(connection, who(), "token.create", f"{name} {','.join(scopes)} {region or 'everywhere'}")
    return made


async def _every(settings: Config, rooms: Rooms) -> list[tuple[object, ...]]:
    async with open_runtime(settings, rooms.dates, "token", connections=1) as runtime, runtime.pool.acquire() as connection:
        return await stored.every(connection)


async def _revoke(settings: Config, rooms: Rooms, name: str) -> None:
    async with (
        open_runtime(settings, rooms.dates, "token", connections=1) as runtime,
        runtime.pool.acquire() as connection,
        connection.transaction(),
    ):
        if not await stored.revoke(connection, name):
            raise click.ClickException(f"no token called {name} is in use: `tixing token list` shows them")
        await audit.note(connection, who(), "token.revoke", name)


def _show(rows: list[tuple[object, ...]]) -> None:
    shown = table("name", "scopes", "region", "sources", "created", "revoked")
    for name, scopes, region, sources, created, revoked in rows:
        assert isinstance(scopes, list)
        assert isinstance(sources, list)
        shown.add_row(str(name), " ".join(scopes), str(region or "all"), " ".join(sources) or "any", _moment(created), _moment(revoked))
    out().print(shown)


def _moment(at: object) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at is not None else "-"
