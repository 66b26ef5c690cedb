"""The values a text is filled with, by the names that texts know; a name only as plainly as its reader is known."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

from gateway.model import Contact, Notice
from gateway.plan.ports import Rules
from gateway.plan.work import Duty, Work
from gateway.words import Cause, Kind


def values(work: Work, notice: Notice | Duty, contact: Contact) -> dict[str, str]:
    """The values of one message. The name is masked for a number that nobody verified (domain: Texts)."""
    rules, name = work.rules, work.details.name
    if name and contact.verified_on is None:
        name = rules.texts.mask_name(name)
    if notice.kind == Kind.REQUESTED:
        return {**notice.params, "name": name, "signature": rules.signature(work.region)}
    return {
        **_dates(rules, notice.kind, notice.cause, notice.effective, notice.deadline),
        "name": name,
        "signature": rules.signature(work.region),
        "home": rules.home(work.region),
        "insurance_name": rules.insurance_name(notice.insurance or work.insurance),
    }


@lru_cache(maxsize=8192)
def _dates(rules: Rules, kind: Kind, cause: Cause, effective: date, deadline: date | None) -> Mapping[str, str]:
    say = rules.texts.chinese_date
    said = {"effective_month": rules.texts.chinese_month(effective)}
    if deadline is not None:
        # The day before: nobody comes too late under any reading of the law (product).
        said |= {"shown_date": say(deadline - timedelta(days=1)), "deadline": say(deadline)}
    if kind == Kind.SUSPENSION and cause != Cause.LAPSED:
        said["object_until"] = say(rules.calendar.last_day_to_object(effective))
    return said
