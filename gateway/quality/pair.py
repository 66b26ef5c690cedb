"""The belief about one pair of person and number: evidence in, belief out, O(1) each. Pure: days come in as arguments.

A belief is the chain's state probabilities on the day of its last evidence, and what is still waited for after the last delivered message. Replies and
certifications bear on who held the number when that message came, so they weigh on the belief as it stands; that nobody answered weighs when the next
message's outcome, or a question, tells how long nobody has.
"""

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gateway.quality.chain import Array
from gateway.quality.evidence import BLOCKS, FAILURES, OUTCOMES, RESPONSES, SIGNS_OF_LIFE, Evidence, Observation, reached, repeating
from gateway.quality.model import CROWDED, Model
from gateway.quality.states import Reading, State, judge
from gateway.quality.tables import ANSWER_OPEN, CERT_OPEN, OPEN, REST_DAYS, RESTED, SILENCE_DAYS, Tables, checked

NEVER = -1
LAST_SECOND = 86_399
HEARD = (Evidence.DELIVERED, Evidence.IN_SERVICE)


class PairBelief(Struct, frozen=True):
    """What is kept of one pair: twelve or sixteen numbers, a few days and counts."""

    weights: bytes = b""
    """State probabilities as float64, in the order of `chain.Layout`; empty: nothing is known."""
    day: int = 0
    """Day of the last evidence that moved the belief in time."""
    seen_day: int = NEVER
    seen_second: int = 0
    """When the last evidence was, moved or not."""
    sent_day: int = NEVER
    """Day of the last message to this person that the phone took and that may still be answered."""
    waiting: int = 0
    """What has not come after it: bits CERT_OPEN and ANSWER_OPEN, and RESTED."""
    certified_day: int = NEVER
    """Day of the last certification after a notice to this number."""
    blocked: float = 0.0
    """Probability that whoever holds the number blocks us."""
    observations: int = 0
    failed: int = 0
    """Failures since the last sign of life."""
    checked_day: int | None = None
    """Day of the last verification."""
    absent_by: frozenset[str] = frozenset()
    """Providers whose last word was that the number is absent."""
    delivered_by: frozenset[str] = frozenset()
    """Providers that ever delivered to the number."""
    heard: bool = False
    """There is something to judge it by: what came of a message, an answer of the person, or somebody's verification."""
    crowded: bool = False
    """The number stands for a crowd: whoever holds it answers for themselves."""
    moved: bool = False
    """Another number of the person was listed since."""
    state: State = State.UNVERIFIED


UNKNOWN = PairBelief()


class OutOfOrder(ValueError):
    """An observation is older than what the belief has seen: recompute the belief from the record."""

    def __init__(self, belief: PairBelief, seen: Observation) -> None:
        super().__init__(f"day {seen.day} ({seen.second} s) comes after day {belief.seen_day} ({belief.seen_second} s)")


def observe(tables: Tables, belief: PairBelief, seen: Observation) -> PairBelief:
    """The belief after one more observation. Raises `OutOfOrder`; observations of one second go in the order of `RANK`."""
    seen = placed(seen)
    if seen.verified_day is not None and seen.verified_day == belief.checked_day:
        return belief  # the same check, told again
    if not belief.weights and seen.evidence is not Evidence.LISTED:
        belief = _listed(tables, belief, Observation(seen.day, Evidence.LISTED))
        belief = replace(belief, observations=0)
    if late(belief, seen):
        raise OutOfOrder(belief, seen)
    if seen.evidence is Evidence.LISTED:
        after = _listed(tables, belief, seen)
    elif seen.evidence is Evidence.MOVED:
        after = _moved(tables, belief, seen)
    elif seen.evidence in OUTCOMES:
        after = _outcome(tables, belief, seen)
    else:
        after = _response(tables, belief, seen)
    count, failed, heard = after.observations + 1, failures(belief, seen), after.heard or answered(seen)
    after = replace(after, observations=count, failed=failed, heard=heard, seen_day=seen.day, seen_second=seen.second)
    now = read(tables, vector_of(after), after.blocked)
    return replace(after, state=judge(now, after.state, heard=after.heard, failed=after.failed))


def placed(seen: Observation) -> Observation:
    """When an observation counts: a verified listing at the end of its day of verification, if it came later.

    What failed since then says what it would have said had we known of the check at once; what failed before it did so before somebody checked.
    """
    if seen.verified_day is None or seen.verified_day >= seen.day:
        return seen
    return replace(seen, day=seen.verified_day, second=LAST_SECOND)


def late(belief: PairBelief, seen: Observation) -> bool:
    """Whether an observation is older than what the belief has seen."""
    return bool(belief.weights) and (seen.day, seen.second) < (belief.seen_day, belief.seen_second)


def answered(seen: Observation) -> bool:
    """Whether it is something that the person did."""
    return seen.own and seen.evidence in RESPONSES


def said_by(model: Model, before: PairBelief, seen: Observation) -> str:
    """Under whose name an outcome weighs."""
    name = model.called(seen.provider, seen.day) if model.spans else seen.provider
    if seen.provider in before.absent_by:
        return repeating(name)
    return reached(name) if seen.provider in before.delivered_by else name


def absences(before: PairBelief, seen: Observation) -> frozenset[str]:
    """`absent_by` after an outcome."""
    return before.absent_by | {seen.provider} if seen.evidence is Evidence.NUMBER_ABSENT else before.absent_by - {seen.provider}


def deliveries(before: PairBelief, seen: Observation) -> frozenset[str]:
    """`delivered_by` after an outcome."""
    return before.delivered_by | {seen.provider} if seen.evidence is Evidence.DELIVERED else before.delivered_by


def failures(before: PairBelief, seen: Observation) -> int:
    """Failures since the last sign of life; what another person answered is not followed."""
    if seen.evidence in SIGNS_OF_LIFE and (seen.own or seen.evidence in OUTCOMES):
        return 0
    return before.failed + (seen.evidence in FAILURES)


def vector_of(belief: PairBelief) -> Array:
    """State probabilities, read-only."""
    return np.frombuffer(belief.weights)


def reading(tables: Tables, belief: PairBelief, day: int) -> Reading:
    """The belief on a day not before its last evidence, for people and plans to read."""
    vector = vector_of(belief) if belief.weights else tables.start("unknown", verified=False)
    if belief.weights:
        vector = _passed(tables, belief, _silent(tables, belief, vector, day), max(day, belief.day))
    return read(tables, vector, belief.blocked)


def read(tables: Tables, vector: Array, blocked: float) -> Reading:
    """State probabilities → beliefs."""
    v, layout = vector / vector.sum(), tables.layout
    own, dead, others = (float(v[part].sum()) for part in (layout.own, layout.dead, layout.others))
    return Reading(float(v[layout.on].sum()) * (1 - blocked), own, dead, others, blocked)


def _listed(tables: Tables, belief: PairBelief, seen: Observation) -> PairBelief:
    belief = replace(belief, crowded=belief.crowded or seen.source == CROWDED)
    verified = seen.verified_day is not None
    fresh = tables.start(seen.source, verified=verified)
    checked_day = seen.verified_day if verified else belief.checked_day
    if not belief.weights:
        return replace(belief, weights=fresh.tobytes(), day=seen.day, heard=verified, checked_day=checked_day)
    old = _passed(tables, belief, vector_of(belief), seen.day)
    old = old / old.sum()
    new = checked(tables.layout, old, fresh)
    own = tables.layout.own
    renews = tables.renews(seen.source, verified=verified) if new[own].sum() > old[own].sum() else 0.0
    mixed = (1 - renews) * old + renews * new
    return replace(belief, weights=_normal(mixed), day=seen.day, heard=belief.heard or verified, checked_day=checked_day)


def _moved(tables: Tables, belief: PairBelief, seen: Observation) -> PairBelief:
    vector = _passed(tables, belief, vector_of(belief), seen.day) * tables.moved(seen.source)
    return replace(belief, weights=_normal(vector), day=seen.day, moved=True)


def _outcome(tables: Tables, belief: PairBelief, seen: Observation) -> PairBelief:
    vector = vector_of(belief)
    if seen.own and seen.asks:
        vector = _silent(tables, belief, vector, seen.day)
    said = said_by(tables.model, belief, seen)
    vector = _passed(tables, belief, vector, seen.day) * tables.code(said, seen.evidence, seen.vendor_code)
    blocked, absent_by, delivered_by = block(tables, belief, seen), absences(belief, seen), deliveries(belief, seen)
    after = replace(
        belief, weights=_normal(vector), day=seen.day, heard=True, blocked=blocked, absent_by=absent_by, delivered_by=delivered_by
    )
    if not (seen.own and seen.asks):
        return after
    taken = seen.evidence is Evidence.DELIVERED
    rested = belief.certified_day != NEVER and seen.day - belief.certified_day <= REST_DAYS
    waiting = (CERT_OPEN if belief.crowded else OPEN) | (RESTED if rested else 0)
    return replace(after, sent_day=seen.day if taken else NEVER, waiting=waiting if taken else 0)


def _response(tables: Tables, belief: PairBelief, seen: Observation) -> PairBelief:
    certifies = seen.own and seen.evidence is Evidence.CERTIFIED
    certified_day = seen.day if certifies else belief.certified_day
    row = tables.response(seen.evidence, own=seen.own, again=certifies and bool(belief.waiting & RESTED))
    blocked = 0.0 if seen.own else belief.blocked
    vector = vector_of(belief)
    if not seen.own or belief.sent_day == NEVER:
        vector = _passed(tables, belief, vector, seen.day) * row
        return replace(belief, weights=_normal(vector), day=seen.day, blocked=blocked, certified_day=certified_day)
    closes = CERT_OPEN if seen.evidence is Evidence.CERTIFIED else ANSWER_OPEN
    if seen.evidence is not Evidence.WRONG_PERSON and not belief.waiting & closes:
        return replace(belief, certified_day=certified_day)  # the same said twice of one message
    return replace(belief, weights=_normal(vector * row), waiting=belief.waiting & ~closes, blocked=blocked, certified_day=certified_day)


def waits(belief: PairBelief) -> bool:
    """Whether it says something that no other number was listed from here on: not once one was, and not between a check and whatever came next,
    for the check may have been told long after it.
    """
    return not belief.moved and belief.day != belief.checked_day


def _passed(tables: Tables, belief: PairBelief, vector: Array, day: int) -> Array:
    """The belief on that day."""
    return tables.move(vector, day - belief.day, latest=waits(belief))


def _silent(tables: Tables, belief: PairBelief, vector: Array, day: int) -> Array:
    """The belief once it is known that nothing more came until that day."""
    if belief.sent_day == NEVER or not belief.waiting & OPEN:
        return vector
    silent: Array = vector * tables.silences[belief.waiting, min(max(day - belief.sent_day, 0), SILENCE_DAYS - 1)]
    return silent


def block(tables: Tables, belief: PairBelief, seen: Observation) -> float:
    """`blocked` after an outcome; as it was after anything else."""
    if seen.evidence in BLOCKS:
        return tables.model.blocks(seen.evidence, again=belief.blocked > 0)
    return 0.0 if seen.evidence in HEARD else belief.blocked


def _normal(vector: Array) -> bytes:
    normal: Array = vector / vector.sum()
    return normal.tobytes()
