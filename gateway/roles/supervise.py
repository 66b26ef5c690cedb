"""Role `all`: one command runs a whole gateway. This process schedules; an API and workers run beside it, and are started again when they die."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from gateway.config import Config
from gateway.logs import get_logger

AGAIN_S = (0.2, 1.0, 5.0, 15.0)
"""Pauses before a child is started again, when it dies again and again."""
WELL_S = 30.0
"""A child that ran for so long counts as well."""
STOP_S = 30.0
"""Seconds a child has to drain before it is killed."""
PARENT = "TIXING_PARENT"
log = get_logger("supervise")


class Children:
    """The processes of a gateway beside this one."""

    def __init__(self, config: Config, arguments: Sequence[str]) -> None:
        self._commands = {"api": ["--role", "api"]} | {f"worker {n}": ["--role", "worker"] for n in range(1, config.workers.processes + 1)}
        self._arguments = list(arguments)
        # Every process shows its own metrics (the API on its own port): this one on metrics.port, workers on the ports after it.
        port = config.metrics.port
        self._ports = {f"worker {n}": str(port + n) for n in range(1, config.workers.processes + 1)} if port else {}

    async def run(self, stopping: asyncio.Event) -> None:
        """Keeps all of them running until `stopping` is set, then lets them drain."""
        async with asyncio.TaskGroup() as group:
            for name, role in self._commands.items():
                group.create_task(self._keep(name, role, stopping))

    def _environment(self, name: str) -> dict[str, str]:
        return {"TIXING__METRICS__PORT": self._ports[name]} if name in self._ports else {}

    async def _keep(self, name: str, role: list[str], stopping: asyncio.Event) -> None:
        deaths = 0
        while not stopping.is_set():
            started = asyncio.get_running_loop().time()
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "gateway",
                "serve",
                *role,
                *self._arguments,
                env=os.environ | {PARENT: str(os.getpid())} | self._environment(name),
            )
            ended = asyncio.create_task(process.wait())
            stop = asyncio.create_task(stopping.wait())
            await asyncio.wait({ended, stop}, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            if stopping.is_set():
                await _end(process, ended)
                return
            ran = asyncio.get_running_loop().time() - started
            deaths = 0 if ran > WELL_S else deaths + 1
            log.error("child_died", child=name, code=process.returncode, ran_s=round(ran, 1))
            await asyncio.sleep(AGAIN_S[min(deaths, len(AGAIN_S) - 1)])


async def _end(process: asyncio.subprocess.Process, ended: "asyncio.Task[int]") -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_S):
            await ended
    except TimeoutError:
        process.kill()


async def orphaned() -> None:
    """Returns when the process that started this one is gone. Never where nobody supervises."""
    parent = int(os.environ.get(PARENT, "0"))
    while not parent or os.getppid() == parent:  # noqa: ASYNC110 - nothing tells a process that its parent died
        await asyncio.sleep(1.0)
