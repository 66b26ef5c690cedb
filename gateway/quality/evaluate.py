"""Histories → a row a pair: state, beliefs, counts. What `tixing quality evaluate` writes."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gateway.quality.days import day_of
from gateway.quality.evidence import RESPONSES, Evidence
from gateway.quality.explain import Seen, because
from gateway.quality.histories import SHANGHAI, Histories
from gateway.quality.model import Model
from gateway.quality.record import MOVED, NONE, Record, steps_of
from gateway.quality.spans import spanned
from gateway.quality.states import STATES, Readings
from gateway.quality.sweep import readings, sweep
from gateway.quality.tables import Tables

HEADER = ("person", "address", "state", "p_reach", "p_alive", "p_mine", "observations", "last_at")


class Evaluated(Struct, frozen=True):
    """The beliefs of all pairs, in the order in which they were first seen."""

    histories: Histories
    record: Record
    now: Readings
    state: NDArray[np.int8]


def evaluate(histories: Histories, record: Record, model: Model) -> Evaluated:
    """The beliefs as of the histories' day."""
    tables = Tables(model)
    now, state = readings(tables, sweep(tables, steps_of(spanned(record, model.spans))), as_of_day(histories))
    return Evaluated(histories, record, now, state)


def as_of_day(histories: Histories) -> int:
    """The day that was asked for, or the last one seen where a clock was ahead."""
    latest = int(histories.counts()[1].max(initial=0))
    return day_of(max(int(histories.as_of.timestamp()), latest))


def rows(found: Evaluated, *, why: bool = False) -> Iterator[tuple[object, ...]]:
    """Rows under `HEADER`, and the sentence behind the state where `why` is asked."""
    counts, last = (column.tolist() for column in found.histories.counts())
    now = found.now
    held = now.p_own + now.p_others
    mine = np.divide(now.p_own, held, out=np.zeros_like(held), where=held > 0)
    columns = (np.round(column, 6).tolist() for column in (now.p_reach, 1 - now.p_dead, mine))
    parts = zip(found.histories.pairs, found.state.tolist(), *columns, counts, last, strict=True)
    for i, ((person, address), state, reach, alive, own, count, at_s) in enumerate(parts):
        at = datetime.fromtimestamp(at_s, SHANGHAI).isoformat()
        row = (person, address, STATES[state].value, reach, alive, own, count, at)
        yield (*row, because(STATES[state], now.one(i), seen_of(found.record, i))) if why else row


def seen_of(record: Record, pair: int) -> list[Seen]:
    """A pair's own evidence, in order."""
    at = np.arange(record.first[pair], record.first[pair + 1])
    at = at[record.own[at]]
    return [Seen(day, word_of(record, what)) for day, what in zip(record.day[at].tolist(), record.what[at].tolist(), strict=True)]


def word_of(record: Record, what: int) -> Evidence:
    """The word behind an entry of `Record.what`."""
    if what == NONE:
        return Evidence.LISTED
    if what == MOVED:
        return Evidence.MOVED
    return Evidence(record.codes[what][1]) if what >= 0 else RESPONSES[NONE - 1 - what]
