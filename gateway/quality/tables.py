"""A model laid out as tables, so that a belief moves by look-ups: transitions by days, a row a code, a row an answer, a row a silence."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from gateway.quality.chain import HORIZON, Array, Layout, start_vectors, transitions
from gateway.quality.evidence import RESPONSES, Evidence
from gateway.quality.model import VERIFIED, Model, Three, start_of

SILENCE_DAYS = 400
"""Longest wait for an answer that is told apart."""
CERT_OPEN, ANSWER_OPEN = 1, 2
"""What may still come after a delivered message: bits of `waiting`."""
UNLIKELY = 1e-4
"""Somebody answers from a phone that is off or dead."""
PASS = 0
OWN, OTHER = 1, 1 + len(RESPONSES)
FIRST_CODE = 1 + 2 * len(RESPONSES)
"""Rows of the table of observations: nothing, own responses, others' responses, then codes."""


class Tables:
    """One model, ready to use. Rows of codes grow as codes are met."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.layout = Layout(model.types, model.stages)
        self.moves = transitions(self.layout, model.rates)
        self.starts = start_vectors(self.layout, model)
        self.silences = _silences(self.layout, model)
        self._responses = _responses(self.layout, model)
        self._codes: dict[tuple[str, str, str], Array] = {}

    def start(self, source: str, *, verified: bool) -> Array:
        """The first belief of a number from this source."""
        return self.starts[start_of(source, verified=verified)]

    def renews(self, source: str, *, verified: bool) -> float:
        """How far another listing replaces what was believed."""
        return self.model.starts[start_of(source, verified=verified)].renews

    def code(self, provider: str, evidence: str, vendor_code: str) -> Array:
        """The row of an outcome."""
        key = provider, evidence, vendor_code
        row = self._codes.get(key)
        if row is None:
            row = self._codes[key] = spread(self.layout, self.model.weights(*key))
        return row

    def response(self, evidence: Evidence, *, own: bool) -> Array:
        """The row of a response."""
        row: Array = self._responses[(OWN if own else OTHER) + RESPONSES.index(evidence)]
        return row

    def rows(self, codes: Sequence[tuple[str, str, str]]) -> Array:
        """All rows in one table: `PASS`, responses from `OWN` and `OTHER`, these codes from `FIRST_CODE`."""
        return np.vstack([self._responses, *(self.code(*code) for code in codes)])

    def move(self, vector: Array, days: int) -> Array:
        """The belief so many days later."""
        while days > HORIZON:
            vector = vector @ self.moves[HORIZON]
            days -= HORIZON
        moved: Array = vector @ self.moves[days]
        return moved


@lru_cache(maxsize=4)
def tables_of(model_json: bytes) -> Tables:
    """Tables of a model as it is stored, made once."""
    from msgspec.json import decode  # noqa: PLC0415 - one use

    return Tables(decode(model_json, type=Model))


def spread(layout: Layout, weights: Three) -> Array:
    """Weights by (in service, off, dead) → a row by state."""
    return np.array(weights)[layout.kinds]


def _responses(layout: Layout, model: Model) -> Array:
    r = model.responses
    table = np.full((FIRST_CODE, layout.size), UNLIKELY)
    # What another person did after a message to a shared number says who *they* are. Only the half that speaks would be counted, for their silence is
    # not followed here: that half alone is a bias (measured: it tripled the calibration error of shared numbers), so neither is.
    table[[PASS, *range(OTHER, FIRST_CODE)]] = 1.0
    pairs = (r.replied, r.wrong_person, r.opted_out)
    for i, (person, stranger) in enumerate(pairs, start=1):
        table[OWN + i, layout.on], table[OWN + i, layout.stranger] = person, stranger
    table[OWN] = r.certified_else
    table[OWN, layout.on] = r.certified
    return table


def _silences(layout: Layout, model: Model) -> Array:
    """S[waiting, days]: probability, by state, that nobody has answered so far of what is waited for."""
    r = model.responses
    days = np.arange(SILENCE_DAYS)
    certified = come(r.certified_within, days)
    answered = np.minimum(days / max(r.answered_days, 1.0), 1.0)
    rate = np.full(layout.size, r.certified_else)
    rate[layout.on] = r.certified
    answers = np.zeros(layout.size)
    answers[layout.on] = r.replied[0] + r.wrong_person[0] + r.opted_out[0]
    answers[layout.stranger] = r.replied[1] + r.wrong_person[1] + r.opted_out[1]
    table = np.ones((4, SILENCE_DAYS, layout.size))
    no_cert = 1 - certified[:, None] * rate[None, :]
    no_answer = 1 - answered[:, None] * answers[None, :]
    table[CERT_OPEN] = no_cert
    table[ANSWER_OPEN] = no_answer
    table[CERT_OPEN | ANSWER_OPEN] = no_cert * no_answer
    return table


def come(within: tuple[float, ...], days: Array) -> Array:
    """Share of those who certify that has done so after so many days."""
    known: Array = np.interp(days, [0.0, *within], np.linspace(0, 1, len(within) + 1))
    return known


__all__ = [
    "ANSWER_OPEN",
    "CERT_OPEN",
    "FIRST_CODE",
    "OTHER",
    "OWN",
    "PASS",
    "SILENCE_DAYS",
    "VERIFIED",
    "Tables",
    "come",
    "spread",
    "tables_of",
]
