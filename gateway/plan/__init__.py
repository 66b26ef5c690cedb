"""event → notice, messages: is there a duty? To whom, by which channel and contact, when? Pure: no I/O, no clock, one person at a time."""

from gateway.plan.codes import Code, Why
from gateway.plan.planning import plan
from gateway.plan.ports import Calendar, Cycle, Ids, Rules, Settings, Texts
from gateway.plan.state import Changes, Recall, Rejection, State

__all__ = [
    "Calendar",
    "Changes",
    "Code",
    "Cycle",
    "Ids",
    "Recall",
    "Rejection",
    "Rules",
    "Settings",
    "State",
    "Texts",
    "Why",
    "plan",
]
