"""`tixing serve`: runs one role, or a whole gateway."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from gateway.cli.options import config_option, loaded
from gateway.config import Config
from gateway.config.loading import FILE_VARIABLE
from gateway.roles.ports import Rooms

Run = Callable[[Config, asyncio.Event], Awaitable[None]]
Beside = Callable[[Config], Awaitable[None]]
ROLES = ("all", "api", "worker", "scheduler")


def command(rooms: Rooms) -> click.Command:
    """The command."""

    @click.command("serve")
    @click.option("--role", type=click.Choice(ROLES), default="all", show_default=True, help="What this process does.")
    @click.option("--sample", is_flag=True, help="Load a day of sample events and say what to try; needs embedded engines and the sandbox.")
    @config_option
    def serve(role: str, sample: bool, config: Path | None) -> None:  # noqa: FBT001 - click hands flags over so
        r"""Run the gateway. SIGTERM drains: it stops accepting, finishes or releases what it took, and exits 0.

        \b
        tixing serve                     API, scheduler and workers (workers.processes) on this machine
        tixing serve --role worker       one worker; start as many as you like, on any machines
        tixing serve --sample            the same as the first, with a day of sample events
        """
        import uvloop  # noqa: PLC0415 - not for --help

        beside = _sampled(rooms, role, config) if sample else None
        if config is not None:
            os.environ[FILE_VARIABLE] = str(config.absolute())  # for the commands that the scheduler starts
        settings = loaded(config, chatty=True)
        uvloop.run(_until_stopped(settings, _run_of(role, rooms, config), beside))

    return serve


def _sampled(rooms: Rooms, role: str, config: Path | None) -> Beside:
    """Makes ready for the sample day; refuses where it could reach somebody."""
    from gateway.cli import sampling  # noqa: PLC0415 - only where asked for

    if role != "all":
        raise click.UsageError("--sample runs a whole gateway: leave --role out")
    configured = loaded(config)
    if not sampling.harmless(configured):
        raise click.UsageError(
            '--sample needs store.url = "embedded" and providers of the driver sandbox alone: sample people must reach nobody'
        )
    os.environ[sampling.WINDOW_VARIABLE] = sampling.ALWAYS_OPEN  # the API's and the workers' processes read it too
    return lambda settings: sampling.show(settings, rooms, configured.sending.window)


def _run_of(role: str, rooms: Rooms, config: Path | None) -> Run:
    async def api(settings: Config, stopping: asyncio.Event) -> None:
        from gateway.roles.api import run_api  # noqa: PLC0415 - a worker needs none of it

        await run_api(settings, rooms, stopping)

    async def everything(settings: Config, stopping: asyncio.Event) -> None:
        from gateway.roles.supervise import Children  # noqa: PLC0415 - only this role has any

        children = Children(settings, ["--config", str(config)] if config else [])
        async with asyncio.TaskGroup() as group:
            group.create_task(rooms.scheduler(settings, stopping))
            group.create_task(children.run(stopping))

    return {"api": api, "worker": rooms.worker, "scheduler": rooms.scheduler, "all": everything}[role]


async def _until_stopped(settings: Config, run: Run, beside: Beside | None) -> None:
    from gateway.roles.supervise import orphaned  # noqa: PLC0415 - not for --help

    stopping = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stopping.set)
    alone = asyncio.create_task(orphaned())
    alone.add_done_callback(lambda _: stopping.set())
    others = [alone, *([asyncio.ensure_future(beside(settings))] if beside is not None else [])]
    try:
        await run(settings, stopping)
    finally:
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
