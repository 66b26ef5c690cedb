"""The words plan answers with: what became of an event, and why somebody stands on the outreach list."""

from enum import StrEnum


class Code(StrEnum):
    """What became of one event. Those of a rejection take nothing of the event."""

    NOTICE = "notice"
    """A notice was made and goes on its way."""
    HELD = "held"
    """A notice was made; its time has not come."""
    RECORDED = "recorded"
    """The facts were new and are on record; any duty they cause is the calendar's."""
    UNCHANGED = "unchanged"
    """All of it was known."""
    OLDER_DATE = "older_date"
    """A certification older than the known one: kept in the history, changes nothing [8]."""
    DUTY_MET = "duty_met"
    """The same duty has a notice already."""
    CERTIFIED = "certified"
    """The person is certified for a later cycle: nobody is told of this one."""
    DECEASED = "deceased"
    """The person died: nothing more is sent to them [36]."""
    RESUMED = "resumed"
    """The benefit was resumed on or after the day the event speaks of."""
    TERMINATED = "terminated"
    """The benefit, or every benefit, is terminated."""
    CONFLICT = "conflict"
    """Certified after death [14, 27]: recorded; all sending stops until people decide."""
    TOO_LATE = "too_late"
    """A reminder of a deadline that is over would be untrue."""
    EXPIRED = "expired"
    """Its validity ends before it could leave."""
    INVALID = "invalid"
    """Rejected: a date that cannot be, or a template that does not exist."""
    EXEMPT = "exempt"
    """Rejected: imprisonment does not end the injured worker's own benefit [25]."""


class Why(StrEnum):
    """Why a person stands on the outreach list (domain: When the person can't be reached)."""

    NO_CONTACT = "no_contact"
    """We hold no contact that the rules allow."""
    LADDER_FAILED = "ladder_failed"
    """Every contact was tried, none reached."""
    OPTED_OUT = "opted_out"
    """Those who could be written to want no messages; the duty stands."""
    NOT_INFORMED = "not_informed"
    """Sixty days before the deadline, or known later than that, nobody was informed yet (product)."""
    EXPIRED = "expired"
    """The notice's time ended before anybody was reached."""
    CONFLICT = "conflict"
    """Certified after death: people must find out [14, 27]."""
    LONG_TERMINATED = "long_terminated"
    """Terminated a year ago and nobody applied [32]."""


CONFLICT_ROW = "conflict"
"""Kind of the outreach row that is about the person and not about a notice: facts contradict each other."""
FOLLOW_UP_ROW = "follow_up"
"""Kind of the outreach row for somebody terminated a year ago [32]."""
