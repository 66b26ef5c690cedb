"""The last check before a message leaves: start, stop for good, or wait. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum, auto

from msgspec import Struct

from gateway.dispatch.ports import Render, RenderFailed, Stops
from gateway.dispatch.windows import Booked
from gateway.logs import account, get_logger
from gateway.model import Standing
from gateway.stops import takes
from gateway.store.claims import Candidate
from gateway.store.vault import Vault
from gateway.words import OPEN_NOTICE, Channel, Fault, NoticeStatus, Reason, Status
from providers.base.types import Outgoing

log = get_logger(__name__)


class Starting(Struct, frozen=True, gc=False):
    """A message that leaves now."""

    id: int
    key: bytes
    outgoing: Outgoing
    segments: int
    attempts: int
    expires_at: datetime | None
    created: float


class Wait(Enum):
    """Why a message does not leave now but may later."""

    NUMBER_FULL = auto()
    """Its number had enough for today."""
    NUMBER_BUSY = auto()
    """Its number is being claimed for somebody else at this moment."""
    FACTS_PENDING = auto()
    """Accepted events of its person are not planned yet: what they say is not known here."""
    UNFIT_HERE = auto()
    """This process cannot open or judge it (it lacks a key, or is older than the message): another may; at last it expires."""


class Decisions(Struct, frozen=True, gc=False):
    """What becomes of what a claim took."""

    start: list[Starting]
    stop: list[tuple[int, str, str, str]]
    """(message id, status, reason, fault)."""
    wait: list[tuple[Candidate, "Wait"]]
    """Messages that may leave later."""
    full: list[tuple[Candidate, datetime]]
    """Messages whose number had enough from this provider, and until when."""
    replan: list[str]
    """Persons whose notices must be looked at again because a message of theirs ended here."""


def decide(
    candidates: Sequence[Candidate],
    facts: Mapping[str, Standing],
    now: datetime,
    per_day: int,
    sent_today: Mapping[bytes, int | None],
    stops: Stops,
    render: Render,
    vault: Vault,
    booked: Booked | None = None,
) -> Decisions:
    """Sorts candidates; `facts` are their persons, locked. Within one claim attempts to one number add up (`per_day` 0: no limit).

    `booked`: what the provider was given for these numbers lately, where it takes only so much.
    """
    decisions = Decisions([], [], [], [], [])
    counts = dict(sent_today)
    for candidate in candidates:
        person = facts[candidate.person_id]
        if person.pending:
            decisions.wait.append((candidate, Wait.FACTS_PENDING))
            continue
        try:
            stopped = _stopped(candidate, person, now, stops)
            starting = _starting(candidate, render, vault) if stopped is None else None
        except RenderFailed:
            _stop(decisions, candidate, Status.FAILED, Reason.TEMPLATE_REJECTED, Fault.SENDER)
            continue
        except Exception as error:  # noqa: BLE001 - an edge: what cannot be opened or judged here must not hold up its lane; nothing leaves on a guess
            log.error("message_unfit", kind=candidate.kind, template=candidate.template, **account(error))
            decisions.wait.append((candidate, Wait.UNFIT_HERE))
            continue
        if starting is None:
            _stop(decisions, candidate, Status.CANCELED, stopped or Reason.SUPERSEDED, Fault.NONE)
            continue
        free_at = booked.free_at(candidate.key) if booked is not None else None
        if free_at is not None:
            decisions.full.append((candidate, free_at))
            continue
        if per_day:
            before = counts[candidate.key]
            if before is None or before >= per_day:
                decisions.wait.append((candidate, Wait.NUMBER_BUSY if before is None else Wait.NUMBER_FULL))
                continue
            counts[candidate.key] = before + 1
        if booked is not None:
            booked.book(candidate.key)
        decisions.start.append(starting)
    return decisions


def _stopped(candidate: Candidate, person: Standing, now: datetime, stops: Stops) -> Reason | None:
    if candidate.notice_status not in OPEN_NOTICE:
        return Reason.DUTY_MET if candidate.notice_status == NoticeStatus.INFORMED else Reason.SUPERSEDED
    if candidate.expires_at is not None and candidate.expires_at <= now:
        return Reason.EXPIRED
    if candidate.wrong_person:
        return Reason.WRONG_PERSON
    if candidate.dead:
        return Reason.NUMBER_ABSENT
    if candidate.refused and not takes(candidate.refused, candidate.template):
        return Reason.RECIPIENT_BLOCKED
    return stops(candidate, person)


def _starting(candidate: Candidate, render: Render, vault: Vault) -> Starting:
    content = vault.open_message(candidate.sealed)
    text, segments = render(candidate.template, candidate.version, content.values)
    if candidate.channel != Channel.SMS:
        segments = 1  # only carriers cut a text into segments
    signature = content.values.get("signature", "")
    created = candidate.created_at.timestamp()
    outgoing = Outgoing(str(candidate.id), content.address, candidate.channel, text, candidate.template, content.values, signature)
    return Starting(candidate.id, candidate.key, outgoing, segments, candidate.attempts, candidate.expires_at, created)


def _stop(decisions: Decisions, candidate: Candidate, status: Status, reason: Reason, fault: Fault) -> None:
    decisions.stop.append((candidate.id, status, reason, fault))
    decisions.replan.append(candidate.person_id)
