"""The record about a number that several share says the same in whatever order the store gives its rows."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs

from gateway.lookup.port import LookupState
from gateway.pipeline.observed import observe
from gateway.quality.model import PRIOR
from gateway.quality.record import steps_of
from gateway.quality.sweep import readings, sweep
from gateway.quality.tables import Tables
from gateway.store.beliefs import Evidence
from gateway.store.lookups import Answered

KEY, DAY_S, BEGAN = b"k" * 16, 86_400, 1_750_000_000
TABLES = Tables(PRIOR)
NOBODY: dict[str, Any] = {}


def shared(persons: int) -> Evidence:
    contacts = [(KEY, f"p{n}", "sms", "legacy", None, BEGAN, True, False, None, None, None, None, None, 1) for n in range(persons)]
    said = "undelivered\x1fnumber_absent\x1ft\x1fx\x1fsms/reminder.self\x1fMK:0001"
    messages = [(0, f"p{n % persons}", said, BEGAN + (n + 1) * DAY_S) for n in range(3)]
    at = datetime.fromtimestamp(BEGAN + 5 * DAY_S, UTC)
    lookups = [Answered(KEY, "s", LookupState.ACTIVE, "", at, at) for _ in range(4)]
    signs = [(KEY, "", "followed", "x", BEGAN + 6 * DAY_S + n) for n in range(4)]
    return Evidence([KEY], contacts, [], messages, signs, lookups, frozenset())


def beliefs(found: Evidence) -> dict[str, float]:
    seen = observe(found, NOBODY)
    now, _ = readings(TABLES, sweep(TABLES, steps_of(seen.record)), BEGAN // DAY_S + 9)
    return dict(sorted(zip((person for _, person in seen.pairs), now.p_reach.tolist(), strict=True)))


@pytest.mark.parametrize("persons", [1, 2, 9])
def test_beliefs_do_not_depend_on_the_order_of_rows(persons: int) -> None:
    found, dice = shared(persons), random.Random(1)
    expected = beliefs(found)
    for _ in range(5):
        mixed = {
            name: dice.sample(rows, len(rows)) for name in ("contacts", "messages", "replies", "lookups") if (rows := getattr(found, name))
        }
        assert beliefs(structs.replace(found, **mixed)) == pytest.approx(expected)
