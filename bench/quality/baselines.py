"""What others do: use everything; drop after one permanent failure; drop after three failures in a row."""

from collections.abc import Callable, Mapping

import numpy as np

from bench.quality.measure import Told
from bench.quality.population import History
from gateway.quality.record import Flags, Ints

PERMANENT = frozenset({"number_absent", "ambiguous"})
"""What gateways call permanent; one code for absent and switched off is called so, too."""
FAILURES = PERMANENT | {"number_suspended", "unreachable"}
IN_A_ROW = 3


def everything(history: History) -> Flags:
    """Nothing is dropped."""
    return np.zeros(len(history.message_row), dtype=np.bool_)


def one_permanent(history: History) -> Flags:
    """Dropped for good after one permanent failure."""
    return _after(_words(history, PERMANENT), history.message_pair)


def three_failures(history: History) -> Flags:
    """Dropped for good after three failures in a row."""
    failed, pair = _words(history, FAILURES), history.message_pair
    run = np.zeros(len(failed), dtype=np.int64)
    for back in range(IN_A_ROW):
        shifted = np.concatenate([np.zeros(back, dtype=np.bool_), failed[: len(failed) - back]])
        same = np.concatenate([np.zeros(back, dtype=np.bool_), pair[back:] == pair[: len(pair) - back]])
        run += shifted & same
    return _after(run == IN_A_ROW, pair)


BASELINES: Mapping[str, Callable[[History], Flags]] = {
    "use everything": everything,
    "drop after one permanent": one_permanent,
    "drop after three failures": three_failures,
}


def told(history: History, dropped: Flags) -> Told:
    """A baseline's word, read as kindly as can be: what it keeps and what it drops each get the share that truly was reached."""
    reached = history.truth_reached
    kept_p, dropped_p = (float(reached[flag].mean()) if flag.any() else 0.0 for flag in (~dropped, dropped))
    said = np.where(dropped, dropped_p, kept_p)
    pairs = len(history.end_reach)
    ends = np.zeros(pairs, dtype=np.bool_)
    np.logical_or.at(ends, history.message_pair, dropped)
    end = np.where(ends, *(float(history.end_reach[flag].mean()) if flag.any() else 0.0 for flag in (ends, ~ends)))
    return Told(said, dropped, end)


def _words(history: History, words: frozenset[str]) -> Flags:
    chosen = [i for i, code in enumerate(history.record.codes) if code[1] in words]
    return np.isin(history.record.what[history.message_row], chosen)


def _after(flag: Flags, pair: Ints) -> Flags:
    """True for every message of a pair after its first flagged one."""
    before = np.concatenate([[0], np.cumsum(flag)[:-1]])
    found: Flags = before - before[np.searchsorted(pair, pair)] > 0
    return found
