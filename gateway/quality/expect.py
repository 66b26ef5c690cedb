"""What a population's histories say under a model: how often each state gave each row, how long and how oftwelve numbers moved. One pass forward and back.

The forward pass is the beliefs' own (`sweep`), kept at every step; the pass back adds what came later. Both go over pairs in chunks, rank by rank.
"""

import numpy as np
from msgspec import Struct

from gateway.quality.chain import HORIZON, Array
from gateway.quality.record import NONE, Flags, Ints, Small, Steps
from gateway.quality.sweep import by_rank, moved
from gateway.quality.tables import SILENCE_DAYS, Tables, come

RENEWS = 0.5
"""A listing that replaces more than this of a belief begins a new history."""


class Counts(Struct):
    """What was expected under a model."""

    likelihood: float
    rows: Array
    """By row of the tables and state."""
    starts: Array
    """By start and state on the first day."""
    moves: Array
    """By days passed, from state, to state."""
    asked: Array
    """Delivered messages by state, each as far as certifications had time to come; apart those soon after a certification."""
    answered: Array
    """The same for answers."""


class Known(Struct, frozen=True):
    """What a pass reads beside the steps."""

    tables: Tables
    steps: Steps
    rows: Array
    starts: Array
    silences: Array
    asked: Array
    answered: Array
    renewed: Flags
    """Rows at which a listing begins a history anew."""
    day: int
    """Until when histories are known."""


class Ahead(Struct):
    """The forward pass of one chunk, rank by rank."""

    before: list[Array]
    """Beliefs that the days since then move on."""
    after: list[Array]
    """Beliefs once the row has weighed."""
    scale: list[Array]
    days: list[Small]


def expect(tables: Tables, steps: Steps, day: int) -> Counts:
    """One pass over all histories, known until `day`."""
    size = tables.layout.size
    rows, starts = tables.rows(steps.codes), np.stack([tables.starts[key] for key in steps.starts])
    asked, answered = _exposures(tables, steps, day)
    known = Known(tables, steps, rows, starts, tables.silences.reshape(-1, size), asked, answered, _renewed(tables, steps), day)
    nothing = np.zeros((HORIZON + 1, size, size))
    counts = Counts(0.0, np.zeros_like(rows), np.zeros_like(starts), nothing, np.zeros((2, size)), np.zeros(size))
    for chunk, ranks in by_rank(steps.first):
        ahead = _forward(known, ranks)
        counts.likelihood += sum(float(np.log(scale).sum()) for scale in ahead.scale)
        _backward(known, counts, ahead, chunk, ranks)
    return counts


def _forward(known: Known, ranks: list[tuple[int, Ints]]) -> Ahead:
    steps, made = known.steps, Ahead([], [], [], [])
    for k, (n, at) in enumerate(ranks):
        fresh = known.renewed[at] if k else np.ones(n, dtype=np.bool_)
        days = np.minimum(np.where(fresh, steps.age[at], steps.days[at]), HORIZON)
        before = made.after[-1][:n] * known.silences[steps.silence[at]] if k else known.starts[steps.start[at]]
        before[fresh] = known.starts[steps.start[at[fresh]]]
        after = moved(known.tables, before, days) * known.rows[steps.row[at]]
        scale = after.sum(axis=1)
        made.before.append(before)
        made.after.append(after / scale[:, None])
        made.scale.append(scale)
        made.days.append(days)
    return made


def _backward(known: Known, counts: Counts, ahead: Ahead, chunk: Ints, ranks: list[tuple[int, Ints]]) -> None:
    steps = known.steps
    waited = np.clip(known.day - steps.sent_day[chunk], 0, SILENCE_DAYS - 1)
    # What the last message's silence until `day` says of the state then
    later = known.silences[np.where(steps.sent_day[chunk] == NONE, 0, steps.waiting[chunk] * SILENCE_DAYS + waited)]
    for k in range(len(ranks) - 1, -1, -1):
        n, at = ranks[k]
        _count_states(known, counts, _normal(ahead.after[k] * later[:n]), at)
        weighed = later[:n] * known.rows[steps.row[at]] / ahead.scale[k][:, None]
        moves = known.tables.moves[ahead.days[k]]
        _count_moves(counts, ahead.before[k][:, :, None] * moves * weighed[:, None, :], ahead.days[k])
        back = np.matmul(moves, weighed[:, :, None])[:, :, 0]
        fresh = known.renewed[at] if k else np.ones(n, dtype=np.bool_)
        np.add.at(counts.starts, steps.start[at[fresh]], _normal(ahead.before[k][fresh] * back[fresh]))
        # Nothing is known of a history from behind the listing that begins it anew
        later[:n] = np.where(fresh[:, None], 1.0, back * known.silences[steps.silence[at]])


def _count_states(known: Known, counts: Counts, states: Array, at: Ints) -> None:
    asked, rested = known.asked[at], known.steps.rested[at]
    np.add.at(counts.rows, known.steps.row[at], states)
    counts.asked[0] += states.T @ np.where(rested, 0.0, asked)
    counts.asked[1] += states.T @ np.where(rested, asked, 0.0)
    counts.answered += states.T @ known.answered[at]


def _count_moves(counts: Counts, both: Array, days: Small) -> None:
    passed = np.flatnonzero(days > 0)
    if not len(passed):
        return
    order = passed[np.argsort(days[passed], kind="stable")]
    shares = both[order] / both[order].sum(axis=(1, 2), keepdims=True)
    distinct, begins = np.unique(days[order], return_index=True)
    counts.moves[distinct] += np.add.reduceat(shares, begins, axis=0)


def _normal(vectors: Array) -> Array:
    normal: Array = vectors / vectors.sum(axis=1, keepdims=True)
    return normal


def _renewed(tables: Tables, steps: Steps) -> Flags:
    renews = np.array([tables.model.starts[key].renews for key in steps.starts])
    again: Flags = (steps.start != NONE) & (renews[np.maximum(steps.start, 0)] > RENEWS)
    again[steps.first[:-1]] = False
    return again


def _exposures(tables: Tables, steps: Steps, day: int) -> tuple[Array, Array]:
    """For each delivered message: how much of the time in which people certify, or answer, had passed before the next outcome."""
    waits = _waits(steps, day)
    r = tables.model.responses
    asked = np.where(steps.taken, come(r.certified_within, waits), 0.0)
    return asked, np.where(steps.taken, np.minimum(waits / max(r.answered_days, 1.0), 1.0), 0.0)


def _waits(steps: Steps, day: int) -> Array:
    """Days from each delivered message to the next own outcome, or to `day`; whatever was answered in full has waited long enough."""
    waits = np.zeros(len(steps.row))
    taken = np.flatnonzero(steps.taken)
    pair = np.searchsorted(steps.first, taken, side="right") - 1
    last = np.append(np.diff(pair) > 0, True)[: len(taken)]
    waits[taken] = np.where(last & (steps.sent_day[pair] != NONE), np.maximum(day - steps.sent_day[pair], 0), SILENCE_DAYS)
    ends = np.flatnonzero(steps.silence > 0)
    waits[taken[np.searchsorted(taken, ends, side="left") - 1]] = (steps.silence % SILENCE_DAYS)[ends]
    return waits
