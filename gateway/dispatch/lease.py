"""Leases: how long a worker may still write the first byte of a call. Measured by a clock that runs on through suspend."""

import time
from collections.abc import Callable

from msgspec import Struct

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def boot_seconds() -> float:
    """Seconds since boot, sleep included where the system has such a clock."""
    return time.clock_gettime(_CLOCK)


class Lease(Struct, frozen=True):
    """The right to make a call, taken before the claim's transaction began, so that it ends before the store thinks it does."""

    write_until: float
    """Boot seconds until which the first byte may be written: the lease less the vendor's time-out."""
    claimed: float = 0.0
    """Boot seconds when it was taken."""
    until: float = 0.0
    """Boot seconds when it ends: from then on the sweep may give the call up."""
    clock: Callable[[], float] = boot_seconds

    def holds(self) -> bool:
        """True while a call that starts now will be answered or timed out before the lease ends."""
        return self.clock() < self.write_until

    def over(self) -> bool:
        """True once the sweep may have given the call up; a second early rather than late."""
        return self.clock() > self.until - 1.0


def lease(lease_s: float, timeout_s: float, clock: Callable[[], float] = boot_seconds) -> Lease:
    """A lease that starts now. `lease_s` must be longer than `timeout_s` (the configuration sees to it)."""
    now = clock()
    return Lease(now + lease_s - timeout_s, now, now + lease_s, clock)
