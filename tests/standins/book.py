"""What a stand-in vendor took, and what it says about it: the count that no gateway can talk its way out of."""

import time
from collections.abc import Sequence

import msgspec


class Taken(msgspec.Struct):
    """One message as it stands in a call."""

    to: str
    ref: str
    text: str = ""


class Arrival(msgspec.Struct):
    """When a reference first came, in seconds of the machine's monotonic clock, and for whom."""

    at: float
    to: str


class Book:
    """Counts every message that was taken, by reference and by (address, text): what a person would see twice."""

    def __init__(self) -> None:
        self.calls = 0
        self.taken = 0
        self.refused = 0
        self.arrivals: dict[str, Arrival] = {}
        self.twice: list[str] = []
        self.texts_twice: dict[int, str] = {}
        self._texts: dict[int, str] = {}
        self._expected: set[str] = set()

    def take(self, messages: Sequence[Taken]) -> None:
        """Records the messages of one call."""
        now = time.monotonic()
        arrivals, texts = self.arrivals, self._texts
        for message in messages:
            self.taken += 1
            reference = message.ref
            if reference in arrivals:
                self.twice.append(reference)
            else:
                arrivals[reference] = Arrival(now, message.to)
            key = hash((message.to, message.text))
            if texts.setdefault(key, reference) is not reference:
                self.texts_twice[key] = reference

    def expect(self, addresses: Sequence[str]) -> None:
        """Names addresses that must be written to; `stats` counts those that never were."""
        self._expected.update(addresses)

    def stats(self) -> dict[str, object]:
        """The figures of `GET /_stats`."""
        seen = {arrival.to for arrival in self.arrivals.values()} if self._expected else set()
        times = [arrival.at for arrival in self.arrivals.values()]
        first, last = (min(times), max(times)) if times else (None, None)
        return {
            "calls": self.calls,
            "messages": self.taken,
            "refused": self.refused,
            "once": len(self.arrivals) - len(set(self.twice)),
            "twice": len(set(self.twice)),
            "twice_references": self.twice[:20],
            "texts_once": len(self._texts) - len(self.texts_twice),
            "texts_twice": len(self.texts_twice),
            "texts_twice_references": list(self.texts_twice.values())[:20],
            "expected": len(self._expected),
            "never": len(self._expected - seen),
            "never_addresses": sorted(self._expected - seen)[:20],
            "first_at": first,
            "last_at": last,
        }
