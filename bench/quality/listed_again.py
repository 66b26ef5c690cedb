"""Sources that list their numbers again: some have checked them, some send the same list once more."""

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gateway.quality.record import Flags, Ints

if TYPE_CHECKING:
    from bench.quality.population import Population


class Again(Struct, frozen=True):
    """Other listings of one population."""

    pair: Ints
    day: Ints
    verified: Flags
    """They name their own day as the day of a check."""


def listed_again(p: "Population", rng: np.random.Generator, at_hand: NDArray[np.bool_], source: Ints) -> Again:
    """Draws them. `at_hand`: by day and pair, whether the number is the person's and in service, without which no check ends well."""
    pairs, days, verified = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.bool_)]
    for name, (yearly, checked) in p.again.items():
        given, _, stamped = name.partition("+")
        drawn = rng.random((len(at_hand) - 1, len(source))) < yearly / 365.25
        drawn[:, source != list(p.sources).index(given)] = False
        day, pair = np.nonzero(drawn)
        comes = (rng.random(len(day)) >= checked) | at_hand[day, pair]
        pairs.append(pair[comes])
        days.append(day[comes] + 1)
        verified.append(np.full(int(comes.sum()), bool(stamped)))
    return Again(np.concatenate(pairs), np.concatenate(days), np.concatenate(verified))
