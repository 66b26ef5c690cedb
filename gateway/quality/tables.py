"""A model laid out as tables, so that a belief moves by look-ups: transitions by days, a row a code, a row an answer, a row a silence."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.quality.chain import HORIZON, YEAR, Array, Layout, start_vectors, transitions
from gateway.quality.evidence import RESPONSES, SOURCES, Evidence
from gateway.quality.model import VERIFIED, Model, start_of

SILENCE_DAYS = 400
"""Longest wait for an answer that is told apart."""
CERT_OPEN, ANSWER_OPEN, RESTED = 1, 2, 4
"""What may still come after a delivered message, and whether it found the person newly certified: bits of `waiting`."""
OPEN = CERT_OPEN | ANSWER_OPEN
REST_DAYS = 270
"""Nine months after a certification no reminder is due (domain: The cycle)."""
UNLIKELY = 1e-4
"""Somebody answers from a phone that is off or dead."""
EVEN = 0.5
"""The least that was believed of a number, where a source has checked it again."""
HARDLY = 1e-12
"""Of a number that is surely not the person's nothing is known of how they act."""
LATEST = HORIZON + 1
"""Where `Tables.moves` begins anew for numbers than which no later one of the person is known."""
PASS = 0
OWN, OTHER = 1, 1 + len(RESPONSES)
AGAIN = 1 + 2 * len(RESPONSES)
FIRST_MOVED = AGAIN + 1
FIRST_CODE = FIRST_MOVED + len(SOURCES)
"""Rows of the table of observations: nothing, own responses, others' responses, an own certification soon after another, other numbers by source, codes."""


class Tables:
    """One model, ready to use. Rows of codes grow as codes are met."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.layout = Layout(model.types, model.stages, brief=model.rates.brief > 0)
        self.leaves = _by_owner(self.layout, np.sum(list(model.moved.values()), axis=0)) / YEAR
        """By state, how often a day another number is listed for the person."""
        self.moves = np.concatenate([transitions(self.layout, model.rates), transitions(self.layout, model.rates, leaves=self.leaves)])
        """By days; from `LATEST` on the same where no other number came."""
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
            row = self._codes[key] = spread(self.layout, (*self.model.weights(*key), self.model.weight_brief(*key)))
        return row

    def response(self, evidence: Evidence, *, own: bool, again: bool = False) -> Array:
        """The row of a response; `again` for a certification where one was not long before the message."""
        row: Array = self._responses[AGAIN if again else (OWN if own else OTHER) + RESPONSES.index(evidence)]
        return row

    def moved(self, source: str) -> Array:
        """The row of another number's listing by this source."""
        row: Array = self._responses[FIRST_MOVED + SOURCES.index(source if source in SOURCES else "unknown")]
        return row

    def rows(self, codes: Sequence[tuple[str, str, str]]) -> Array:
        """All rows in one table: `PASS`, responses from `OWN` and `OTHER`, these codes from `FIRST_CODE`."""
        return np.vstack([self._responses, *(self.code(*code) for code in codes)])

    def move(self, vector: Array, days: int, *, latest: bool = False) -> Array:
        """The belief so many days later; `latest`: and no other number of the person was listed in that time."""
        first = LATEST if latest else 0
        while days > HORIZON:
            vector = vector @ self.moves[first + HORIZON]
            days -= HORIZON
        moved: Array = vector @ self.moves[first + days]
        return moved


def checked(layout: Layout, old: Array, fresh: Array) -> Array:
    """Beliefs once a source has checked numbers again, whose numbers stand at `fresh`.

    What was believed, `old`, is evidence beside the source's as far as it speaks for the number; what a number was given up for counts no longer.
    How the person acts on notices stays known.
    """
    own, held = layout.own, layout.own.stop // layout.types
    mine, before = fresh[..., own].sum(axis=-1, keepdims=True), np.maximum(old[..., own].sum(axis=-1, keepdims=True), EVEN)
    now = mine * before / (mine * before + (1 - mine) * (1 - before))
    kinds, begun = (one[..., own].reshape(*one.shape[:-1], held, layout.types).sum(axis=-2) for one in (old, fresh))
    kinds = kinds + HARDLY * begun
    times = now * kinds / (begun * kinds.sum(axis=-1, keepdims=True))
    made: Array = fresh * ((1 - now) / (1 - mine))
    made[..., own] = fresh[..., own] * np.tile(times, held)
    return made


def _by_owner(layout: Layout, rates: Sequence[float] | Array) -> Array:
    """Rates by (the number is the person's, it is lost) → a row by state."""
    row = np.full(layout.size, rates[1])
    row[layout.own] = rates[0]
    return row


def moved_rows(starts: Sequence[str]) -> NDArray[np.int64]:
    """For each start the row of another number's listing, and one more; the number of a crowd counts as an unknown source's."""
    names = [name.removesuffix(VERIFIED) for name in (*starts, "unknown")]
    return np.array([FIRST_MOVED + SOURCES.index(name if name in SOURCES else "unknown") for name in names], dtype=np.int64)


def spread(layout: Layout, weights: tuple[float, ...]) -> Array:
    """Weights by (in service, off, dead, off for days) → a row by state."""
    return np.array(weights)[layout.kinds]


def _responses(layout: Layout, model: Model) -> Array:
    r = model.responses
    table = np.full((FIRST_CODE, layout.size), UNLIKELY)
    # What another person did after a message to a shared number says who *they* are. Only the half that speaks would be counted, for their silence is
    # not followed here: that half alone is a bias (measured: it tripled the calibration error of shared numbers), so neither is.
    table[[PASS, *range(OTHER, AGAIN)]] = 1.0
    pairs = (r.replied, r.wrong_person, r.opted_out)
    for i, (person, stranger) in enumerate(pairs, start=1):
        table[OWN + i, layout.on], table[OWN + i, layout.stranger] = person, stranger
    table[OWN] = r.certified_else
    table[OWN, layout.on] = r.certified
    table[AGAIN] = r.certified_again_else
    table[AGAIN, layout.on] = r.certified_again
    for i, source in enumerate(SOURCES, start=FIRST_MOVED):
        table[i] = _by_owner(layout, model.moved[source]) / YEAR
    return table


def _silences(layout: Layout, model: Model) -> Array:
    """S[waiting, days]: probability, by state, that nobody has answered so far of what is waited for."""
    r = model.responses
    days = np.arange(SILENCE_DAYS)
    certified = come(r.certified_within, days)
    answered = np.minimum(days / max(r.answered_days, 1.0), 1.0)
    rates = np.stack([np.full(layout.size, r.certified_else), np.full(layout.size, r.certified_again_else)])
    rates[0, layout.on], rates[1, layout.on] = r.certified, r.certified_again
    answers = np.zeros(layout.size)
    answers[layout.on] = r.replied[0] + r.wrong_person[0] + r.opted_out[0]
    answers[layout.stranger] = r.replied[1] + r.wrong_person[1] + r.opted_out[1]
    table = np.ones((8, SILENCE_DAYS, layout.size))
    no_answer = 1 - answered[:, None] * answers[None, :]
    for rested, rate in ((0, rates[0]), (RESTED, rates[1])):
        no_cert = 1 - certified[:, None] * rate[None, :]
        table[rested | CERT_OPEN] = no_cert
        table[rested | ANSWER_OPEN] = no_answer
        table[rested | CERT_OPEN | ANSWER_OPEN] = no_cert * no_answer
    return table


def come(within: tuple[float, ...], days: NDArray[Any]) -> Array:
    """Share of those who certify that has done so after so many days."""
    known: Array = np.interp(days, [0.0, *within], np.linspace(0, 1, len(within) + 1))
    return known
