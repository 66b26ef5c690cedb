"""Drift of weights: a provider that fails, or whose reports are late, gives way step by step, and comes back step by step. Pure.

After the pattern of GOV.UK Notify: a resting point, a step, a dwell time and a reason. Shares follow from weights: who carries less leaves more to the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from gateway.store.routing import Counts

DOWN = 0.2
"""Step down, as a share of the weight at rest."""
UP = 0.1
"""Step back."""
DOWN_DWELL = timedelta(seconds=60)
"""At least so long from one change to a step down."""
UP_DWELL = timedelta(seconds=120)
"""At least so long from one change to a step back: ten steps of these are 20 minutes."""
FAILED_SHARE, LEAST_FAILED = 0.2, 3
"""A provider is failing from this share of its calls on, and from so many."""
LATE_SHARE, LEAST_DUE = 0.3, 20
"""Its reports are late from this share on, of so many that should be here."""


class Reason(StrEnum):
    """Why a weight changed."""

    FAILING = "failing"
    """Calls did not arrive, or nobody can say whether they did."""
    LATE_RECEIPTS = "late_receipts"
    """Reports are slow or missing."""
    RECOVERING = "recovering"
    """It does as well as the others: one step back towards rest."""


class Standing(Struct, frozen=True):
    """Where a provider's weight stands. `since`: its last change; None: it never moved."""

    rest: float
    weight: float
    since: datetime | None = None


class Step(Struct, frozen=True):
    """A change of a weight."""

    name: str
    before: float
    weight: float
    rest: float
    why: Reason


def steps(routes: Iterable[Sequence[str]], standing: Mapping[str, Standing], counts: Mapping[str, Counts], now: datetime) -> list[Step]:
    """What changes now, at most one step a provider.

    Nothing goes down where every provider of the route does badly: then it is not them, and there is nowhere to go.
    """
    wrong = {name: why for name in standing if (why := _wrong(counts.get(name))) is not None}
    relieved = {name for route in routes if any(other not in wrong for other in route) for name in route if name in wrong}
    found = []
    for name, at in standing.items():
        waited = None if at.since is None else now - at.since
        if name in relieved:
            if at.weight > 0 and (waited is None or waited >= DOWN_DWELL):
                found.append(Step(name, at.weight, max(0.0, _round(at.weight - DOWN * at.rest)), at.rest, wrong[name]))
        elif name not in wrong and at.weight < at.rest and (waited is None or waited >= UP_DWELL):
            found.append(Step(name, at.weight, min(at.rest, _round(at.weight + UP * at.rest)), at.rest, Reason.RECOVERING))
    return found


def _wrong(counts: Counts | None) -> Reason | None:
    if counts is None:
        return None
    if counts.failed >= LEAST_FAILED and counts.failed >= FAILED_SHARE * counts.calls:
        return Reason.FAILING
    if counts.due >= LEAST_DUE and counts.late >= LATE_SHARE * counts.due:
        return Reason.LATE_RECEIPTS
    return None


def _round(weight: float) -> float:
    """Ten steps of a tenth are the whole."""
    return round(weight, 6)
