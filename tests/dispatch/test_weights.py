"""Drift of weights, in virtual time."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.dispatch.weights import DOWN_DWELL, UP_DWELL, Reason, Standing, Step, steps
from gateway.pipeline.drift import FAILING_S, LATE_S
from gateway.store.routing import Counts

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ROUTES = (("a", "b"),)
WELL, FAILING, LATE = Counts(100, 0, 100, 0), Counts(100, 60, 0, 0), Counts(100, 0, 100, 50)
RESTS = {"a": 1.0, "b": 3.0, "c": 10.0}


class World:
    """Weights over virtual time; `counts` says how providers do at a moment."""

    def __init__(self, rests: Mapping[str, float], routes: tuple[tuple[str, ...], ...] = ROUTES) -> None:
        self.now = START
        self.routes = routes
        self.standing = {name: Standing(rest, rest) for name, rest in rests.items()}
        self.history: list[tuple[datetime, Step]] = []

    def run(self, until: timedelta, counts: Callable[[datetime], Mapping[str, Counts]]) -> None:
        while self.now < START + until:
            self.now += timedelta(seconds=10)
            for step in steps(self.routes, self.standing, counts(self.now), self.now):
                self.standing[step.name] = Standing(step.rest, step.weight, self.now)
                self.history.append((self.now, step))

    def share(self, name: str) -> float:
        total = sum(standing.weight for standing in self.standing.values())
        return self.standing[name].weight / total if total else 0.0


def test_a_provider_that_fails_gives_way_and_the_other_carries_nearly_all() -> None:
    world = World({"a": 1.0, "b": 1.0})
    world.run(timedelta(minutes=10), lambda _: {"a": FAILING, "b": WELL})
    assert world.standing["a"].weight == 0
    assert world.share("b") == 1
    assert {step.why for _, step in world.history} == {Reason.FAILING}


def test_after_it_returns_it_is_back_at_rest_within_half_an_hour() -> None:
    """One of two vendors is dead for two hours. What failed stays in the counts for as long as they look back."""
    dead_until = START + timedelta(hours=2)
    world = World({"a": 1.0, "b": 1.0})
    world.run(timedelta(hours=3), lambda now: {"a": FAILING if now < dead_until + timedelta(seconds=FAILING_S) else WELL, "b": WELL})
    back = next(at for at, step in world.history if step.name == "a" and step.weight == step.rest)
    assert back - dead_until <= timedelta(minutes=30)
    assert world.standing["a"].weight == world.standing["a"].rest


def test_late_receipts_are_as_bad_and_heal_as_fast() -> None:
    slow_until = START + timedelta(minutes=30)
    world = World({"a": 1.0, "b": 1.0})
    world.run(timedelta(hours=1, minutes=5), lambda now: {"a": LATE if now < slow_until + timedelta(seconds=LATE_S) else WELL, "b": WELL})
    assert Reason.LATE_RECEIPTS in {step.why for _, step in world.history}
    assert world.standing["a"].weight == 1.0


@pytest.mark.parametrize("both", [(LATE, LATE), (FAILING, FAILING), (LATE, FAILING)])
def test_where_all_do_badly_nothing_moves(both: tuple[Counts, Counts]) -> None:
    world = World({"a": 1.0, "b": 1.0})
    world.run(timedelta(hours=1), lambda _: dict(zip("ab", both, strict=True)))
    assert world.history == []


def test_a_provider_alone_in_its_route_has_nobody_to_give_way_to() -> None:
    world = World({"a": 1.0}, (("a",),))
    world.run(timedelta(hours=1), lambda _: {"a": FAILING})
    assert world.history == []


def test_of_a_few_calls_nothing_is_learnt() -> None:
    world = World({"a": 1.0, "b": 1.0})
    world.run(timedelta(hours=1), lambda _: {"a": Counts(2, 2, 5, 5), "b": WELL})
    assert world.history == []


SOMEHOW = some.sampled_from([WELL, FAILING, LATE, Counts()])
PHASES = some.lists(some.tuples(SOMEHOW, SOMEHOW, SOMEHOW), max_size=30)


@given(PHASES, some.sampled_from([(("a", "b", "c"),), (("a", "b"), ("b", "c")), (("a", "b"), ("c",))]))
def test_whatever_happens_weights_stay_between_nothing_and_rest_move_slowly_and_return(
    phases: list[tuple[Counts, Counts, Counts]], routes: tuple[tuple[str, ...], ...]
) -> None:
    world = World(RESTS, routes)

    def counts(now: datetime) -> Mapping[str, Counts]:
        phase = int((now - START).total_seconds()) // 90
        return dict(zip("abc", phases[phase], strict=True)) if phase < len(phases) else dict.fromkeys("abc", WELL)

    world.run(timedelta(seconds=90 * len(phases)), counts)
    for name, standing in world.standing.items():
        assert 0 <= standing.weight <= standing.rest
        moves = [(at, step) for at, step in world.history if step.name == name]
        for (before, first), (after, second) in pairwise(moves):
            assert after - before >= (UP_DWELL if second.why is Reason.RECOVERING else DOWN_DWELL)
            assert second.before == first.weight
    assert sum(world.share(name) for name in RESTS) == pytest.approx(1) or not any(s.weight for s in world.standing.values())
    end = world.now + timedelta(minutes=30)
    world.run(end - START, counts)
    assert {name: standing.weight for name, standing in world.standing.items()} == RESTS
