"""One person while they are planned: the facts as they change, and what there will be to write."""

from datetime import date, datetime

from msgspec import Struct

from gateway.model import Benefit, Closing, Contact, Details, Draft, Notice, Outreach, Tried
from gateway.plan.ports import Rules
from gateway.plan.state import Recall, State
from gateway.stops import untrue
from gateway.words import OPEN_NOTICE, Beneficiary, Cause, Insurance, Kind, Lane, NoticeStatus, Reason

SCHEDULED, IN_PROGRESS, UNINFORMED = NoticeStatus.SCHEDULED, NoticeStatus.IN_PROGRESS, NoticeStatus.UNINFORMED
CANCELED, SUPPRESSED, INFORMED = NoticeStatus.CANCELED, NoticeStatus.SUPPRESSED, NoticeStatus.INFORMED


DutyOf = tuple[str, str, date, tuple[str, ...]]
"""What the notices of one duty have in common: kind, cause, day, and the benefits or the event."""


class Duty(Struct, gc=False):
    """A notice in the making: nothing of it is written yet, so a later event of the same batch may still stop it."""

    duty: str
    kind: Kind
    cause: Cause
    insurance: tuple[Insurance, ...]
    effective: date
    lane: Lane
    due_at: datetime
    checks: tuple[str, ...]
    deadline: date | None = None
    cycle_start: date | None = None
    expires_at: datetime | None = None
    event_source: str = ""
    event_id: str = ""
    template: str = ""
    params: dict[str, str] = {}
    channels: tuple[str, ...] = ()
    tried: tuple[Tried, ...] = ()
    """What earlier notices of the same duty tried before they were withdrawn, or ended with nobody informed."""
    follows: int = 0
    """The notice, with nobody informed, whose duty this takes up again; 0: none."""
    id: int = 0
    status: NoticeStatus = SCHEDULED
    reason: Reason | None = None


class Work(Struct, gc=False):
    """Mutable on purpose: events of one person apply one after the other. Has what the table of stops asks of a person."""

    state: State
    rules: Rules
    now: datetime
    today: date
    region: str
    details: Details
    insurance: tuple[Insurance, ...]
    beneficiary: Beneficiary | None
    certified: tuple[date, ...]
    benefit_started_on: date | None
    start: date | None
    deadline: date | None
    deceased: bool
    died_on: date | None
    conflict: bool
    benefits: tuple[Benefit, ...]
    contacts: tuple[Contact, ...]
    notices: tuple[Notice, ...]
    same: dict[DutyOf, list[Notice]] | None = None
    """The notices by duty, where any ended with nobody informed; hardly anybody has one."""
    look_again: bool = False
    """What the store holds by then may say more."""
    watched: bool = False
    """A contact is given up, or used although it was."""
    moved: bool = False
    """Facts changed that may make notices untrue."""
    contacts_put: dict[int, Contact] = {}
    contacts_removed: dict[int, Contact] = {}
    duties: list[Duty] = []
    started: list[int] = []
    closings: dict[int, Closing] = {}
    recalls: list[Recall] = []
    drafts: list[Draft] = []
    outreach: list[Outreach] = []
    outreach_withdrawn: list[int] = []
    conflict_lifted: bool = False
    contact_lifted: bool = False


def begin(state: State, now: datetime, today: date, rules: Rules) -> Work:
    """The person as the store knows them."""
    p = state.person
    return Work(
        state, rules, now, today, p.region, p.details, p.insurance, p.beneficiary, p.certified, p.benefit_started_on, p.start, p.deadline,
        p.deceased, p.died_on, p.conflict, p.benefits, state.contacts, state.notices,
    )  # fmt: skip


def every(work: Work) -> list[Notice | Duty]:
    """All notices of the person, those in the making last."""
    return [*work.notices, *work.duties]


def standing(work: Work, notice: Notice | Duty) -> tuple[NoticeStatus, Reason | None]:
    """Status and reason of a notice as they are by now."""
    closing = work.closings.get(notice.id)
    return (notice.status, notice.reason) if closing is None else (closing.status, closing.reason)


def close(work: Work, notice: Notice | Duty, status: NoticeStatus, reason: Reason | None) -> None:
    """Ends a notice, written or not."""
    if isinstance(notice, Duty):
        notice.status, notice.reason = status, reason
    else:
        work.closings[notice.id] = Closing(notice.id, status, reason)


def withdraw(work: Work) -> None:
    """Ends what the facts have made untrue: open notices [8], and rows of people who need not be found any more."""
    work.moved = False
    for notice in work.notices:
        if notice.id in work.closings or (notice.status not in OPEN_NOTICE and notice.status != UNINFORMED):
            continue
        if (reason := untrue(notice, work)) is not None:
            work.outreach_withdrawn.append(notice.id)
            if notice.status != UNINFORMED:
                close(work, notice, CANCELED, reason)
    for duty in work.duties:
        if duty.status == SCHEDULED and (reason := untrue(duty, work)) is not None:
            close(work, duty, SUPPRESSED, reason)
