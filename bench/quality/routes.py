"""The providers of a population: what they truly say, and when they lie."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bench.quality.lives import BRIEF, OFF
from gateway.quality.evidence import Evidence, code_of
from gateway.quality.model import Span, Three
from gateway.quality.record import NONE, Flags, Ints


class Route(Struct, frozen=True):
    """One provider: its share of messages, and its codes with their true weights."""

    share: float
    codes: tuple[tuple[str, str, float, float, float], ...]
    brief: tuple[float, ...] = ()
    """Weight of each code where a number is off for days; without them as where it is off for long."""
    lies: tuple[int, int, float] | None = None
    """From this day to that one it calls such a share of numbers in service absent, whatever else it would have said."""

    def weights(self, kind: int) -> NDArray[np.float64]:
        """Of all codes, for one phase of a number."""
        return np.array(self.brief if kind == BRIEF and self.brief else [code[2 + (OFF if kind == BRIEF else kind)] for code in self.codes])

    @property
    def absent(self) -> int:
        """Which code says absent, or `NONE`."""
        return next((i for i, code in enumerate(self.codes) if code[0] == Evidence.NUMBER_ABSENT), NONE)


def lied(route: Route, rng: np.random.Generator, day: Ints, living: Flags) -> Ints:
    """Which of the messages to living numbers a route lies about."""
    first, last, share = route.lies or (0, -1, 0.0)
    told = np.flatnonzero(living & (day >= first) & (day <= last))
    return told[rng.random(len(told)) < share]


def truly(route: Route, name: str, first_day: int) -> tuple[tuple[Span, ...], dict[str, Three], dict[str, float]]:
    """What an oracle is told of a route: when it lies, and what its codes weigh, then as well. `first_day`: day 0 of the population."""
    first, last, share = route.lies or (0, -1, 0.0)
    spans = (Span(name, first_day + first, first_day + last),) if route.lies else ()
    codes: dict[str, Three] = {}
    brief: dict[str, float] = {}
    for called, lying in ((name, 0.0), *((span.name, share) for span in spans)):
        for place, ((word, vendor_code, *weights), days) in enumerate(zip(route.codes, route.weights(BRIEF).tolist(), strict=True)):
            on = (1 - lying) * weights[0] + lying * (place == route.absent)
            codes[code_of(called, word, vendor_code)] = (on, weights[1], weights[2])
            brief[code_of(called, word, vendor_code)] = days
    return spans, codes, brief
