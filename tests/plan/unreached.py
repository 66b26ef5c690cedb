"""Somebody whose notice ended with nobody informed, and what may come after."""

from datetime import datetime
from typing import Any

from msgspec import structs

from gateway.events import ContactData, Event, NoticeRequested
from gateway.model import Contact, Notice
from gateway.plan import Settings
from gateway.words import NoticeStatus, Reason, Status
from tests.plan.believed import DEADLINE, desk_with
from tests.plan.fakes import (
    TODAY,
    Desk,
    event,
    given,
    reminder_due,
)

NEW = given("13600136000", verified_on=TODAY)
FAILED = Status.UNDELIVERED, Reason.NUMBER_ABSENT


def new_contact(address: str = "13600136000", **more: Any) -> Event:
    return event(ContactData("sms", address), given(address, **more))


def of(desk: Desk, kind: str = "reminder") -> list[Notice]:
    """The notices of a kind, in their order."""
    return [n for n in desk.state.notices if n.kind == kind]


def unreached(*contacts: Contact, first: Event | None = None, settings: Settings | None = None) -> Desk:
    """Somebody whose notice ended with nobody informed: every message failed, or there was nobody to send one to."""
    desk = desk_with(*contacts, settings=settings).take(first or reminder_due(DEADLINE))
    for _ in contacts:
        if desk.last.drafts:
            desk.end(*FAILED)
    assert [n.status for n in desk.state.notices] == [NoticeStatus.UNINFORMED]
    return desk


def renewed(desk: Desk, address: str = "13800138001") -> Desk:
    """What the store finds out: since the messages to it ended the number was verified anew, overridden or believed in again."""
    key = f"sms:{address}".encode()
    notices = [
        structs.replace(n, tried=tuple(structs.replace(t, renewed=n.status == NoticeStatus.UNINFORMED and t.key == key) for t in n.tried))
        for n in desk.state.notices
    ]
    desk.state = structs.replace(desk.state, notices=tuple(notices))
    return desk


def sent(desk: Desk) -> list[str]:
    return [draft.address for draft in desk.last.drafts]


def asked(expires_at: datetime | None = None) -> Event:
    return event(NoticeRequested("general", {"matter": "x"}, expires_at=expires_at))
