"""Who decides in a closed loop: the baselines, and the beliefs with the product's rules."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bench.quality.baselines import FAILURES, IN_A_ROW, PERMANENT
from bench.quality.course import BELOW, DEAD, DENIED, USED, WRONG_PERSON, Heard
from bench.quality.population import EPOCH_DAY, History
from gateway.pipeline.fitting import WORSE, fitted
from gateway.quality import states
from gateway.quality.assemble import Observations, assemble
from gateway.quality.evidence import RESPONSES, Evidence, Observation
from gateway.quality.fold import fold
from gateway.quality.model import Model
from gateway.quality.pair import UNKNOWN, PairBelief, reading, waits
from gateway.quality.record import NONE, Flags, Ints, Record
from gateway.quality.states import STATES
from gateway.quality.sweep import Beliefs, readings
from gateway.quality.tables import Tables

YEAR = 365
PLACE = {state: place for place, state in enumerate(STATES)}
STOPS = NONE - 1 - RESPONSES.index(Evidence.WRONG_PERSON)
"""In `Observations.what`: "not me"."""


class Counting:
    """Drops a number as one person's contact after so many failures of some kinds in a row, for good; never, with `most` 0.

    Nothing is sent to it after that, so nothing can take it back.
    """

    def __init__(self, history: History, words: frozenset[str], most: int) -> None:
        self._fails = np.array([word in words for _, word, _ in history.source.codes])
        self._most = most
        self._failed = np.zeros(len(history.end_reach), dtype=np.int64)
        self._dropped = np.zeros(len(history.end_reach), dtype=np.bool_)

    def begin(self, day: int) -> None:
        """Nothing to do."""

    def decide(self, _day: int, pair: Ints) -> tuple[Flags, NDArray[np.int8]]:
        """Sends to all that were not dropped."""
        dropped = self._dropped[pair]
        return ~dropped, np.where(dropped, DEAD, USED).astype(np.int8)

    def hear(self, heard: Heard) -> None:
        """Counts."""
        pair, outcome = heard.pair, heard.what >= 0
        failed = self._fails[np.maximum(heard.what, 0)]
        self._failed[pair[outcome]] = np.where(failed, self._failed[pair] + 1, 0)[outcome]
        if self._most:
            self._dropped[pair] |= self._failed[pair] >= self._most


def everything(history: History) -> Counting:
    """Nothing is dropped."""
    return Counting(history, frozenset(), 0)


def one_permanent(history: History) -> Counting:
    """Dropped after one permanent failure."""
    return Counting(history, PERMANENT, 1)


def three_failures(history: History) -> Counting:
    """Dropped after three failures in a row."""
    return Counting(history, FAILURES, IN_A_ROW)


class Rules(Struct, frozen=True):
    """What is done with beliefs. The defaults are the product's, for somebody who has this one number."""

    worth_from: float = 0.0
    """Nothing is sent below this p_reach. 0: there is no other way to the person, so it is."""
    probe_after_days: int = 180
    """A dead number is tried again so long after the last word about it."""
    probe_below_after_days: int = 0
    """The same for one that is below `worth_from`; 0: never."""
    probe_strangers: bool = False
    """A number that is believed to be a stranger's is probed as a dead one is. The product never does: the text would go to them."""
    probe_from: float = 0.0
    """Nothing is probed below this p_reach."""
    denied_below: float = states.DENIAL_HOLDS_BELOW
    """Nothing more goes to a number where somebody answered "not me", if the chance that it lives and is the person's is then at most this; 0: never so."""
    learns: tuple[int, ...] = ()
    """Days, counted from the first, on which the model is learned anew from what was seen."""


class Believing:
    """Beliefs, folded from what was seen, and `Rules`."""

    def __init__(self, history: History, model: Model, rules: Rules) -> None:
        self.rules, self.model, self._source = rules, model, history.source
        self._tables = Tables(model)
        self._pairs = len(history.end_reach)
        self._other = _sharers(history.source.address)
        self._denied = np.zeros(self._pairs, dtype=np.bool_)
        self._heard: list[Heard] = []
        self.beliefs = self._listed()

    def begin(self, day: int) -> None:
        """Learns, where it is time to, and works out all beliefs anew."""
        if day - EPOCH_DAY in self.rules.learns:
            self._relearn(day)

    def decide(self, day: int, pair: Ints) -> tuple[Flags, NDArray[np.int8]]:
        """As plans do with somebody's only contact."""
        rules, held = self.rules, [self.beliefs[i] for i in pair.tolist()]
        now, state = readings(self._tables, columns(held, self._tables.layout.size), day)
        said = [self._denied[pair], state == states.DEAD, state == states.WRONG_PERSON, now.p_reach < rules.worth_from]
        standing = np.select(said, [DENIED, DEAD, WRONG_PERSON, BELOW], USED).astype(np.int8)
        quiet = day - np.array([belief.seen_day for belief in held])
        may_be = (standing == DEAD) | ((standing == WRONG_PERSON) & rules.probe_strangers)
        probed = may_be & (quiet > rules.probe_after_days) & (now.p_reach >= rules.probe_from)
        if rules.probe_below_after_days:
            probed |= (standing == BELOW) & (quiet > rules.probe_below_after_days)
        return (standing == USED) | probed, standing

    def hear(self, heard: Heard) -> None:
        """Weighs it."""
        if len(heard.pair):
            self._heard.append(heard)
            self._fold(heard)
            for pair in heard.pair[heard.what == STOPS].tolist():
                self._denied[pair] |= reading(self._tables, self.beliefs[pair], heard.day).p_own <= self.rules.denied_below

    def record(self) -> Record:
        """All that was seen."""
        seen, count = self._source.seen, self._pairs
        pair, at_s, what = (
            np.concatenate([listed[:count], *(getattr(heard, name) for heard in self._heard)])
            for name, listed in (("pair", seen.pair), ("at_s", seen.at_s), ("what", seen.what))
        )
        nothing = np.full(len(pair) - count, NONE)
        start, verified = (np.concatenate([column[:count], nothing]) for column in (seen.start, seen.verified_day))
        return assemble(Observations(pair, at_s, what, start, verified), self._source.address, self._source.codes, self._source.starts)

    def _relearn(self, day: int) -> None:
        learned = fitted(self.record(), day, self.model, lambda _round, _mean: None)
        if learned.held_out.after < learned.held_out.before - WORSE:
            return
        self.model = learned.model
        self._tables = Tables(self.model)
        self.beliefs = self._listed()
        for heard in self._heard:
            self._fold(heard)

    def _listed(self) -> list[PairBelief]:
        seen, starts = self._source.seen, self._source.starts
        listings = []
        for start, verified in zip(seen.start[: self._pairs].tolist(), seen.verified_day[: self._pairs].tolist(), strict=True):
            source = starts[start].partition("+")[0]
            listings.append(
                Observation(EPOCH_DAY, Evidence.LISTED, source=source, verified_day=None if verified == NONE else verified, second=0)
            )
        return fold(self._tables, [(UNKNOWN, listing) for listing in listings])

    def _fold(self, heard: Heard) -> None:
        """Weighs what was heard for each pair itself, then for whom it shares its number with."""
        words: dict[tuple[int, bool], Observation] = {}
        for own, pairs in ((True, heard.pair), (False, self._other[heard.pair])):
            chosen, seen = [], []
            for pair, what in zip(pairs.tolist(), heard.what.tolist(), strict=True):
                if pair != NONE:
                    chosen.append(pair)
                    seen.append(words.get((what, own)) or words.setdefault((what, own), self._observation(heard, what, own=own)))
            for pair, belief in zip(
                chosen, fold(self._tables, [(self.beliefs[i], one) for i, one in zip(chosen, seen, strict=True)]), strict=True
            ):
                self.beliefs[pair] = belief

    def _observation(self, heard: Heard, what: int, *, own: bool) -> Observation:
        if what < 0:
            return Observation(heard.day, RESPONSES[NONE - 1 - what], own=own, second=heard.second)
        provider, word, vendor_code = self._source.codes[what]
        return Observation(heard.day, Evidence(word), provider, vendor_code, own=own, second=heard.second)


def columns(held: Sequence[PairBelief], size: int) -> Beliefs:
    """Beliefs of single pairs as columns."""
    weights = np.frombuffer(b"".join(belief.weights for belief in held)).reshape(-1, size)
    days = np.array([(b.day, b.sent_day, b.waiting, b.failed) for b in held], dtype=np.int32).T
    blocked, known = np.array([b.blocked for b in held]), np.array([b.heard for b in held])
    state = np.array([PLACE[b.state] for b in held], dtype=np.int8)
    return Beliefs(weights, days[0], days[1], days[2], blocked, known, days[3], np.array([waits(b) for b in held]), state)


def _sharers(address: Ints) -> Ints:
    """For each pair the other one with its number, or `NONE`: in these populations two at most share one."""
    order = np.argsort(address, kind="stable")
    same = np.flatnonzero(np.diff(address[order]) == 0)
    other = np.full(len(address), NONE)
    other[order[same]], other[order[same + 1]] = order[same + 1], order[same]
    return other
