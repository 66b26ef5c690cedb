"""What one way of believing is worth on one history: calibration, sharpness, waste, people lost, dead numbers recognised."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bench.quality.population import History
from gateway.quality.chain import Array
from gateway.quality.record import Flags, Steps
from gateway.quality.states import DEAD, WRONG_PERSON
from gateway.quality.sweep import Trace, readings, sweep
from gateway.quality.tables import Tables

BINS = 10
KEEP = 0.995
RECOGNISED_AFTER = 3
POINTS = 200


class Bin(Struct, frozen=True):
    """One bar of a calibration curve."""

    said: float
    true: float
    share: float


class Curve(Struct, frozen=True):
    """Kept and wasted shares, as the threshold on p_reach rises."""

    kept: tuple[float, ...]
    wasted: tuple[float, ...]


class Figures(Struct, frozen=True):
    """One way on one history. Shares are of messages unless they say otherwise; kept and wasted are against "use everything"."""

    brier: float
    ece: float
    end_brier: float
    end_ece: float
    kept: float
    """By states as shipped: reached messages that were sent."""
    wasted: float
    """By states as shipped: messages that reached nobody and were sent all the same."""
    kept_years: float
    """Persons and years with somebody reached, of those that "use everything" reaches."""
    kept_for_good: float
    """As `kept`, where a number once given up is never tried again."""
    suppressed_living: float
    """Of messages whose number lived and was the person's: given up."""
    recognised: float
    """Of dead numbers: given up after at most three messages."""
    waste_at_keep: float
    """Wasted share where the threshold on p_reach keeps 99.5 %."""
    threshold_at_keep: float
    bins: tuple[Bin, ...]
    curve: Curve


class Told(Struct):
    """What a way said of every message before it was sent, and of every pair at the end."""

    p_reach: Array
    suppressed: Flags
    end_p_reach: Array


def believe(tables: Tables, steps: Steps, history: History) -> Told:
    """The model's word."""
    count = len(steps.row)
    trace = Trace(np.zeros(count), np.zeros(count), np.zeros(count, dtype=np.int8))
    beliefs = sweep(tables, steps, trace=trace)
    now, _ = readings(tables, beliefs, history.end_day)
    state = trace.state[history.message_row]
    return Told(trace.p_reach[history.message_row], (state == DEAD) | (state == WRONG_PERSON), now.p_reach)


def figures(history: History, told: Told) -> Figures:
    """All figures."""
    reached, sent = history.truth_reached, ~told.suppressed
    bins = calibration(told.p_reach, reached)
    curve, at_keep, threshold = trade_off(told.p_reach, reached)
    years = history.message_pair * 100 + (history.message_day - history.message_day.min()) // 365
    for_good = ~_ever(told.suppressed, history.message_pair)
    return Figures(
        _brier(told.p_reach, reached),
        _error(bins),
        _brier(told.end_p_reach, history.end_reach),
        _error(calibration(told.end_p_reach, history.end_reach)),
        _share(sent, reached),
        _share(sent, ~reached),
        len(np.unique(years[reached & sent])) / max(len(np.unique(years[reached])), 1),
        _share(for_good, reached),
        _share(told.suppressed, history.truth_own),
        _recognised(history, told.suppressed),
        at_keep,
        threshold,
        bins,
        curve,
    )


def calibration(said: Array, true: Flags) -> tuple[Bin, ...]:
    """Ten bins of what was said, and what was true in each."""
    place = np.minimum((said * BINS).astype(np.int64), BINS - 1)
    rows = [place == i for i in range(BINS)]
    return tuple(Bin(float(said[r].mean()), float(true[r].mean()), float(r.mean())) for r in rows if r.any())


def trade_off(said: Array, reached: Flags) -> tuple[Curve, float, float]:
    """The curve over all thresholds, and the wasted share and the threshold where 99.5 % are kept."""
    order = np.argsort(-said, kind="stable")
    kept = np.cumsum(reached[order]) / max(int(reached.sum()), 1)
    wasted = np.cumsum(~reached[order]) / max(int((~reached).sum()), 1)
    # Equal words cannot be told apart by a threshold: a group of them is taken whole.
    ends = np.append(np.flatnonzero(np.diff(said[order])), len(order) - 1)
    kept, wasted = kept[ends], wasted[ends]
    at = min(int(np.searchsorted(kept, KEEP)), len(kept) - 1)
    grid = np.searchsorted(kept, np.concatenate([np.linspace(0.9, 1, POINTS)])).clip(max=len(kept) - 1)
    return Curve(tuple(kept[grid].tolist()), tuple(wasted[grid].tolist())), float(wasted[at]), float(said[order[ends[at]]])


def _brier(said: Array, true: Flags) -> float:
    return float(np.mean((said - true) ** 2))


def _error(bins: tuple[Bin, ...]) -> float:
    return sum(abs(one.said - one.true) * one.share for one in bins)


def _share(flag: Flags, among: Flags) -> float:
    return float((flag & among).sum() / max(int(among.sum()), 1))


def _ever(flag: Flags, pair: NDArray[np.int64]) -> Flags:
    """From the first flagged message of a pair on: all of them."""
    total = np.cumsum(flag)
    begins = np.searchsorted(pair, pair)
    return np.greater(total - total[begins] + flag[begins], 0)


def _recognised(history: History, suppressed: Flags) -> float:
    """Deaths of the person's own number with three messages to the dead number and one more after: is that one held back?"""
    dead, own, pair = history.truth_dead, history.truth_own, history.message_pair
    found = []
    for i in np.flatnonzero(dead[1:-RECOGNISED_AFTER] & own[: -RECOGNISED_AFTER - 1]) + 1:
        stretch = slice(i, i + RECOGNISED_AFTER)
        if pair[i - 1] == pair[i + RECOGNISED_AFTER] and dead[stretch].all():
            found.append(bool(suppressed[i + RECOGNISED_AFTER]))
    return float(np.mean(found)) if found else 1.0
