"""plan(): events and the calendar of one person → what must be written."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from gateway.events import CertificationRecorded, CertificationRevoked, ContactRemoved, Event, PersonData
from gateway.model import Notice, Person, Verdict
from gateway.plan.advance import advance_known, start_new
from gateway.plan.again import take_up
from gateway.plan.benefits import resumed, suspended, terminated
from gateway.plan.calendar_duties import follow_up, look, next_look
from gateway.plan.certification import certify, revoke
from gateway.plan.codes import Code
from gateway.plan.contacts import find_people, recall_given_up, watch
from gateway.plan.cycle_events import lapsed, reminder_due
from gateway.plan.duties import group
from gateway.plan.facts import bad_date, bad_person, put_contacts, put_person, remove_contact
from gateway.plan.life import deceased
from gateway.plan.ports import Rules
from gateway.plan.requested import requested
from gateway.plan.state import Changes, Rejection, State
from gateway.plan.work import Duty, Work, begin, withdraw
from gateway.words import EventType


def plan(state: State, events: Sequence[Event], now: datetime, today: date, rules: Rules) -> Changes:
    """Applies the events of one person in their order, then whatever is due by now.

    `now` is aware, `today` the calendar date of `now` in Asia/Shanghai (PostgreSQL's clock, passed in). With no events it is the
    calendar's look: call it when `person.plan_due` has passed, and when a message of the person became final.
    """
    work = begin(state, now, today, rules)
    verdicts = [_apply(work, event) for event in events]
    if watch(work):
        recall_given_up(work)
    if work.notices:
        group(work)
    advance_known(work)
    if work.same is not None:
        take_up(work, work.same)
    look(work)
    if work.benefits:
        follow_up(work)
    start_new(work)
    find_people(work)
    return _changes(work, verdicts)


def _apply(work: Work, event: Event) -> Verdict | Rejection:
    verdict = HANDLERS[event.type](work, event, event.data)
    if work.moved:
        withdraw(work)
    return verdict


def person_updated(work: Work, event: Event, data: PersonData) -> Verdict | Rejection:
    """What a register says of the person; any duty it causes is the calendar's."""
    bad = bad_person(data, "$.data", work.today)
    if bad is not None:
        return bad
    code = put_person(work, data, evidence=True)
    if put_contacts(work, event.contacts) and code == Code.UNCHANGED:
        code = Code.RECORDED
    return Verdict(code)


def contact_updated(work: Work, event: Event, _data: object) -> Verdict:
    """One contact, new or known better."""
    return Verdict(Code.RECORDED if put_contacts(work, event.contacts) else Code.UNCHANGED)


def contact_removed(work: Work, event: Event, data: ContactRemoved) -> Verdict:
    """One contact less; intake gives its key in `event.contacts`."""
    gone = [remove_contact(work, given.channel, given.key, data.relation) for given in event.contacts]
    return Verdict(Code.RECORDED if any(gone) else Code.UNCHANGED)


def certification_recorded(work: Work, _event: Event, data: CertificationRecorded) -> Verdict | Rejection:
    """Restarts the cycle and withdraws what it makes untrue [8]."""
    return bad_date(data.certified_on, "$.data.certified_on", work.today) or Verdict(certify(work, data.certified_on, evidence=True))


def certification_revoked(work: Work, _event: Event, data: CertificationRevoked) -> Verdict:
    """That certification never was: the cycle is the one before."""
    return Verdict(revoke(work, data.certified_on))


HANDLERS: dict[EventType, Callable[[Work, Event, Any], Verdict | Rejection]] = {
    EventType.PERSON_UPDATED: person_updated,
    EventType.CONTACT_UPDATED: contact_updated,
    EventType.CONTACT_REMOVED: contact_removed,
    EventType.CERTIFICATION_RECORDED: certification_recorded,
    EventType.CERTIFICATION_REVOKED: certification_revoked,
    EventType.REMINDER_DUE: reminder_due,
    EventType.LAPSED: lapsed,
    EventType.SUSPENDED: suspended,
    EventType.TERMINATED: terminated,
    EventType.RESUMED: resumed,
    EventType.DECEASED: deceased,
    EventType.NOTICE_REQUESTED: requested,
}
"""The map of what events do."""


def _changes(work: Work, verdicts: list[Verdict | Rejection]) -> Changes:
    known = work.state.person
    person = _person(work, known)
    return Changes(
        known if person == known else person, tuple(verdicts), tuple(work.contacts_put.values()), tuple(work.contacts_removed),
        tuple([_notice(known.id, duty) for duty in work.duties]), tuple(work.started), tuple(work.closings.values()), tuple(work.recalls),
        tuple(work.drafts), tuple(work.outreach), tuple(work.outreach_withdrawn), _moved(work), work.conflict_lifted,
        work.contact_lifted,
    )  # fmt: skip


def _moved(work: Work) -> tuple[tuple[int, int], ...]:
    return tuple([(duty.follows, duty.id) for duty in work.duties if duty.follows]) if work.same is not None else ()


def _person(work: Work, known: Person) -> Person:
    return Person(
        known.id, work.region, work.details, work.insurance, work.beneficiary, work.certified, work.benefit_started_on, work.start, work.deadline,
        work.deceased, work.died_on, work.conflict, work.benefits, next_look(work), known.stored,
    )  # fmt: skip


def _notice(person_id: str, duty: Duty) -> Notice:
    return Notice(
        duty.id, person_id, duty.duty, duty.kind, duty.cause, duty.insurance, duty.effective, duty.status, duty.lane, duty.due_at, duty.reason,
        duty.expires_at, duty.cycle_start, duty.deadline, duty.template, duty.params, duty.channels, duty.checks, duty.event_source,
        duty.event_id,
    )  # fmt: skip
