"""Learns a population's rates, responses, starts and weights of codes from its histories: expectation–maximisation, exact for the chain of `chain`.

Each round asks, under the present model, how often each state gave each code, how many days were spent in each state and how many moves each rate made
(`expect`); the next model is what these counts say, with priors that count as a few observations (`maximise`).
"""

from collections.abc import Callable
from msgspec.structs import replace
from msgspec import Struct

import numpy as np

from gateway.quality.chain import HORIZON, RATES, YEAR, Array, Layout, per_day
from gateway.quality.evidence import BLOCKS, RESPONSES, Evidence, code_of
from gateway.quality.model import CLASSES, PRIOR, STARTS, Model, Rates, Responses, Start, Three
from gateway.quality.record import NONE, Ints, Record, Steps, steps_of
from gateway.quality.sweep import by_rank, moved
from gateway.quality.tables import ANSWER_OPEN, CERT_OPEN, FIRST_CODE, OWN, PASS, SILENCE_DAYS, Tables, come

ROUNDS = 40
SAMPLE = 30_000
"""Pairs that are learned from: enough for codes seen once in ten thousand messages."""
ENOUGH = 2e-6
"""Stops where a round improves the log-likelihood by less than this a row."""
CODE_PRIOR, START_PRIOR, MOVE_PRIOR, FREEZE_PRIOR, ANSWER_PRIOR = 6.0, 10.0, 3.0, 60.0, 20.0
"""What the priors count for: observations of each kind of number, pairs, moves, messages."""
ENOUGH_DELAYS = 100
"""Certifications from which their delays are learned."""
RENEWS = 0.5
"""A listing that replaces more than this of a belief begins a new history."""


class Counts(Struct):
    """What was expected under a model."""

    likelihood: float
    rows: Array
    """By row of the tables and state."""
    starts: Array
    moves: Array
    """By days passed, from state, to state."""
    asked: Array
    """Delivered messages by state, each as far as certifications had time to come."""
    answered: Array
    """The same for answers."""


def fit(
    record: Record, day: int, *, before: Model = PRIOR, rounds: int = ROUNDS, told: Callable[[int, float], None] = lambda *_: None
) -> Model:
    """The model that this record, known until `day`, speaks for. `told(round, log-likelihood a row)` hears how it goes."""
    steps = steps_of(record)
    model = replace(before, blocked=_blocked(steps), responses=replace(before.responses, certified_within=_within(record)))
    last = -np.inf
    for n in range(rounds):
        tables = Tables(model)
        counts = expect(tables, steps, day)
        mean = counts.likelihood / max(len(steps.row), 1)
        told(n, mean)
        model = maximise(tables, steps, counts)
        if mean - last < ENOUGH and n > 3:
            break
        last = mean
    return replace(model, version=f"fit-{_digest(model)}")


def sample(record: Record, most: int = SAMPLE) -> Record:
    """Every n-th pair of a record, at most so many."""
    if record.pairs <= most:
        return record
    chosen = np.linspace(0, record.pairs - 1, most).astype(np.int64)
    lengths = np.diff(record.first)[chosen]
    rows = np.repeat(record.first[chosen] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(lengths.sum())
    first = np.concatenate([[0], np.cumsum(lengths)])
    columns = (column[rows] for column in (record.day, record.what, record.own, record.start, record.verified_day))
    return Record(first, *columns, record.codes, record.starts)


def expect(tables: Tables, steps: Steps, day: int) -> Counts:
    """One pass forward and back over all histories."""
    size = tables.layout.size
    rows = tables.rows(steps.codes)
    starts = np.stack([tables.starts[key] for key in steps.starts])
    silences = tables.silences.reshape(-1, size)
    counts = Counts(
        0.0,
        np.zeros_like(rows),
        np.zeros_like(starts),
        np.zeros((HORIZON + 1, size, size)),
        np.zeros(size),
        np.zeros(size),
    )
    asked, answered = _exposures(tables, steps, day)
    renewed = _renewed(tables, steps)
    for chunk, ranks in by_rank(steps.first):
        _pass(tables, steps, counts, chunk, ranks, rows, starts, silences, (asked, answered), renewed, day)
    return counts


def _exposures(tables: Tables, steps: Steps, day: int) -> tuple[Array, Array]:
    """For each delivered message: how much of the time in which people certify, or answer, had passed before the next outcome."""
    count = len(steps.row)
    waits = np.zeros(count)
    # The silence that the next own outcome ends belongs to this message; the last one's lasts until `day`.
    taken = np.flatnonzero(steps.taken)
    pair = np.searchsorted(steps.first, taken, side="right") - 1
    waits[taken] = np.maximum(day - steps.sent_day[pair], 0)
    ends = np.flatnonzero(steps.silence > 0)
    before = np.searchsorted(taken, ends, side="left") - 1
    waits[taken[before[before >= 0]]] = (steps.silence % SILENCE_DAYS)[ends[before >= 0]]
    closed = np.setdiff1d(taken[:-1], np.append(taken[before[before >= 0]], -1))
    last_of_pair = np.append(np.diff(pair) > 0, True)
    closed = np.setdiff1d(closed, taken[last_of_pair])
    waits[closed] = SILENCE_DAYS  # everything was answered
    asked = np.where(steps.taken, come(tables.model.responses.certified_within, waits), 0.0)
    answered = np.where(steps.taken, np.minimum(waits / max(tables.model.responses.answered_days, 1.0), 1.0), 0.0)
    return asked, answered


def _renewed(tables: Tables, steps: Steps) -> np.ndarray:
    """Rows at which a listing begins a history anew."""
    renews = np.array([tables.model.starts[key].renews for key in steps.starts])
    again = (steps.start != NONE) & (renews[np.maximum(steps.start, 0)] > RENEWS)
    again[steps.first[:-1]] = False
    return again


def _pass(tables, steps, counts, chunk, ranks, rows, starts, silences, exposures, renewed, day):  # noqa: ANN001, ANN202
    size = tables.layout.size
    ahead: list[Array] = []
    behind: list[Array] = []
    scales: list[Array] = []
    likelihood = 0.0
    v = np.zeros((len(chunk), size))
    for k, (n, at) in enumerate(ranks):
        if k == 0:
            before = starts[steps.start[at]]
            days = steps.age[at]
        else:
            before = v[:n] * silences[steps.silence[at]]
            days = steps.days[at]
            again = renewed[at]
            if again.any():
                before[again] = starts[steps.start[at[again]]]
                days = np.where(again, steps.age[at], days)
        after = moved(tables, before, days) * rows[steps.row[at]]
        scale = after.sum(axis=1)
        v = after / scale[:, None]
        likelihood += float(np.log(scale).sum())
        behind.append(before)
        ahead.append(v)
        scales.append(scale)
    counts.likelihood += likelihood
    # the last message's silence lasts until `day`: what it says weighs backwards
    waited = np.clip(day - steps.sent_day[chunk], 0, SILENCE_DAYS - 1)
    tail = silences[np.where(steps.sent_day[chunk] == NONE, 0, steps.waiting[chunk] * SILENCE_DAYS + waited)]
    beta = tail.copy()
    asked, answered = exposures
    for k in range(len(ranks) - 1, -1, -1):
        n, at = ranks[k]
        row, days = steps.row[at], np.minimum(steps.days[at], HORIZON)
        here = beta[:n]
        gamma = ahead[k] * here
        gamma /= gamma.sum(axis=1, keepdims=True)
        np.add.at(counts.rows, row, gamma)
        counts.asked += gamma.T @ asked[at]
        counts.answered += gamma.T @ answered[at]
        weighed = here * rows[row] / scales[k][:, None]
        if k == 0:
            days = np.minimum(steps.age[at], HORIZON)
        again = renewed[at]
        if again.any():
            days = np.where(again, np.minimum(steps.age[at], HORIZON), days)
        table = tables.moves[days]
        both = behind[k][:, :, None] * table * weighed[:, None, :]
        both /= both.sum(axis=(1, 2), keepdims=True)
        flat = np.flatnonzero(days > 0)
        if len(flat):
            order = flat[np.argsort(days[flat], kind="stable")]
            distinct, firsts = np.unique(days[order], return_index=True)
            counts.moves[distinct] += np.add.reduceat(both[order], firsts, axis=0)
        back = np.matmul(table, weighed[:, :, None])[:, :, 0]
        fresh = (steps.start[at] != NONE) & (again if k else True)
        if fresh.any():
            first = behind[k][fresh] * back[fresh]
            np.add.at(counts.starts, steps.start[at[fresh]], first / first.sum(axis=1, keepdims=True))
        if k:
            beta[:n] = np.where(again[:, None], tail_one(back), back * silences[steps.silence[at]])


def tail_one(like: Array) -> Array:
    """Nothing is known from behind a history that begins anew."""
    return np.ones_like(like)


def maximise(tables: Tables, steps: Steps, counts: Counts) -> Model:
    """The model that the counts say."""
    model, layout = tables.model, tables.layout
    return replace(
        model,
        rates=_rates(tables, counts.moves),
        responses=_answers(layout, model.responses, counts, steps),
        starts=_starts(layout, model, counts, steps),
        codes=_codes(layout, counts, steps),
    )


def _rates(tables: Tables, passed: Array) -> Rates:
    """Expected moves over expected days, by rate."""
    layout, rates = tables.layout, tables.model.rates
    last = int(np.flatnonzero(passed.any(axis=(1, 2))).max(initial=0))
    if not last:
        return rates
    daily, moves = per_day(rates, layout.stages), layout.jumps()
    weights = np.zeros((2 * len(RATES), layout.size, layout.size))
    for p, name in enumerate(RATES):
        for i, j in moves[name]:
            weights[2 * p, i, j] = daily[name]
            weights[2 * p + 1, i, i] = 1.0
    spent = _bridges(tables, passed, weights, last)
    prior = per_day(PRIOR.rates, layout.stages)
    made = {}
    for p, name in enumerate(RATES):
        believed = FREEZE_PRIOR if name == "freeze" else MOVE_PRIOR
        made[name] = float((spent[2 * p] + believed) / (spent[2 * p + 1] + believed / prior[name]))
    yearly = {name: made[name] * YEAR for name in RATES if name != "freeze"}
    return Rates(freeze_days=layout.stages / made["freeze"], **yearly)


def _bridges(tables: Tables, passed: Array, weights: Array, last: int) -> Array:
    """For each weight matrix W the sum, over all stretches of time, of its expected integral between what was known at both ends.

    M[d] = ∫ T(s) W T(d−s) ds over a stretch of d days, built up day by day: M[d+1] = M[d] T(1) + T(d) M[1].
    """
    one, moves = tables.moves[1], tables.moves
    # Simpson over the first day is exact to 1e-8 for rates of a few a year
    half = _half_day(tables)
    first = (weights @ one + 4 * (half @ weights @ half) + one @ weights) / 6
    share = np.divide(passed, moves, out=np.zeros_like(passed), where=moves > 1e-300)
    integral, spent = first, np.zeros(len(weights))
    for days in range(1, last + 1):
        if share[days].any():
            spent += (integral * share[days]).sum(axis=(1, 2))
        integral = integral @ one + moves[days] @ first
    return spent


def _half_day(tables: Tables) -> Array:
    from gateway.quality.chain import exponential, generator  # noqa: PLC0415

    return exponential(generator(tables.layout, tables.model.rates) / 2)


def _answers(layout: Layout, r: Responses, counts: Counts, steps: Steps) -> Responses:
    asked, answered = counts.asked, counts.answered
    said = counts.rows[OWN : OWN + len(RESPONSES)]
    prior = PRIOR.responses

    def rate(i: int, part: object, before: float, exposures: Array) -> float:
        seen, of = float(said[i][part].sum()), float(exposures[part].sum())  # type: ignore[index]
        return min(max((seen + ANSWER_PRIOR * before) / (of + ANSWER_PRIOR), 1e-6), 0.95)

    certified = tuple(
        rate(0, k, r.certified[k] if len(r.certified) != len(prior.certified) else prior.certified[k], asked) for k in range(layout.types)
    )
    people = counts.starts[:, layout.own].sum(axis=0)
    kinds = people[: layout.types] + people[layout.types :] + START_PRIOR / layout.types
    return replace(
        r,
        shares=tuple((kinds / kinds.sum()).tolist()),
        certified=certified,
        certified_else=rate(0, slice(layout.types, None), prior.certified_else, asked),
        replied=(rate(1, layout.on, prior.replied[0], answered), rate(1, layout.stranger, prior.replied[1], answered)),
        wrong_person=(rate(2, layout.on, prior.wrong_person[0], answered), rate(2, layout.stranger, prior.wrong_person[1], answered)),
        opted_out=(rate(3, layout.on, prior.opted_out[0], answered), rate(3, layout.stranger, prior.opted_out[1], answered)),
    )


def _starts(layout: Layout, model: Model, counts: Counts, steps: Steps) -> dict[str, Start]:
    made = dict(model.starts)
    for key in set(steps.starts):
        seen = sum(counts.starts[i] for i, one in enumerate(steps.starts) if one == key)
        prior = STARTS[key]
        three = np.array([seen[layout.own].sum(), seen[layout.dead].sum(), seen[layout.others].sum()])  # type: ignore[index]
        three += START_PRIOR * np.array([prior.mine, prior.dead, prior.stranger])
        mine, dead, stranger = (three / three.sum()).tolist()
        made[key] = replace(prior, mine=mine, dead=dead, stranger=stranger)
    return made


def _codes(layout: Layout, counts: Counts, steps: Steps) -> dict[str, Three]:
    """P(code | kind of state) for each provider's codes together."""
    seen = np.zeros((len(steps.codes), 3))
    for kind in range(3):
        seen[:, kind] = counts.rows[FIRST_CODE:, layout.kinds == kind].sum(axis=1)
    made: dict[str, Three] = {}
    for provider in {code[0] for code in steps.codes}:
        mine = [i for i, code in enumerate(steps.codes) if code[0] == provider]
        prior = np.array([CLASSES[Evidence(steps.codes[i][1])] for i in mine])
        alike = [sum(steps.codes[j][1] == steps.codes[i][1] for j in mine) for i in mine]
        prior /= np.array(alike)[:, None]
        counted = seen[mine] + CODE_PRIOR * prior
        shares = counted / counted.sum(axis=0)
        for i, row in zip(mine, shares.tolist(), strict=True):
            made[code_of(*steps.codes[i])] = (row[0], row[1], row[2])
    return made


def _blocked(steps: Steps) -> dict[str, float]:
    """How often the outcome after a block is a block again, by kind of block."""
    made = {}
    pair = np.repeat(np.arange(len(steps.first) - 1), np.diff(steps.first))
    told = np.flatnonzero(steps.outcome & (steps.block != NONE))
    here, later = told[:-1], told[1:]
    same = pair[here] == pair[later]
    for word in BLOCKS:
        rows = [i for i, code in enumerate(steps.codes) if code[1] == word]
        first = same & np.isin(steps.block[here], rows)
        again = float((steps.block[later[first]] >= 0).sum())
        prior = PRIOR.blocked[word]
        made[str(word)] = (again + 5 * prior) / (float(first.sum()) + 5)
    return made


def _within(record: Record) -> tuple[float, ...]:
    """Days from a delivered message to the certification after it, as tenths."""
    certifies = NONE - 1 - RESPONSES.index(Evidence.CERTIFIED)
    delivered = np.isin(record.what, [i for i, code in enumerate(record.codes) if code[1] == Evidence.DELIVERED])
    outcome = record.own & (record.what >= 0)
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


def _digest(model: Model) -> str:
    from hashlib import sha256  # noqa: PLC0415

    from msgspec.json import encode  # noqa: PLC0415

    return sha256(encode(replace(model, version=""), order="sorted")).hexdigest()[:12]


__all__ = ["ANSWER_OPEN", "CERT_OPEN", "PASS", "STARTS", "Counts", "Ints", "expect", "fit", "maximise", "sample"]
