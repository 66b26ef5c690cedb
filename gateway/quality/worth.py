"""What sources are worth, from the counts of one pass: where their numbers stand, and whether they check what they list again."""

from collections.abc import Sequence

import numpy as np

from gateway.quality.chain import Array, Layout
from gateway.quality.expect import Counts
from gateway.quality.model import STARTS, Model, Start

START_PRIOR, RENEW_PRIOR = 10.0, 10.0
"""What the priors count for: pairs, other listings."""
HALVINGS = 20
"""How closely `renews` is found: to a millionth."""


def starts(layout: Layout, model: Model, counts: Counts, sources: Sequence[str]) -> dict[str, Start]:
    """Of the sources that occur, what the counts say; of the others, what was known."""
    made = dict(model.starts)
    for key in set(sources):
        prior, here = STARTS[key], [i for i, one in enumerate(sources) if one == key]
        seen, anew = counts.starts[here].sum(axis=0), [part for i in here for part in counts.anew[i]]
        three = np.array([seen[layout.own].sum(), seen[layout.dead].sum(), seen[layout.others].sum()])
        three += START_PRIOR * np.array([prior.mine, prior.dead, prior.stranger])
        mine, dead, stranger = (three / three.sum()).tolist()
        made[key] = Start(mine, dead, stranger, renews(np.concatenate([*anew, np.zeros(0)]), prior.renews))
    return made


def renews(odds: Array, believed: float) -> float:
    """How likely a source has checked what it lists again. `odds`: how much likelier what came after each listing is if it has.

    The likeliest share is found at once. Counting how many were checked under the share assumed before hardly moves it in a round: what comes after most
    listings says nothing, and these repeat what was assumed (measured: 0.1 was still 0.016 after forty rounds where nothing is ever checked).
    """
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        share = (low + high) / 2
        slope = float(np.sum((odds - 1) / (1 + share * (odds - 1)))) + RENEW_PRIOR * (believed / share - (1 - believed) / (1 - share))
        low, high = (share, high) if slope > 0 else (low, share)
    return (low + high) / 2
