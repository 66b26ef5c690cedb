"""calls and reports → weights: the acting scheduler looks how providers do and moves their weights a step, for all workers and on record."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.dispatch.weights import Standing, Step, steps
from gateway.logs import get_logger
from gateway.store import routing
from gateway.store.pool import Queries
from gateway.store.routing import Counts, Kept, State

FAILING_S = 180.0
"""Seconds back over which calls are counted."""
LATE_S = 300.0
"""Seconds a report may take. It is looked at for messages that left that long ago, and up to three times as long."""
SLICES, CALLS_A_SLICE = 30, 100
log = get_logger("scheduler")


class Drift(Struct, frozen=True):
    """Moves weights. `rests`: the configured ones by provider; `routes`: the providers of each."""

    rests: Mapping[str, float]
    routes: Sequence[Sequence[str]]

    async def __call__(self, connection: Queries) -> list[Step]:
        """One look, in one transaction. Where no route has two providers there is nothing to look at."""
        if all(len(route) < 2 for route in self.routes):
            return []
        async with connection.transaction():
            counts = await routing.counts(connection, FAILING_S, LATE_S, SLICES, CALLS_A_SLICE)
            states = await routing.states(connection)
            now = await connection.fetchval("select now()")
            made = steps(self.routes, {name: standing(rest, states.get(name)) for name, rest in self.rests.items()}, counts, now)
            for step in made:
                await routing.weigh(connection, _row(step, now, counts.get(step.name, Counts())))
        for step in made:
            log.warning("weight_moved", provider=step.name, before=step.before, weight=step.weight, rest=step.rest, why=str(step.why))
        return made


def standing(rest: float, state: State | None) -> Standing:
    """Where a weight stands, counted from the configured one: an operator who changes that moves the weight along."""
    if state is None or state.weight is None or not state.rest:
        return Standing(rest, rest)
    return Standing(rest, round(rest * min(1.0, state.weight / state.rest), 6), state.weight_at)


def _row(step: Step, now: datetime, counts: Counts) -> Kept:
    detail = f"calls {counts.calls}, failed {counts.failed}; reports due {counts.due}, late {counts.late}"
    return now, step.name, step.before, step.weight, step.rest, str(step.why), detail
