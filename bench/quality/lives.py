"""Numbers live, go off, die and are sold again, day by day."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gateway.quality.record import Flags, Ints

if TYPE_CHECKING:
    from bench.quality.population import Population

ON, OFF, DEAD, BRIEF = 0, 1, 2, 3
"""Phases; BRIEF: off for days."""


def live(p: "Population", begins: Ints, strangers: Flags, days: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Simulates every number from its own first day on; returns its phase on days 0 to `days`."""
    count = len(begins)
    phase = np.zeros(count, dtype=np.uint8)
    generation = strangers.astype(np.uint8)
    timer = np.zeros(count, dtype=np.int32)
    daily = np.empty((days + 1, count), dtype=np.uint8)
    death_on, death_off, off, brief = p.death_on / 365.25, p.death_off / 365.25, p.off / 365.25, p.brief / 365.25
    for day in range(int(begins.min()), days + 1):
        born = begins < day
        u = rng.random(count, dtype=np.float32)
        on, is_off, dead, away = ((phase == kind) & born for kind in (ON, OFF, DEAD, BRIEF))
        timer -= 1
        dies = ((on | away) & (u < death_on)) | (is_off & (u < death_off))
        goes = on & ~dies & (u < death_on + off)
        leaves = on & ~dies & ~goes & (u < death_on + off + brief)
        back = (is_off | away) & ~dies & (timer <= 0)
        sold = dead & (timer <= 0)
        phase[back | sold] = ON
        generation[sold] = 1
        phase[dies], phase[goes], phase[leaves] = DEAD, OFF, BRIEF
        timer[dies] = p.freeze_days + _length(p.sale_shape, p.sale_days, int(dies.sum()), rng)
        timer[goes] = _length(p.off_shape, p.off_days, int(goes.sum()), rng)
        timer[leaves] = _length("exponential", p.brief_days, int(leaves.sum()), rng)
        if day >= 0:
            daily[day] = phase + 4 * generation
    return daily


def _length(shape: str, mean: float, count: int, rng: np.random.Generator) -> NDArray[np.int32]:
    if shape == "fixed":
        return np.full(count, max(round(mean), 1), dtype=np.int32)
    drawn: NDArray[np.float64] = rng.uniform(0, 2 * mean, count) if shape == "uniform" else rng.exponential(mean, count)
    return np.maximum(np.rint(drawn), 1.0).astype(np.int32)
