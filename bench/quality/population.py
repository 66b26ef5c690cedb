"""Populations with known truth: numbers live, go off, die, are sold again; messages go out; vendors and people answer."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct, convert, field
from numpy.typing import NDArray

from gateway.quality.assemble import DAY_S, SHANGHAI_S, Observations, assemble
from gateway.quality.evidence import RESPONSES
from gateway.quality.record import NONE, Flags, Ints, Record

FILE = Path(__file__).with_name("populations.toml")
BEFORE = 1461
"""Days before the first message in which numbers that were verified or listed long ago lived on unseen."""
ON, OFF, DEAD = 0, 1, 2
EPOCH_DAY = 18_628
"""2021-01-01: day 0 of a population."""
NOON_S = 4 * 3_600 - SHANGHAI_S + 8 * 3_600


class Route(Struct, frozen=True):
    """One provider: its share of messages, and its codes with their true weights."""

    share: float
    codes: tuple[tuple[str, str, float, float, float], ...]


class Population(Struct, frozen=True):
    """Parameters of one population; see `populations.toml`."""

    persons: int
    death_on: float
    death_off: float
    off: float
    off_days: float
    freeze_days: float
    sale_days: float
    shared: float
    sources: dict[str, tuple[float, float, float]]
    """Source → share of persons, wrong entries among them, mean age in days of those that nobody verified."""
    verified: dict[str, float]
    kinds: tuple[tuple[float, float], ...]
    certified_else: float
    replied: tuple[float, float]
    wrong_person: tuple[float, float]
    opted_out: tuple[float, float]
    within_days: float
    providers: tuple[Route, ...]
    off_shape: str = "exponential"
    sale_shape: str = "exponential"
    certified_rest_days: int = 0
    years: float = 5.0


class History(Struct):
    """What happened to one population, and what was true at each message."""

    record: Record
    truth_reached: Flags
    """Per message: the number was the person's and in service."""
    truth_own: Flags
    """Per message: the number was the person's and lived."""
    truth_dead: Flags
    message_row: Ints
    """Per message: its row in the record."""
    message_pair: Ints
    message_day: Ints
    end_day: int
    end_reach: Flags
    """Per pair, at the end."""
    begins: dict[str, tuple[float, float, float]]
    """Per start: true shares of mine, dead, a stranger's."""
    kinds: NDArray[np.int64]
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


@cache
def populations() -> dict[str, Population]:
    """All of the file, by name."""
    return {name: convert(made, Population, strict=False) for name, made in tomllib.loads(FILE.read_text()).items()}


class Lives(Struct):
    """Numbers, day by day: phase + 4 once a stranger holds it. Rows are days from the first message's year on."""

    daily: NDArray[np.uint8]
    verified_state: NDArray[np.uint8]


def live(p: Population, begins: Ints, strangers: Flags, days: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Simulates every number from its own first day on; returns its phase on days 0 to `days`."""
    count = len(begins)
    phase = np.zeros(count, dtype=np.uint8)
    generation = strangers.astype(np.uint8)
    timer = np.zeros(count, dtype=np.int32)
    daily = np.empty((days + 1, count), dtype=np.uint8)
    death_on, death_off, off = p.death_on / 365.25, p.death_off / 365.25, p.off / 365.25
    for day in range(int(begins.min()), days + 1):
        born = begins < day
        u = rng.random(count, dtype=np.float32)
        on, is_off, dead = (phase == ON) & born, (phase == OFF) & born, (phase == DEAD) & born
        timer -= 1
        dies = (on & (u < death_on)) | (is_off & (u < death_off))
        goes = on & ~dies & (u < death_on + off)
        back = is_off & ~dies & (timer <= 0)
        sold = dead & (timer <= 0)
        phase[back | sold] = ON
        generation[sold] = 1
        phase[dies], phase[goes] = DEAD, OFF
        timer[dies] = p.freeze_days + _length(p.sale_shape, p.sale_days, int(dies.sum()), rng)
        timer[goes] = _length(p.off_shape, p.off_days, int(goes.sum()), rng)
        if day >= 0:
            daily[day] = phase + 4 * generation
    return daily


def _length(shape: str, mean: float, count: int, rng: np.random.Generator) -> NDArray[np.int32]:
    if shape == "fixed":
        return np.full(count, max(round(mean), 1), dtype=np.int32)
    drawn = rng.uniform(0, 2 * mean, count) if shape == "uniform" else rng.exponential(mean, count)
    return np.maximum(np.rint(drawn), 1).astype(np.int32)


def happen(p: Population, seed: int, persons: int | None = None) -> History:
    """One history of a population."""
    rng = np.random.default_rng(seed)
    count = persons or p.persons
    days = round(p.years * 365.25)
    names = list(p.sources)
    source = rng.choice(len(names), count, p=np.array([p.sources[n][0] for n in names]) / sum(p.sources[n][0] for n in names))
    verified = rng.random(count) < np.array([p.verified[n] for n in names])[source]
    wrong = rng.random(count) < np.array([p.sources[n][1] for n in names])[source] * np.where(verified, 0.3, 1.0)
    age = rng.exponential(np.array([p.sources[n][2] for n in names])[source])
    begins = -np.minimum(age, BEFORE - 1).astype(np.int64)
    address = np.arange(count)
    sharing = np.flatnonzero(rng.random(count) < p.shared)
    sharing = sharing[sharing > 0]
    sharing = sharing[~np.isin(sharing - 1, sharing)]
    address[sharing] = sharing - 1
    # A household's number is one number: it began with the first of the two, and so did its verification.
    begins[sharing], verified[sharing], source[sharing] = begins[sharing - 1], verified[sharing - 1], source[sharing - 1]
    holders, address = np.unique(address, return_inverse=True)
    # An entry that is wrong for one of two is wrong for that one alone; a life's generation 0 is the number's first holder.
    daily = live(p, begins[holders], np.zeros(len(holders), dtype=np.bool_), days, rng)
    return _messages(p, rng, daily, address, wrong, source, verified, begins, names, days)


def _messages(p, rng, daily, address, wrong, source, verified, begins, names, days):  # noqa: ANN001, ANN202
    count = len(address)
    per_year = rng.uniform(2, 6, count)
    most = int(6 * 1.6 * p.years) + 4
    gaps = 365.25 / per_year[:, None] * rng.uniform(0.5, 1.5, (count, most))
    gaps[:, 0] *= rng.random(count)
    at = np.cumsum(gaps, axis=1).astype(np.int64) + 1
    pair, nth = np.nonzero(at < days)
    day = at[pair, nth]
    now = daily[day, address[pair]]
    phase = now & 3
    mine = (now < 4) & ~wrong[pair]
    reached, own = mine & (phase == ON), mine & (phase != DEAD)
    kinds = rng.choice(len(p.kinds), count, p=[k[0] for k in p.kinds])
    codes, what = _outcomes(p, rng, phase)
    delivered = np.isin(what, [i for i, code in enumerate(codes) if code[1] == "delivered"])
    certifies, delay, answer, answer_delay = _people(p, rng, pair, day, mine & (phase == ON), kinds[pair], delivered)
    starts = tuple(dict.fromkeys(names[s] + ("+verified" if v else "") for s, v in zip(source.tolist(), verified.tolist(), strict=True)))
    start = np.array([starts.index(names[s] + ("+verified" if v else "")) for s, v in zip(source.tolist(), verified.tolist(), strict=True)])
    listed_at = np.zeros(count, dtype=np.int64)
    cert = np.flatnonzero(certifies & (day + delay < days))
    said = np.flatnonzero((answer != NONE) & (day + answer_delay < days))
    none = lambda n: np.full(n, NONE)  # noqa: E731
    seen = Observations(
        np.concatenate([np.arange(count), pair, pair[cert], pair[said]]),
        _seconds(np.concatenate([listed_at, day, (day + delay)[cert], (day + answer_delay)[said]]), [count, len(day), len(cert), len(said)]),
        np.concatenate([none(count), what, none(len(cert)) - 1, NONE - 1 - answer[said]]),
        np.concatenate([start, none(len(day) + len(cert) + len(said))]),
        np.concatenate([np.where(verified, begins + EPOCH_DAY, NONE), none(len(day) + len(cert) + len(said))]),
    )
    record = assemble(seen, address, codes, starts)
    row = np.flatnonzero(record.own & (record.what >= 0))
    order = np.lexsort((day, pair))
    assert len(row) == len(order)
    end = daily[days, address]
    first = daily[0, address]
    begin_mine = np.where(wrong, 2, np.where((first & 3) == DEAD, 1, np.where(first >= 4, 2, 0)))
    begin_mine = np.where((first & 3) == DEAD, 1, begin_mine)
    truly = {}
    for i, key in enumerate(starts):
        state = np.where(wrong[start == i], 2, 0) if key.endswith("+verified") else begin_mine[start == i]
        truly[key] = tuple(float((state == k).mean()) for k in range(3))
    return History(
        record,
        reached[order],
        own[order],
        (phase == DEAD)[order],
        row,
        pair[order],
        day[order] + EPOCH_DAY,
        days + EPOCH_DAY,
        (end < 4) & ((end & 3) == ON) & ~wrong,
        truly,
        kinds,
        {"persons": count, "delivered_strangers": float((delivered & ~own).mean()), "address": address, "seen": seen, "codes": codes, "starts": starts},
    )


def _seconds(day: Ints, parts: list[int]) -> Ints:
    """Noon for messages, later on the same day for what people did."""
    offset = np.repeat([0, 3_600, 7_200, 10_800], parts)
    return (day + EPOCH_DAY) * DAY_S - SHANGHAI_S + 9 * 3_600 + offset


def _outcomes(p: Population, rng: np.random.Generator, phase: NDArray[np.uint8]) -> tuple[tuple[tuple[str, str, str], ...], Ints]:
    codes: list[tuple[str, str, str]] = []
    what = np.empty(len(phase), dtype=np.int64)
    provider = rng.choice(len(p.providers), len(phase), p=[route.share for route in p.providers])
    for i, route in enumerate(p.providers):
        base = len(codes)
        codes += [(f"p{i}", code[0], code[1]) for code in route.codes]
        for kind in (ON, OFF, DEAD):
            rows = np.flatnonzero((provider == i) & (phase == kind))
            weights = np.array([code[2 + kind] for code in route.codes])
            what[rows] = base + rng.choice(len(weights), len(rows), p=weights / weights.sum())
    return tuple(codes), what


def _people(p, rng, pair, day, reached, kind, delivered):  # noqa: ANN001, ANN202
    count = len(pair)
    chance = np.where(reached, np.array([k[1] for k in p.kinds])[kind], p.certified_else)
    certifies = delivered & (rng.random(count) < chance)
    delay = np.minimum(rng.exponential(p.within_days / 3, count), p.within_days).astype(np.int64) + 1
    if p.certified_rest_days:
        last = {}
        for i in np.flatnonzero(certifies).tolist():
            who = int(pair[i])
            if day[i] - last.get(who, -10_000) < p.certified_rest_days:
                certifies[i] = False
            else:
                last[who] = int(day[i])
    rates = np.array([p.replied, p.wrong_person, p.opted_out])  # 3 × (person, stranger)
    mine = np.where(reached, 0, 1)
    edges = np.cumsum(rates[:, mine], axis=0)
    u = rng.random(count)
    answer = np.where(u < edges[0], 1, np.where(u < edges[1], 2, np.where(u < edges[2], 3, NONE)))
    answer = np.where(delivered, answer, NONE)
    return certifies, delay, answer, rng.integers(0, 3, count)


__all__ = ["RESPONSES", "History", "Population", "happen", "populations"]
