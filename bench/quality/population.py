"""Populations with known truth: numbers live, go off, die, are sold again; messages go out; vendors and people answer."""

import tomllib
from functools import cache
from pathlib import Path

import numpy as np
from msgspec import Struct, convert
from numpy.typing import NDArray

from bench.quality.listed_again import Again, listed_again
from bench.quality.lives import BRIEF, DEAD, OFF, ON, live
from bench.quality.routes import Route, lied
from gateway.quality.assemble import Observations, assemble
from gateway.quality.days import DAY_S, SHANGHAI_S
from gateway.quality.model import Three
from gateway.quality.record import NONE, Flags, Ints, Record

FILE = Path(__file__).with_name("populations.toml")
BEFORE = 1461
"""Days before the first message in which numbers that were verified or listed long ago lived on unseen."""
EPOCH_DAY = 18_628
"""2021-01-01: day 0 of a population."""
VERIFIED_WRONG = 0.3
"""Wrong entries among verified numbers, of those among the others."""


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
    brief: float = 0.0
    """Off periods of days, a year, beside the long ones."""
    brief_days: float = 7.0
    gaps: str = "even"
    """Messages to a person come "even", hardly ever within a month of one another, or "random"."""
    off_shape: str = "exponential"
    sale_shape: str = "exponential"
    certified_rest_days: int = 0
    again: dict[str, tuple[float, float]] = {}
    """Source, `+verified` where it says that it checked → how often a year it lists a person's number again, and how often it has checked it."""
    apart: bool = True
    """Every provider tells absent from off, and none lies."""
    years: float = 5.0


class Source(Struct, frozen=True):
    """What a record was made of, for whoever writes it out as lines."""

    address: Ints
    seen: Observations
    codes: tuple[tuple[str, str, str], ...]
    starts: tuple[str, ...]


class Messages(Struct):
    """Messages in order of pair and day, what came of each, and what was true."""

    pair: Ints
    day: Ints
    phase: NDArray[np.uint8]
    mine: Flags
    what: Ints
    certified_on: Ints
    """Day on which the person certifies after it, if it is sent and they are not too newly certified, or `NONE`."""
    answer: Ints
    answered_on: Ints


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
    begins: dict[str, Three]
    """Per start: true shares of mine, dead, a stranger's."""
    source: Source
    messages: Messages


@cache
def populations() -> dict[str, Population]:
    """All of the file, by name."""
    return {name: convert(made, Population, strict=False) for name, made in tomllib.loads(FILE.read_text()).items()}


class People(Struct):
    """Who is listed with which number, by whom, and whether rightly."""

    address: Ints
    source: Ints
    verified: Flags
    wrong: Flags
    begins: Ints
    """Day on which somebody knew that the number was its holder's."""
    kinds: Ints

    def starts(self, names: list[str], again: Again) -> tuple[tuple[str, ...], Ints]:
        """Rows of `Model.starts`, and that of each person, then of each other listing."""
        source, verified = np.append(self.source, self.source[again.pair]), np.append(self.verified, again.verified)
        keys = [names[s] + ("+verified" if v else "") for s, v in zip(source.tolist(), verified.tolist(), strict=True)]
        starts = tuple(dict.fromkeys(keys))
        return starts, np.array([starts.index(key) for key in keys])


def happen(p: Population, seed: int, persons: int | None = None) -> History:
    """One history of a population."""
    rng = np.random.default_rng(seed)
    days = round(p.years * 365.25)
    people = _people(p, rng, persons or p.persons)
    # A life's generation 0 is the number's first holder; an entry that is wrong for one of two who share it is wrong for that one alone.
    first_of = np.unique(people.address, return_index=True)[1]
    daily = live(p, people.begins[first_of], np.zeros(len(first_of), dtype=np.bool_), days, rng)
    codes, messages = _messages(p, rng, daily, people, days)
    begun = daily[:, people.address]
    at_hand = (begun < OFF) & ~people.wrong  # generation 0, in service
    return _history(p, daily, people, codes, messages, listed_again(p, rng, at_hand, people.source))


def _people(p: Population, rng: np.random.Generator, count: int) -> People:
    share, wrong, age = np.array(list(p.sources.values())).T
    source = rng.choice(len(share), count, p=share / share.sum())
    verified = rng.random(count) < np.array([p.verified[name] for name in p.sources])[source]
    is_wrong = rng.random(count) < wrong[source] * np.where(verified, VERIFIED_WRONG, 1.0)
    begins = -np.minimum(rng.exponential(age[source]), BEFORE - 1).astype(np.int64)
    kinds = rng.choice(len(p.kinds), count, p=[kind[0] for kind in p.kinds])
    address = np.arange(count)
    second = np.flatnonzero(rng.random(count) < p.shared)
    second = second[(second > 0) & ~np.isin(second - 1, second)]
    address[second] = second - 1  # a household's number is one number, and was verified once
    for column in (begins, verified, source):
        column[second] = column[second - 1]
    return People(np.unique(address, return_inverse=True)[1], source, verified, is_wrong, begins, kinds)


def _messages(
    p: Population, rng: np.random.Generator, daily: NDArray[np.uint8], people: People, days: int
) -> tuple[tuple[tuple[str, str, str], ...], Messages]:
    count = len(people.address)
    size = (count, int(10 * p.years) + 4)
    mean = 365.25 / rng.uniform(2, 6, count)[:, None]
    gaps = mean * (rng.uniform(0.5, 1.5, size) if p.gaps == "even" else rng.exponential(1.0, size))
    gaps[:, 0] *= rng.random(count)
    at = np.cumsum(gaps, axis=1).astype(np.int64) + 1
    pair, nth = np.nonzero(at < days)
    day = at[pair, nth]
    now = daily[day, people.address[pair]]
    phase: NDArray[np.uint8] = (now & 3).astype(np.uint8)
    mine = (now < 4) & ~people.wrong[pair]
    codes, what = _outcomes(p, rng, phase, day)
    taken = np.isin(what, [i for i, code in enumerate(codes) if code[1] == "delivered"])
    reached = mine & (phase == ON)
    certified_on = _certified(p, rng, pair, day, reached, people.kinds[pair], taken)
    answer = _answers(p, rng, reached, taken)
    return codes, Messages(pair, day, phase, mine, what, certified_on, answer, day + rng.integers(0, 3, len(day)))


def _history(
    p: Population, daily: NDArray[np.uint8], people: People, codes: tuple[tuple[str, str, str], ...], m: Messages, again: Again
) -> History:
    count, days = len(people.address), len(daily) - 1
    starts, start = people.starts(list(p.sources), again)
    cert = np.flatnonzero(_rested(p, m) & (m.certified_on < days))
    said = np.flatnonzero((m.answer != NONE) & (m.answered_on < days))
    parts = [count, len(again.day), len(m.day), len(cert), len(said)]
    nothing = np.full(sum(parts[2:]), NONE)
    seen = Observations(
        np.concatenate([np.arange(count), again.pair, m.pair, m.pair[cert], m.pair[said]]),
        _seconds(np.concatenate([np.zeros(count, dtype=np.int64), again.day, m.day, m.certified_on[cert], m.answered_on[said]]), parts),
        np.concatenate([np.full(sum(parts[:2]), NONE), m.what, np.full(len(cert), NONE - 1), NONE - 1 - m.answer[said]]),
        np.concatenate([start, nothing]),
        np.concatenate([np.where(people.verified, people.begins, NONE - EPOCH_DAY) + EPOCH_DAY, _checked(again), nothing]),
    )
    record = assemble(seen, people.address, codes, starts)
    end = daily[days, people.address]
    return History(
        record,
        m.mine & (m.phase == ON),
        m.mine & (m.phase != DEAD),
        m.phase == DEAD,
        np.flatnonzero(record.own & (record.what >= 0)),
        m.pair,
        m.day + EPOCH_DAY,
        days + EPOCH_DAY,
        (end < 4) & ((end & 3) == ON) & ~people.wrong,
        _begins(daily[0, people.address], people, starts, start[:count]),
        Source(people.address, seen, codes, starts),
        m,
    )


def _checked(again: Again) -> Ints:
    return np.where(again.verified, again.day + EPOCH_DAY, NONE)


def _begins(first: NDArray[np.uint8], people: People, starts: tuple[str, ...], start: Ints) -> dict[str, Three]:
    """True shares of mine, dead and a stranger's: on the day of verification where there was one, else on the first day."""
    truly = {}
    for i, key in enumerate(starts):
        here = start == i
        if not here.any():
            continue
        dead = np.zeros(int(here.sum()), dtype=np.bool_) if key.endswith("+verified") else (first[here] & 3) == DEAD
        others = ~dead & (people.wrong[here] | (False if key.endswith("+verified") else first[here] >= 4))
        truly[key] = (float((~dead & ~others).mean()), float(dead.mean()), float(others.mean()))
    return truly


def _seconds(day: Ints, parts: list[int]) -> Ints:
    """Noon for messages, later on the same day for what people did."""
    offset = np.repeat([0, 0, 3_600, 7_200, 10_800], parts)
    at: Ints = (day + EPOCH_DAY) * DAY_S - SHANGHAI_S + 9 * 3_600 + offset
    return at


def _outcomes(
    p: Population, rng: np.random.Generator, phase: NDArray[np.uint8], day: Ints
) -> tuple[tuple[tuple[str, str, str], ...], Ints]:
    codes: list[tuple[str, str, str]] = []
    what = np.empty(len(phase), dtype=np.int64)
    provider = rng.choice(len(p.providers), len(phase), p=[route.share for route in p.providers])
    for i, route in enumerate(p.providers):
        base = len(codes)
        codes += [(f"p{i}", code[0], code[1]) for code in route.codes]
        for kind in (ON, OFF, DEAD, BRIEF):
            rows = np.flatnonzero((provider == i) & (phase == kind))
            weights = route.weights(kind)
            what[rows] = base + rng.choice(len(weights), len(rows), p=weights / weights.sum())
        if route.lies:
            what[lied(route, rng, day, (provider == i) & (phase == ON))] = base + route.absent
    return tuple(codes), what


def _certified(p: Population, rng: np.random.Generator, pair: Ints, day: Ints, reached: Flags, kind: Ints, taken: Flags) -> Ints:
    """Day on which the person certifies after each message, or `NONE`."""
    chance = np.where(reached, np.array([k[1] for k in p.kinds])[kind], p.certified_else)
    certifies = taken & (rng.random(len(pair)) < chance)
    delay = np.minimum(rng.exponential(p.within_days / 3, len(pair)), p.within_days).astype(np.int64) + 1
    return np.where(certifies, day + delay, NONE)


def _rested(p: Population, m: Messages) -> Flags:
    """Messages that are certified after, all being sent: nobody does within `certified_rest_days` of a notice that they certified after."""
    certifies: Flags = m.certified_on != NONE
    last: dict[int, int] = {}
    for i in np.flatnonzero(certifies).tolist() if p.certified_rest_days else ():
        certifies[i] = m.day[i] - last.get(int(m.pair[i]), -p.certified_rest_days) >= p.certified_rest_days
        if certifies[i]:
            last[int(m.pair[i])] = int(m.day[i])
    return certifies


def _answers(p: Population, rng: np.random.Generator, reached: Flags, taken: Flags) -> Ints:
    """Index into `RESPONSES` of what somebody answers to each message, or `NONE`."""
    edges = np.cumsum(np.array([p.replied, p.wrong_person, p.opted_out])[:, np.where(reached, 0, 1)], axis=0)
    u = rng.random(len(reached))
    answer = np.select([u < edge for edge in edges], [1, 2, 3], NONE)
    return np.where(taken, answer, NONE)
