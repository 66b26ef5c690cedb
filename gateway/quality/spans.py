"""Times in which a provider lied: in a record its codes bear another name then (`evidence.during`), and weigh by themselves."""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from gateway.quality.evidence import during, first_said
from gateway.quality.model import Span
from gateway.quality.record import Record


def spanned(record: Record, spans: Sequence[Span]) -> Record:
    """The record with what was said in these times under their names. Before `steps_of`, with the spans of the model that reads it."""
    what, codes = record.what, list(record.codes)
    left = what >= 0
    for span in spans:
        theirs = [i for i, code in enumerate(record.codes) if first_said(code[0]) == span.provider]
        here = left & np.isin(record.what, theirs) & (record.day >= span.since)
        if span.until is not None:
            here &= record.day <= span.until
        if here.any():
            # All codes of the provider: what was never said in it counts, too
            place = np.zeros(len(record.codes), dtype=what.dtype)
            place[theirs] = len(codes) + np.arange(len(theirs))
            codes += [(during(name, span.first_day), word, code) for name, word, code in (record.codes[i] for i in theirs)]
            what, left = np.where(here, place[np.maximum(record.what, 0)], what), left & ~here
    return replace(record, what=what, codes=tuple(codes)) if len(codes) > len(record.codes) else record
