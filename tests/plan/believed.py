"""Somebody the store knows, with contacts of which something is believed."""

from datetime import timedelta
from typing import Any

from msgspec import structs

from gateway.model import Contact
from gateway.plan import Settings
from gateway.words import Reason, Status
from scheduler.calendar import add_months
from tests.plan.fakes import FAMILY, SELF, TODAY, Desk, contact, reminder_due, rules

DEADLINE = add_months(TODAY, 3)
LADDER = ((SELF, "sms"), (SELF, "wechat"), (FAMILY, "sms"), (FAMILY, "wechat"), (SELF, "voice"))
DAYS = timedelta(days=1)
GONE: dict[str, Any] = {"usable": False, "dead": True, "score": 0.005}
STRANGERS: dict[str, Any] = {"usable": False, "score": 0.005}


def desk_with(*contacts: Contact, settings: Settings | None = None) -> Desk:
    """Somebody the store knows, with these contacts."""
    desk = Desk(rules_=rules(settings or Settings(ladder=LADDER)))
    person = structs.replace(desk.state.person, stored=True, region="510104")
    desk.state = structs.replace(desk.state, person=person, contacts=contacts)
    return desk


def own(ident: int, **more: Any) -> Contact:
    return contact(ident, f"1380013800{ident}", **more)


def openid(ident: int, **more: Any) -> Contact:
    return contact(ident, f"o{ident}", channel="wechat", **more)


def order(desk: Desk) -> list[int]:
    """In which order contacts are tried, if each message fails."""
    desk.take(reminder_due(DEADLINE))
    tried = []
    while desk.last.drafts:
        (draft,) = desk.last.drafts
        tried.append(draft.contact_id)
        desk.end(Status.UNDELIVERED, Reason.UNREACHABLE)
    return tried


def checks(desk: Desk) -> tuple[str, ...]:
    return tuple(check for check in desk.last.notices[0].checks if not check.startswith(("by:", "rule:", "passed:", "deadline:")))


def looked_at(desk: Desk) -> Desk:
    """The calendar's look that was asked for."""
    desk.state = structs.replace(desk.state, person=structs.replace(desk.state.person, plan_due=desk.now))
    return desk.take()
