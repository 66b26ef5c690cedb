"""Model and record → report: what was learned, for people."""

from collections import Counter

import numpy as np

from gateway.quality.evidence import Evidence
from gateway.quality.model import CLASSES, Model, Start, Three
from gateway.quality.record import Record
from gateway.quality.report import CodeWeights, HeldOut, Report, RouteWorth, SourceWorth, Weights
from gateway.quality.routes import LIES_FROM, TRUSTED_FROM, false_absent


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
