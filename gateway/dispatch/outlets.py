"""Which provider carries a lane now: of those of its route that can, each its share by weight, while the window is open."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec import Struct, structs

from gateway.dispatch.circuit import Circuit, CircuitState, Turn, needs_operator
from gateway.dispatch.places import Places
from gateway.dispatch.pump import Outlet
from gateway.dispatch.shares import Shares
from gateway.logs import get_logger
from gateway.words import Lane, Outcome, Reason
from providers.base.abilities import HoldsLink
from providers.base.types import Answer, Provider

Routes = Mapping[tuple[str, str | None], Sequence[str]]
"""(channel, lane or None for all lanes) → provider names."""

SILENT_S = 2.0
"""A provider that has calls on the wire and answered none for so long is used only where there is no other: it may be gone, and what it has not
answered can never be sent again."""
HELP_S = 60.0
"""Seconds between log lines that ask for an operator."""
log = get_logger(__name__)


class Switch(Struct, frozen=True):
    """What was decided of a provider for all workers: its weight against the others, and whether an operator suspended it."""

    weight: float
    suspended: bool = False


class Outlets:
    """The configured providers with their circuits, switches and places. One a process."""

    def __init__(self, outlets: Mapping[str, Outlet], routes: Routes, window_open: Callable[[], bool]) -> None:
        self._outlets, self._routes, self._window_open = outlets, routes, window_open
        self._circuits = {name: Circuit() for name in outlets}
        self._links = {name: one.provider for name, one in outlets.items() if isinstance(one.provider, HoldsLink)}
        self._switches = {name: Switch(one.weight) for name, one in outlets.items()}
        self.places = {name: Places(one.connections) for name, one in outlets.items()}
        self.turns: dict[str, Turn] = {}
        """Circuits that opened or closed here and of which nobody was told yet."""
        self.turned = asyncio.Event()
        self.elsewhere: Collection[str] = ()
        """Providers whose link stands in another process."""
        self._asked_help: dict[tuple[str, Reason | None], float] = {}

    def route(self, channel: str, lane: str) -> "LaneRoute":
        """The providers of a lane, with their shares."""
        names = tuple(self._routes.get((channel, lane)) or self._routes.get((channel, None), ()))
        outlets = {}
        for name in names:
            one = self._outlets[name]
            line = structs.replace(one.line, route=names)
            outlets[name] = structs.replace(one, line=line, places=self.places[name], alone=len(names) == 1)
        return LaneRoute(self, outlets)

    def choose(self, outlets: Mapping[str, Outlet], shares: Shares, out: Collection[str] = ()) -> Outlet | None:
        """The outlet to claim for now; None: the window is shut, or none can carry. `out`: not those."""
        if not self._window_open():
            return None
        now = time.monotonic()
        usable = {name: self._switches[name].weight for name in outlets if name not in out and self._usable(name, now)}
        if not usable or (not any(usable.values()) and self._better_elsewhere(outlets, now)):
            return None
        if len(usable) > 1:
            usable = {name: weight for name, weight in usable.items() if self.places[name].silent_s(now) < SILENT_S} or usable
        name = shares.pick(usable)
        trying = self._circuits[name].state(now) is CircuitState.HALF_OPEN
        self._circuits[name].admits(now)
        return structs.replace(outlets[name], trying=True) if trying else outlets[name]

    def ended(self, provider: str, answers: Sequence[Answer]) -> None:
        """A call to a provider ended."""
        now = time.monotonic()
        turn = self._circuits[provider].ended(answers, now)
        if answers and answers[0].outcome is not Outcome.ACCEPTED and needs_operator(answers[0]):
            self._call_for_help(provider, answers[0], now)
        if turn is None:
            return
        self.turns[provider] = turn
        self.turned.set()
        if turn.why is not None:
            log.warning("circuit_opened", provider=provider, seconds=turn.seconds, why=str(turn.why))
        else:
            log.info("circuit_closed", provider=provider)

    def told(self, provider: str, turn: Turn) -> None:
        """Another process opened its circuit to a provider."""
        if self._circuits[provider].state(time.monotonic()) is CircuitState.CLOSED:
            log.warning("circuit_opened", provider=provider, seconds=turn.seconds, by="another process")
        self._circuits[provider].told(turn, time.monotonic())

    def unused(self, provider: str) -> None:
        """A claim for a provider found nothing to send."""
        self._circuits[provider].unused()

    def switch(self, switches: Mapping[str, Switch]) -> None:
        """What was decided for all workers. A provider that is not named is at rest."""
        for name, outlet in self._outlets.items():
            self._switches[name] = switches.get(name) or Switch(outlet.weight)

    def weight(self, name: str) -> float:
        """The weight of a provider now."""
        return self._switches[name].weight

    def states(self) -> dict[str, CircuitState]:
        """For the metrics."""
        now = time.monotonic()
        return {name: circuit.state(now) for name, circuit in self._circuits.items()}

    def providers(self) -> dict[str, Provider]:
        """All of them, by name."""
        return {name: outlet.provider for name, outlet in self._outlets.items()}

    def rests(self) -> dict[str, float]:
        """Configured weights."""
        return {name: outlet.weight for name, outlet in self._outlets.items()}

    def channels(self) -> list[str]:
        """Channels that have a route."""
        return sorted({channel for channel, _ in self._routes})

    def lanes(self) -> list[tuple[str, str]]:
        """Every lane of every channel."""
        return [(channel, str(lane)) for channel in self.channels() for lane in Lane]

    def tried(self, names: Iterable[str]) -> bool:
        """Whether somebody tries a half-open circuit at this moment."""
        return any(self._circuits[name].trying for name in names)

    def _call_for_help(self, provider: str, answer: Answer, now: float) -> None:
        """Once a minute for each reason."""
        about = provider, answer.reason
        if now - self._asked_help.get(about, -HELP_S) >= HELP_S:
            self._asked_help[about] = now
            log.error("provider_needs_operator", provider=provider, reason=str(answer.reason))

    def links(self) -> list[str]:
        """Providers whose link stands in this process."""
        return [name for name, link in self._links.items() if link.up()]

    def _better_elsewhere(self, outlets: Iterable[str], now: float) -> bool:
        """Whether the process that holds a link of this route has one to use before any of weight 0."""
        return any(name in self.elsewhere and self._switches[name].weight > 0 and self._in_service(name, now) for name in outlets)

    def _in_service(self, name: str, now: float) -> bool:
        return not self._switches[name].suspended and self._circuits[name].state(now) is not CircuitState.OPEN

    def _usable(self, name: str, now: float) -> bool:
        if not self._in_service(name, now):
            return False
        link = self._links.get(name)
        return link is None or link.up()


class LaneRoute:
    """One lane's way out, as its pump sees it."""

    def __init__(self, all_outlets: Outlets, outlets: Mapping[str, Outlet]) -> None:
        self._all, self._outlets, self._shares = all_outlets, outlets, Shares()

    def choose(self, out: Collection[str] = ()) -> Outlet | None:
        """The outlet to claim for now, but for those that are `out`; None: none can carry."""
        return self._all.choose(self._outlets, self._shares, out)

    def tried(self) -> bool:
        """Whether somebody tries a half-open circuit of the route at this moment."""
        return self._all.tried(self._outlets)

    def took(self, provider: str, messages: int) -> None:
        """A claim gave messages to a provider."""
        if len(self._outlets) > 1:
            self._shares.took(provider, messages, self._all.weight(provider))
