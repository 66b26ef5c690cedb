"""Providers whose word for absent is worth little: they say it of numbers in service, too."""

from collections.abc import Iterable

from gateway.quality.evidence import Evidence, code_of, first_said
from gateway.quality.model import Model

LIES_FROM = 0.05
"""A provider that answers absent for more than this of numbers in service is named."""
TRUSTED_FROM = 200
"""Outcomes of a provider from which on it is: of fewer the share is a guess."""


def false_absent(model: Model, codes: Iterable[tuple[str, str, str]]) -> dict[str, float]:
    """The share of numbers in service that each provider calls absent, by name: of all, or of those that it called so before, whichever is more.

    `codes`: provider, evidence, vendor code of what occurs. Codes that the model was not learned from count for nothing: what they weigh is borrowed from others.
    """
    shares: dict[str, float] = {}
    for provider, word, vendor_code in codes:
        learned = model.codes.get(code_of(provider, word, vendor_code))
        shares[provider] = shares.get(provider, 0.0) + (learned[0] if learned and word == Evidence.NUMBER_ABSENT else 0.0)
    worst: dict[str, float] = {}
    for provider, share in shares.items():
        worst[first_said(provider)] = max(share, worst.get(first_said(provider), 0.0))
    return dict(sorted(worst.items()))


def suspect(model: Model, codes: Iterable[tuple[str, str, str]]) -> list[tuple[str, float]]:
    """Those providers by name that call more than `LIES_FROM` of numbers in service absent, with the share."""
    return [(provider, share) for provider, share in false_absent(model, codes).items() if share > LIES_FROM]
