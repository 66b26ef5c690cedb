"""What events say of a person and their contacts: fields given replace, fields absent stay."""

from datetime import date, timedelta

from msgspec import UNSET, structs

from gateway.events import GivenContact, PersonData
from gateway.model import Contact, Details
from gateway.plan.certification import certify, derived, recycle
from gateway.plan.codes import Code
from gateway.plan.contacts import believed, confirmed, inherited
from gateway.plan.state import Recall, Rejection
from gateway.plan.work import Work
from gateway.words import OPEN_NOTICE, Cause, ContactSource, Insurance, Reason, Relation, Status

EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
"""Dates outside are typing errors, and dates derived from them might not exist."""

FIRST_CHECK = date(1990, 1, 1)
"""Before it nobody had a mobile number to verify: such a day is what a database writes for none (0001-01-01, 1900-01-01, 1970-01-01)."""

A_FEED_AHEAD = timedelta(days=1)
"""How far ahead of our day another's may be."""

_TRUST = {source: rank for rank, source in enumerate(ContactSource)}
_SELF, _DEATH = Relation.SELF, Cause.DEATH


def bad_date(day: date | None, path: str, last: date = LATEST) -> Rejection | None:
    """Refuses a date that cannot be; `last` is today for what cannot lie in the future."""
    if day is None or EARLIEST <= day <= last:
        return None
    if last < day <= LATEST:
        return Rejection(Code.INVALID, path, "lies in the future")
    return Rejection(Code.INVALID, path, f"needed: a date from {EARLIEST} to {LATEST}")


def bad_person(data: PersonData | None, path: str, today: date) -> Rejection | None:
    """Refuses dates of a person that cannot be; a certification in the future is an error (domain: start)."""
    if data is None:
        return None
    if data.certified_on is not UNSET and (bad := bad_date(data.certified_on, f"{path}.certified_on", today)):
        return bad
    if data.benefit_started_on is not UNSET:
        return bad_date(data.benefit_started_on, f"{path}.benefit_started_on")
    return None


def put_person(work: Work, data: PersonData, *, evidence: bool) -> Code:
    """Takes what is said of the person. `evidence`: a new certification shows that the person lives now; else it only names a cycle."""
    details = _details(work.details, data)
    changed = details != work.details
    work.details = details
    if data.region is not UNSET and data.region != work.region:
        work.region, changed = data.region, True
    if data.beneficiary is not UNSET and data.beneficiary != work.beneficiary:
        work.beneficiary, changed = data.beneficiary, True
    if data.insurance is not UNSET:
        changed = _put_insurance(work, tuple(dict.fromkeys(data.insurance))) or changed
    if data.benefit_started_on is not UNSET and data.benefit_started_on != work.benefit_started_on:
        was = derived(work)
        work.benefit_started_on, changed = data.benefit_started_on, True
        recycle(work, was)
    if data.certified_on is not UNSET and (code := certify(work, data.certified_on, evidence=evidence)) != Code.UNCHANGED:
        return code
    return Code.RECORDED if changed else Code.UNCHANGED


def _put_insurance(work: Work, insurance: tuple[Insurance, ...]) -> bool:
    if insurance == work.insurance:
        return False
    work.insurance = insurance
    if work.benefits:
        work.benefits = tuple(b for b in work.benefits if b.insurance in insurance)
        work.moved = True
    return True


def put_contacts(work: Work, given: tuple[GivenContact, ...]) -> bool:
    """Adds or updates contacts; identity is (channel, key, relation). True where anything changed."""
    changed = False
    for one in given:
        changed = _put_contact(work, one) or changed
    return changed


def remove_contact(work: Work, channel: str, key: bytes, relation: Relation | None) -> bool:
    """Takes a contact away, in that relation or in all; what waits to go there is recalled."""
    gone = [c for c in work.contacts if c.key == key and c.channel == channel and relation in {None, c.relation}]
    if not gone:
        return False
    work.contacts = tuple(c for c in work.contacts if c not in gone)
    for contact in gone:
        work.contacts_removed[contact.id] = contact
        work.contacts_put.pop(contact.id, None)
        recall(work, contact.key)
    return True


def _details(known: Details, data: PersonData) -> Details:
    return Details(
        known.name if data.name is UNSET else data.name,
        known.residence if data.residence is UNSET else data.residence,
        known.managing_unit if data.managing_unit is UNSET else data.managing_unit,
        known.birth_year if data.birth_year is UNSET else data.birth_year,
        known.abroad if data.abroad is UNSET else data.abroad,
        known.home_service if data.home_service is UNSET else data.home_service,
    )


def _put_contact(work: Work, given: GivenContact) -> bool:
    if given.verified_on is not None and not FIRST_CHECK <= given.verified_on <= work.today + A_FEED_AHEAD:
        given = structs.replace(given, verified_on=None)  # no check took place: left standing, no later one would ever count
    for known in work.contacts:
        if known.key == given.key and known.channel == given.channel and known.relation == given.relation:
            break
    else:
        _add_contact(work, given)
        return True
    merged = _merged(known, given)
    if merged == known:
        return False
    work.contacts = tuple(merged if c is known else c for c in work.contacts)
    work.contacts_put[merged.id] = merged
    return True


def _add_contact(work: Work, given: GivenContact) -> None:
    again = _removed(work, given) if work.contacts_removed else None
    contact = Contact(
        work.rules.ids.contact() if again is None else again.id,
        given.channel, given.address, given.key, given.relation, given.source, given.verified_on, given.name,
    )  # fmt: skip
    if (known := again or _same_number(work, given)) is not None:
        contact = inherited(contact, known)
    elif (belief := work.state.beliefs.get(given.key)) is not None:
        contact = believed(contact, belief)
    work.contacts = (*work.contacts, contact)
    work.contacts_put[contact.id] = contact
    if given.relation == _SELF and work.notices:
        for key in {c.key for c in work.contacts if c.address == given.address}:
            recall(work, key, of_death=True)


def _removed(work: Work, given: GivenContact) -> Contact | None:
    """A contact that an earlier event of this batch took away keeps its id, and its message its place."""
    for contact in work.contacts_removed.values():
        if contact.key == given.key and contact.channel == given.channel and contact.relation == given.relation:
            work.recalls = [recall for recall in work.recalls if recall.key != given.key]
            return work.contacts_removed.pop(contact.id)
    return None


def _same_number(work: Work, given: GivenContact) -> Contact | None:
    """The same number in another relation: what is believed of it holds here too."""
    for contact in work.contacts:
        if contact.key == given.key and contact.channel == given.channel:
            return contact
    return None


def _merged(known: Contact, given: GivenContact) -> Contact:
    """The better source and the later verification win: a feed that does not know of a check does not undo it."""
    trusted = given.source if _TRUST[given.source] < _TRUST[known.source] else known.source
    verified = max((day for day in (known.verified_on, given.verified_on) if day is not None), default=None)
    merged = structs.replace(known, address=given.address, source=trusted, verified_on=verified, name=given.name or known.name)
    return merged if verified == known.verified_on else confirmed(merged)


def recall(work: Work, key: bytes, *, of_death: bool = False) -> None:
    """Calls back what waits in a queue for a number; `of_death`: only of deaths, which are never told to the person's own number."""
    for notice in work.notices:
        if notice.status not in OPEN_NOTICE or (of_death and notice.cause != _DEATH):
            continue
        if any(t.key == key and t.status == Status.QUEUED for t in notice.tried):
            work.recalls.append(Recall(notice.id, key, Reason.SUPERSEDED))
