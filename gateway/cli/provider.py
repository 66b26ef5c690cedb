"""`tixing provider`: how providers stand, and switching one off and on."""

from pathlib import Path

import click
from msgspec import Struct

from gateway.cli.options import config_option, loaded, run, who
from gateway.cli.screen import out, table
from gateway.config import Config
from gateway.pipeline.drift import standing
from gateway.roles.ports import Rooms
from gateway.runtime import open_runtime
from gateway.store import audit, routing
from gateway.store.routing import State

STEPS = 5
"""Steps of a weight that `list` shows of each provider."""


class Row(Struct, frozen=True):
    """A provider with what was decided of it and the last steps of its weight."""

    name: str
    state: State | None
    steps: list[str]


def command(rooms: Rooms) -> click.Group:
    """The group of commands."""

    @click.group("provider")
    def provider() -> None:
        """How providers stand; suspend one and resume it."""

    @provider.command("list")
    @config_option
    def list_(config: Path | None) -> None:
        """List all providers: channels, weight now and at rest, why it moved, whether one is suspended and why."""
        settings = loaded(config)
        _show(settings, run(_every(settings, rooms)))

    @provider.command("suspend")
    @click.argument("name")
    @click.option("--reason", required=True, help="Why, for the record and for whoever looks next.")
    @config_option
    def suspend(name: str, reason: str, config: Path | None) -> None:
        r"""Claim nothing more for a provider, from two seconds on. What is under way goes on; what waits takes the other providers of its route, or waits.

        \b
        tixing provider suspend acme --reason "delivers nothing since ten, ticket 4711"
        """
        run(_suspend(loaded(config), rooms, name, reason))
        click.echo(f"provider {name} is suspended: `tixing provider resume {name}` when it is well again", err=True)

    @provider.command("resume")
    @click.argument("name")
    @config_option
    def resume(name: str, config: Path | None) -> None:
        """Use a suspended provider again."""
        run(_resume(loaded(config), rooms, name))
        click.echo(f"provider {name} is used again", err=True)

    return provider


async def _every(settings: Config, rooms: Rooms) -> list[Row]:
    async with open_runtime(settings, rooms.dates, "provider", connections=1) as runtime, runtime.pool.acquire() as connection:
        states = await routing.states(connection)
        return [
            Row(name, states.get(name), [_step(step) for step in await routing.history(connection, name, STEPS)])
            for name in settings.providers
        ]


async def _suspend(settings: Config, rooms: Rooms, name: str, reason: str) -> None:
    if name not in settings.providers:
        raise click.ClickException(f"no [providers.{name}]: there are {', '.join(settings.providers) or 'none'}")
    async with (
        open_runtime(settings, rooms.dates, "provider", connections=1) as runtime,
        runtime.pool.acquire() as connection,
        connection.transaction(),
    ):
        if not await routing.suspend(connection, name, who(), reason):
            raise click.ClickException(f"{name} is suspended already: `tixing provider list` says since when and why")
        await audit.note(connection, who(), "provider.suspend", f"{name}: {reason}")


async def _resume(settings: Config, rooms: Rooms, name: str) -> None:
    async with (
        open_runtime(settings, rooms.dates, "provider", connections=1) as runtime,
        runtime.pool.acquire() as connection,
        connection.transaction(),
    ):
        if not await routing.resume(connection, name):
            raise click.ClickException(f"{name} is not suspended: `tixing provider list` shows those that are")
        await audit.note(connection, who(), "provider.resume", name)


def _show(settings: Config, rows: list[Row]) -> None:
    shown = table("name", "driver", "channels", "weight", "at rest", "last steps", "suspended", numbers=("weight", "at rest"))
    for row in rows:
        section = settings.providers[row.name]
        channels = sorted({route.channel for route in settings.route if row.name in route.providers})
        weight = standing(float(section.weight), row.state).weight
        shown.add_row(
            row.name,
            section.driver,
            " ".join(channels) or "-",
            f"{weight:g}",
            str(section.weight),
            "\n".join(row.steps) or "-",
            _suspended(row.state),
        )
    out().print(shown)


def _suspended(state: State | None) -> str:
    if state is None or state.suspended_at is None:
        return "-"
    return f"{state.suspended_at:%Y-%m-%d %H:%M} by {state.suspended_by}: {state.suspended_why}"


def _step(step: routing.Kept) -> str:
    at, _, before, weight, _, why, detail = step
    return f"{at:%m-%d %H:%M} {before:g} → {weight:g} {why} ({detail})"
