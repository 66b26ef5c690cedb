"""Expected moves and days → rates: of numbers that go off, die and are sold, and of other numbers that are listed for their persons."""

import numpy as np
from msgspec.structs import replace

from gateway.quality.chain import RATES, YEAR, Array, exponential, generator, per_day
from gateway.quality.evidence import SOURCES
from gateway.quality.expect import Counts
from gateway.quality.model import MOVED, PRIOR, Rates
from gateway.quality.tables import FIRST_CODE, FIRST_MOVED, LATEST, Tables

MOVE_PRIOR, FREEZE_PRIOR = 3.0, 60.0
"""What the priors count for: moves."""
BRIEF_PRIOR = 1.0
"""Off periods of days a year, before anything is known, where they are looked for."""
OTHERS_PRIOR, OTHERS_YEARS = 10.0, 1_000.0
"""Other numbers that the prior counts for, and the years in which they came."""


def learned(tables: Tables, counts: Counts) -> tuple[Rates, dict[str, tuple[float, float]]]:
    """Rates of the chain, and by source those of other numbers (`Model.moved`)."""
    if not counts.moves.any():
        return tables.model.rates, dict(tables.model.moved)
    spent, held = _times(tables, counts.moves)
    return _rates(tables, spent), _others(tables, counts.rows[FIRST_MOVED:FIRST_CODE], held / YEAR)


def _times(tables: Tables, passed: Array) -> tuple[Array, Array]:
    """Twice for each rate: moves, and days in which they might have come. And the days until another number came: the person's, lost."""
    layout, rates = tables.layout, tables.model.rates
    daily, moves = per_day(rates, layout.stages), layout.jumps()
    weights = np.zeros((2 * len(RATES) + 2, layout.size, layout.size))
    for p, name in enumerate(RATES):
        for i, j in moves[name]:
            weights[2 * p, i, j] = daily[name]
            weights[2 * p + 1, i, i] = 1.0
    for i in range(layout.size):
        weights[-2 if i < layout.own.stop else -1, i, i] = 1.0
    plain = _bridges(tables.moves[:LATEST], generator(layout, rates), passed[:LATEST], weights)
    waiting = _bridges(tables.moves[LATEST:], generator(layout, rates, tables.leaves), passed[LATEST:], weights)
    return (plain + waiting)[:-2], waiting[-2:]


def _bridges(moves: Array, generates: Array, passed: Array, weights: Array) -> Array:
    """For each weight matrix W the sum, over all stretches of time, of its expected integral between what was known at both ends.

    M[d] = ∫ T(s) W T(d−s) ds over a stretch of d days, built up day by day: M[d+1] = M[d] T(1) + T(d) M[1].
    """
    last = int(np.flatnonzero(passed.any(axis=(1, 2))).max(initial=0))
    one = moves[1]
    # Simpson over the first day is exact to 1e-8 for rates of a few a year
    half = exponential(generates / 2)
    first = (weights @ one + 4 * (half @ weights @ half) + one @ weights) / 6
    share = np.divide(passed, moves, out=np.zeros_like(passed), where=moves > 1e-300)
    integral, spent = first, np.zeros(len(weights))
    for days in range(1, last + 1):
        if share[days].any():
            spent += (integral * share[days]).sum(axis=(1, 2))
        integral = integral @ one + moves[days] @ first
    return spent


def _rates(tables: Tables, spent: Array) -> Rates:
    """Moves over days, by rate."""
    layout, rates = tables.layout, tables.model.rates
    prior = per_day(replace(PRIOR.rates, brief=BRIEF_PRIOR), layout.stages)
    made = {}
    for p, name in enumerate(RATES):
        believed = FREEZE_PRIOR if name == "freeze" else MOVE_PRIOR
        made[name] = float((spent[2 * p] + believed) / (spent[2 * p + 1] + believed / prior[name]))
    yearly = {name: made[name] * YEAR for name in RATES if name != "freeze"}
    if not rates.brief:
        yearly |= {"brief": 0.0, "back": rates.back}
    return Rates(freeze_days=layout.stages / made["freeze"], **yearly)


def _others(tables: Tables, seen: Array, years: Array) -> dict[str, tuple[float, float]]:
    """Other numbers over years. The prior says how often the earlier one is lost then, and not how many come."""
    made, lost = dict(tables.model.moved), tables.layout.own.stop
    shares = years / max(float(years.sum()), 1e-9)
    for source, states in zip(SOURCES, seen, strict=True):
        if states.any():
            believed = np.array(MOVED[source]) * shares
            came = np.array([states[:lost].sum(), states[lost:].sum()]) + OTHERS_PRIOR * believed / believed.sum()
            own, gone = (came / (years + OTHERS_YEARS * shares)).tolist()
            made[source] = own, gone
    return made
