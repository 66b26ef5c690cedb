"""What is believed of contacts as they come in and are verified anew, what it stops, and whom people must find because none is left."""

from datetime import date, timedelta

from msgspec import structs

from gateway.model import Contact, Outreach
from gateway.plan.codes import CONTACT_ROW, Why
from gateway.plan.instants import day_of
from gateway.plan.state import Belief, Recall
from gateway.plan.work import IN_PROGRESS, Work
from gateway.words import Reason, Status


def believed(contact: Contact, belief: Belief) -> Contact:
    """A contact with a number that is known already. A dead one is unused, unless somebody verified it since."""
    known = structs.replace(contact, opted_out=belief.opted_out, refused=belief.refused)
    dead_at, verified = belief.dead_at, contact.verified_on
    if dead_at is None or (verified is not None and verified >= day_of(dead_at)):
        return known
    return structs.replace(known, usable=False, dead=True, last_at=dead_at)


def inherited(contact: Contact, known: Contact) -> Contact:
    """The same person's contact with the same number again, or in another relation: what is believed of it holds here too."""
    made = structs.replace(
        contact,
        usable=known.usable,
        opted_out=known.opted_out,
        score=known.score,
        refused=known.refused,
        doubtful=known.doubtful,
        last_at=known.last_at,
        dead=known.dead,
        denied_on=known.denied_on,
        override_until=known.override_until,
    )
    later = made.verified_on is not None and (known.verified_on is None or made.verified_on > known.verified_on)
    return confirmed(made) if later else made


def confirmed(contact: Contact) -> Contact:
    """A contact that was verified later than we knew: taken back where it was given up, unless the last word about it is of a later day than that.

    The store does the same when it writes the contact (PUT_CONTACTS in gateway/store/persons.py). A verification that we hear of late the learner places
    where it belongs, and takes the contact back if that is what comes of it.
    """
    if contact.usable and not contact.dead and contact.denied_on is None:
        return contact
    heard_on = None if contact.last_at is None else day_of(contact.last_at)
    verified = contact.verified_on or date.min
    if any(day is not None and verified < day for day in (heard_on, contact.denied_on)):
        return contact
    return structs.replace(contact, usable=True, dead=False, denied_on=None, score=None)


def may_be_probed(work: Work, contact: Contact) -> bool:
    """A dead number of which nothing was heard for long: it may be in use again. Never one that is somebody else's, who would get the text."""
    days = work.rules.settings.probe_after_days
    return contact.dead and days > 0 and contact.last_at is not None and contact.last_at < work.now - timedelta(days=days)


def watch(work: Work) -> bool:
    """Whether any contact needs a closer look, once the events are applied; hardly anybody's does."""
    for contact in work.contacts:
        if not contact.usable or contact.override_until is not None:
            work.watched = True
            return True
    return False


def recall_given_up(work: Work) -> None:
    """Calls back what waits to go to contacts that were given up meanwhile: the notice goes on without them."""
    gone = [c for c in work.contacts if not c.usable and not may_be_probed(work, c)]
    if not gone:
        return
    dead = {(c.channel, c.key): c.dead for c in gone}
    for contact in work.contacts:  # in another relation the number may be good
        if contact not in gone:
            dead.pop((contact.channel, contact.key), None)
    for notice in work.notices:
        if notice.status == IN_PROGRESS:
            for tried in notice.tried:
                if tried.status == Status.QUEUED and (number := (tried.channel, tried.key)) in dead:
                    reason = Reason.NUMBER_ABSENT if dead[number] else Reason.WRONG_PERSON
                    work.recalls.append(Recall(notice.id, tried.key, reason))


def find_people(work: Work) -> None:
    """Somebody all of whose contacts are given up goes to people at once, before a duty is due; and comes back when one is usable again.

    A dead number that may be tried again is not usable yet. Whether a row stands is not read: it is ended wherever it may stand.
    """
    if not work.deceased:
        if not work.contacts:
            return
        if work.watched and not _any_usable(work.contacts):
            # Numbers that are new to the person are judged by the learner, which asks for another plan.
            if {c.id for c in work.contacts} <= {c.id for c in work.state.contacts}:
                work.outreach.append(Outreach(work.state.person.id, None, CONTACT_ROW, Why.NO_USABLE_CONTACT))
            return
    if work.state.person.stored and _may_stand(work):
        work.contact_lifted = True


def _may_stand(work: Work) -> bool:
    known = work.state
    if work.deceased:
        return not known.person.deceased
    # Whoever takes a contact back asks for a plan at once.
    due = known.person.plan_due
    if due is not None and due <= work.now and any(c.last_at is not None or c.denied_on is not None for c in work.contacts):
        return True
    return work.contacts is not known.contacts and not _any_usable(known.contacts)


def _any_usable(contacts: tuple[Contact, ...]) -> bool:
    return any(contact.usable for contact in contacts)
