"""The plan of a crash run: everything is struck in turn."""

from tests.crash.blows import BLOWS, plan, short_plan


def test_twenty_rounds_kill_each_of_five_four_times() -> None:
    planned = plan(20)
    struck = [name.rstrip("12") for name in planned if name not in {"worker1 asleep", "redis emptied"}]
    assert {name: struck.count(name) for name in struck} == {"api": 4, "worker": 4, "scheduler": 4, "postgres": 4, "redis": 4}
    assert (planned.count("worker1 asleep"), planned.count("redis emptied")) == (4, 4)


def test_every_blow_of_a_plan_is_known() -> None:
    assert set(plan(20)) == set(BLOWS)
    assert set(short_plan()) < set(BLOWS)
