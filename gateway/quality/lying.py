"""Histories and what was learned of them → times in which a provider called living numbers absent, and did not before or after.

A number that is called absent and answers later lived; one that only this provider calls absent lives, most likely. `expect` says of each row how likely the
number was in service with all other evidence counted. So the likelihood that a provider calls a share p of numbers in service absent in one time, and another share
else, is a product over rows, and the best time is the largest sum of days. It is named where it beats one share for all by far, and beats a wave of deaths in
that time as well, which the words of other providers and what comes later tell from a lie.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gateway.quality.chain import Array
from gateway.quality.evidence import Evidence, borrowed, code_of, during, first_said
from gateway.quality.expect import Told, expect
from gateway.quality.model import Model, Span, Three
from gateway.quality.record import NONE, Flags, Ints, Record, steps_of
from gateway.quality.routes import false_absent
from gateway.quality.tables import Tables

SHARES = (None, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.33, 0.5, 0.7, 0.85, 0.97)
"""Shares of numbers in service called absent that are tried; None: as was learned of all times together."""
LIES = 0.04
"""A time in which it is less is not named."""
TIMES = 3.0
"""Nor one in which it is not that many times what it is else."""
DIED = (0.0, 0.003, 0.01, 0.03, 0.1)
"""Shares of living numbers that a wave of deaths may have taken before a word. More do not die at once."""
SURE = 16.0
"""What its likelihood must beat the others' by, as a logarithm: there are a million times to choose from. Honest routes came to 9 at most (thirty of them)."""
GOES_ON = 3.0
"""A time is open where what came after it speaks against it by less."""
TINY = 1e-9


class _Words(Struct):
    """Outcomes of messages to numbers of which something was known before: the first word about a number speaks for its source."""

    day: Ints
    provider: Ints
    absent: Flags
    share: Array
    """Of numbers in service called absent under the name of each row, as learned."""
    told: Told
    names: list[str]

    def some(self, rows: Flags) -> "_Words":
        """Those rows."""
        told = Told(self.told.on[rows], self.told.died[rows])
        return _Words(self.day[rows], self.provider[rows], self.absent[rows], self.share[rows], told, self.names)

    @property
    def usual(self) -> float:
        """The share of numbers in service called absent, as learned."""
        return float((self.told.on * self.share).sum() / self.told.on.sum())

    def likelihood(self, share: float | None, died: float = 0.0) -> Array:
        """Of each row against what was learned, with such a share called absent (None: as learned) and so many dead."""
        times: float | Array = 1.0
        if share is not None:
            times = np.where(self.absent, share / self.share, (1 - share) / (1 - self.share))
        likelihood: Array = np.log(1 + self.told.on * ((1 - died) * times - 1) + died * self.told.died)
        return likelihood


class Lie(Struct, frozen=True):
    """A time in which a provider lied."""

    span: Span
    within: float
    """Share of numbers in service called absent in it, about."""
    without: float
    """And else."""
    sure: float
    """By how much it beats the others."""


def lies(record: Record, model: Model, day: int) -> list[Lie]:
    """The surest of each provider, if any. What stands under the name of a time already is left out."""
    words = _words(record, model, day)
    found = [_lie(words, place) for place in range(len(words.names))]
    return [lie for lie in found if lie is not None and lie.sure > SURE]


def _words(record: Record, model: Model, day: int) -> _Words:
    told = Told(np.zeros(len(record.what)), np.zeros(len(record.what)))
    expect(Tables(model), steps_of(record), day, told=told)
    absent = np.array([code[1] == Evidence.NUMBER_ABSENT for code in record.codes], dtype=np.bool_)
    calls = false_absent(model, record.codes)
    share = np.clip([calls[code[0]] for code in record.codes], TINY, 1 - TINY)
    named = {span.name for span in model.spans}
    names = sorted({first_said(code[0]) for code in record.codes})
    # What was said in a time that has its name already is somebody else's word
    provider = np.array(
        [NONE if named & {*borrowed(code[0])} else names.index(first_said(code[0])) for code in record.codes], dtype=np.int64
    )
    outcomes = np.cumsum(record.what >= 0)
    before = outcomes - np.repeat(np.append(0, outcomes)[record.first[:-1]], np.diff(record.first))
    rows = np.flatnonzero(record.own & (record.what >= 0) & (before > 1))
    what = record.what[rows]
    return _Words(record.day[rows].astype(np.int64), provider[what], absent[what], share[what], Told(told.on[rows], told.died[rows]), names)


def _lie(words: _Words, place: int) -> Lie | None:
    theirs = words.some(words.provider == place)
    if not theirs.absent.any():
        return None
    first, days, usual = int(theirs.day.min()), int(np.ptp(theirs.day)) + 1, theirs.usual
    # A few more deaths than were learned make nobody a liar
    daily = np.stack([np.bincount(theirs.day - first, theirs.likelihood(share, DIED[1]), days) for share in SHARES])
    tried = ((within, without, _stretch(daily[within] - daily[without])) for within, without in _pairs(usual))
    within, without, (begin, end, _) = max(tried, key=lambda one: one[2][2] + daily[one[1]].sum())
    after = np.cumsum((daily[within] - daily[without])[end + 1 :])
    span = Span(words.names[place], first + begin, None if after.min(initial=0.0) > -GOES_ON else first + end)
    return Lie(span, SHARES[within] or usual, SHARES[without] or usual, _sure(words, place, span, usual))


def _pairs(usual: float) -> Iterator[tuple[int, int]]:
    shares = [usual if share is None else share for share in SHARES]
    for within, share in enumerate(shares[1:], start=1):
        for without, else_ in enumerate(shares):
            if share >= LIES and share >= TIMES * else_:
                yield within, without


def _stretch(gains: Array) -> tuple[int, int, float]:
    """First and last place of the stretch with the largest sum, and the sum."""
    total = np.concatenate([[0.0], np.cumsum(gains)])
    least = np.minimum.accumulate(total)
    end = int(np.argmax(total[1:] - least[:-1]))
    begin = int(np.argmin(total[: end + 1]))
    return begin, end, float(total[end + 1] - total[begin])


def _sure(words: _Words, place: int, span: Span, usual: float) -> float:
    """How much better two shares foretell than one does, deaths in that time allowed to both."""
    last = span.until if span.until is not None else int(words.day.max())
    inside = (words.day >= span.since) & (words.day <= last)
    theirs = words.provider == place
    here, else_, others = words.some(inside & theirs), words.some(~inside & theirs), words.some(inside & ~theirs)
    within = np.array([[here.likelihood(share, died).sum() for died in DIED] for share in SHARES])
    within += [others.likelihood(None, died).sum() for died in DIED]
    without = np.array([else_.likelihood(share).sum() for share in SHARES])
    return float(max(within[a].max() + without[b] for a, b in _pairs(usual)) - (within.max(axis=1) + without).max())


def parted(model: Model, codes: Sequence[tuple[str, str, str]], found: Sequence[Lie]) -> Model:
    """The model with these times apart: from here the fit goes on. `codes`: those of the record, without spans."""
    made: dict[str, Three] = dict(model.codes)
    brief = dict(model.brief)
    for lie in found:
        theirs = [code for code in codes if first_said(code[0]) == lie.span.provider]
        for name in dict.fromkeys(code[0] for code in theirs):
            own = [code for code in theirs if code[0] == name]
            absent = np.array([code[1] == Evidence.NUMBER_ABSENT for code in own])
            on = np.array([model.weights(*code)[0] for code in own])
            for share, to in ((lie.within, during(name, lie.span.first_day)), (lie.without, name)):
                moved = np.where(absent, share * on / max(on[absent].sum(), TINY), (1 - share) * on / max(on[~absent].sum(), TINY))
                for code, weight in zip(own, moved.tolist(), strict=True):
                    _, off, dead = model.weights(*code)
                    made[code_of(to, *code[1:])] = (weight, off, dead)
                    brief[code_of(to, *code[1:])] = model.weight_brief(*code)
    return replace(model, codes=made, brief=brief if model.brief else {}, spans=(*model.spans, *(lie.span for lie in found)))
