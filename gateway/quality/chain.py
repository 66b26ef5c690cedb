"""The hidden life of a number as one person's contact: a Markov chain in continuous time, tabulated by days.

    mine, in service (one state a kind of person) ⇄ mine, off → frozen (in stages) → for sale → a stranger's, in service ⇄ a stranger's, off → frozen …

An entry that was wrong from the start begins as a stranger's. What nobody can observe apart is one state, so that a belief stays twelve numbers.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gateway.quality.model import Model, Rates

Array = NDArray[np.float64]
YEAR = 365.25
HORIZON = 2048
"""Days that are tabulated; longer silences are passed in several strides."""
RATES = ("death_on", "death_off", "off", "on", "freeze", "sale")


class Layout:
    """Which index is which state, for so many kinds of persons and stages of the freeze."""

    def __init__(self, types: int, stages: int) -> None:
        self.types, self.stages = types, stages
        self.size = 2 * types + stages + 3
        self.on = slice(0, types)
        self.off = slice(types, 2 * types)
        self.own = slice(0, 2 * types)
        self.dead = slice(2 * types, 2 * types + stages + 1)
        self.pool = 2 * types + stages
        self.stranger = self.pool + 1
        self.stranger_off = self.pool + 2
        self.others = slice(self.stranger, self.stranger + 2)

    def jumps(self) -> dict[str, list[tuple[int, int]]]:
        """The moves that each rate drives."""
        kinds, frozen = range(self.types), 2 * self.types
        ons = [*kinds, self.stranger]
        offs = [self.types + k for k in kinds] + [self.stranger_off]
        return {
            "death_on": [(s, frozen) for s in ons],
            "death_off": [(s, frozen) for s in offs],
            "off": list(zip(ons, offs, strict=True)),
            "on": list(zip(offs, ons, strict=True)),
            "freeze": [(frozen + i, frozen + i + 1) for i in range(self.stages)],
            "sale": [(self.pool, self.stranger)],
        }

    @cached_property
    def kinds(self) -> NDArray[np.intp]:
        """Each state as an outcome sees it: 0 in service, 1 off, 2 dead."""
        seen = np.full(self.size, 2, dtype=np.intp)
        seen[[*range(self.types), self.stranger]] = 0
        seen[[*range(self.types, 2 * self.types), self.stranger_off]] = 1
        return seen


def per_day(rates: Rates, stages: int) -> dict[str, float]:
    """Each rate of `RATES` a day."""
    yearly = {name: getattr(rates, name) / YEAR for name in ("death_on", "death_off", "off", "on", "sale")}
    return yearly | {"freeze": stages / rates.freeze_days}


def generator(layout: Layout, rates: Rates) -> Array:
    """The chain's generator, per day."""
    made = np.zeros((layout.size, layout.size))
    daily = per_day(rates, layout.stages)
    for name, moves in layout.jumps().items():
        for i, j in moves:
            made[i, j] += daily[name]
            made[i, i] -= daily[name]
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


def transitions(layout: Layout, rates: Rates, days: int = HORIZON) -> Array:
    """T[d]: from each state to each within d days, 0 to `days`."""
    one = exponential(generator(layout, rates))
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
    off = rates.off / (rates.off + rates.on)
    frozen = rates.freeze_days / (rates.freeze_days + YEAR / rates.sale)
    made = {}
    for key, start in model.starts.items():
        v = np.zeros(layout.size)
        v[layout.on] = start.mine * (1 - off) * shares
        v[layout.off] = start.mine * off * shares
        v[layout.dead] = start.dead * frozen / layout.stages
        v[layout.pool] = start.dead * (1 - frozen)
        v[layout.stranger] = start.stranger * (1 - off)
        v[layout.stranger_off] = start.stranger * off
        made[key] = v / v.sum()
    return made
