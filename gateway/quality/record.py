"""Records of many pairs as columns, and what each observation does to its pair's belief, worked out before anything is known of the beliefs.

Which silence an outcome ends, how many days pass, which row of the tables weighs: none of it depends on probabilities, so it is computed once for
all observations, and the beliefs (`sweep`) and the fit (`fit`) are matrix products over it.
"""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gateway.quality.evidence import FAILURES, RESPONSES, SIGNS_OF_LIFE, Evidence
from gateway.quality.model import CROWDED
from gateway.quality.tables import (
    AGAIN,
    ANSWER_OPEN,
    CERT_OPEN,
    FIRST_CODE,
    OPEN,
    OTHER,
    OWN,
    PASS,
    REST_DAYS,
    RESTED,
    SILENCE_DAYS,
    moved_rows,
)

Ints = NDArray[np.int64]
Small = NDArray[np.int32]
Flags = NDArray[np.bool_]
NONE, NOT_BLOCKED = -1, -2
MOVED = NONE - 1 - len(RESPONSES)
"""Of `Record.what`: another number was listed for the same person."""


class Record(Struct, frozen=True):
    """Observations in order: by pair, then by time. One row an observation."""

    first: Ints
    """Where each pair's rows begin, and one more entry: the end."""
    day: Small
    what: Small
    """Index into `codes` for outcomes, `NONE - 1 - i` for response i, `NONE` for a listing, `MOVED`."""
    own: Flags
    start: Small
    """For a listing, or for that of another number: index into `starts`."""
    verified_day: Small
    """For a listing: the day of verification, which is its day, or `NONE`."""
    codes: tuple[tuple[str, str, str], ...]
    """Outcomes that occur: provider, evidence, vendor code."""
    starts: tuple[str, ...]
    """Sources that occur, as rows of `Model.starts`."""
    asks: Flags | None = None
    """False for outcomes after which nobody is waited for (`Observation.asks`); None: all ask."""

    @property
    def pairs(self) -> int:
        """How many pairs."""
        return len(self.first) - 1

    @property
    def asking(self) -> Flags:
        """Outcomes of messages to this very person, after which an answer is waited for."""
        outcome: Flags = self.own & (self.what >= 0)
        return outcome if self.asks is None else outcome & self.asks


class Steps(Struct, frozen=True):
    """What each row of a record does."""

    first: Ints
    days: Small
    """Days since the belief's day before it."""
    silence: Small
    """Which silence ends with it: waiting × SILENCE_DAYS + days; 0 for none."""
    row: Small
    """Row of the tables that weighs."""
    start: Small
    """For listings: the start, else `NONE`; a first row always has one."""
    block: Small
    """Index into `codes` where the row says something of blocking: i ≥ 0 as that code, `NOT_BLOCKED`, or `NONE`."""
    outcome: Flags
    rested: Flags
    """Somebody certified within `REST_DAYS` before."""
    latest: Flags
    """No later number of the person was listed in the time before it."""
    failed: Small
    """Failures since the last sign of life, with this row."""
    taken: Flags
    """A delivered message to this very person."""
    crowded: Flags
    """The number stands for a crowd: who answers says little of each of them, and is not learned from."""
    heard: Flags
    """Something to judge a number by: an outcome, an answer of the person, a verification."""
    last_day: Small
    """Per pair: the belief's day after all of it."""
    sent_day: Small
    """Per pair: the last message that may still be answered, or `NONE`."""
    waiting: Small
    """Per pair: what of it is open."""
    still: Flags
    """Per pair: as `latest`, of the time after its last row."""
    codes: tuple[tuple[str, str, str], ...]
    starts: tuple[str, ...]
    """As in the record; the last is for pairs that nobody listed."""


def steps_of(record: Record) -> Steps:
    """Works out what each row does. Pairs that begin without a listing get the unknown source's start."""
    m = _marks(record)
    pending = (m.latest != NONE) & m.delivered[m.at]
    attached = m.response & record.own & pending
    repeated = attached & ~m.wrong & np.where(m.certifies, m.certified > 0, (m.answered > 0) | m.crowded[m.at])
    previous = _before(np.where(attached, NONE, np.arange(len(record.day))), m.begins)
    days = np.where(~attached & (previous != NONE), record.day - record.day[np.maximum(previous, 0)], 0)
    waits = np.where(pending, _open(m.certified, m.answered, m.rested[m.at], m.crowded[m.at]), 0)
    waited = np.clip(record.day - record.day[m.at], 0, SILENCE_DAYS - 1)
    checked = m.listed & (record.verified_day != NONE)
    lasts = record.first[1:] - 1
    ends = np.where(attached[lasts], previous[lasts], lasts)
    moved = np.where(record.what == MOVED, np.arange(len(record.day)), NONE)
    told = np.where(checked, np.arange(len(record.day)), NONE)
    sent_day, waiting = _left_open(record, m, lasts)
    return Steps(
        record.first,
        days.astype(np.int32),
        np.where(m.own_outcome & ((waits & OPEN) > 0), waits * SILENCE_DAYS + waited, 0).astype(np.int32),
        _rows(record, m, repeated, attached & m.certifies & m.rested[m.at]),
        _starts(record, m.listed),
        _blocks(record, m, repeated),
        m.outcome,
        m.rested,
        _waits(record, _before(moved, m.begins), _before(told, m.begins), previous),
        _failed(record, m),
        m.own_outcome & m.delivered,
        m.crowded,
        m.outcome | checked | (m.response & record.own),
        record.day[ends],
        sent_day,
        waiting,
        _waits(record, _last(moved, record.first), _last(told, record.first), ends),
        record.codes,
        (*record.starts, "unknown"),
    )


def _waits(record: Record, moved: Ints, checked: Ints, since: Ints) -> Flags:
    """As `pair.waits`: rows of the last other number and the last check before each stretch of time, and the row that it begins with."""
    just_checked = (checked != NONE) & (record.verified_day[np.maximum(checked, 0)] == record.day[np.maximum(since, 0)])
    waits: Flags = (moved == NONE) & ~just_checked
    return waits


def _last(marked: Ints, first: Ints) -> Ints:
    """Per pair the last marked row, or `NONE`."""
    last: Ints = np.maximum.reduceat(marked, first[:-1]) if len(marked) else marked
    return last


class _Marks(Struct, frozen=True):
    """What kind each row is, and what lies before it in its pair."""

    begins: Ints
    listed: Flags
    outcome: Flags
    response: Flags
    said: Ints
    """Index into `RESPONSES`, 0 for others."""
    delivered: Flags
    own_outcome: Flags
    certifies: Flags
    answers: Flags
    wrong: Flags
    latest: Ints
    """The last own outcome before, or `NONE`."""
    at: Ints
    """The same, or 0: to index with."""
    certified: Ints
    """Own certifications since `latest`."""
    answered: Ints
    rested: Flags
    crowded: Flags
    """The number stands for a crowd: whoever holds it answers for themselves, so nobody's answer is waited for."""


def _marks(record: Record) -> _Marks:
    begins = np.repeat(record.first[:-1], np.diff(record.first))
    outcome, response = record.what >= 0, (record.what < NONE) & (record.what != MOVED)
    said = np.where(response, NONE - 1 - record.what, 0)
    delivered = np.isin(record.what, [i for i, code in enumerate(record.codes) if code[1] == Evidence.DELIVERED]) & outcome
    own_outcome = record.asking
    certifies = response & record.own & (said == RESPONSES.index(Evidence.CERTIFIED))
    answers = response & record.own & ~certifies
    latest = _before(np.where(own_outcome, np.arange(len(outcome)), NONE), begins)
    return _Marks(
        begins,
        record.what == NONE,
        outcome,
        response,
        said,
        delivered,
        own_outcome,
        certifies,
        answers,
        said == RESPONSES.index(Evidence.WRONG_PERSON),
        latest,
        np.maximum(latest, 0),
        _since(certifies, latest),
        _since(answers, latest),
        _rested(record.day, certifies, begins),
        _crowded(record, begins),
    )


def _crowded(record: Record, begins: Ints) -> Flags:
    listed = (record.what == NONE) & np.isin(record.start, [i for i, start in enumerate(record.starts) if start == CROWDED])
    crowded: Flags = _before(np.where(listed, np.arange(len(listed)), NONE), begins) != NONE
    return crowded


def _open(certified: Ints, answered: Ints, rested: Flags, crowded: Flags) -> Ints:
    """Bits of `waiting` for a delivered message after which so much came."""
    waits = (certified == 0) * CERT_OPEN + ((answered == 0) & ~crowded) * ANSWER_OPEN + rested * RESTED
    bits: Ints = waits.astype(np.int64)
    return bits


def _rows(record: Record, m: _Marks, repeated: Flags, again: Flags) -> Small:
    row = np.where(m.outcome, FIRST_CODE + record.what, np.where(record.own, OWN, OTHER) + m.said)
    row = np.where(again, AGAIN, row)
    row = np.where(record.what == MOVED, moved_rows(record.starts)[record.start], row)
    return np.where(m.listed | repeated, PASS, row).astype(np.int32)


def _starts(record: Record, listed: Flags) -> Small:
    start = np.where(listed, record.start, NONE)
    begins = record.first[:-1]
    start[begins[start[begins] == NONE]] = len(record.starts)
    return start.astype(np.int32)


def _blocks(record: Record, m: _Marks, repeated: Flags) -> Small:
    blocking = np.array([_blocking(i, code[1]) for i, code in enumerate(record.codes)] or [NONE])
    heard = m.response & record.own & ~repeated
    return np.where(m.outcome, blocking[np.maximum(record.what, 0)], np.where(heard, NOT_BLOCKED, NONE)).astype(np.int32)


def _failed(record: Record, m: _Marks) -> Small:
    words = [Evidence(code[1]) for code in record.codes]
    fails = m.outcome & np.isin(record.what, [i for i, word in enumerate(words) if word in FAILURES])
    lives = m.outcome & np.isin(record.what, [i for i, word in enumerate(words) if word in SIGNS_OF_LIFE])
    total = np.cumsum(fails)
    sign = np.maximum.accumulate(np.where(lives | (m.response & record.own), np.arange(len(total)), NONE))
    before = np.where(sign >= m.begins, total[np.maximum(sign, 0)], total[m.begins] - fails[m.begins])
    return (total - before).astype(np.int32)


def _left_open(record: Record, m: _Marks, lasts: Ints) -> tuple[Small, Small]:
    """Per pair after its last row: the day of the message that may still be answered, and what of it is open."""
    fresh = m.own_outcome[lasts]
    latest = np.where(fresh, lasts, m.latest[lasts])
    at = np.maximum(latest, 0)
    sent = (latest != NONE) & m.delivered[at]
    certified = np.where(fresh, 0, m.certified[lasts] + m.certifies[lasts])
    answered = np.where(fresh, 0, m.answered[lasts] + m.answers[lasts])
    waiting = np.where(sent, _open(certified, answered, m.rested[at], m.crowded[at]), 0)
    return np.where(sent, record.day[at], NONE).astype(np.int32), waiting.astype(np.int32)


def _before(marked: Ints, begins: Ints) -> Ints:
    """For each row the last marked row before it in the same pair, or `NONE`."""
    running = np.concatenate([np.full(1, NONE), np.maximum.accumulate(marked)[:-1]])[: len(marked)]
    return np.where(running >= begins, running, NONE)


def _since(flag: Flags, latest: Ints) -> Ints:
    """For each row how many flagged rows lie after `latest` and before it."""
    total = np.concatenate([[0], np.cumsum(flag)])
    since: Ints = total[:-1] - total[np.maximum(latest, 0)]
    return since


def _rested(day: Small, certifies: Flags, begins: Ints) -> Flags:
    """Whether a certification of the pair lies within `REST_DAYS` before each row."""
    latest = _before(np.where(certifies, np.arange(len(day)), NONE), begins)
    found: Flags = (latest != NONE) & (day - day[np.maximum(latest, 0)] <= REST_DAYS)
    return found


def _blocking(i: int, word: str) -> int:
    if word in {Evidence.RECIPIENT_BLOCKED, Evidence.CARRIER_BLACKLIST}:
        return i
    return NOT_BLOCKED if word in {Evidence.DELIVERED, Evidence.IN_SERVICE} else NONE
