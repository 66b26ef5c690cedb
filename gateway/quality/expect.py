"""What a population's histories say under a model: how often each state gave each row, how long and how often numbers moved. One pass forward and back.

The forward pass is the beliefs' own (`sweep`), kept at every step; the pass back adds what came later. Both go over pairs in chunks, rank by rank.
"""

import numpy as np
from msgspec import Struct

from gateway.quality.chain import HORIZON, Array
from gateway.quality.record import NONE, Ints, Steps
from gateway.quality.sweep import by_rank, share_of
from gateway.quality.tables import FIRST_CODE, FIRST_MOVED, HARDLY, LATEST, OTHER, OWN, PASS, SILENCE_DAYS, Tables, checked, come

SOON_DAYS = 14
"""Messages that come so soon after another tell a phone that is off for days from one in service that failed to answer."""


class Counts(Struct):
    """What was expected under a model."""

    likelihood: float
    soon: float
    """Of it: what came of messages within `SOON_DAYS` of what was known before."""
    rows: Array
    """By row of the tables and state."""
    starts: Array
    """By start and state on the first day."""
    moves: Array
    """By days passed, from state, to state; from `LATEST` on those until another number of the person was listed."""
    asked: Array
    """Delivered messages by state, each as far as certifications had time to come; apart those soon after a certification."""
    answered: Array
    """The same for answers."""
    anew: list[list[Array]]
    """By start: of other listings that may have renewed a belief, how much likelier what came afterwards is if they did."""


class Told(Struct):
    """What all evidence says of each row, apart from the counts."""

    on: Array
    """The number was in service."""
    died: Array
    """How much likelier, against what is believed, the row and what came later would be had every number in service died just before it."""


class Known(Struct, frozen=True):
    """What a pass reads beside the steps."""

    tables: Tables
    steps: Steps
    rows: Array
    counted: Ints
    """By row, under which row of the tables its state counts."""
    starts: Array
    silences: Array
    asked: Array
    answered: Array
    renews: Array
    """By start."""
    latest: Ints
    """By row, where in the tables of moves the time before it is found."""
    ends: Ints
    """By pair, the time after its last row in which no other number was listed, found there; 0 where one was."""
    day: int
    """Until when histories are known."""


class Anew(Struct, frozen=True):
    """Other listings of one rank, which were checked with such a chance."""

    place: Ints
    share: Array
    old: Array
    """Beliefs if they were not."""
    new: Array
    """Beliefs if they were."""


class Ahead(Struct):
    """The forward pass of one chunk, rank by rank."""

    before: list[Array]
    """Beliefs that the days since then move on."""
    after: list[Array]
    """Beliefs once the row has weighed."""
    scale: list[Array]
    days: list[Ints]
    """By row, where its moves are found."""
    anew: list[Anew]


def expect(tables: Tables, steps: Steps, day: int, *, told: Told | None = None) -> Counts:
    """One pass over all histories, known until `day`. `told`, where given, is filled row by row."""
    size = tables.layout.size
    rows, starts = tables.rows(steps.codes), np.stack([tables.starts[key] for key in steps.starts])
    asked, answered = _exposures(tables, steps, day)
    renews = np.array([tables.model.starts[key].renews for key in steps.starts])
    known = Known(
        tables,
        steps,
        rows,
        np.where(steps.crowded & (steps.row > OWN) & (steps.row < OTHER), PASS, steps.row),
        starts,
        tables.silences.reshape(-1, size),
        asked,
        answered,
        renews,
        *_stretches(steps, day),
        day,
    )
    nothing, anew = np.zeros((2 * LATEST, size, size)), [list[Array]() for _ in starts]
    counts = Counts(0.0, 0.0, np.zeros_like(rows), np.zeros_like(starts), nothing, np.zeros((2, size)), np.zeros(size), anew)
    for chunk, ranks in by_rank(steps.first):
        ahead = _forward(known, ranks)
        counts.likelihood += sum(float(np.log(scale).sum()) for scale in ahead.scale)
        counts.soon += sum(_soon(steps, at, scale) for (_, at), scale in zip(ranks[1:], ahead.scale[1:], strict=True))
        _backward(known, counts, ahead, chunk, ranks, told)
    return counts


def _forward(known: Known, ranks: list[tuple[int, Ints]]) -> Ahead:
    steps, made = known.steps, Ahead([], [], [], [], [])
    for k, (n, at) in enumerate(ranks):
        days = known.latest[at] + np.minimum(steps.days[at], HORIZON)
        before = made.after[-1][:n] * known.silences[steps.silence[at]] if k else known.starts[steps.start[at]]
        arrived = np.matmul(before[:, None, :], known.tables.moves[days])[:, 0, :]
        made.anew.append(_anew(known, arrived, at, first=not k))
        after = arrived * known.rows[steps.row[at]]
        scale = after.sum(axis=1)
        made.before.append(before)
        made.after.append(after / scale[:, None])
        made.scale.append(scale)
        made.days.append(days)
    return made


def _soon(steps: Steps, at: Ints, scale: Array) -> float:
    return float(np.log(scale[steps.outcome[at] & (steps.days[at] <= SOON_DAYS)]).sum())


def _anew(known: Known, arrived: Array, at: Ints, *, first: bool) -> Anew:
    """The listings among these rows, mixed into `arrived`. The first row of a history is no other listing."""
    steps, tables = known.steps, known.tables
    place = np.flatnonzero(steps.start[at] != NONE)[: 0 if first else None]
    mass, start = arrived[place].sum(axis=1, keepdims=True), steps.start[at[place]]
    old = arrived[place] / mass
    new = checked(tables.layout, old, known.starts[start])
    share = share_of(tables, old, new, known.renews[start])
    arrived[place] = mass * ((1 - share)[:, None] * old + share[:, None] * new)
    some = share > 0
    return Anew(place[some], share[some], old[some], new[some])


def _backward(known: Known, counts: Counts, ahead: Ahead, chunk: Ints, ranks: list[tuple[int, Ints]], told: Told | None) -> None:
    steps = known.steps
    waited = np.clip(known.day - steps.sent_day[chunk], 0, SILENCE_DAYS - 1)
    # What the last message's silence until `day` says of the state then
    later = known.silences[np.where(steps.sent_day[chunk] == NONE, 0, steps.waiting[chunk] * SILENCE_DAYS + waited)]
    for k in range(len(ranks) - 1, -1, -1):
        n, at = ranks[k]
        last = slice(ranks[k + 1][0] if k + 1 < len(ranks) else 0, n)
        _count_end(known, counts, ahead.after[k][last] * later[last], chunk[last])
        later[last] *= known.tables.moves[known.ends[chunk[last]]].sum(axis=2)
        _count_states(known, counts, _normal(ahead.after[k] * later[:n]), at)
        if told is not None:
            _tell(known, told, ahead.after[k], later[:n], at)
        weighed = later[:n] * known.rows[steps.row[at]] / ahead.scale[k][:, None]
        weighed = _through_listings(known, counts, ahead, k, at, weighed)
        moves = known.tables.moves[ahead.days[k]]
        _count_moves(counts, ahead.before[k][:, :, None] * moves * weighed[:, None, :], ahead.days[k])
        back = np.matmul(moves, weighed[:, :, None])[:, :, 0]
        if not k:
            np.add.at(counts.starts, steps.start[at], _normal(ahead.before[k] * back))
        later[:n] = back * known.silences[steps.silence[at]]


def _tell(known: Known, told: Told, after: Array, later: Array, at: Ints) -> None:
    layout, rows = known.tables.layout, known.rows[known.steps.row[at]]
    on, all_of_it = layout.kinds == 0, (after * later).sum(axis=1)
    told.on[at] = (after * later)[:, on].sum(axis=1) / all_of_it
    dead_for_on = rows[:, layout.frozen] / np.maximum(rows[:, layout.stranger], HARDLY)
    told.died[at] = after[:, on].sum(axis=1) * dead_for_on * later[:, layout.frozen] / all_of_it


def _count_states(known: Known, counts: Counts, states: Array, at: Ints) -> None:
    asked, rested = known.asked[at], known.steps.rested[at]
    np.add.at(counts.rows, known.counted[at], states)
    counts.asked[0] += states.T @ np.where(rested, 0.0, asked)
    counts.asked[1] += states.T @ np.where(rested, asked, 0.0)
    counts.answered += states.T @ known.answered[at]


def _through_listings(known: Known, counts: Counts, ahead: Ahead, k: int, at: Ints, later: Array) -> Array:
    """What is known from behind each row, as it looks from before its listing; counts how many of these were checked."""
    anew = ahead.anew[k]
    if not len(anew.place):
        return later
    then, start, share = later[anew.place], known.steps.start[at[anew.place]], anew.share
    checked_so, else_so = (anew.new * then).sum(axis=1), (anew.old * then).sum(axis=1)
    for one in np.unique(start).tolist():
        counts.anew[one].append((checked_so / else_so)[start == one])
    # A check says nothing of the time before it: that others, who had lost their numbers, were not listed again is not counted either (measured: it
    # doubled the calibration error)
    later[anew.place] = (1 - share)[:, None] * then + (share * checked_so)[:, None]
    return later


def _count_end(known: Known, counts: Counts, last: Array, pairs: Ints) -> None:
    """The time after the last rows of some pairs. `last`: how likely each state was then."""
    days = known.ends[pairs]
    both = last[:, :, None] * known.tables.moves[days]
    counts.likelihood += float(np.log(both.sum(axis=(1, 2)) / last.sum(axis=1)).sum())
    _count_moves(counts, both, days)


def _stretches(steps: Steps, day: int) -> tuple[Ints, Ints]:
    """By row and by pair, as `Known` has them. Where no other numbers are listed at all, that none is says nothing."""
    if not ((steps.row >= FIRST_MOVED) & (steps.row < FIRST_CODE)).any():
        return np.zeros(len(steps.row), dtype=np.int64), np.zeros(len(steps.still), dtype=np.int64)
    passed = np.clip(day - steps.last_day, 0, HORIZON)
    return steps.latest * LATEST, np.where(steps.still, LATEST + passed, 0)


def _count_moves(counts: Counts, both: Array, days: Ints) -> None:
    passed = np.flatnonzero(days % LATEST > 0)
    if not len(passed):
        return
    order = passed[np.argsort(days[passed], kind="stable")]
    shares = both[order] / both[order].sum(axis=(1, 2), keepdims=True)
    distinct, begins = np.unique(days[order], return_index=True)
    counts.moves[distinct] += np.add.reduceat(shares, begins, axis=0)


def _normal(vectors: Array) -> Array:
    normal: Array = vectors / vectors.sum(axis=1, keepdims=True)
    return normal


def _exposures(tables: Tables, steps: Steps, day: int) -> tuple[Array, Array]:
    """For each delivered message: how much of the time in which people certify, or answer, had passed before the next outcome."""
    waits = _waits(steps, day)
    r = tables.model.responses
    asked = np.where(steps.taken, come(r.certified_within, waits), 0.0)
    return asked, np.where(steps.taken & ~steps.crowded, np.minimum(waits / max(r.answered_days, 1.0), 1.0), 0.0)


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
