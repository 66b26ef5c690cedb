"""Off periods of days beside long ones: whether histories can tell them, and where the fit begins to look for them.

A phone that is off for a week fails as one in service does whose message was lost. Only messages that come within days of one another tell the two apart:
the first fails again, the second does not. Where they seldom do, such periods stay what they were: failures of the moment.
"""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from gateway.quality.evidence import Evidence, code_of
from gateway.quality.expect import SOON_DAYS
from gateway.quality.model import BRIEF, Model, Three
from gateway.quality.record import Record

OFTEN = 0.01
"""Messages within `SOON_DAYS` of another to the same number, as a share of all, from which on they are looked for."""
SHARE = 0.04
"""Of the time in service, where the search begins: a week twice a year."""
NOISE_LEFT = 0.1
"""What is left at least, at the beginning, of each word's share in the failures of numbers in service."""


def telling(record: Record) -> bool:
    """Whether messages to one number come within days often enough."""
    rows = np.flatnonzero(record.own & (record.what >= 0))
    pair = np.searchsorted(record.first, rows, side="right")
    soon = (np.diff(pair) == 0) & (np.diff(record.day[rows]) <= SOON_DAYS)
    return bool(len(rows)) and float(soon.sum()) >= OFTEN * len(rows)


def begun(model: Model, codes: Sequence[tuple[str, str, str]]) -> Model:
    """The model with a part of what fails in service laid to off periods of days."""
    weights: dict[str, Three] = dict(model.codes)
    brief: dict[str, float] = {}
    for provider in {code[0] for code in codes}:
        names = [code_of(*code) for code in codes if code[0] == provider]
        words = [code[1] for code in codes if code[0] == provider]
        off = np.array([BRIEF[Evidence(word)] / words.count(word) for word in words])
        off /= off.sum()
        on = np.array([weights[name][0] for name in names])
        on = np.maximum(on - SHARE * off, NOISE_LEFT * on)
        brief |= dict(zip(names, off.tolist(), strict=True))
        weights |= {name: (share, *weights[name][1:]) for name, share in zip(names, (on / on.sum()).tolist(), strict=True)}
    rates = replace(model.rates, brief=model.rates.back * SHARE / (1 - SHARE))
    return replace(model, codes=weights, brief=brief, rates=rates)
