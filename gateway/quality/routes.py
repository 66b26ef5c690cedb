"""What a provider's word for absent is worth: how often it is said of numbers in service, now and in times that it lied."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gateway.quality.chain import Array
from gateway.quality.evidence import Evidence, code_of, first_said, repeating, under
from gateway.quality.expect import Told, expect
from gateway.quality.model import Model, Span
from gateway.quality.record import Record, steps_of
from gateway.quality.report import LIES_FROM, LiedTime, RouteWorth
from gateway.quality.samples import sample
from gateway.quality.spans import spanned
from gateway.quality.tables import Tables

TRUSTED_FROM = 200
"""Outcomes of a provider from which on it is: of fewer the share is a guess. A time in which it lied was made sure of otherwise."""

ENOUGH = 6_000
"""Pairs that tell how many of a provider's outcomes were of numbers in service."""


class _Said(Struct):
    """What came under one name: outcomes, in how many of them the number was in service (of a sample), and the share of those called absent."""

    outcomes: int = 0
    in_service: float = 0.0
    absent: float = 0.0


def false_absent(model: Model, codes: Iterable[tuple[str, str, str]]) -> dict[str, float]:
    """The share of numbers in service called absent under each name (`evidence.under`, `during`): codes that it was not learned from count for nothing.

    `codes`: provider, evidence, vendor code of what occurs. What the others weigh is borrowed.
    """
    shares: dict[str, float] = {}
    for provider, word, vendor_code in codes:
        learned = model.codes.get(code_of(provider, word, vendor_code))
        shares[provider] = shares.get(provider, 0.0) + (learned[0] if learned and word == Evidence.NUMBER_ABSENT else 0.0)
    return dict(sorted(shares.items()))


def worth(model: Model, record: Record) -> tuple[RouteWorth, ...]:
    """Every provider of a record, by name."""
    said = _said(model, spanned(record, model.spans))
    providers = sorted({first_said(code[0]) for code in record.codes})
    return tuple(_route(said, provider, [span for span in model.spans if span.provider == provider]) for provider in providers)


def _said(model: Model, record: Record) -> dict[str, _Said]:
    said = {name: _Said(absent=share) for name, share in false_absent(model, record.codes).items()}
    for code, count in zip(record.codes, _seen(record).tolist(), strict=True):
        said[code[0]].outcomes += count
    some = sample(record, ENOUGH)
    told = Told(np.zeros(len(some.what)), np.zeros(len(some.what)))
    expect(Tables(model), steps_of(some), int(some.day.max(initial=0)), told=told)
    for code, living in zip(some.codes, _seen(some, told.on).tolist(), strict=True):
        said[code[0]].in_service += living
    return said


def _seen(record: Record, weights: Array | None = None) -> NDArray[Any]:
    rows = record.what >= 0
    return np.bincount(record.what[rows], None if weights is None else weights[rows], minlength=len(record.codes))


def _route(said: dict[str, _Said], provider: str, spans: list[Span]) -> RouteWorth:
    here = [one for name, one in said.items() if first_said(name) == provider]
    outcomes = sum(one.outcomes for one in here)
    lies = tuple(_time(said, span) for span in spans)
    going_on = next((span.name for span in spans if span.until is None), None)
    share, again = _share(said, going_on or provider), said.get(repeating(going_on or provider), _Said()).absent
    suspect = max(share, again) > LIES_FROM and (outcomes >= TRUSTED_FROM or going_on is not None)
    return RouteWorth(provider, outcomes, round(share, 6), suspect, round(again, 6), lies)


def _time(said: dict[str, _Said], span: Span) -> LiedTime:
    outcomes = sum(said.get(name, _Said()).outcomes for name in under(span.name))
    return LiedTime(span.first_day, span.last_day or None, outcomes, round(_share(said, span.name), 6))


def _share(said: dict[str, _Said], name: str) -> float:
    """Of all numbers in service: those that were delivered to before, those that were called absent, and the others."""
    each = [said.get(one, _Said()) for one in under(name)]
    in_service = sum(one.in_service for one in each)
    return sum(one.in_service * one.absent for one in each) / in_service if in_service else each[0].absent
