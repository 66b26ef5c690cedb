"""The pace that a throttling carrier teaches."""

from providers.base.pace import LONGEST_PAUSE_S, UNLIMITED_PER_S, Pace


def taken(pace: Pace, count: int, now: float) -> None:
    for _ in range(count):
        pace.took(now)


def test_nobody_limits_at_first() -> None:
    pace = Pace()
    assert pace.room(0.0) > 1_000_000
    assert not pace.limited


def test_throttled_it_pauses_and_goes_on_with_four_fifths_of_what_was_taken() -> None:
    pace = Pace()
    taken(pace, 1000, 10.5)
    pace.throttled(10.4, 0.1, 10.5)
    assert pace.room(10.55) == 0
    assert pace.wait_s(10.55) > 0.04
    assert pace.per_s == 800
    assert pace.room(10.7) >= 1


def test_what_was_written_before_it_slowed_down_counts_once() -> None:
    pace = Pace()
    taken(pace, 1000, 10.5)
    for _ in range(30):
        pace.throttled(10.4, 0.1, 10.5)
    assert pace.per_s == 800


def test_it_recovers_until_nothing_is_limited() -> None:
    pace = Pace()
    taken(pace, 100, 1.0)
    pace.throttled(0.9, 0.1, 1.0)
    before = pace.per_s
    now = 1.2
    while pace.limited and now < 120:
        pace.wrote(min(5, pace.room(now)))
        now += 0.05
        assert pace.per_s >= before
        before = pace.per_s
    assert pace.per_s >= UNLIMITED_PER_S
    assert now < 60


def test_it_writes_no_more_than_its_pace() -> None:
    pace = Pace()
    taken(pace, 125, 1.0)
    pace.throttled(0.9, 0.1, 1.0)
    written, now = 0, 1.1
    while now < 2.1:
        room = pace.room(now)
        pace.wrote(room)
        written += room
        now += 0.01
    assert 95 <= written <= 130


def test_pauses_grow_where_they_do_not_help_and_stay_bounded() -> None:
    pace, now = Pace(), 1.0
    pauses = []
    for _ in range(10):
        pace.throttled(now, 0.1, now)
        pauses.append(round(pace.wait_s(now), 3))
        now += pauses[-1] + 0.01
    assert pauses[:3] == [0.1, 0.2, 0.4]
    assert pauses[-1] == LONGEST_PAUSE_S
    assert pace.per_s >= 1


def test_the_carriers_own_pause_is_kept() -> None:
    pace = Pace()
    pace.throttled(1.0, 30.0, 1.0)
    assert pace.wait_s(1.0) == 30.0
