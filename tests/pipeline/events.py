"""Events as backends post them, with what a test does not care about filled in."""

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

SHANGHAI = ZoneInfo("Asia/Shanghai")
SOURCE = "/backends/benefits"
_serial = count(1)


def today() -> date:
    return datetime.now(SHANGHAI).date()


def day(days: int) -> str:
    """So many days from today."""
    return str(today() + timedelta(days=days))


def number(n: int) -> str:
    """The n-th of a hundred million mainland numbers that decide nothing by their last digits."""
    return f"138{n:07d}9"


def sms(address: str, **more: Any) -> dict[str, Any]:
    return {"channel": "sms", "address": address, "relation": "self", "source": "counter"} | more


def event(kind: str, person: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": f"e-{next(_serial)}", "source": SOURCE, "type": kind, "subject": person, "data": data} | more


def known(person: str, *contacts: dict[str, Any], **data: Any) -> dict[str, Any]:
    """`si.person.updated`."""
    return event("si.person.updated", person, {"name": "王建国", "region": "510104", "contacts": list(contacts)} | data)


def reminder(person: str, *contacts: dict[str, Any], deadline: str = "", **more: Any) -> dict[str, Any]:
    """`si.cycle.reminder-due`: one message, lane normal."""
    return event("si.cycle.reminder-due", person, {"deadline": deadline or day(80), "contacts": list(contacts)}, **more)


def lapsed(person: str, *contacts: dict[str, Any]) -> dict[str, Any]:
    """`si.cycle.lapsed` of a deadline that has passed: lane urgent."""
    return event("si.cycle.lapsed", person, {"deadline": day(-3), "contacts": list(contacts)})


def suspended(person: str, *contacts: dict[str, Any], cause: str = "not_certified", on: str = "", **data: Any) -> dict[str, Any]:
    return event("si.benefit.suspended", person, {"suspended_on": on or day(-2), "cause": cause, "contacts": list(contacts)} | data)


def terminated(person: str, *contacts: dict[str, Any], cause: str = "not_certified", on: str = "", **data: Any) -> dict[str, Any]:
    return event("si.benefit.terminated", person, {"terminated_on": on or day(-1), "cause": cause, "contacts": list(contacts)} | data)


def resumed(person: str, *contacts: dict[str, Any], on: str = "", **data: Any) -> dict[str, Any]:
    return event("si.benefit.resumed", person, {"resumed_on": on or day(0), "contacts": list(contacts)} | data)


def certified(person: str, on: str = "") -> dict[str, Any]:
    return event("si.certification.recorded", person, {"certified_on": on or day(0)})


def deceased(person: str, **data: Any) -> dict[str, Any]:
    return event("si.person.deceased", person, data or {"died_on": day(-1)})


def requested(person: str, *contacts: dict[str, Any], **data: Any) -> dict[str, Any]:
    """`si.notice.requested`: lane normal where nothing else is said."""
    params = {"name": "王建国", "matter": "待遇资格认证", "until": "2030年1月1日", "place": "社保窗口"}
    return event("si.notice.requested", person, {"template": "general", "params": params, "contacts": list(contacts)} | data)


def raw(one: dict[str, Any]) -> bytes:
    return msgspec.json.encode(one)
