"""The stand-in vendor's process, seen from the harness."""

import sys
import urllib.request
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from bench.figures import Arrivals
from bench.processes import Child, HarnessError
from bench.product import fetch
from bench.standin import Count, Terms
from tests.standins.book import Arrival

TREE = Path(__file__).resolve().parent.parent


class Stats(msgspec.Struct, frozen=True):
    """Of `GET /_stats`: references that came more than once (the list is cut off)."""

    twice: int
    twice_references: list[str]


class StandIn:
    """A vendor in a process of its own."""

    def __init__(self, home: Path, terms: Terms) -> None:
        argv = [sys.executable, "-m", "bench.standin", msgspec.json.encode(terms).decode()]
        self.child = Child("vendor", argv, home / "vendor.log", cwd=TREE, talks=True)
        self.port = int(self.child.hear()["port"])

    @property
    def url(self) -> str:
        """Where messages are sent to."""
        return f"http://127.0.0.1:{self.port}/send"

    def count(self) -> Count:
        """Cheap figures."""
        return msgspec.json.decode(self._ask("/_count"), type=Count)

    def stats(self) -> Stats:
        """Figures that cost the vendor a walk over all it has."""
        return msgspec.json.decode(self._ask("/_stats"), type=Stats)

    def arrivals(self) -> dict[str, Arrival]:
        """The first arrival of every reference."""
        return msgspec.json.decode(self._ask("/_arrivals"), type=dict[str, Arrival])

    def report_to(self, url: str) -> None:
        """Names our callback address."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/_set", data=msgspec.json.encode({"receipts": url}))
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - always http to the loopback

    def stop(self) -> None:
        """Ends it."""
        self.child.stop()

    def _ask(self, path: str) -> bytes:
        answer = fetch(f"http://127.0.0.1:{self.port}{path}", within_s=60)
        if answer is None:
            raise HarnessError(f"the stand-in vendor does not answer\n{self.child.tail()}")
        return answer[1]


def counted(arrived: Iterable[Arrival], twice: int, expected: set[str], delivered: int) -> Arrivals:
    """Once, twice, never, over the national numbers that had to be written to; `twice`: references that came again."""
    times = Counter(arrival.to[-11:] for arrival in arrived)
    wanted = {number: times[number] for number in expected}
    again = sum(count > 1 for count in wanted.values()) + twice
    return Arrivals(
        once=sum(count == 1 for count in wanted.values()),
        twice=again,
        never=sum(count == 0 for count in wanted.values()),
        delivered=delivered,
    )
