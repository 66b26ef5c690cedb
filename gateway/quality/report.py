"""What a fit learned, as it is kept beside its model: weights of codes against their priors, routes, rates, what people do, what sources are worth."""

from collections import Counter

import numpy as np
from msgspec import Struct

from gateway.quality.evidence import Evidence
from gateway.quality.model import CLASSES, Model, Rates, Responses, Start, Three
from gateway.quality.record import Record
from gateway.quality.routes import LIES_FROM, TRUSTED_FROM, false_absent


class Weights(Struct, frozen=True):
    """Probability of an outcome where the number is in service, off or suspended, dead."""

    in_service: float
    off: float
    dead: float


class CodeWeights(Struct, frozen=True):
    """A vendor's code: how often it was seen, what it weighs, and what its class was assumed to weigh."""

    provider: str
    evidence: str
    vendor_code: str
    seen: int
    weights: Weights
    prior: Weights


class RouteWorth(Struct, frozen=True):
    """A provider: outcomes that were learned from, and the share of numbers in service that it calls absent."""

    provider: str
    outcomes: int
    false_absent: float
    suspect: bool
    """More than `LIES_FROM`, of at least `TRUSTED_FROM` outcomes."""


class SourceWorth(Struct, frozen=True):
    """A source of numbers: where those that it gives stand on the day it vouches for them."""

    source: str
    mine: float
    dead: float
    stranger: float


class HeldOut(Struct, frozen=True):
    """How well histories that were not learned from are foretold: log-likelihood an observation, by the model before and by the new one."""

    pairs: int
    observations: int
    before: float
    after: float


class Report(Struct, frozen=True):
    """All of it."""

    before: str
    """Version of the model that was in force."""
    routes: tuple[RouteWorth, ...]
    codes: tuple[CodeWeights, ...]
    rates: Rates
    responses: Responses
    sources: tuple[SourceWorth, ...]
    held_out: HeldOut | None = None


def report(model: Model, before: Model, record: Record, held_out: HeldOut | None = None) -> Report:
    """What the model learned from this record."""
    seen = np.bincount(record.what[record.what >= 0], minlength=len(record.codes)).tolist()
    return Report(
        before.version,
        _routes(model, record, seen),
        tuple(
            CodeWeights(*code, count, _weights(model.weights(*code)), _weights(CLASSES[Evidence(code[1])]))
            for code, count in zip(record.codes, seen, strict=True)
        ),
        model.rates,
        model.responses,
        tuple(SourceWorth(key, *(round(share, 6) for share in _stand(model.starts[key]))) for key in record.starts),
        held_out,
    )


def _routes(model: Model, record: Record, seen: list[int]) -> tuple[RouteWorth, ...]:
    outcomes: Counter[str] = Counter()
    for code, count in zip(record.codes, seen, strict=True):
        outcomes[code[0]] += count
    shares = false_absent(model, record.codes)
    return tuple(
        RouteWorth(provider, outcomes[provider], round(share, 6), share > LIES_FROM and outcomes[provider] >= TRUSTED_FROM)
        for provider, share in shares.items()
    )


def _stand(start: Start) -> Three:
    return start.mine, start.dead, start.stranger


def _weights(three: Three) -> Weights:
    return Weights(*(round(one, 6) for one in three))
