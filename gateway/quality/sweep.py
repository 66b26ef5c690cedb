"""Beliefs of many pairs at once: the same steps as `pair`, as products of matrices. The k-th observation of all pairs is one product."""

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gateway.quality.chain import HORIZON, Array
from gateway.quality.evidence import BLOCKS
from gateway.quality.record import NONE, Flags, Ints, Steps
from gateway.quality.states import UNVERIFIED, Readings, judge_all
from gateway.quality.tables import LATEST, SILENCE_DAYS, Tables, checked

TOGETHER = 4096
"""Pairs that are swept together: their vectors and matrices stay in the cache."""


class Beliefs(Struct):
    """`PairBelief` of many pairs, as columns."""

    weights: Array
    day: NDArray[np.int32]
    sent_day: NDArray[np.int32]
    waiting: NDArray[np.int32]
    blocked: Array
    heard: NDArray[np.bool_]
    failed: NDArray[np.int32]
    still: NDArray[np.bool_]
    """As `pair.waits`."""
    state: NDArray[np.int8]


class Trace(Struct):
    """What the beliefs were right before each row: for benches, which ask what a plan would have known."""

    p_reach: Array
    p_own: Array
    state: NDArray[np.int8]


class _Laid(Struct, frozen=True):
    """The tables as a sweep reads them."""

    tables: Tables
    steps: Steps
    rows: Array
    starts: Array
    renews: Array
    blocked: Array
    """Of each code: what a first one in a row says, and what a later one does."""
    silences: Array


def sweep(tables: Tables, steps: Steps, *, trace: Trace | None = None) -> Beliefs:
    """The beliefs after all observations. `trace`, where given, is filled row by row."""
    count, size = len(steps.first) - 1, tables.layout.size
    made = Beliefs(
        np.zeros((count, size)),
        steps.last_day,
        steps.sent_day,
        steps.waiting,
        np.zeros(count),
        np.zeros(count, dtype=np.bool_),
        steps.failed[steps.first[1:] - 1],
        steps.still,
        np.full(count, UNVERIFIED, dtype=np.int8),
    )
    laid = _Laid(
        tables,
        steps,
        tables.rows(steps.codes),
        np.stack([tables.starts[key] for key in steps.starts]),
        np.array([tables.model.starts[key].renews for key in steps.starts]),
        np.array([_blocks(tables, code[1]) for code in steps.codes] or [(0.0, 0.0)]),
        tables.silences.reshape(-1, size),
    )
    for chunk, ranks in by_rank(steps.first):
        _chunk(laid, made, chunk, ranks, trace)
    return made


def by_rank(first: Ints, together: int = TOGETHER) -> Iterator[tuple[Ints, list[tuple[int, Ints]]]]:
    """Chunks of pairs, longest records first, and for each rank k how many of the chunk have a k-th row, and which it is."""
    lengths = np.diff(first)
    order = np.argsort(-lengths, kind="stable")
    for at in range(0, len(order), together):
        chunk = order[at : at + together]
        longest = lengths[chunk]
        ranks = [(n, first[chunk[:n]] + k) for k in range(int(longest[0])) if (n := int(np.searchsorted(-longest, -k, side="left")))]
        yield chunk, ranks


def moved(tables: Tables, vectors: Array, days: NDArray[np.int32], latest: Flags | None = None) -> Array:
    """Each vector its own number of days later; `latest`: those whose persons had no other number listed in that time."""
    days = np.maximum(days, 0)
    begins = np.zeros(len(days), dtype=np.int64) if latest is None else latest * LATEST
    while (far := days > HORIZON).any():
        vectors = vectors.copy()
        vectors[far] = np.matmul(vectors[far][:, None, :], tables.moves[begins[far] + HORIZON])[:, 0, :]
        days = np.where(far, days - HORIZON, days)
    later: Array = np.matmul(vectors[:, None, :], tables.moves[begins + days])[:, 0, :]
    return later


def read_all(tables: Tables, vectors: Array, blocked: Array) -> Readings:
    """`Reading` of each row of vectors."""
    layout = tables.layout
    own, dead, others = (vectors[:, part].sum(axis=1) for part in (layout.own, layout.dead, layout.others))
    return Readings(vectors[:, layout.on].sum(axis=1) * (1 - blocked), own, dead, others, blocked)


def readings(tables: Tables, beliefs: Beliefs, day: int) -> tuple[Readings, NDArray[np.int8]]:
    """All beliefs and states as of a day not before their last evidence."""
    waited = np.clip(day - beliefs.sent_day, 0, SILENCE_DAYS - 1)
    silence = np.where(beliefs.sent_day == NONE, 0, beliefs.waiting * SILENCE_DAYS + waited)
    vectors = beliefs.weights * tables.silences.reshape(-1, tables.layout.size)[silence]
    vectors = np.vstack(list(_parts(tables, vectors, day - beliefs.day, beliefs.still)) or [vectors])
    now = read_all(tables, vectors, beliefs.blocked)
    return now, judge_all(now, beliefs.state, beliefs.heard, beliefs.failed)


def _parts(tables: Tables, vectors: Array, days: NDArray[np.int32], latest: Flags) -> Iterator[Array]:
    for at in range(0, len(vectors), TOGETHER):
        part = slice(at, at + TOGETHER)
        later = moved(tables, vectors[part], days[part], latest[part])
        yield later / later.sum(axis=1, keepdims=True)


def _chunk(laid: _Laid, made: Beliefs, chunk: Ints, ranks: list[tuple[int, Ints]], trace: Trace | None) -> None:
    tables, steps = laid.tables, laid.steps
    vectors = np.zeros((len(chunk), tables.layout.size))
    blocked, heard, state = made.blocked[chunk], made.heard[chunk], made.state[chunk]
    for k, (n, at) in enumerate(ranks):
        v = _arrived(laid, vectors[:n], at) if k else laid.starts[steps.start[at]]
        if trace is not None:
            now = read_all(tables, v / v.sum(axis=1, keepdims=True), blocked[:n])
            failed = steps.failed[at - 1] if k else np.zeros(n, dtype=np.int32)
            trace.p_reach[at], trace.p_own[at] = now.p_reach, now.p_own
            trace.state[at] = judge_all(now, state[:n], heard[:n], failed)
        v = v * laid.rows[steps.row[at]]
        vectors[:n] = v / v.sum(axis=1, keepdims=True)
        block = steps.block[at]
        said = laid.blocked[np.maximum(block, 0), (blocked[:n] > 0).astype(np.int8)]
        blocked[:n] = np.where(block == NONE, blocked[:n], np.where(block >= 0, said, 0.0))
        heard[:n] |= steps.heard[at]
        state[:n] = judge_all(read_all(tables, vectors[:n], blocked[:n]), state[:n], heard[:n], steps.failed[at])
    made.weights[chunk], made.blocked[chunk], made.heard[chunk], made.state[chunk] = vectors, blocked, heard, state


def _blocks(tables: Tables, evidence: str) -> tuple[float, float]:
    return (tables.model.blocks(evidence, again=False), tables.model.blocks(evidence, again=True)) if evidence in BLOCKS else (0.0, 0.0)


def _arrived(laid: _Laid, vectors: Array, at: Ints) -> Array:
    """The beliefs on the days of these rows, before they weigh."""
    steps = laid.steps
    v = moved(laid.tables, vectors * laid.silences[steps.silence[at]], steps.days[at], steps.latest[at])
    listed = np.flatnonzero(steps.start[at] != NONE)
    if len(listed):
        old, start = v[listed] / v[listed].sum(axis=1, keepdims=True), steps.start[at[listed]]
        new = checked(laid.tables.layout, old, laid.starts[start])
        share = share_of(laid.tables, old, new, laid.renews[start])[:, None]
        v[listed] = (1 - share) * old + share * new
    return v


def share_of(tables: Tables, old: Array, new: Array, renews: Array) -> Array:
    """How far another listing counts: not at all where it would make a number worse."""
    own = tables.layout.own
    share: Array = np.where(new[:, own].sum(axis=1) > old[:, own].sum(axis=1), renews, 0.0)
    return share
