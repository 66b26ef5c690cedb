"""Records of many pairs as columns, and what each observation does to its pair's belief, worked out before anything is known of the beliefs.

Which silence an outcome ends, how many days pass, which row of the tables weighs: none of it depends on probabilities, so it is computed once for
all observations, and the beliefs (`sweep`) and the fit (`fit`) are matrix products over it.
"""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gateway.quality.evidence import RESPONSES, Evidence
from gateway.quality.tables import AGAIN, ANSWER_OPEN, CERT_OPEN, FIRST_CODE, OTHER, OWN, PASS, REST_DAYS, RESTED, SILENCE_DAYS

Ints = NDArray[np.int64]
Small = NDArray[np.int32]
Flags = NDArray[np.bool_]
NONE = -1
LISTED, OUTCOME, RESPONSE = 0, 1, 2


class Record(Struct, frozen=True):
    """Observations in order: by pair, then by time. One row an observation."""

    first: Ints
    """Where each pair's rows begin, and one more entry: the end."""
    day: Small
    what: Small
    """Index into `codes` for outcomes, `NONE - 1 - i` for response i, `NONE` for a listing."""
    own: Flags
    start: Small
    """For a listing: index into `starts`."""
    verified_day: Small
    """For a listing: the day of verification, or `NONE`."""
    codes: tuple[tuple[str, str, str], ...]
    """Outcomes that occur: provider, evidence, vendor code."""
    starts: tuple[str, ...]
    """Sources that occur, as rows of `Model.starts`."""

    @property
    def pairs(self) -> int:
        """How many pairs."""
        return len(self.first) - 1


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
    age: Small
    """For listings: days from verification to listing."""
    block: Small
    """Index into `codes` where the row says something of blocking: i ≥ 0 as that code, −2 not blocked, `NONE` nothing."""
    outcome: Flags
    rested: Flags
    """Somebody certified within `REST_DAYS` before."""
    taken: Flags
    """A delivered message to this very person."""
    verified: Flags
    last_day: Small
    """Per pair: the belief's day after all of it."""
    sent_day: Small
    """Per pair: the last message that may still be answered, or `NONE`."""
    waiting: Small
    """Per pair: what of it is open."""
    codes: tuple[tuple[str, str, str], ...]
    starts: tuple[str, ...]
    unknown: int
    """Row of `starts` for pairs that nobody listed."""


def steps_of(record: Record) -> Steps:
    """Works out what each row does. Pairs that begin without a listing get the unknown source's start."""
    begins = record.first[:-1]
    count = len(record.day)
    pair = np.repeat(np.arange(record.pairs), np.diff(record.first))
    index = np.arange(count)
    kind = np.where(record.what == NONE, LISTED, np.where(record.what >= 0, OUTCOME, RESPONSE))
    evidence = [code[1] for code in record.codes]
    delivered = np.isin(record.what, [i for i, word in enumerate(evidence) if word == Evidence.DELIVERED]) & (kind == OUTCOME)
    own_outcome = (kind == OUTCOME) & record.own
    response = np.where(kind == RESPONSE, NONE - 1 - record.what, 0)
    latest = _before(np.where(own_outcome, index, NONE), begins[pair])
    pending = (latest != NONE) & delivered[np.maximum(latest, 0)]
    certifies = (kind == RESPONSE) & record.own & (response == RESPONSES.index(Evidence.CERTIFIED))
    answers = (kind == RESPONSE) & record.own & ~certifies
    certs, said = (_since(flag, latest) for flag in (certifies, answers))
    rested = _rested(record.day, certifies, begins[pair])
    open_bits = np.where(pending, np.where(certs == 0, CERT_OPEN, 0) | np.where(said == 0, ANSWER_OPEN, 0), 0)
    open_bits = np.where((open_bits > 0) & rested[np.maximum(latest, 0)], open_bits | RESTED, open_bits)
    attached = (kind == RESPONSE) & record.own & pending
    wrong = response == RESPONSES.index(Evidence.WRONG_PERSON)
    repeated = attached & ~wrong & np.where(certifies, certs > 0, said > 0)
    moves = ~attached
    previous = _before(np.where(moves, index, NONE), begins[pair])
    days = np.where(moves & (previous != NONE), record.day - record.day[np.maximum(previous, 0)], 0)
    waited = np.clip(record.day - record.day[np.maximum(latest, 0)], 0, SILENCE_DAYS - 1)
    silence = np.where(own_outcome & (open_bits > 0), open_bits * SILENCE_DAYS + waited, 0)
    row = np.where(kind == OUTCOME, FIRST_CODE + record.what, np.where(record.own, OWN, OTHER) + response)
    row = np.where((kind == LISTED) | repeated, PASS, row)
    row = np.where(attached & certifies & ~repeated & rested[np.maximum(latest, 0)], AGAIN, row)
    blocking = np.array([_blocking(i, word) for i, word in enumerate(evidence)] or [NONE], dtype=np.int32)
    block = np.where(kind == OUTCOME, blocking[np.maximum(record.what, 0)], np.where((kind == RESPONSE) & record.own & ~repeated, -2, NONE))
    unknown = len(record.starts)
    start = np.where(kind == LISTED, record.start, NONE)
    bare = start[begins] == NONE
    start[begins[bare]] = unknown
    checked = (kind == LISTED) & (record.verified_day != NONE)
    age = np.where(checked, np.maximum(record.day - record.verified_day, 0), 0)
    lasts = record.first[1:] - 1
    last_outcome = np.where(own_outcome[lasts], lasts, latest[lasts])
    open_after = _open_after(delivered, certifies, answers, lasts, last_outcome, certs, said)
    open_after = np.where((open_after > 0) & rested[np.maximum(last_outcome, 0)], open_after | RESTED, open_after)
    final = np.where(moves[lasts], lasts, previous[lasts])
    return Steps(
        record.first,
        days.astype(np.int32),
        silence.astype(np.int32),
        row.astype(np.int32),
        start.astype(np.int32),
        age.astype(np.int32),
        block.astype(np.int32),
        kind == OUTCOME,
        rested,
        own_outcome & delivered,
        checked,
        record.day[final].astype(np.int32),
        np.where((last_outcome != NONE) & delivered[np.maximum(last_outcome, 0)], record.day[np.maximum(last_outcome, 0)], NONE).astype(
            np.int32
        ),
        open_after.astype(np.int32),
        record.codes,
        (*record.starts, "unknown"),
        unknown,
    )


def _before(marked: Ints, begins: Ints) -> Ints:
    """For each row the last marked row before it in the same pair, or `NONE`."""
    running: Ints = np.concatenate([[NONE], np.maximum.accumulate(marked)[:-1]]) if len(marked) else marked
    found: Ints = np.where(running >= begins, running, NONE)
    return found


def _since(flag: Flags, latest: Ints) -> Ints:
    """For each row how many flagged rows lie after `latest` and before it."""
    total = np.concatenate([[0], np.cumsum(flag)])
    return total[:-1] - total[np.maximum(latest, 0)]


def _rested(day: Small, certifies: Flags, begins: Ints) -> Flags:
    """Whether a certification of the pair lies within `REST_DAYS` before each row."""
    latest = _before(np.where(certifies, np.arange(len(day)), NONE), begins)
    found: Flags = (latest != NONE) & (day - day[np.maximum(latest, 0)] <= REST_DAYS)
    return found


def _open_after(delivered: Flags, certifies: Flags, answers: Flags, lasts: Ints, last_outcome: Ints, certs: Ints, said: Ints) -> Ints:
    """Per pair: what is still waited for after its last row."""
    fresh = last_outcome == lasts
    certified = np.where(fresh, 0, certs[lasts] + certifies[lasts])
    answered = np.where(fresh, 0, said[lasts] + answers[lasts])
    waits = np.where(certified == 0, CERT_OPEN, 0) | np.where(answered == 0, ANSWER_OPEN, 0)
    return np.where((last_outcome != NONE) & delivered[np.maximum(last_outcome, 0)], waits, 0)


def _blocking(i: int, word: str) -> int:
    if word in {Evidence.RECIPIENT_BLOCKED, Evidence.CARRIER_BLACKLIST}:
        return i
    return -2 if word in {Evidence.DELIVERED, Evidence.IN_SERVICE} else NONE
