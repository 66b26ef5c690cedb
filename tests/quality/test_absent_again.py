"""A provider that called a number absent once and says so again: no second word where it is wrong about some numbers for good."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.quality.evaluate import evaluate, rows
from gateway.quality.evidence import Evidence, Observation, reached, repeating
from gateway.quality.fit import fit
from gateway.quality.histories import Histories
from gateway.quality.model import PRIOR, Model
from gateway.quality.pair import UNKNOWN, observe
from gateway.quality.routes import worth
from gateway.quality.tables import Tables

BEGAN, PERSONS, MESSAGES, APART = datetime(2021, 1, 4, 2, tzinfo=UTC), 1_500, 20, 90
NOW = BEGAN + timedelta(days=APART * (MESSAGES + 1))
LIVES = APART * MESSAGES * 3


def said(person: str, address: str, day: int, evidence: str, **more: str) -> str:
    return json.dumps({"person": person, "address": address, "at": (BEGAN + timedelta(days=day)).isoformat(), "evidence": evidence, **more})


def lived(dice: random.Random) -> Iterator[tuple[str, int, list[str]]]:
    """Pair, the day its number dies, its lines. `bad` always calls the same fifth of living numbers absent; nobody buys a dead one."""
    for n in range(PERSONS):
        person, ported, dies = f"p{n}", dice.random() < 0.2, int(dice.random() * LIVES)
        lines = [said(person, f"a{n}", 0, "listed", source="counter", verified_on="2021-01-04")]
        for day in range(APART, APART * (MESSAGES + 1), APART):
            provider = dice.choice(("good", "bad"))
            absent = day >= dies or (provider == "bad" and ported)
            word, code = ("number_absent", "A") if absent else ("unreachable", "U") if dice.random() < 0.02 else ("delivered", "D")
            lines.append(said(person, f"a{n}", day, word, provider=provider, vendor_code=code))
            if word == "delivered" and dice.random() < 0.4:
                lines.append(said(person, f"a{n}", day + 9, "certified_after_notice"))
        yield person, dies, lines


def given_up(histories: Histories, model: Model, living: set[str]) -> float:
    """Share of the living that are given up at the end."""
    found = rows(evaluate(histories, histories.record(), model))
    return sum(row[2] in {"dead", "wrong_person"} for row in found if row[0] in living) / len(living)


def test_a_route_that_is_always_wrong_about_the_same_numbers_is_noticed_and_does_no_more_harm() -> None:
    histories, living = Histories(NOW), set()
    for person, dies, lines in lived(random.Random(5)):
        for line in lines:
            histories.add(line)
        if dies > APART * MESSAGES:
            living.add(person)
    record = histories.record()
    model = fit(record, (NOW.date() - date(1970, 1, 1)).days)
    named = [route for route in worth(model, record) if route.suspect]
    assert [route.provider for route in named] == ["bad"]
    assert named[0].false_absent == pytest.approx(0.2, abs=0.03)
    assert named[0].false_absent_again > 0.9
    assert named[0].lied == ()
    assert model.weights("bad", "number_absent", "A")[0] > 0.15
    assert model.weights(reached("bad"), "number_absent", "A")[0] < 0.02, "what it delivered to is none of those numbers"
    assert given_up(histories, PRIOR, living) > 0.02
    assert given_up(histories, model, living) < 0.004


def test_what_follows_an_absence_at_the_same_provider_is_a_code_of_its_own() -> None:
    histories = Histories(NOW)
    for day, provider, word in (
        (1, "x", "number_absent"),
        (2, "y", "delivered"),
        (3, "x", "delivered"),
        (4, "x", "number_absent"),
        (5, "x", "number_absent"),
    ):
        histories.add(said("p", "a", day, word, provider=provider))
    record = histories.record()
    assert [record.codes[what][0] for what in record.what.tolist() if what >= 0] == ["x", "y", repeating("x"), reached("x"), repeating("x")]


def test_a_model_that_learned_nothing_of_it_weighs_both_alike() -> None:
    tables = Tables(PRIOR)
    belief = observe(tables, UNKNOWN, Observation(0, Evidence.LISTED))
    absent = [Observation(day, Evidence.NUMBER_ABSENT, "x", "A") for day in (10, 20)]
    once = observe(tables, belief, absent[0])
    assert once.absent_by == {"x"}
    same, other = (observe(tables, once, Observation(20, Evidence.NUMBER_ABSENT, name, "A")) for name in ("x", "y"))
    assert same.weights == other.weights
    assert observe(tables, once, Observation(20, Evidence.DELIVERED, "x")).absent_by == frozenset()
