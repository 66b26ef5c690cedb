"""A vendor dies: the route's other one carries on."""

import time

from tests.endtoend.running import NAME, Gateway
from tests.pipeline.events import known, requested

WITHIN_S = 10.0
"""In which 99 % of urgent messages reach the other vendor (issue)."""


def test_when_a_vendor_dies_urgent_messages_reach_the_other_within_ten_seconds(gateway: Gateway) -> None:
    vendors = gateway.vendors
    first, later = range(20, 60), range(100, 300)  # numbers whose last four digits decide nothing
    _post(gateway, first)
    gateway.until("they carry", lambda: bool(vendors.dying.taken) and _arrived(gateway, first) == len(first), 10)
    vendors.die()
    before, start = len(vendors.dying.taken), time.monotonic()
    _post(gateway, later)
    gateway.until("99 % have arrived", lambda: _arrived(gateway, later) >= 198, WITHIN_S)
    took_s = time.monotonic() - start
    gateway.until("all have arrived", lambda: _arrived(gateway, later) == len(later), 10)
    assert took_s < WITHIN_S
    assert len(vendors.dying.taken) == before
    assert gateway.sent_twice() == []
    addresses = [one["to"][-11:] for one in [*vendors.dying.taken, *vendors.aliyun.taken] if one["to"][-11:].startswith("1381")]
    assert len(addresses) == len(set(addresses)) == 240


def _post(gateway: Gateway, which: range) -> None:
    # An account of this channel is taken as it stands: international form, as numbers are stored.
    gateway.post(
        *(
            event
            for n in which
            for event in (
                known(f"second-{n}", {"channel": "second", "address": f"+861381{n:07}"}, name=NAME),
                requested(f"second-{n}", channels=["second"], priority="urgent"),
            )
        )
    )


def _arrived(gateway: Gateway, which: range) -> int:
    taken = {one["to"][-11:] for one in [*list(gateway.vendors.dying.taken), *list(gateway.vendors.aliyun.taken)]}
    return sum(f"1381{n:07}" in taken for n in which)
