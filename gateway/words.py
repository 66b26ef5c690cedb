"""The gateway's words: every closed set that code, config, API, metrics and texts share. One word per idea."""

from enum import StrEnum

from providers.base.words import FINAL, Fault, Outcome, Reason, Status

__all__ = [
    "FINAL",
    "OPEN_NOTICE",
    "Beneficiary",
    "Cause",
    "Channel",
    "ContactSource",
    "EventType",
    "Fault",
    "Insurance",
    "Kind",
    "Lane",
    "NoticeStatus",
    "Outcome",
    "OverrideEnd",
    "OverrideRefusal",
    "OverrideStatus",
    "Reason",
    "Relation",
    "Scope",
    "Status",
]


class NoticeStatus(StrEnum):
    """How far a duty to inform one person got. The last four are final."""

    SCHEDULED = "scheduled"
    """Its time has not come."""
    IN_PROGRESS = "in_progress"
    """A message is queued or on its way."""
    INFORMED = "informed"
    """Met: evidence says a message reached the person or whoever the rules allow."""
    UNINFORMED = "uninformed"
    """Every rung failed or there was no contact: handed to people through the outreach list. Another notice may take the duty up again."""
    CANCELED = "canceled"
    """Withdrawn: it is no longer true, or an operator said so."""
    SUPPRESSED = "suppressed"
    """Never started: a rule says no; the reason says which."""


OPEN_NOTICE = frozenset({NoticeStatus.SCHEDULED, NoticeStatus.IN_PROGRESS})
"""Notices that may still lead to a message."""


class Kind(StrEnum):
    """What a notice is about (domain: Notices)."""

    REMINDER = "reminder"
    SUSPENSION = "suspension"
    TERMINATION = "termination"
    RESUMPTION = "resumption"
    REQUESTED = "requested"


class Cause(StrEnum):
    """Why a benefit was suspended or terminated; NONE where the kind has no cause."""

    NONE = ""
    LAPSED = "lapsed"
    NOT_CERTIFIED = "not_certified"
    PAYMENT_FAILED = "payment_failed"
    DEATH = "death"
    MISSING = "missing"
    IMPRISONED = "imprisoned"
    OTHER = "other"


class Channel(StrEnum):
    """How a contact is reached. Others may come with providers; these have ladders and templates."""

    SMS = "sms"
    WECHAT = "wechat"
    WECOM = "wecom"
    VOICE = "voice"


class Relation(StrEnum):
    """Who answers at a contact."""

    SELF = "self"
    FAMILY = "family"
    GUARDIAN = "guardian"
    UNIT = "unit"


class ContactSource(StrEnum):
    """Who gave us a contact, from most to least trusted."""

    SELF_SERVICE = "self_service"
    COUNTER = "counter"
    DATA_SHARING = "data_sharing"
    LEGACY = "legacy"


class Lane(StrEnum):
    """Queues that never wait for each other."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


class Insurance(StrEnum):
    """Insurance types whose benefits are certified (domain: Insurance types)."""

    ENTERPRISE_PENSION = "enterprise_pension"
    INSTITUTION_PENSION = "institution_pension"
    RESIDENT_PENSION = "resident_pension"
    WORK_INJURY = "work_injury"


class Beneficiary(StrEnum):
    """Who draws a work-injury benefit."""

    WORKER = "worker"
    DEPENDANT = "dependant"


class Scope(StrEnum):
    """What an API token may do."""

    EVENTS = "events"
    """Post events."""
    READ = "read"
    """Read persons, notices, messages and lists."""
    OPERATE = "operate"
    """Cancel notices and other acts of an operator."""


class OverrideStatus(StrEnum):
    """How far the override of a suppression got."""

    ASKED = "asked"
    """Nobody confirmed it yet: it changes nothing."""
    IN_FORCE = "in_force"
    """The number is used although it was given up."""
    ENDED = "ended"
    """It was withdrawn, or its time is over."""


class OverrideEnd(StrEnum):
    """Why an override ended."""

    WITHDRAWN = "withdrawn"
    """Somebody took it back."""
    EXPIRED = "expired"
    """Its time is over."""
    UNCONFIRMED = "unconfirmed"
    """Nobody confirmed it in time."""


class OverrideRefusal(StrEnum):
    """Why an act about an override does not take effect."""

    NO_CONTACT = "no_contact"
    """The person has no such contact."""
    NOT_GIVEN_UP = "not_given_up"
    """The contact is used anyway."""
    OPEN = "open"
    """Another override of this number is asked for or in force."""
    PAST = "past"
    """Its end is not in the future."""
    TOO_LONG = "too_long"
    """Its end is further away than `quality.override_days`."""
    SAME_OWNER = "same_owner"
    """Whoever asked cannot confirm."""
    IN_FORCE = "in_force"
    """It is confirmed already."""
    EXPIRED = "expired"
    """It was not confirmed in time."""
    ENDED = "ended"
    """It ended."""


class EventType(StrEnum):
    """CloudEvents types that intake takes."""

    PERSON_UPDATED = "si.person.updated"
    CONTACT_UPDATED = "si.contact.updated"
    CONTACT_REMOVED = "si.contact.removed"
    CERTIFICATION_RECORDED = "si.certification.recorded"
    CERTIFICATION_REVOKED = "si.certification.revoked"
    REMINDER_DUE = "si.cycle.reminder-due"
    LAPSED = "si.cycle.lapsed"
    SUSPENDED = "si.benefit.suspended"
    TERMINATED = "si.benefit.terminated"
    RESUMED = "si.benefit.resumed"
    DECEASED = "si.person.deceased"
    NOTICE_REQUESTED = "si.notice.requested"
