"""`tixing serve`: runs one role, or a whole gateway."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import click
import uvloop

from gateway.cli.options import config_option, loaded
from gateway.config import Config
from gateway.logs import configure
from gateway.roles.ports import Rooms
from gateway.roles.supervise import Children, orphaned

Run = Callable[[Config, asyncio.Event], Awaitable[None]]


def serve_command(rooms: Rooms) -> click.Command:
    """The command, given the rooms that gateway does not import."""

    @click.command("serve")
    @click.option("--role", type=click.Choice(["all", "api", "worker", "scheduler"]), default="all", show_default=True, help="What this process does.")
    @config_option
    def serve(role: str, config: Path | None) -> None:
        """Run the gateway. SIGTERM drains: it stops accepting, finishes or releases what it took, and exits 0."""
        settings = loaded(config)
        configure(settings.log.level, settings.log.format)
        uvloop.run(_until_stopped(settings, _run_of(role, rooms, config)))

    return serve


def _run_of(role: str, rooms: Rooms, config: Path | None) -> Run:
    async def api(settings: Config, stopping: asyncio.Event) -> None:
        from gateway.roles.api import run_api  # noqa: PLC0415 - a worker needs none of it

        await run_api(settings, rooms, stopping)

    async def everything(settings: Config, stopping: asyncio.Event) -> None:
        children = Children(settings, ["--config", str(config)] if config else [])
        async with asyncio.TaskGroup() as group:
            group.create_task(rooms.scheduler(settings, stopping))
            group.create_task(children.run(stopping))

    return {"api": api, "worker": rooms.worker, "scheduler": rooms.scheduler, "all": everything}[role]


async def _until_stopped(settings: Config, run: Run) -> None:
    stopping = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stopping.set)
    alone = asyncio.create_task(orphaned())
    alone.add_done_callback(lambda _: stopping.set())
    try:
        await run(settings, stopping)
    finally:
        alone.cancel()
