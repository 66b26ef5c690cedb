"""The day itself: scenarios in their usual proportions, as the events of several backends in the order they were posted."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from gateway.sample.people import Data, People
from gateway.words import EventType

SEED = 20226025
LISTED = "长期未认证：只上名单"
"""The scenario that fills the uncertified list and sends nothing."""
AddMonths = Callable[[date, int], date]


class Day(Struct, frozen=True):
    """Events (CloudEvents in JSON, one each) and what each person stands for."""

    events: list[bytes]
    scenarios: dict[str, str]
    """Person id → scenario, in Chinese."""


class Story:
    """Collects what happens to one person after another."""

    def __init__(self, today: date, add_months: AddMonths, seed: int = SEED) -> None:
        self.today, self.add_months, self.people = today, add_months, People(today, seed)
        self.rng = self.people.rng
        self._events: list[bytes] = []
        self._scenarios: dict[str, str] = {}

    def person(self, scenario: str) -> str:
        """A new person's id: opaque, with the day in it, so that another day's persons are others."""
        ident = f"SC{self.today:%Y%m%d}-{len(self._scenarios) + 1:05d}"
        self._scenarios[ident] = scenario
        return ident

    def post(self, kind: EventType, person: str, data: Data, backend: str = "benefits") -> None:
        """One event. Its id is the same every time this day is told: posted again it is a duplicate."""
        event = {
            "specversion": "1.0",
            "id": f"{self.today:%Y%m%d}-{len(self._events) + 1:06d}",
            "source": f"urn:tixing:sample:{backend}",
            "type": kind,
            "subject": person,
            "time": f"{self.today}T08:30:00+08:00",
            "data": data,
        }
        self._events.append(msgspec.json.encode(event))

    def started(self, months: int) -> str:
        """A certification whose date + `months` is today or some days ago."""
        target = self.today - timedelta(days=self.rng.randrange(4))
        while self.add_months(start := self.add_months(target, -months), months) != target:
            target -= timedelta(days=1)
        return str(start)

    def day(self, months: int = 0, days: int = 0) -> str:
        """A date that far from today, as text."""
        return str(self.add_months(self.today, months) + timedelta(days=days))

    def told(self) -> Day:
        """All of it."""
        return Day(self._events, self._scenarios)


Scenario = tuple[str, int, Callable[[Story, str], Any]]


def sample_day(today: date, persons: int, add_months: AddMonths, scenarios: Sequence[Scenario], seed: int = SEED) -> Day:
    """A day with about `persons` persons, at least one of each scenario; `add_months` is the calendar's."""
    story = Story(today, add_months, seed)
    whole = sum(share for _, share, _ in scenarios)
    for name, share, tell in scenarios:
        for _ in range(max(1, round(persons * share / whole))):
            tell(story, story.person(name))
    return story.told()
