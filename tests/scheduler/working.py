"""A worker that runs for as long as a context lasts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.config import Config
from scheduler.roles import run_worker
from scheduler.worker import WakingWorker


@asynccontextmanager
async def worker(config: Config) -> AsyncIterator[asyncio.Event]:
    """Gives what stops it; stops it in the end."""
    stopping = asyncio.Event()
    running = asyncio.create_task(run_worker(config, stopping))
    try:
        yield stopping
    finally:
        stopping.set()
        async with asyncio.timeout(20):
            await running


@asynccontextmanager
async def at_work(worker: WakingWorker) -> AsyncIterator[asyncio.Task[None]]:
    """The loop of jobs alone, likewise."""
    main = asyncio.create_task(worker.main())
    try:
        yield main
    finally:
        worker.stop()
        async with asyncio.timeout(20):
            await main
