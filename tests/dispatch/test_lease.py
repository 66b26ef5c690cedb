"""Leases by a clock that the test turns."""

from gateway.dispatch.lease import boot_seconds, lease


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_lease_lets_a_call_begin_while_its_answer_can_come_in_time() -> None:
    clock = Clock()
    held = lease(30.0, 10.0, clock)
    for later_s, holds in ((0.0, True), (19.99, True), (20.0, False), (30.0, False), (100.0, False)):
        clock.now = 1000.0 + later_s
        assert held.holds() is holds


def test_a_lease_is_over_for_the_worker_before_it_is_over_for_the_store() -> None:
    clock = Clock()
    held = lease(30.0, 10.0, clock)
    clock.now = 1028.0
    assert not held.over()
    clock.now = 1029.5
    assert held.over()


def test_a_suspended_machine_finds_its_leases_over() -> None:
    """The clock runs on through suspend: CLOCK_BOOTTIME is never behind CLOCK_MONOTONIC."""
    import time  # noqa: PLC0415 - for this test alone

    assert boot_seconds() >= time.clock_gettime(time.CLOCK_MONOTONIC) - 0.001
