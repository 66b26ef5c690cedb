"""Which histories are learned from, and which of their rows."""

import numpy as np

from gateway.quality.record import Ints, Record

SAMPLE = 30_000
"""Pairs that are learned from: enough for codes seen once in ten thousand messages."""
MOST_OTHERS = 3
"""Rows of other persons on the same number, for each of its own, that a pair is learned from."""


LONGEST, MEDIANS = 400, 20
"""Own rows of a pair that is learned from, and how many times the median is no more than usual where all are long: a message a week for five years is 260."""


def usual(record: Record) -> Record:
    """The record without histories of thousands of rows: a test phone, a loop in somebody's backend.

    One of ten thousand outcomes at random beside 2,400 of a dozen made an honest provider a liar, and changed the state of 64 others.
    """
    if not record.pairs:
        return record
    own = np.add.reduceat(record.own, record.first[:-1], dtype=np.int64)
    kept = own <= max(LONGEST, MEDIANS * float(np.median(own)))
    return record if kept.all() else only(record, np.flatnonzero(kept))


def own_above_all(record: Record) -> Record:
    """The record with at most `MOST_OTHERS` rows of others for each of a pair's own.

    What came of a clerk's number that stands for two hundred persons is one phone's life. It would be learned two hundred times over, each time whole:
    half of all rows where one person in two hundred stands there, and calibration off by two points.
    """
    if not record.pairs:
        return record
    pair = np.repeat(np.arange(record.pairs), np.diff(record.first))
    own = np.add.reduceat(record.own, record.first[:-1], dtype=np.int64)
    others = np.diff(record.first) - own
    every = np.ceil(others / np.maximum(MOST_OTHERS * own, 1)).astype(np.int64)
    before: Ints = np.cumsum(~record.own) - ~record.own
    nth: Ints = before - before[record.first[:-1]][pair]
    kept = record.own | (nth % np.maximum(every, 1)[pair] == 0)
    first = np.concatenate([[0], np.cumsum(np.bincount(pair[kept], minlength=record.pairs))])
    return _rows(record, np.flatnonzero(kept), first)


def sample(record: Record, most: int = SAMPLE) -> Record:
    """Every n-th pair of a record, at most so many."""
    return record if record.pairs <= most else only(record, np.linspace(0, record.pairs - 1, most).astype(np.int64))


def only(record: Record, chosen: Ints) -> Record:
    """The histories of these pairs."""
    lengths = np.diff(record.first)[chosen]
    rows = np.repeat(record.first[chosen] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(lengths.sum())
    return _rows(record, rows, np.concatenate([[0], np.cumsum(lengths)]))


def _rows(record: Record, rows: Ints, first: Ints) -> Record:
    day, what, start, verified_day = (column[rows] for column in (record.day, record.what, record.start, record.verified_day))
    asks = None if record.asks is None else record.asks[rows]
    return Record(first, day, what, record.own[rows], start, verified_day, record.codes, record.starts, asks)
