"""The hidden life of a number as one person's contact: a Markov chain in continuous time, tabulated by days.

    mine, in service (one state a kind of person) ⇄ mine, off → frozen (in stages) → for sale → a stranger's, in service ⇄ a stranger's, off → frozen …

An entry that was wrong from the start begins as a stranger's. What nobody can observe apart is one state, so that a belief stays twelve numbers;
where off periods of days were learned beside long ones, each "in service" has such a state, too, and a belief is sixteen.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gateway.quality.model import Model, Rates

Array = NDArray[np.float64]
YEAR = 365.25
HORIZON = 2048
"""Days that are tabulated; longer silences are passed in several strides."""
RATES = ("death_on", "death_off", "off", "on", "brief", "back", "freeze", "sale")


class Layout:
    """Which index is which state, for so many kinds of persons and stages of the freeze, and with off periods of days or without."""

    def __init__(self, types: int, stages: int, *, brief: bool = False) -> None:
        self.types, self.stages = types, stages
        held = types * (3 if brief else 2)
        self.on = slice(0, types)
        self.off = slice(types, 2 * types)
        self.brief = slice(2 * types, held)
        self.own = slice(0, held)
        self.dead = slice(held, held + stages + 1)
        self.frozen = held
        self.pool = held + stages
        self.stranger = self.pool + 1
        self.stranger_off = self.pool + 2
        self.stranger_brief = slice(self.pool + 3, self.pool + 3 + brief)
        self.others = slice(self.stranger, self.stranger_brief.stop)
        self.size = self.others.stop

    def jumps(self) -> dict[str, list[tuple[int, int]]]:
        """The moves that each rate drives."""
        frozen, states = self.frozen, range(self.size)
        ons = [*states[self.on], self.stranger]
        offs = [*states[self.off], self.stranger_off]
        briefs = [*states[self.brief], *states[self.stranger_brief]]
        return {
            "death_on": [(s, frozen) for s in ons + briefs],
            "death_off": [(s, frozen) for s in offs],
            "off": list(zip(ons, offs, strict=True)),
            "on": list(zip(offs, ons, strict=True)),
            "brief": list(zip(ons, briefs, strict=True)) if briefs else [],
            "back": list(zip(briefs, ons, strict=True)) if briefs else [],
            "freeze": [(frozen + i, frozen + i + 1) for i in range(self.stages)],
            "sale": [(self.pool, self.stranger)],
        }

    @cached_property
    def kinds(self) -> NDArray[np.intp]:
        """Each state as an outcome sees it: 0 in service, 1 off, 2 dead, 3 off for days."""
        seen = np.full(self.size, 2, dtype=np.intp)
        seen[self.on] = seen[self.stranger] = 0
        seen[self.off] = seen[self.stranger_off] = 1
        seen[self.brief] = seen[self.stranger_brief] = 3
        return seen


def per_day(rates: Rates, stages: int) -> dict[str, float]:
    """Each rate of `RATES` a day."""
    yearly = {name: getattr(rates, name) / YEAR for name in RATES if name != "freeze"}
    return yearly | {"freeze": stages / rates.freeze_days}


def generator(layout: Layout, rates: Rates, leaves: Array | float = 0.0) -> Array:
    """The chain's generator, per day. `leaves`: by state, how often a day what is waited for comes, so that the time of waiting ends."""
    made = np.zeros((layout.size, layout.size))
    daily = per_day(rates, layout.stages)
    for name, moves in layout.jumps().items():
        for i, j in moves:
            made[i, j] += daily[name]
            made[i, i] -= daily[name]
    made[np.diag_indices(layout.size)] -= leaves
    return made


def exponential(matrix: Array) -> Array:
    """The exponential of a small matrix: scaled down, a short series, squared up."""
    squarings = max(0, int(np.ceil(np.log2(max(float(np.abs(matrix).sum(axis=1).max()), 1e-12)))) + 4)
    small = matrix / 2.0**squarings
    term = total = np.eye(len(matrix))
    for n in range(1, 16):
        term = term @ small / n
        total = total + term
    for _ in range(squarings):
        total = total @ total
    return total


def transitions(layout: Layout, rates: Rates, days: int = HORIZON, leaves: Array | float = 0.0) -> Array:
    """T[d]: from each state to each within d days, 0 to `days`, with nothing having come of what ends the time (`generator`)."""
    one = exponential(generator(layout, rates, leaves))
    table = np.empty((days + 1, layout.size, layout.size))
    table[0] = np.eye(layout.size)
    filled = 1
    while filled <= days:  # twice as many with each stride
        more = min(filled, days + 1 - filled)
        stride = table[filled - 1] @ one
        table[filled : filled + more] = table[:more] @ stride
        filled += more
    return table


def start_vectors(layout: Layout, model: Model) -> dict[str, Array]:
    """Each source's first belief: off and frozen shares as the rates would have them in the long run."""
    rates, shares = model.rates, np.array(model.responses.shares)
    held = np.array([1.0, rates.off / rates.on, rates.brief / rates.back])
    on, off, brief = (held / held.sum()).tolist()
    frozen = rates.freeze_days / (rates.freeze_days + YEAR / rates.sale)
    made = {}
    for key, start in model.starts.items():
        v = np.zeros(layout.size)
        v[layout.on] = start.mine * on * shares
        v[layout.off] = start.mine * off * shares
        if rates.brief:
            v[layout.brief] = start.mine * brief * shares
            v[layout.stranger_brief] = start.stranger * brief
        v[layout.dead] = start.dead * frozen / layout.stages
        v[layout.pool] = start.dead * (1 - frozen)
        v[layout.stranger] = start.stranger * on
        v[layout.stranger_off] = start.stranger * off
        made[key] = v / v.sum()
    return made
