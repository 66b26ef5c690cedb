"""One more observation for each of many pairs: `pair.observe` for a set, as a worker that takes evidence in chunks wants it.

The set is one product of matrices; what is left are a few microseconds a pair for taking the values apart and putting them together. Listings, which
are rare, go one by one.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gateway.quality.chain import Array
from gateway.quality.evidence import OUTCOMES, RESPONSES, Evidence, Observation
from gateway.quality.pair import (
    NEVER,
    OutOfOrder,
    PairBelief,
    absences,
    answered,
    block,
    deliveries,
    failures,
    late,
    observe,
    said_by,
    waits,
)
from gateway.quality.states import STATES, judge_all
from gateway.quality.sweep import moved, read_all
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
    Tables,
)

Ints = NDArray[np.int64]
PLACE = {state: place for place, state in enumerate(STATES)}
OUTCOME = frozenset(OUTCOMES)
SAID = {word: place for place, word in enumerate(RESPONSES)}


def fold(tables: Tables, pairs: Sequence[tuple[PairBelief, Observation]]) -> list[PairBelief]:
    """The belief of each pair after its observation. Raises `OutOfOrder` where one of them came too late: then none is taken."""
    after = [observe(tables, *pair) if _alone(*pair) else None for pair in pairs]
    rest = [pair for pair, done in zip(pairs, after, strict=True) if done is None]
    together = iter(_together(tables, [belief for belief, _ in rest], [seen for _, seen in rest]) if rest else ())
    return [done or next(together) for done in after]


def _alone(belief: PairBelief, seen: Observation) -> bool:
    if not belief.weights or seen.evidence is Evidence.LISTED:
        return True
    if late(belief, seen):
        raise OutOfOrder(belief, seen)
    return seen.evidence is Evidence.MOVED


def _together(tables: Tables, beliefs: list[PairBelief], seen: list[Observation]) -> list[PairBelief]:
    size = tables.layout.size
    vectors = np.frombuffer(b"".join(belief.weights for belief in beliefs)).reshape(-1, size)
    sent, waiting, certified = (
        np.array(column) for column in zip(*((b.sent_day, b.waiting, b.certified_day) for b in beliefs), strict=True)
    )
    day = np.array([one.day for one in seen])
    own = np.array([one.own for one in seen])
    outcome = np.array([one.evidence in OUTCOME for one in seen])
    asking = outcome & np.array([one.own and one.asks for one in seen])
    certifies = np.array([one.evidence is Evidence.CERTIFIED for one in seen]) & own
    wrong = np.array([one.evidence is Evidence.WRONG_PERSON for one in seen])
    rested = (certified != NEVER) & (day - certified <= REST_DAYS)
    attached = ~outcome & own & (sent != NEVER)
    closes = np.where(certifies, CERT_OPEN, ANSWER_OPEN)
    repeated = attached & ~wrong & ((waiting & closes) == 0)
    silent = asking & (sent != NEVER) & ((waiting & OPEN) > 0)
    silence = np.where(silent, waiting * SILENCE_DAYS + np.clip(day - sent, 0, SILENCE_DAYS - 1), 0)
    then = np.array([belief.day for belief in beliefs])
    passed = np.where(attached, 0, day - then)
    vectors = moved(
        tables,
        vectors * tables.silences.reshape(-1, size)[silence],
        passed.astype(np.int32),
        np.array([waits(belief) for belief in beliefs]),
    )
    vectors = vectors * _weights(tables, beliefs, seen, repeated, certifies & ((waiting & RESTED) > 0))
    vectors = vectors / vectors.sum(axis=1, keepdims=True)
    taken = np.array([one.evidence is Evidence.DELIVERED for one in seen]) & asking
    sent = np.where(taken, day, np.where(asking, NEVER, sent))
    crowded = np.array([belief.crowded for belief in beliefs])
    fresh = np.where(taken, np.where(crowded, CERT_OPEN, OPEN) | np.where(rested, RESTED, 0), 0)
    waiting = np.where(asking, fresh, np.where(attached, waiting & ~closes, waiting))
    certified = np.where(certifies, day, certified)
    then = np.where(attached, then, day)
    return _put(tables, beliefs, seen, vectors, (then, sent, waiting, certified), repeated)


def _weights(
    tables: Tables, beliefs: list[PairBelief], seen: list[Observation], repeated: NDArray[np.bool_], again: NDArray[np.bool_]
) -> Array:
    codes: dict[tuple[str, str, str], int] = {}
    row = [
        FIRST_CODE + codes.setdefault((said_by(tables.model, belief, one), one.evidence, one.vendor_code), len(codes))
        if one.evidence in OUTCOME
        else (OWN if one.own else OTHER) + SAID[one.evidence]
        for belief, one in zip(beliefs, seen, strict=True)
    ]
    chosen: Array = tables.rows(tuple(codes))[np.where(repeated, PASS, np.where(again, AGAIN, row))]
    return chosen


def _put(
    tables: Tables, beliefs: list[PairBelief], seen: list[Observation], vectors: Array, days: tuple[Ints, ...], repeated: NDArray[np.bool_]
) -> list[PairBelief]:
    parts = zip(beliefs, seen, repeated.tolist(), strict=True)
    blocked = np.array([_blocked(tables, belief, one, again) for belief, one, again in parts])
    heard = np.array([belief.heard or one.evidence in OUTCOME or answered(one) for belief, one in zip(beliefs, seen, strict=True)])
    failed = [failures(belief, one) for belief, one in zip(beliefs, seen, strict=True)]
    before = np.array([PLACE[belief.state] for belief in beliefs], dtype=np.int8)
    state = judge_all(read_all(tables, vectors, blocked), before, heard, np.array(failed)).tolist()
    raw, width = vectors.tobytes(), vectors.itemsize * vectors.shape[1]
    columns = zip(*(column.tolist() for column in days), blocked.tolist(), failed, heard.tolist(), state, strict=True)
    return [
        PairBelief(
            raw[i * width : (i + 1) * width],
            day,
            seen[i].day,
            seen[i].second,
            sent_day,
            waiting,
            certified_day,
            block,
            beliefs[i].observations + 1,
            fails,
            beliefs[i].checked_day,
            absences(beliefs[i], seen[i]) if seen[i].evidence in OUTCOME else beliefs[i].absent_by,
            deliveries(beliefs[i], seen[i]) if seen[i].evidence in OUTCOME else beliefs[i].delivered_by,
            hears,
            beliefs[i].crowded,
            beliefs[i].moved,
            STATES[place],
        )
        for i, (day, sent_day, waiting, certified_day, block, fails, hears, place) in enumerate(columns)
    ]


def _blocked(tables: Tables, belief: PairBelief, seen: Observation, repeated: bool) -> float:  # noqa: FBT001 - a column's value
    answers = seen.evidence in SAID and seen.own and not repeated
    return 0.0 if answers else block(tables, belief, seen)
