"""A worker's sending side over a plant: its pumps with the plant's vendor, without arq."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

from gateway.dispatch.claim import Call
from gateway.dispatch.outlets import Outlets
from gateway.dispatch.pump import Tokens
from gateway.dispatch.tokens import RateTokens
from gateway.sending import Sending, outlets_of
from providers.base.types import Answer
from tests.pipeline.plant import OTHER, VENDOR, Plant


class Plenty:
    """Tokens without end, or `most` each time. `log` remembers what was taken and given back."""

    def __init__(self) -> None:
        self.log: list[tuple[str, int]] = []
        self.most = 1_000_000

    async def take(self, provider: str, rate_per_s: float, count: int, kept: float = 0.0) -> int:
        self.log.append(("take", min(count, self.most)))
        return min(count, self.most)

    async def give_back(self, provider: str, rate_per_s: float, count: int) -> None:
        self.log.append(("give back", count))


class Seeing:
    """A watcher that tells the circuits and remembers the rest."""

    def __init__(self, outlets: Outlets) -> None:
        self.outlets = outlets
        self.first_bytes: list[float] = []
        self.stops: list[tuple[str, str]] = []

    def unused(self, provider: str) -> None:
        self.outlets.unused(provider)

    def first_byte(self, _: Call, seconds: float) -> None:
        self.first_bytes.append(seconds)

    def ended(self, call: Call, _: float, answers: Sequence[Answer]) -> None:
        self.outlets.ended(call.provider, answers)

    def stopped(self, _: str, stopped: Sequence[tuple[str, str]]) -> None:
        self.stops.extend(stopped)


@asynccontextmanager
async def pumping(plant: Plant, tokens: Tokens | None = None) -> AsyncIterator[Sending]:
    """Leaving waits until every call is answered and on record."""
    outlets = outlets_of(plant.runtime, {VENDOR: plant.vendor, OTHER: plant.vendor})
    sending = Sending(plant.runtime, outlets, cast("RateTokens", tokens or Plenty()), plant.jobs, Seeing(outlets), lambda *_: None)
    try:
        yield sending
    finally:
        await sending.landed()
