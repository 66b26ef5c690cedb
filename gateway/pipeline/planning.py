"""Binds the pure rules of plan to ids drawn for one transaction."""

from collections.abc import Sequence
from datetime import date, datetime

from gateway.events import Event
from gateway.ids import Draw, Ids
from gateway.plan.planning import plan
from gateway.plan.ports import Rules
from gateway.plan.state import Changes, State


class DrawnIds:
    """Fills plan's port for ids from the draw of the transaction at hand. plan does not await, so one at a time is enough."""

    def __init__(self) -> None:
        self.draw = Draw(Ids())

    def notice(self) -> int:
        """A new notice's id."""
        return self.draw.take()

    def contact(self) -> int:
        """A new contact's id."""
        return self.draw.take()


class Planning:
    """Plans one person with the ids of a transaction."""

    def __init__(self, rules: Rules, ids: DrawnIds) -> None:
        self._rules, self._ids = rules, ids

    def plan(self, state: State, events: Sequence[Event], now: datetime, today: date, draw: Draw) -> Changes:
        """gateway.plan.plan, with `draw`."""
        self._ids.draw = draw
        return plan(state, events, now, today, self._rules)
