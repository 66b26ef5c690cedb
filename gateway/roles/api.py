"""The API process: events in, callbacks in, reading out."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib.metadata import version

import asyncpg
from aiohttp import web

from gateway.api.app import build_app
from gateway.api.auth import Bearer, Tokens
from gateway.api.callbacks import Door, callbacks_handler
from gateway.api.events import Intake, events_handler
from gateway.api.services import Readiness, Services
from gateway.batching import Batcher
from gateway.beside import beside
from gateway.config import Config
from gateway.dispatch.ports import RenderFailed
from gateway.jobs import Jobs
from gateway.logs import get_logger
from gateway.metrics import Metrics
from gateway.observe import Observer
from gateway.pipeline.accept import Accept, Offered, Result
from gateway.pipeline.cancel import Cancel
from gateway.pipeline.overriding import Overriding
from gateway.pipeline.poison import poisoned
from gateway.pipeline.write import Written
from gateway.receiving import Receiving
from gateway.roles.ports import Rooms
from gateway.roles.readiness import probe
from gateway.roles.tuning import settle
from gateway.runtime import Runtime, UnknownVersion, open_runtime
from gateway.sending import build_providers
from gateway.store import claims
from gateway.store.pool import Pool

MOST_EVENTS = 1000
"""Events that share a transaction."""
AT_ONCE = 4
"""Transactions of events on their way at the same time."""
WORTH = 24
"""Events that wait before another transaction joins those on their way."""
CONNECTIONS = 12
LOOK_AT_BACKLOG_S = 5.0
log = get_logger("api")


async def run_api(config: Config, rooms: Rooms, stopping: asyncio.Event) -> None:
    """Serves until `stopping` is set; then takes nothing new, finishes what it took, and returns."""
    async with (
        open_runtime(config, rooms.dates, "api", connections=CONNECTIONS) as runtime,
        rooms.open_jobs(runtime.host.redis_url) as (redis, jobs),
    ):
        metrics = Metrics(channels_of(config), version("tixing"))
        observer = Observer(metrics)
        accept = accepting(runtime, jobs, observer)
        receiving = Receiving(runtime, jobs, observer.received, keeping=True)
        receiving.providers = build_providers(config, receiving)
        backlog = Backlog(runtime.pool, config.server.max_backlog)

        async def ready() -> Readiness:
            return await probe(runtime.pool, redis)

        tokens = Tokens(runtime.pool)
        intake = Intake(
            tokens, runtime.checker, accept, covers, lambda: backlog.full, observer.rejected, int(config.server.max_body_mib * 1024 * 1024)
        )
        services = Services(
            config, runtime.reading, runtime.cipher, tokens, lambda t, v, values: _text(runtime, t, v, values), rooms.calendar, runtime.regions,
            Cancel(runtime.pool, runtime.sealer, runtime.ids, runtime.writer, observer.written),
            Overriding(runtime.pool, runtime.vault, runtime.sealer, runtime.ids, timedelta(days=config.quality.override_days)), ready, metrics.registry, _routes(config, intake, receiving, metrics),
        )  # fmt: skip
        settle()
        runner = web.AppRunner(build_app(services), access_log=None, shutdown_timeout=20)
        async with beside(runtime.host.watch(), backlog.watch()):
            try:
                await runner.setup()
                await web.TCPSite(runner, config.server.host, config.server.port, backlog=1024).start()
                log.info("serving", host=config.server.host, port=config.server.port)
                await stopping.wait()
            finally:
                await runner.cleanup()
                await accept.drain()
                await receiving.drain()


def accepting(runtime: Runtime, jobs: Jobs, observer: Observer) -> Batcher[Offered, Result]:
    """Group commit of events."""
    wakes: set[asyncio.Task[None]] = set()

    async def committed(offered: Sequence[Offered], results: Sequence[Result], written: Written) -> None:
        observer.offered(offered, results)
        observer.written(written)
        for (channel, lane), messages in due_lanes(written).items():
            task = asyncio.get_running_loop().create_task(jobs.drain(channel, lane, messages))
            wakes.add(task)
            task.add_done_callback(wakes.discard)

    accept = Accept(
        runtime.pool,
        runtime.vault,
        runtime.sealer,
        runtime.ids,
        runtime.writer,
        runtime.planning,
        runtime.config.sending.timezone,
        committed,
    )
    return Batcher(accept, most=MOST_EVENTS, at_once=AT_ONCE, worth=WORTH, poisoned=poisoned)


def due_lanes(written: Written) -> dict[tuple[str, str], int]:
    """Lanes that have messages to send now, and how many."""
    found: dict[tuple[str, str], int] = {}
    for draft in written.drafts:
        if draft.due_at <= written.at:
            key = draft.channel, str(draft.lane)
            found[key] = found.get(key, 0) + 1
    return found


def channels_of(config: Config) -> dict[str, list[str]]:
    """Channels by name of provider, as the routes say."""
    found: dict[str, list[str]] = {name: [] for name in config.providers}
    for route in config.route:
        for name in route.providers:
            found.setdefault(name, []).append(route.channel)
    return found


class Backlog:
    """Looks at the backlog every few seconds, so that a request need not."""

    def __init__(self, pool: Pool, most: int) -> None:
        self._pool, self._most = pool, most
        self.full = False

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with self._pool.acquire() as connection:
                    self.full = await claims.backlog(connection, self._most) >= self._most
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("backlog_unknown", error=type(error).__name__)
            await asyncio.sleep(LOOK_AT_BACKLOG_S)


def covers(bearer: Bearer) -> Callable[[str], bool] | None:
    """Which regions a token may post for; None: all of them."""
    return None if bearer.span.everywhere else bearer.span.holds


def _text(runtime: Runtime, template: str, version_: str, values: dict[str, str]) -> str | None:
    try:
        return runtime.render(template, version_, values)[0]
    except (RenderFailed, UnknownVersion):
        return None


def _routes(config: Config, intake: Intake, receiving: Receiving, metrics: Metrics) -> list[web.RouteDef]:
    doors = {name: Door(tuple(section.callback_tokens), tuple(section.allow_from)) for name, section in config.providers.items()}
    callbacks = callbacks_handler(doors, receiving, metrics.callbacks)
    return [
        web.post("/v1/events", events_handler(intake)),
        web.post("/callbacks/{provider}/{token}", callbacks),
        web.get("/callbacks/{provider}/{token}", callbacks),
    ]
