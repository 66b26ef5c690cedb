"""The worker and the scheduler as processes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version

import asyncpg
from arq.connections import ArqRedis
from redis.asyncio import Redis

from gateway.beside import beside
from gateway.config import Config
from gateway.dispatch.hints import CircuitHints
from gateway.dispatch.tokens import RateTokens
from gateway.jobs import Jobs
from gateway.logs import get_logger
from gateway.metrics import Metrics, serve
from gateway.observe import Observer
from gateway.pipeline.asking import Asking
from gateway.pipeline.noted import Beside
from gateway.pipeline.planner import Planner
from gateway.pipeline.sweep import Sweep
from gateway.pipeline.write import Written
from gateway.receiving import Receiving, templates_of
from gateway.roles.api import channels_of, due_lanes
from gateway.roles.readiness import probe
from gateway.roles.tuning import settle
from gateway.routing import Routing
from gateway.runtime import Runtime, open_runtime
from gateway.sending import Sending, build_providers, outlets_of
from providers.base.abilities import HoldsLink
from providers.base.types import Provider
from scheduler import calendar
from scheduler.counting import Counting
from scheduler.cron import LongChore, Scheduler
from scheduler.fitting import Fitting
from scheduler.functions import Functions
from scheduler.jobs import ArqJobs, open_redis
from scheduler.looking_up import LookingUp
from scheduler.providers import askable, tended
from scheduler.tending import Tending
from scheduler.worker import WakingWorker

CONNECTIONS = 12
CHORES_S = 10.0
REFRESH_DAYS = 30
"""Days after which what is believed of a contact is worked out anew, though nothing came of it: beliefs fade."""
log = get_logger("worker")


@asynccontextmanager
async def open_jobs(url: str) -> AsyncIterator[tuple[Redis, Jobs]]:
    """Redis and the port to ask for jobs through it."""
    async with open_redis(url) as redis:
        yield redis, ArqJobs(redis)


def planner_of(runtime: Runtime, jobs: Jobs, observer: Observer) -> Planner:
    """The planner, waking the lanes it fills."""

    async def committed(written: Written) -> None:
        observer.written(written)
        for (channel, lane), messages in due_lanes(written).items():
            await jobs.drain(channel, lane, messages)

    return Planner(
        runtime.pool, runtime.vault, runtime.sealer, runtime.ids, runtime.writer, runtime.planning, runtime.checker,
        runtime.config.sending.timezone, committed,
    )  # fmt: skip


@asynccontextmanager
async def _beside(runtime: Runtime) -> AsyncIterator[tuple[ArqRedis, Metrics]]:
    """What a worker and a scheduler have beside their work: Redis, metrics that are shown, a watch over the embedded engines."""
    config = runtime.config
    metrics = Metrics(channels_of(config), version("tixing"))
    async with open_redis(runtime.host.redis_url) as redis, beside(runtime.host.watch()), AsyncExitStack() as shown:
        if config.metrics.port:
            server = await serve(metrics, config.metrics.host, config.metrics.port, lambda: probe(runtime.pool, redis))
            shown.push_async_callback(server.cleanup)
        yield redis, metrics


@dataclass(frozen=True)
class _Parts:
    """What a worker is put together from."""

    receiving: Receiving
    sending: Sending
    functions: Functions
    worker: WakingWorker
    tending: Tending
    routing: Routing
    shared: list[Provider]
    """Providers that this process opens for itself; links are tended."""
    observer: Observer


def _parts(runtime: Runtime, redis: ArqRedis, metrics: Metrics) -> _Parts:
    jobs, observer = ArqJobs(redis), Observer(metrics)
    receiving = Receiving(runtime, jobs, observer.received)
    providers = receiving.providers = build_providers(runtime.config, receiving)
    outlets = observer.outlets = outlets_of(runtime, providers)
    can_ask = askable(providers)
    notes = Beside(can_ask, templates_of(runtime), receiving.again.of_parts)
    sending = Sending(runtime, outlets, RateTokens(redis), jobs, observer, observer.recorded, notes)
    asking = Asking(runtime.pool, runtime.vault, can_ask)
    functions = Functions(
        sending,
        planner_of(runtime, jobs, observer),
        Sweep(runtime.pool, runtime.sealer, runtime.ids, can_ask),
        receiving.inbox,
        {name: timedelta(hours=section.receipt_timeout_h) for name, section in runtime.config.providers.items()},
        observer.swept,
        asking,
        (receiving.again.lately, receiving.rereading),
    )
    return _Parts(
        receiving,
        sending,
        functions,
        WakingWorker(redis, functions.all(), functions.woken, functions.called_back, functions.everything),
        Tending(runtime.host.store_dsn, runtime.name, tended(providers, asking, metrics.pulls)),
        Routing(outlets, CircuitHints(redis, outlets, providers)),
        [one for one in providers.values() if not isinstance(one, HoldsLink)],
        observer,
    )


async def run_worker(config: Config, stopping: asyncio.Event) -> None:
    """Works until `stopping` is set; then takes no more jobs, lets its calls land, and returns."""
    async with open_runtime(config, calendar, "worker", connections=CONNECTIONS) as runtime, _beside(runtime) as (redis, metrics):
        parts = _parts(runtime, redis, metrics)
        async with _opened(parts.shared):
            await parts.routing.begin(runtime.reading)
            settle()
            async with beside(_chores(runtime, parts.observer), parts.routing.run(runtime.reading)):
                log.info("working", providers=len(config.providers))
                await _work(parts, stopping)


@asynccontextmanager
async def _opened(providers: Sequence[Provider]) -> AsyncIterator[None]:
    """Providers for as long as the context lasts; where one cannot be opened, those before it are closed."""
    async with AsyncExitStack() as opened:
        for provider in providers:
            await provider.open()
            opened.push_async_callback(provider.close)
        yield


async def _work(parts: _Parts, stopping: asyncio.Event) -> None:
    """Until `stopping` is set, and what was begun has landed."""
    tends, main, stop = (asyncio.create_task(one) for one in (parts.tending.run(), parts.worker.main(), _set(stopping)))
    try:
        await asyncio.wait({main, stop}, return_when=asyncio.FIRST_COMPLETED)
        parts.functions.stopping = True
        parts.worker.stop()
        await main
    finally:
        main.cancel()
        stop.cancel()
        await parts.sending.landed()
        parts.tending.stop()
        await tends
        await parts.receiving.drain()


async def _set(event: asyncio.Event) -> None:
    await event.wait()


async def _chores(runtime: Runtime, observer: Observer) -> None:
    """Shows the circuits, and takes in texts that others published, until cancelled."""
    while True:
        observer.circuits()
        await asyncio.sleep(CHORES_S)
        try:
            await runtime.refresh_texts()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("texts_not_refreshed", error=type(error).__name__)


async def run_scheduler(config: Config, stopping: asyncio.Event) -> None:
    """Schedules until `stopping` is set. Any number may run; one acts."""
    async with open_runtime(config, calendar, "scheduler", connections=6) as runtime, _beside(runtime) as (redis, metrics):
        await Scheduler(runtime, ArqJobs(redis), metrics, long_chores(runtime, redis)).run(stopping)


def long_chores(runtime: Runtime, redis: Redis) -> list[LongChore]:
    """All that takes long, and goes on beside the other chores of the acting scheduler."""
    # Arrays take memory that workers need not have.
    from scheduler.learning import Learning  # noqa: PLC0415

    quality = runtime.config.quality
    return [
        Counting(runtime.reading, quality.shared_from),
        Fitting(quality.fit_every_days),
        Learning(runtime.pool, timedelta(days=REFRESH_DAYS)),
        LookingUp(runtime, RateTokens(redis)),
    ]
