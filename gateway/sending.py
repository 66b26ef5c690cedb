"""What a worker needs to send: providers, outlets, claims, the recorder and a pump for each lane."""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.batching import Batcher
from gateway.config import Config, ProviderSection
from gateway.dispatch.claim import Call, Claimed, Claimer, Limits, Line
from gateway.dispatch.outlets import Outlets
from gateway.dispatch.pump import Outlet, Pump, Watcher
from gateway.dispatch.tokens import RateTokens
from gateway.dispatch.windows import Window, Windows
from gateway.jobs import Jobs
from gateway.model import Standing
from gateway.pipeline.noted import Beside
from gateway.pipeline.poison import poisoned
from gateway.pipeline.record import ALONE, Answered, Recorded, Recorder
from gateway.runtime import Runtime
from gateway.stops import stops
from gateway.store.claims import Candidate
from gateway.words import Outcome, Reason, Relation
from providers.base.abilities import Groups, Windowed
from providers.base.types import Answer, Provider, Receive
from providers.registry import build

MOST_ANSWERS = 500
"""Calls whose answers share a transaction."""
AT_ONCE = 2
WORTH = 100
"""Transactions of answers at the same time, and calls that wait before a second one joins: a few share the next."""
LINGER_S = 0.005
"""Seconds that a few answers wait for others: what a crash makes unknown is that much more, and a transaction for each costs more than the calls."""


def build_providers(config: Config, receive: Receive) -> dict[str, Provider]:
    """All configured providers; no I/O yet. Raises SettingsError."""
    return {name: build(section.settings(name), receive) for name, section in config.providers.items()}


def outlets_of(runtime: Runtime, providers: dict[str, Provider]) -> Outlets:
    """Providers as dispatch uses them, and the routes."""
    zone = ZoneInfo(runtime.config.sending.timezone)
    made = {name: _outlet(name, section, providers[name], zone) for name, section in runtime.config.providers.items()}
    routes = {(route.channel, str(route.lane) if route.lane else None): route.providers for route in runtime.config.route}
    return Outlets(made, routes, runtime.window_open)


def _outlet(name: str, section: ProviderSection, provider: Provider, zone: ZoneInfo) -> Outlet:
    settings = provider.settings
    windows = tuple(Window(one.count, one.window, one.rolling) for one in section.per_number)
    line = Line(
        name,
        section.lease_s,
        section.timeout_s,
        settings.batch_size,
        windows=Windows(windows, zone) if windows else None,
        alike=provider.alike if isinstance(provider, Groups) else None,
    )
    in_flight = provider.in_flight if isinstance(provider, Windowed) else settings.connections
    return Outlet(provider, line, section.rate_per_s, in_flight, float(section.weight))


class Sending:
    """Sends what is due. One a worker process."""

    def __init__(
        self,
        runtime: Runtime,
        outlets: Outlets,
        tokens: RateTokens,
        jobs: Jobs,
        watcher: Watcher,
        recorded: Callable[[Call, Sequence[Answer], Recorded], None],
        beside: Beside = ALONE,
    ) -> None:
        self._runtime, self._jobs, self._recorded = runtime, jobs, recorded
        limits = _limits(runtime)
        self._claimer = Claimer(runtime.vault, runtime.sealer, runtime.ids, _stops, runtime.render, limits, runtime.name)
        resend = {name for name, section in runtime.config.providers.items() if section.unknown_policy == "resend"}
        recorder = Recorder(runtime.pool, runtime.vault, runtime.sealer, runtime.ids, resend.__contains__, beside)
        self._answers: Batcher[Answered, Recorded] = Batcher(
            recorder.record, most=MOST_ANSWERS, at_once=AT_ONCE, worth=WORTH, linger_s=LINGER_S, poisoned=poisoned
        )
        self.pumps = {
            (channel, lane): Pump(channel, lane, outlets.route(channel, lane), self._claim, tokens, self._record, watcher)
            for channel, lane in outlets.lanes()
        }

    async def landed(self) -> None:
        """Waits until every call is answered and its answer is on disk."""
        for pump in self.pumps.values():
            await pump.landed()
        await self._answers.drain()

    async def _claim(self, channel: str, lane: str, count: int, line: Line) -> Claimed:
        async with self._runtime.pool.acquire() as connection:
            return await self._claimer.claim(connection, channel, lane, count, line)

    async def _record(self, call: Call, answers: Sequence[Answer]) -> None:
        recorded = (await self._answers.submit([Answered(call, answers)]))[0]
        self._recorded(call, answers, recorded)
        if recorded.passed_on:
            await self._pass_on(call, answers)
        if recorded.replan:
            await self._jobs.plan()

    async def _pass_on(self, call: Call, answers: Sequence[Answer]) -> None:
        """Wakes the lane where another provider is to take what this one did not."""
        others = sum(1 for a in answers if a.outcome is not Outcome.ACCEPTED and a.outcome is not Outcome.UNKNOWN)
        if others:
            await self._jobs.drain(call.batch[0].channel, call.lane, others)


def _stops(candidate: Candidate, person: Standing) -> Reason | None:
    return stops(candidate, person, opted_out=candidate.opted_out, to_self=candidate.addressee == Relation.SELF)


def _limits(runtime: Runtime) -> Limits:
    zone = ZoneInfo(runtime.config.sending.timezone)

    def day_start(now: datetime) -> datetime:
        return datetime.combine(now.astimezone(zone).date(), time(), zone)

    def next_day(now: datetime) -> datetime:
        return runtime.dates.next_open(day_start(now) + timedelta(days=1), runtime.config.sending.window, zone)

    config = runtime.config
    return Limits(config.sending.per_address_per_day, day_start, next_day, config.quality.probe_after_days)
