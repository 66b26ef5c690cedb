"""Model and record → report: what was learned, for people."""

import numpy as np

from gateway.quality.evidence import Evidence
from gateway.quality.model import CLASSES, Model, Start, Three
from gateway.quality.record import NONE, Record
from gateway.quality.report import CodeWeights, HeldOut, Report, SourceWorth, Weights
from gateway.quality.routes import worth
from gateway.quality.spans import spanned


def report(model: Model, before: Model, record: Record, held_out: HeldOut | None = None) -> Report:
    """What the model learned from this record."""
    spoken = spanned(record, model.spans)
    seen = np.bincount(spoken.what[spoken.what >= 0], minlength=len(spoken.codes)).tolist()
    return Report(
        before.version,
        worth(model, record),
        tuple(
            CodeWeights(*code, count, _weights(model.weights(*code)), _weights(CLASSES[Evidence(code[1])]))
            for code, count in zip(spoken.codes, seen, strict=True)
        ),
        model.rates,
        model.responses,
        tuple(_source(key, model.starts[key], count) for key, count in zip(record.starts, listed_again(record), strict=True)),
        held_out,
    )


def listed_again(record: Record) -> list[int]:
    """How many listings of each source are not the first row of their histories."""
    again = record.what == NONE
    again[record.first[:-1]] = False
    counted: list[int] = np.bincount(record.start[again], minlength=len(record.starts)).tolist()
    return counted


def _source(key: str, start: Start, again: int) -> SourceWorth:
    mine, dead, stranger, renews = (round(share, 6) for share in (start.mine, start.dead, start.stranger, start.renews))
    return SourceWorth(key, mine, dead, stranger, renews, again)


def _weights(three: Three) -> Weights:
    return Weights(*(round(one, 6) for one in three))
