"""Another number of the same person: a source that lists one later says that the earlier ones may be given up.

What is evidence: the first listing of the number, on a later day than the first of the earlier number, and as of a later day than anybody vouched for
that. Numbers that were listed together say nothing of one another, and each is moved from once: who lists a third number has left the second.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from gateway.quality.days import day_of
from gateway.quality.record import MOVED, NONE, Flags, Ints

FURTHER = 3
"""Later numbers of a person that are looked at for each: the first may have been vouched for long before it was listed."""
FAR = 2**20
"""Days beyond any date."""


class Listings(Struct, frozen=True):
    """Listings as columns, and rows of `MOVED`, which bear the start and the verification of the other number."""

    pair: Ints
    at_s: Ints
    what: Ints
    start: Ints
    verified_day: Ints

    @property
    def day(self) -> Ints:
        """Of the listing."""
        return day_of(self.at_s)

    @property
    def since(self) -> Ints:
        """The day as of which each is true."""
        return np.where(self.verified_day == NONE, self.day, np.maximum(self.verified_day, 0))


def moves(listed: Listings, person: Ints, starts: Sequence[str]) -> Listings:
    """For each number the later ones of its person, as rows of `MOVED`. `person`: of each pair."""
    several = (np.bincount(person) > 1)[person] if len(person) else np.zeros(0, dtype=np.bool_)
    rows = np.flatnonzero((listed.what == NONE) & several[listed.pair])
    order = rows[np.lexsort((listed.verified_day[rows], _alphabetic(listed.start[rows], starts), listed.at_s[rows], listed.pair[rows]))]
    first = order[np.unique(listed.pair[order], return_index=True)[1]]
    ties = listed.verified_day[first], _alphabetic(listed.start[first], starts), listed.at_s[first], person[listed.pair[first]]
    first = first[np.lexsort(ties)]
    holder = person[listed.pair[first]]
    when = holder * FAR + listed.day[first]
    parts = []
    for further in range(FURTHER):
        place = np.searchsorted(when, when, side="right") + further
        here = np.flatnonzero(place < len(first))
        here = here[holder[place[here]] == holder[here]]
        parts.append((first[here], first[place[here]]))
    old, new = (np.concatenate(part) for part in zip(*parts, strict=True))
    other = np.full(len(old), MOVED, dtype=np.int64)
    return Listings(listed.pair[old], listed.at_s[new], other, listed.start[new], listed.verified_day[new])


def telling(seen: Listings, starts: Sequence[str]) -> Flags:
    """False for rows of `MOVED` that are no evidence."""
    told = np.ones(len(seen.pair), dtype=np.bool_)
    moved = seen.what == MOVED
    if not moved.any():
        return told
    concerned = np.zeros(int(seen.pair.max()) + 1, dtype=np.bool_)
    concerned[seen.pair[moved]] = True
    rows = np.flatnonzero((moved | (seen.what == NONE)) & concerned[seen.pair])
    ties = seen.verified_day[rows], _alphabetic(seen.start[rows], starts), moved[rows], seen.at_s[rows], seen.pair[rows]
    rows = rows[np.lexsort(ties)]
    pair, day, since, other = seen.pair[rows], seen.day[rows], seen.since[rows], moved[rows]
    begins = np.searchsorted(pair, pair)
    first = np.arange(len(rows)) == begins
    vouched = ~other & (first | (seen.verified_day[rows] != NONE))
    known = np.maximum.accumulate(pair * FAR + np.where(vouched, since + 1, 0)) - pair * FAR
    tells = other & (known > 0) & (since + 1 > known) & (day > day[begins])
    total = np.cumsum(tells)
    again = tells & (total - total[begins] > 1)  # a listing is the first row wherever one tells
    told[rows[other & (~tells | again)]] = False
    return told


def _alphabetic(start: Ints, starts: Sequence[str]) -> Ints:
    """Starts by name, so that ties break alike whatever came first."""
    place = np.empty(len(starts) + 1, dtype=np.int64)
    place[sorted(range(len(starts)), key=starts.__getitem__)] = np.arange(len(starts))
    place[-1] = NONE
    ordered: Ints = place[start]
    return ordered
