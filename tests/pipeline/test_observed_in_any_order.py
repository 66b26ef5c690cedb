"""The record about a number that several share says the same in whatever order the store gives its rows."""

import random
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from gateway.lookup.port import LookupState
from gateway.pipeline.observed import observe
from gateway.quality.model import PRIOR
from gateway.quality.record import steps_of
from gateway.quality.sweep import readings, sweep
from gateway.quality.tables import Tables
from gateway.store.beliefs import Certified, Evidence, Messages
from gateway.store.lookups import Answered

KEY, DAY_S, BEGAN = b"k" * 16, 86_400, 1_750_000_000
TABLES = Tables(PRIOR)
NOBODY = Certified({})


def shared(persons: int) -> Evidence:
    contacts = [(KEY, f"p{n}", "sms", "legacy", None, BEGAN, True, False, None, None, None, None, None, 1) for n in range(persons)]
    said = "undelivered\x1fnumber_absent\x1ft\x1fx\x1fsms/reminder.self\x1fMK:0001"
    messages = Messages(np.zeros(3, dtype=np.int64), [f"p{n % persons}" for n in range(3)], [said] * 3, BEGAN + np.arange(1, 4) * DAY_S)
    at = datetime.fromtimestamp(BEGAN + 5 * DAY_S, UTC)
    lookups = [Answered(KEY, "s", LookupState.ACTIVE, "", at, at) for _ in range(4)]
    signs = [(KEY, "", "followed", "x", BEGAN + 6 * DAY_S + n) for n in range(4)]
    return Evidence([KEY], contacts, [], messages, signs, lookups, frozenset())


def shuffled(said: Messages, dice: random.Random) -> Messages:
    order = dice.sample(range(len(said.place)), len(said.place))
    person, how = ([column[row] for row in order] for column in (said.person, said.said))
    return Messages(said.place[order], person, how, said.at_s[order])


def beliefs(found: Evidence) -> dict[str, float]:
    seen = observe(found, NOBODY)
    now, _ = readings(TABLES, sweep(TABLES, steps_of(seen.record)), BEGAN // DAY_S + 9)
    return dict(sorted(zip((person for _, person in seen.pairs), now.p_reach.tolist(), strict=True)))


def told(found: Evidence) -> dict[str, list[str]]:
    """What a sentence about each pair is made of."""
    seen = observe(found, NOBODY)
    said = zip(seen.pairs, seen.seen(range(len(seen.pairs))), strict=True)
    return {person: [str(one.evidence) for one in of_pair] for (_, person), of_pair in said}


@pytest.mark.parametrize("persons", [1, 2, 9])
def test_beliefs_do_not_depend_on_the_order_of_rows(persons: int) -> None:
    found, dice = shared(persons), random.Random(1)
    expected = beliefs(found)
    for _ in range(5):
        mixed: dict[str, Any] = {
            name: dice.sample(rows, len(rows)) for name in ("contacts", "replies", "lookups") if (rows := getattr(found, name))
        }
        mixed["messages"] = shuffled(found.messages, dice)
        assert beliefs(structs.replace(found, **mixed)) == pytest.approx(expected)


def test_of_what_came_in_one_second_a_sentence_tells_the_same_whatever_came_first() -> None:
    found, dice = shared(1), random.Random(2)
    ends = [("delivered", "", ""), ("undelivered", "number_absent", "t"), ("undelivered", "unreachable", "f")]
    how = ["\x1f".join((*end, "x", "sms/reminder.self", "")) for end in ends]
    messages = Messages(np.zeros(3, dtype=np.int64), ["p0"] * 3, how, np.full(3, BEGAN + DAY_S))
    signs = [(KEY, "", sign, "x", BEGAN + DAY_S) for sign in ("followed", "unfollowed")]
    found = structs.replace(found, messages=messages, replies=signs, lookups=[])
    expected = told(found)
    assert len(expected["p0"]) == 6
    for _ in range(5):
        mixed: dict[str, Any] = {"messages": shuffled(found.messages, dice), "replies": dice.sample(signs, len(signs))}
        assert told(structs.replace(found, **mixed)) == expected
