"""Observations in any order → a record: by pair, in time, with what was observed on the same number through other persons."""

import numpy as np
from msgspec import Struct

from gateway.quality.days import day_of, last_second_of
from gateway.quality.evidence import RANK, RESPONSES, Evidence, reached, repeating
from gateway.quality.model import CROWDED, STARTS
from gateway.quality.others import Listings, telling
from gateway.quality.record import MOVED, NONE, Flags, Ints, Record

MOST_SHARED = 4_000_000
"""Rows that one number's other persons may add up to; beyond that they are thinned evenly."""

CROWD = 8
"""Persons beyond whom a number is no family's any more."""

TRUST = {name: place for place, name in enumerate(STARTS)}
"""Of two that report the same check at once, the better one made it."""


class Observations(Struct):
    """Observations as columns, in any order."""

    pair: Ints
    at_s: Ints
    """Seconds since 1970-01-01 UTC."""
    what: Ints
    """As in `Record`."""
    start: Ints
    verified_day: Ints
    asks: Flags | None = None
    """As in `Record`."""


def assemble(
    seen: Observations, address: Ints, codes: tuple[tuple[str, str, str], ...], starts: tuple[str, ...], most_shared: int = MOST_SHARED
) -> Record:
    """One record. `address` has the number of each pair; pairs are 0 to its length."""
    order = sorted(range(len(codes)), key=codes.__getitem__)  # so that ties break alike whatever came first
    place = np.empty(max(len(codes), 1), dtype=np.int64)
    place[order] = np.arange(len(codes))
    seen = _only_telling(seen, starts)
    what = np.where(seen.what >= 0, place[np.maximum(seen.what, 0)], seen.what)
    own = np.ones(len(what), dtype=np.bool_)
    asks = own if seen.asks is None else seen.asks
    start, starts = _starts(seen, address, starts)
    columns = [seen.pair, _placed(seen), what, start, seen.verified_day]
    from_others = _from_others(seen, address, most_shared)
    if len(from_others[0]):
        rows, target = from_others
        copies = [target, *(column[rows] for column in columns[1:])]
        columns = [np.concatenate(both) for both in zip(columns, copies, strict=True)]
        own = np.concatenate([own, np.zeros(len(rows), dtype=np.bool_)])
        asks = np.concatenate([asks, asks[rows]])
    pair, at_s, what, start, verified_day = columns
    ranks = _ranks(what, [codes[i][1] for i in order])
    trust = np.array([TRUST.get(name, len(TRUST)) for name in (*starts, "")])[start]  # NONE is the last
    sorted_rows = np.lexsort((verified_day, trust, what, ~asks, ~own, ranks, at_s, pair))
    sorted_rows = sorted_rows[~_repeated(pair[sorted_rows], at_s[sorted_rows], what[sorted_rows], own[sorted_rows])]
    sorted_rows = sorted_rows[~_checked_already(pair[sorted_rows], what[sorted_rows], verified_day[sorted_rows])]
    first = np.searchsorted(pair[sorted_rows], np.arange(len(address) + 1))
    day = day_of(at_s[sorted_rows])
    what, codes = _known(pair[sorted_rows], what[sorted_rows], tuple(codes[i] for i in order))
    small = (day, what, start[sorted_rows], verified_day[sorted_rows])
    days, whats, begun, checked = (column.astype(np.int32) for column in small)
    return Record(first, days, whats, own[sorted_rows], begun, checked, codes, starts, asks[sorted_rows])


def _placed(seen: Observations) -> Ints:
    """When each observation counts: a verified listing at its day of verification, whatever was observed between that and its coming (`pair.placed`)."""
    ends = last_second_of(seen.verified_day)
    return np.where((seen.what == NONE) & (seen.verified_day != NONE), np.minimum(seen.at_s, ends), seen.at_s)


def _checked_already(pair: Ints, what: Ints, verified_day: Ints) -> Flags:
    """Of rows in order: a check that somebody reported before. However often it is told, it is one check."""
    again = np.zeros(len(pair), dtype=np.bool_)
    checks = np.flatnonzero((what == NONE) & (verified_day != NONE))
    again[checks[1:]] = (np.diff(pair[checks]) == 0) & (np.diff(verified_day[checks]) == 0)
    return again


def _only_telling(seen: Observations, starts: tuple[str, ...]) -> Observations:
    told = telling(Listings(seen.pair, seen.at_s, seen.what, seen.start, seen.verified_day), starts)
    if told.all():
        return seen
    asks = None if seen.asks is None else seen.asks[told]
    return Observations(seen.pair[told], seen.at_s[told], seen.what[told], seen.start[told], seen.verified_day[told], asks)


def _known(pair: Ints, what: Ints, codes: tuple[tuple[str, str, str], ...]) -> tuple[Ints, tuple[tuple[str, str, str], ...]]:
    """Outcomes at a provider that delivered to the number before, or called it absent last time, are codes of their own (`evidence.reached`, `repeating`).

    A route may be wrong about a number for as long as it is wrong at all: what it repeats is then no second word. About one that it delivered to it is not.
    """
    names = sorted({code[0] for code in codes})
    provider = np.array([names.index(code[0]) for code in codes] or [0])
    absent, taken = (np.array([code[1] == word for code in codes] or [False]) for word in (Evidence.NUMBER_ABSENT, Evidence.DELIVERED))
    rows = np.flatnonzero(what >= 0)
    rows = rows[np.lexsort((provider[what[rows]], pair[rows]))]
    begins = np.ones(len(rows), dtype=np.bool_)
    begins[1:] = (np.diff(pair[rows]) != 0) | (np.diff(provider[what[rows]]) != 0)
    takes = np.cumsum(taken[what[rows]])
    before = takes - taken[what[rows]]
    delivered = before > np.maximum.accumulate(np.where(begins, before, 0))
    repeats = ~begins
    repeats[1:] &= absent[what[rows[:-1]]]
    said, made = what.copy(), codes
    for name, those in ((repeating, repeats), (reached, delivered & ~repeats)):
        # All codes of such a provider: what was never said there counts, too.
        marked = rows[those]
        theirs = np.flatnonzero(np.isin(provider, provider[what[marked]])) if len(marked) else marked
        said[marked] = len(made) + np.searchsorted(theirs, what[marked])
        made = (*made, *((name(codes[i][0]), *codes[i][1:]) for i in theirs.tolist()))
    return said, made


def _starts(seen: Observations, address: Ints, starts: tuple[str, ...]) -> tuple[Ints, tuple[str, ...]]:
    """Listings of numbers that stand for a crowd are worth what those are worth, whoever gave them."""
    sharers = np.bincount(address) if len(address) else np.zeros(1, dtype=np.int64)
    crowded = (seen.what == NONE) & (sharers[address[seen.pair]] > CROWD)
    return np.where(crowded, len(starts), seen.start), (*starts, CROWDED) if crowded.any() else starts


def _ranks(what: Ints, words: list[str]) -> Ints:
    ranks = np.array([RANK[word] for word in (*words, "moved", *reversed(RESPONSES), "listed")])  # type: ignore[index]
    return ranks[what]  # NONE is the last, responses count back from there


def _from_others(seen: Observations, address: Ints, most: int) -> tuple[Ints, Ints]:
    """Rows to be copied, and the pair that each is copied to."""
    sharers = np.bincount(address) if len(address) else np.zeros(1, dtype=np.int64)
    by_address = np.argsort(address, kind="stable")
    begins = np.concatenate([[0], np.cumsum(sharers)])
    number = address[seen.pair]
    rows = np.flatnonzero((sharers[number] > 1) & (seen.what != NONE) & (seen.what != MOVED))
    if not len(rows):
        return rows, rows
    rows = _thinned(rows[np.lexsort((seen.at_s[rows], number[rows]))], number, sharers, most)
    copies = sharers[number[rows]]
    copied = np.repeat(rows, copies)
    nth = np.arange(len(copied)) - np.repeat(np.cumsum(copies) - copies, copies)
    target = by_address[begins[number[copied]] + nth]
    others = target != seen.pair[copied]
    return copied[others], target[others]


def _thinned(rows: Ints, number: Ints, sharers: Ints, most: int) -> Ints:
    """Every n-th of rows that are in order of number and time. `number`: of all rows."""
    of = number[rows]
    heavy = np.bincount(of) * sharers[: int(of.max()) + 1]
    if heavy.max() <= most:
        return rows
    step = np.maximum(heavy // most + 1, 1)
    nth = np.arange(len(rows)) - np.searchsorted(of, of)
    kept: Ints = rows[nth % step[of] == 0]
    return kept


def _repeated(pair: Ints, at_s: Ints, what: Ints, own: Flags) -> Flags:
    """Of what others brought, the same word twice on one day counts once: it is the same phone on the same day."""
    day = day_of(at_s)
    repeated = np.zeros(len(pair), dtype=np.bool_)
    theirs = np.flatnonzero(~own)
    if not len(theirs):
        return repeated
    order = theirs[np.lexsort((what[theirs], day[theirs], pair[theirs]))]
    same = (np.diff(pair[order]) == 0) & (np.diff(day[order]) == 0) & (np.diff(what[order]) == 0)
    repeated[order[1:][same]] = True
    return repeated
