"""How fast beliefs move: one process, observations in sets; and what 25 million beliefs with eight observations each would take."""

import time

from msgspec import Struct

from bench.quality.population import History
from gateway.quality.evidence import RESPONSES, Evidence, Observation
from gateway.quality.pair import UNKNOWN, observe
from gateway.quality.record import NONE, Steps, steps_of
from gateway.quality.sweep import readings, sweep
from gateway.quality.tables import Tables

ALL = 25_000_000 * 8
SINGLY = 20_000


class Speed(Struct, frozen=True):
    """Microseconds an observation, and minutes for all of them on one core."""

    bulk_us: float
    singly_us: float
    all_minutes_one_core: float


def speed(tables: Tables, history: History) -> Speed:
    """Measured on one history: ordering of columns excluded, everything from a record to states included."""
    began = time.perf_counter()
    steps: Steps = steps_of(history.record)
    readings(tables, sweep(tables, steps), history.end_day)
    bulk = (time.perf_counter() - began) / len(history.record.day)
    return Speed(bulk * 1e6, _singly(tables, history), bulk * ALL / 60)


def _singly(tables: Tables, history: History) -> float:
    record = history.record
    began, done = time.perf_counter(), 0
    for pair in range(record.pairs):
        belief = UNKNOWN
        for row in range(int(record.first[pair]), int(record.first[pair + 1])):
            belief = observe(tables, belief, observation(history, row))
            done += 1
        if done > SINGLY:
            break
    return (time.perf_counter() - began) / max(done, 1) * 1e6


def observation(history: History, row: int) -> Observation:
    """One row of a record as the scalar path reads it."""
    record = history.record
    day, what, own = int(record.day[row]), int(record.what[row]), bool(record.own[row])
    if what == NONE:
        source, _, verified = record.starts[int(record.start[row])].partition("+")
        return Observation(day, Evidence.LISTED, source=source, verified_day=int(record.verified_day[row]) if verified else None, own=own)
    if what < 0:
        return Observation(day, RESPONSES[NONE - 1 - what], own=own)
    provider, word, vendor_code = record.codes[what]
    return Observation(day, Evidence(word), provider, vendor_code, own=own)
