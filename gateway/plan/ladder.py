"""The ladder [23]: who is told next, through which contact, with which text. A contact that was used for a notice is not used for it again."""

from functools import lru_cache

from msgspec import Struct

from gateway.model import Contact, Notice
from gateway.plan.addressees import addressee, own_keys, steps, whom
from gateway.plan.duties import LIFTABLE
from gateway.plan.ports import Rules
from gateway.plan.work import Duty, Work
from gateway.stops import refuses, takes
from gateway.words import Cause, Kind, Reason, Relation, Status


class Rung(Struct, frozen=True, gc=False):
    """The next message: where to, speaking to whom, with which text."""

    contact: Contact
    addressee: Relation
    template: str


class Climb(Struct, gc=False):
    """The next rung, or None with what stood in the way."""

    rung: Rung | None = None
    opted_out: bool = False
    """Somebody could have been written to, but wants no messages."""


def climb(work: Work, notice: Notice | Duty) -> Climb:
    """The best contact that is left: by the ladder's order, then by how well the number is believed to reach the person."""
    found = Climb()
    for contact in _candidates(work, notice, found):
        to = addressee(work, contact)
        template = _template(work, notice, to, contact.channel)
        if template is not None and takes(contact.refused, template):
            found.rung = Rung(contact, to, template)
            break
    return found


def _candidates(work: Work, notice: Notice | Duty, found: Climb) -> list[Contact]:
    rungs = steps(work.rules, whom(work, notice), notice.channels)
    used = {(t.channel, t.key) for t in notice.tried if _used(t.status, t.reason)} if notice.tried else ()
    own = own_keys(work) if notice.cause == Cause.DEATH else ()
    left: list[Contact] = []
    for contact in work.contacts:
        if (
            not contact.usable
            or (contact.relation, contact.channel) not in rungs
            or contact.key in own
            or (contact.channel, contact.key) in used
        ):
            continue
        if contact.opted_out and refuses(notice):
            found.opted_out = True
            continue
        left.append(contact)
    if len(left) > 1:
        left.sort(key=lambda c: (rungs[c.relation, c.channel], -_worth(c), -(c.verified_on.toordinal() if c.verified_on else 0), c.id))
    return left


def _worth(contact: Contact) -> float:
    return 0.5 if contact.score is None else contact.score


def _used(status: Status, reason: Reason | None) -> bool:
    """A message that a fact called back before it left used nothing; one whose time ran out there did."""
    return status != Status.CANCELED or reason not in LIFTABLE


def _template(work: Work, notice: Notice | Duty, to: Relation, channel: str) -> str | None:
    if notice.kind == Kind.REQUESTED:
        return requested_text(work.rules, notice.template, channel)
    lives = work.details
    return _text(work.rules, notice.kind, notice.cause, to, channel, lives.abroad, lives.home_service)


def requested_text(rules: Rules, template: str, channel: str) -> str | None:
    """The text that a request means on this channel; None where nobody published one."""
    name = rules.texts.requested(template, channel)
    return name if rules.texts.exists(name) else None


@lru_cache(maxsize=4096)
def _text(
    rules: Rules,
    kind: Kind,
    cause: Cause,
    to: Relation,
    channel: str,
    abroad: bool,  # noqa: FBT001
    home_service: bool,  # noqa: FBT001
) -> str | None:
    """The text's name; None where nobody wrote one for this channel."""
    means = rules.settings.lapse_means_suspended
    name = rules.texts.choose(kind, cause, to, channel, abroad=abroad, home_service=home_service, lapse_means_suspended=means)
    return name if rules.texts.exists(name) else None
