"""Has the weights of codes learned anew once in a while, by a process of its own: what it needs of memory goes away with it, and it gives way to all others."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence

from gateway.logs import account, get_logger
from gateway.roles.supervise import PARENT
from gateway.store import quality_models
from gateway.store.pool import Queries

DAY_S = 86_400.0
FRESH = 2_000
"""Messages since the last model, from which on another one is worth its while."""
AGAIN_S = 6 * 3600.0
"""After one that failed, or kept nothing."""
STOP_S = 15.0
"""How long a process has to end before it is killed."""
COMMAND = (sys.executable, "-m", "gateway", "quality", "fit")
ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
log = get_logger("scheduler")


class Fitting:
    """At most one process at a time. `every_days` 0: never."""

    every_s = 60.0

    def __init__(self, every_days: float, command: Sequence[str] = COMMAND, environ: Mapping[str, str] = os.environ) -> None:
        self._learns_every_s, self._command = every_days * DAY_S, command
        self._environ = environ
        self._again = 0.0
        self._run: asyncio.Task[None] | None = None

    async def __call__(self, connection: Queries) -> None:
        """Begins to learn where it is time to and enough is new."""
        if not self._learns_every_s or self._run is not None or time.monotonic() < self._again:
            return
        if await quality_models.due(connection, self._learns_every_s, FRESH):
            self._run = asyncio.create_task(self._learn(), name="weights are learned")

    async def stop(self) -> None:
        """Ends a process that learns: it leaves nothing."""
        if self._run is not None:
            self._run.cancel()
            await asyncio.wait([self._run])
            self._run = None

    async def _learn(self) -> None:
        began = time.monotonic()
        try:
            code = await self._ran()
            if code:
                log.warning("model_not_learned", code=code)
            else:
                log.info("model_learned", took_s=round(time.monotonic() - began, 1))
        except OSError as error:
            log.warning("model_not_learned", **account(error))
        self._again = time.monotonic() + AGAIN_S
        self._run = None

    async def _ran(self) -> int:
        environ = dict(self._environ) | ONE_CORE | {PARENT: str(os.getpid())}  # a process whose parent is gone ends by itself
        process = await asyncio.create_subprocess_exec(*self._command, env=environ, stdout=asyncio.subprocess.DEVNULL)
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
