"""Which provider carries a lane now: the first of its route whose circuit lets a call through, while the window is open."""

import time
from collections.abc import Callable, Mapping, Sequence

from msgspec import structs

from gateway.dispatch.circuit import Circuit, CircuitState
from gateway.dispatch.pump import Outlet
from providers.base.types import Answer, Provider

Routes = Mapping[tuple[str, str | None], Sequence[str]]
"""(channel, lane or None for all lanes) → provider names, first choice first."""


class Outlets:
    """The configured providers with their circuits."""

    def __init__(self, outlets: Mapping[str, Outlet], routes: Routes, window_open: Callable[[], bool]) -> None:
        self._outlets, self._routes, self._window_open = outlets, routes, window_open
        self._circuits = {name: Circuit() for name in outlets}

    def choose(self, channel: str, lane: str) -> Outlet | None:
        """The outlet to claim for now; None: the window is shut, there is no route, or every circuit is open."""
        if not self._window_open():
            return None
        now = time.monotonic()
        names = self._routes.get((channel, lane)) or self._routes.get((channel, None), ())
        for name in names:
            circuit = self._circuits[name]
            trying = circuit.state(now) is CircuitState.HALF_OPEN
            if circuit.admits(now):
                return structs.replace(self._outlets[name], trying=True) if trying else self._outlets[name]
        return None

    def ended(self, provider: str, answers: Sequence[Answer]) -> None:
        """A call to a provider ended."""
        self._circuits[provider].ended(answers, time.monotonic())

    def unused(self, provider: str) -> None:
        """A claim for a provider found nothing to send."""
        self._circuits[provider].unused()

    def states(self) -> dict[str, CircuitState]:
        """For the metrics."""
        now = time.monotonic()
        return {name: circuit.state(now) for name, circuit in self._circuits.items()}

    def providers(self) -> dict[str, Provider]:
        """All of them, by name."""
        return {name: outlet.provider for name, outlet in self._outlets.items()}

    def channels(self) -> list[str]:
        """Channels that have a route."""
        return sorted({channel for channel, _ in self._routes})
