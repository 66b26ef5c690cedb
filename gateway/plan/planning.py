"""plan(): events and the calendar of one person → what must be written."""

from collections.abc import Sequence
from datetime import date, datetime

from gateway.events import Event
from gateway.plan.ports import Rules
from gateway.plan.state import Changes, State


def plan(state: State, events: Sequence[Event], now: datetime, today: date, rules: Rules) -> Changes:
    """Applies the events of one person in their order, then whatever is due by now.

    `now` is aware, `today` the calendar date of `now` in Asia/Shanghai (PostgreSQL's clock, passed in). With no events it is the
    calendar's look: call it when `person.plan_due` has passed, and when a message of the person became final.
    """
    raise NotImplementedError
