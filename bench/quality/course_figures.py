"""What a policy's course was worth: who was reached, what was wasted, which living numbers were given up and for how long."""

import numpy as np
from msgspec import Struct

from bench.quality.course import BELOW, DEAD, DENIED, WRONG_PERSON, Course
from bench.quality.lives import ON
from bench.quality.measure import RECOGNISED_AFTER
from bench.quality.population import History
from gateway.quality.record import Flags, Ints

YEAR = 365


class Worth(Struct, frozen=True):
    """One policy on one history. "Due" is a message that "use everything" sends, "living" a number that lives and is the person's."""

    reached: float
    """Of messages that reach the person where everything is sent: sent."""
    years: float
    """The same of persons and years in which somebody is reached."""
    wasted: float
    """Of messages that reach nobody: sent all the same."""
    strangers: float
    """Of messages due to a number that a stranger has in service: sent."""
    probes: int
    """Messages sent to numbers that were given up."""
    probes_reached: int
    """Of them: reached the person."""
    lost: float
    """Of persons who would have been reached in the last year: nothing was sent to them in it."""
    until_given_up: float
    """Messages sent to a dead number before it was given up, on average over deaths with four or more messages due to the dead number."""
    recognised: float
    """Of the same deaths: given up after at most three messages."""
    given_up: float
    """Of persons: the policy gave their living number up at some time, by what it believed or counted."""
    recovered: float
    """Of those times: the number was in use again while it lived and was the person's."""
    recovered_days: float
    """Median days from the first message that was due and not sent in the ordinary way to the first one that was, of those that recovered."""
    denied: float
    """Of persons: their living number was stopped by a "not me" that they answered themselves."""
    missed: dict[str, float]
    """Of messages that reach the person where everything is sent: not sent, by how the number stood."""


STANDINGS = {"dead": DEAD, "wrong person": WRONG_PERSON, "not me": DENIED, "below": BELOW}


def worth(history: History, course: Course) -> Worth:
    """All figures."""
    m, reached = history.messages, history.truth_reached
    last_year = m.day >= m.day.max() - YEAR
    due = np.unique(m.pair[reached & last_year])
    years = m.pair * 100 + m.day // YEAR
    until, recognised = _given_up_when_dead(history, course)
    living, recovered, days = _living(history, course)
    return Worth(
        _share(course.sent, reached),
        len(np.unique(years[reached & course.sent])) / max(len(np.unique(years[reached])), 1),
        _share(course.sent, ~reached),
        _share(course.sent, ~m.mine & (m.phase == ON)),
        int((course.sent & course.given_up).sum()),
        int((course.sent & course.given_up & reached).sum()),
        1 - float(np.isin(due, m.pair[course.sent & last_year]).mean()),
        until,
        recognised,
        living,
        recovered,
        days,
        len(np.unique(m.pair[history.truth_own & (course.standing == DENIED)])) / len(history.end_reach),
        {word: _share(~course.sent & (course.standing == standing), reached) for word, standing in STANDINGS.items()},
    )


def _given_up_when_dead(history: History, course: Course) -> tuple[float, float]:
    """Over deaths of the person's own number with more than three messages due to the dead number."""
    begins, ends = _runs(history.truth_dead, history.messages.pair)
    pair = history.messages.pair
    seen = (begins > 0) & (pair[begins - 1] == pair[begins]) & history.truth_own[begins - 1] & (ends - begins > RECOGNISED_AFTER)
    begins, ends = begins[seen], ends[seen]
    place = np.flatnonzero(course.given_up)
    nearest = np.append(place, len(pair))[np.searchsorted(place, begins)]
    until = np.minimum(nearest, ends) - begins
    return (float(until.mean()), float((until <= RECOGNISED_AFTER).mean())) if len(until) else (0.0, 1.0)


def _living(history: History, course: Course) -> tuple[float, float, float]:
    """Persons whose living number was given up, the share of those times that ended well, and the median days until then."""
    m, own = history.messages, history.truth_own
    begins, ends = _runs(course.given_up & own & (course.standing != DENIED), m.pair)
    after = np.minimum(ends, len(own) - 1)
    well = (ends < len(own)) & (m.pair[after] == m.pair[begins]) & own[after] & ~course.given_up[after]
    took = m.day[after] - m.day[begins]
    persons = len(np.unique(m.pair[begins])) / len(history.end_reach)
    return persons, float(well.mean()) if len(well) else 1.0, float(np.median(took[well])) if well.any() else 0.0


def _runs(flag: Flags, pair: Ints) -> tuple[Ints, Ints]:
    """Where stretches of flagged messages of one pair begin, and where they have ended."""
    new = np.concatenate([[True], np.diff(pair) != 0])
    before = np.concatenate([[False], flag[:-1]])
    after = np.concatenate([flag[1:], [False]])
    last = np.concatenate([new[1:], [True]])
    return np.flatnonzero(flag & (new | ~before)), np.flatnonzero(flag & (last | ~after)) + 1


def _share(flag: Flags, among: Flags) -> float:
    return float((flag & among).sum() / max(int(among.sum()), 1))
