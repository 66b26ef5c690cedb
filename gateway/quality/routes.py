"""Providers whose word for absent is worth little: they say it of numbers in service, too."""

from collections.abc import Iterable

from gateway.quality.evidence import Evidence
from gateway.quality.model import Model

LIES_FROM = 0.05
"""A provider that answers absent for more than this of numbers in service is named."""


def suspect(model: Model, codes: Iterable[tuple[str, str, str]]) -> list[tuple[str, float]]:
    """Those providers by name, and the share of numbers in service that each calls absent. `codes`: provider, evidence, vendor code of what occurs."""
    shares: dict[str, float] = {}
    for provider, word, vendor_code in codes:
        if word == Evidence.NUMBER_ABSENT:
            shares[provider] = shares.get(provider, 0.0) + model.weights(provider, word, vendor_code)[0]
    return [(provider, share) for provider, share in sorted(shares.items()) if share > LIES_FROM]
