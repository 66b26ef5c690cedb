"""Circuits that other processes opened, and links that they hold, through Redis. A hint: without it each process finds out by itself."""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Protocol

from redis.asyncio import Redis

from gateway.dispatch.circuit import Turn, Why
from gateway.logs import get_logger
from gateway.redis_away import unless_away

LINK_S = 3.0
"""Seconds for which a link counts as held after its owner said so: it says so once a second."""
log = get_logger(__name__)


class Circuits(Protocol):
    """This process's circuits (gateway/dispatch/outlets.py)."""

    turns: dict[str, Turn]
    """Those that opened or closed here and of which nobody was told yet."""

    elsewhere: Collection[str]
    """Providers whose link stands in another process."""

    def told(self, provider: str, turn: Turn) -> None:
        """Another process opened its circuit to a provider."""

    def links(self) -> list[str]:
        """Providers whose link stands in this process."""


class CircuitHints:
    """Tells and hears. Each opening stands in Redis for as long as it lasts, so that a process that comes later hears of it too."""

    def __init__(self, redis: Redis, circuits: Circuits, providers: Iterable[str]) -> None:
        self._redis, self._circuits, self._providers = redis, circuits, list(providers)

    async def exchange(self) -> None:
        """One round; never raises for a Redis that is away."""
        turns, self._circuits.turns = dict(self._circuits.turns), {}
        links = self._circuits.links()
        found = await unless_away(self._round(turns, links), None, partial(log.debug, "circuits_not_shared"))
        if found is None:
            self._circuits.elsewhere = ()
            return
        heard, held = found
        self._circuits.elsewhere = held.difference(links)
        for name, turn in heard.items():
            if name not in turns:
                self._circuits.told(name, turn)

    async def _round(self, turns: Mapping[str, Turn], links: Collection[str]) -> tuple[dict[str, Turn], set[str]]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for name, turn in turns.items():
                if turn.why is None:
                    pipeline.delete(_key(name))
                else:
                    pipeline.set(_key(name), f"{turn.times} {turn.why}", px=int(turn.seconds * 1000))
            for name in links:
                pipeline.set(_link(name), 1, px=int(LINK_S * 1000))
            for name in self._providers:
                pipeline.get(_key(name))
                pipeline.pttl(_key(name))
                pipeline.exists(_link(name))
            answers = (await pipeline.execute())[len(turns) + len(links) :]
        found = list(zip(self._providers, answers[::3], answers[1::3], answers[2::3], strict=True))
        read = {name: _read(said, left_ms) for name, said, left_ms, _ in found if said is not None}
        return {name: turn for name, turn in read.items() if turn is not None}, {name for name, *_, held in found if held}


def _read(said: bytes, left_ms: int) -> Turn | None:
    times, _, why = said.decode(errors="replace").partition(" ")
    return Turn(Why(why), left_ms / 1000, int(times)) if times.isdigit() and why in set(Why) and left_ms > 0 else None


def _key(provider: str) -> str:
    return f"tixing:circuit:{provider}"


def _link(provider: str) -> str:
    return f"tixing:link:{provider}"
