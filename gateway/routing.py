"""Keeps a process's providers as all processes want them: weights and switches from the store, circuits from each other, once a second."""

import asyncio
import contextlib

import asyncpg

from gateway.dispatch.hints import CircuitHints
from gateway.dispatch.outlets import Outlets, Switch
from gateway.logs import account, get_logger
from gateway.pipeline.drift import standing
from gateway.store import routing
from gateway.store.pool import Queries
from gateway.store.routing import State

LOOK_S = 1.0
log = get_logger(__name__)


class Routing:
    """One a worker. What it could not read stays as it was."""

    def __init__(self, outlets: Outlets, hints: CircuitHints) -> None:
        self._outlets, self._hints = outlets, hints

    async def begin(self, reading: asyncpg.Pool) -> None:
        """The first look: a suspended provider is not used for a second. Raises what the store raises."""
        async with reading.acquire() as connection:
            await self.look(connection)

    async def run(self, reading: asyncpg.Pool) -> None:
        """Until cancelled."""
        while True:
            try:
                async with reading.acquire() as connection:
                    await self.look(connection)
            except Exception as error:  # noqa: BLE001 - an edge: a worker that stops looking would obey nobody any more
                log.warning("switches_not_read", **account(error))
            self._outlets.turned.clear()
            await self._hints.exchange()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._outlets.turned.wait()

    async def look(self, connection: Queries) -> None:
        """Reads weights and switches."""
        states = await routing.states(connection)
        self._outlets.switch({name: switch(rest, states.get(name)) for name, rest in self._outlets.rests().items()})


def switch(rest: float, state: State | None) -> Switch:
    """What a provider's state means for dispatch."""
    return Switch(standing(rest, state).weight, suspended=state is not None and state.suspended_at is not None)
