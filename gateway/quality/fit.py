"""Learns a population's rates, responses, starts and weights of codes from its histories: expectation–maximisation, exact for the chain of `chain`.

Each round asks, under the present model, how often each state gave each code, how many days were spent in each state and how many moves each rate made
(`expect`); the next model is what these counts say, with priors that count as a few observations (`maximise`).
"""

from collections.abc import Callable, Sequence

import numpy as np
from msgspec.structs import replace

from gateway.quality.briefly import begun, telling
from gateway.quality.chain import Array, Layout
from gateway.quality.evidence import BLOCKS, RESPONSES, Evidence, at_all, code_of, first_said, repeating
from gateway.quality.expect import Counts, expect
from gateway.quality.lying import lies, parted
from gateway.quality.model import BRIEF, CLASSES, PRIOR, Model, Responses, Three, digest, provider_of
from gateway.quality.moving import learned
from gateway.quality.record import NONE, Record, Steps, steps_of
from gateway.quality.samples import own_above_all, sample, usual
from gateway.quality.spans import spanned
from gateway.quality.tables import AGAIN, FIRST_CODE, OWN, Tables
from gateway.quality.worth import START_PRIOR, starts

ROUNDS = 40
ENOUGH = 2e-6
"""Stops where a round improves the log-likelihood by less than this a row."""
FEW, LAST_ROUNDS, FEWEST_ROUNDS = 6_000, 10, 3
TEMPORARY = frozenset({Evidence.NUMBER_SUSPENDED, Evidence.UNREACHABLE})
OFF_PRIOR, OFF_SHARE = 50.0, 0.03
"""What numbers are off at a time, before anything is known, and for how many outcomes that counts."""
SELDOM = {Evidence.NUMBER_SUSPENDED, Evidence.UNREACHABLE, Evidence.AMBIGUOUS}
PULL = 0.04
"""How strongly each round pulls P(these | in service) towards its prior. Where no two messages meet a number in one off period, histories cannot tell an
off phone from one in service that failed to answer; without this the fit settles anywhere between (measured: calibration off by 4 points)."""
CODE_PRIOR, BEFORE_PRIOR, ANSWER_PRIOR = 6.0, 20.0, 20.0
"""What the priors count for: observations of each kind of number; for what a provider says of numbers that it said something of before, all that it says;
messages. Those of `moving` and `worth` count apart."""
SCANS = 3
"""Times that lies are looked for, most: one of each provider each time."""
ENOUGH_DELAYS = 100
"""Certifications from which their delays are learned."""


def _deaf(_round: int, _mean: float) -> None:
    """Hears nothing."""


def fit(record: Record, day: int, *, before: Model = PRIOR, rounds: int = ROUNDS, told: Callable[[int, float], None] = _deaf) -> Model:
    """The model that this record, known until `day`, speaks for. `told(round, log-likelihood a row)` hears how it goes.

    Most rounds learn from a few thousand pairs, which is where the way is long; the last ones from all.
    """
    record = own_above_all(usual(record))
    model = replace(before, spans=(), blocked=_blocked(steps_of(record)))
    model = replace(model, responses=replace(before.responses, certified_within=_within(record)))
    few = sample(record, FEW) if record.pairs > 2 * FEW else record
    model = _with_briefs(*_climb(_offs(model, few), few, day, range(rounds), told), few, day, range(rounds // 2, rounds), told)
    last = range(max(rounds - LAST_ROUNDS, 0), rounds)
    if few is not record:
        model, _ = _climb(model, record, day, last, told)
    for _ in range(SCANS):
        found = lies(spanned(record, model.spans), model, day)
        if not found:
            break
        model = parted(model, record.codes, found)
        for part, these in ((few, range(rounds // 2, rounds)), (record, last)):
            model, _ = _climb(model, spanned(part, model.spans), day, these, told)
    model = _with_unseen(model, before, record)
    return replace(model, version=f"fit-{digest(model)}")


def _with_unseen(model: Model, before: Model, record: Record) -> Model:
    """The model with what was learned before of providers that this record says nothing of: a sample may hold none of a small one's messages."""
    seen = {first_said(code[0]) for code in record.codes}
    codes = {name: weights for name, weights in before.codes.items() if first_said(provider_of(name)) not in seen}
    brief = {name: before.brief[name] for name in codes if name in before.brief}
    spans = tuple(span for span in before.spans if span.provider not in seen)
    return replace(model, codes=codes | dict(model.codes), brief=brief | dict(model.brief), spans=(*model.spans, *spans))


def _with_briefs(model: Model, soon: float, record: Record, day: int, rounds: range, told: Callable[[int, float], None]) -> Model:
    """The model with off periods of days beside long ones, where histories tell them and are likelier so."""
    if not telling(record):
        return model
    other, likelier = _climb(begun(model, record.codes), record, day, rounds, told)
    return other if likelier > soon else model


def _climb(model: Model, record: Record, day: int, rounds: range, told: Callable[[int, float], None]) -> tuple[Model, float]:
    steps = steps_of(record)
    last, soon = -np.inf, 0.0
    for n in rounds:
        tables = Tables(model)
        counts = expect(tables, steps, day)
        mean, soon = counts.likelihood / max(len(steps.row), 1), counts.soon
        told(n, mean)
        model = maximise(tables, steps, counts)
        if abs(mean - last) < ENOUGH and n > rounds.start + FEWEST_ROUNDS:
            break
        last = mean
    return model, soon


def _offs(model: Model, record: Record) -> Model:
    """The model with as many numbers off as the words for it suggest, all for long: from there the fit goes down where they are not, or for days only."""
    said = np.isin(record.what, [i for i, code in enumerate(record.codes) if code[1] in TEMPORARY])
    outcomes = record.own & (record.what >= 0)
    noise = sum(CLASSES[word][0] for word in TEMPORARY)
    share = float((said & outcomes).sum() + OFF_PRIOR * (OFF_SHARE + noise)) / float(outcomes.sum() + OFF_PRIOR) - noise
    share = min(max(share, OFF_SHARE), 0.5)
    return replace(model, brief={}, rates=replace(model.rates, off=model.rates.on * share / (1 - share), brief=0.0))


def maximise(tables: Tables, steps: Steps, counts: Counts) -> Model:
    """The model that the counts say."""
    model, layout = tables.model, tables.layout
    codes, brief = _codes(layout, counts, steps)
    rates, moved = learned(tables, counts)
    return replace(
        model,
        rates=rates,
        responses=_answers(layout, model.responses, counts),
        starts=starts(layout, model, counts, steps.starts),
        codes=codes,
        brief=brief,
        moved=moved,
    )


def _answers(layout: Layout, r: Responses, counts: Counts) -> Responses:
    prior, kinds = PRIOR.responses, layout.types
    people = counts.starts[:, layout.own].sum(axis=0)
    shares = people.reshape(-1, kinds).sum(axis=0) + START_PRIOR / kinds

    def answer(word: Evidence, believed: tuple[float, float]) -> tuple[float, float]:
        said = counts.rows[OWN + RESPONSES.index(word)]
        person = _rate(said[layout.on], counts.answered[layout.on], believed[0])
        return person, _rate(said[layout.stranger], counts.answered[layout.stranger], believed[1])

    certified, certified_else = _acts(counts.rows[OWN], counts.asked[0], np.append(np.resize(prior.certified, kinds), prior.certified_else))
    again, again_else = _acts(
        counts.rows[AGAIN], counts.asked[1], np.append(np.resize(prior.certified_again, kinds), prior.certified_again_else)
    )
    return replace(
        r,
        shares=tuple((shares / shares.sum()).tolist()),
        certified=certified,
        certified_else=certified_else,
        certified_again=again,
        certified_again_else=again_else,
        replied=answer(Evidence.REPLIED, prior.replied),
        wrong_person=answer(Evidence.WRONG_PERSON, prior.wrong_person),
        opted_out=answer(Evidence.OPTED_OUT, prior.opted_out),
    )


def _acts(seen: Array, of: Array, believed: Array) -> tuple[tuple[float, ...], float]:
    """How often each kind of person certifies whom a message reached, and anybody whom it did not: nobody does so less for being reached.

    Without that, those who hardly ever do were learned as certifying less than those whose number is a stranger's, and silence spoke for the number.
    """
    kinds = len(believed) - 1
    came = np.append(seen[:kinds], seen[kinds:].sum()) + ANSWER_PRIOR * believed
    asked = np.append(of[:kinds], of[kinds:].sum()) + ANSWER_PRIOR
    rates, alike = came / asked, [kinds]
    for kind in np.argsort(rates[:kinds]).tolist():
        if rates[kind] < came[alike].sum() / asked[alike].sum():
            alike.append(kind)
    rates[alike] = came[alike].sum() / asked[alike].sum()
    *reached, not_reached = np.clip(rates, 1e-6, 0.95).tolist()
    return tuple(reached), not_reached


def _rate(seen: Array, of: Array, believed: float) -> float:
    """A rate per message, with the prior's word."""
    rate = (float(np.sum(seen)) + ANSWER_PRIOR * believed) / (float(np.sum(of)) + ANSWER_PRIOR)
    return min(max(rate, 1e-6), 0.95)


def _codes(layout: Layout, counts: Counts, steps: Steps) -> tuple[dict[str, Three], dict[str, float]]:
    """P(code | kind of state) for each provider's codes together, and apart the fourth, where numbers are off for days."""
    kinds = int(layout.kinds.max()) + 1
    seen = np.zeros((len(steps.codes), kinds))
    for kind in range(kinds):
        seen[:, kind] = counts.rows[FIRST_CODE:, layout.kinds == kind].sum(axis=1)
    made: dict[str, Three] = {}
    brief: dict[str, float] = {}
    for each in _by_name(steps.codes).values():
        kept = sorted({steps.codes[i][1:] for mine in each for i in mine})
        words = [word for word, _ in kept]
        prior = np.array([(*CLASSES[Evidence(word)], BRIEF[Evidence(word)])[:kinds] for word in words])
        prior /= np.array([words.count(word) for word in words])[:, None]
        places = [np.array([kept.index(steps.codes[i][1:]) for i in mine]) for mine in each]
        together = CODE_PRIOR * prior
        for mine, at in zip(each, places, strict=True):
            together[at] += seen[mine]
        for mine, at in zip(each, places, strict=True):
            counted = seen[mine] + BEFORE_PRIOR * (together / together.sum(axis=0))[at] if len(each) > 1 else together
            shares = _shares(counted, prior[at], [words[place] for place in at])
            for i, row in zip(mine, shares.tolist(), strict=True):
                made[code_of(*steps.codes[i])] = (row[0], row[1], row[2])
                brief |= {code_of(*steps.codes[i]): weight for weight in row[3:]}
    return made, brief


def _by_name(codes: Sequence[tuple[str, str, str]]) -> dict[str, list[list[int]]]:
    """Places of the codes of each provider, by what it said of the number before."""
    names: dict[str, dict[str, list[int]]] = {}
    for i, code in enumerate(codes):
        names.setdefault(at_all(code[0]), {}).setdefault(code[0], []).append(i)
    return {name: list(each.values()) for name, each in names.items()}


def _shares(counted: Array, prior: Array, words: list[str]) -> Array:
    """Of each kind of number, by code."""
    blocks = [n for n, word in enumerate(words) if word in BLOCKS]
    counted[blocks, 1:] = 0.0
    shares: Array = counted / counted.sum(axis=0)
    # A block stays for years, and so does death: what few persons' blocks say would be learned as a word for dead
    shares[blocks, 1:] = shares[blocks, :1] * prior[blocks, 1:] / prior[blocks, :1]
    seldom = [n for n, word in enumerate(words) if word in SELDOM]
    shares[seldom, 0] = (shares[seldom, 0] + PULL * prior[seldom, 0]) / (1 + PULL)
    shares[:, 0] /= shares[:, 0].sum()
    return shares


def _blocked(steps: Steps) -> dict[str, float]:
    """How often the outcome after a block is a block again, by kind of block; of one that is not the first in a row apart."""
    made: dict[str, float] = {}
    pair = np.repeat(np.arange(len(steps.first) - 1), np.diff(steps.first))
    told = np.flatnonzero(steps.outcome & (steps.block != NONE))
    here, later = told[:-1], told[1:]
    same, goes_on = pair[here] == pair[later], steps.block[later] >= 0
    repeats = np.concatenate([[False], same & goes_on & (steps.block[here] >= 0)])[:-1]
    for word in BLOCKS:
        said = same & np.isin(steps.block[here], [i for i, code in enumerate(steps.codes) if code[1] == word])
        for name, rows in ((str(word), said & ~repeats), (repeating(word), said & repeats)):
            made[name] = (float(goes_on[rows].sum()) + 5 * PRIOR.blocked[name]) / (float(rows.sum()) + 5)
    return made


def _within(record: Record) -> tuple[float, ...]:
    """Days from a delivered message to the certification after it, as tenths."""
    certifies = NONE - 1 - RESPONSES.index(Evidence.CERTIFIED)
    delivered = np.isin(record.what, [i for i, code in enumerate(record.codes) if code[1] == Evidence.DELIVERED])
    outcome = record.asking
    index = np.arange(len(record.day))
    latest = np.maximum.accumulate(np.where(outcome, index, NONE)) if len(index) else index
    rows = np.flatnonzero(record.own & (record.what == certifies) & (latest != NONE))
    pair = np.repeat(np.arange(record.pairs), np.diff(record.first))
    rows = rows[(pair[latest[rows]] == pair[rows]) & delivered[latest[rows]]]
    if len(rows) < ENOUGH_DELAYS:
        return PRIOR.responses.certified_within
    delays = record.day[rows] - record.day[latest[rows]]
    tenths = np.quantile(delays, [*np.linspace(0.1, 0.9, 9), 0.995])
    return tuple((np.maximum.accumulate(tenths) + np.arange(1, 11) * 1e-3).tolist())
