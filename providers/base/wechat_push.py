"""What a person says or does, as WeChat and WeCom push it alike."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from providers.base.safe_xml import Element
from providers.base.types import Inbound
from providers.base.words import Sign

_FOLLOWING: Final[Mapping[str, Sign]] = {"subscribe": Sign.FOLLOWED, "unsubscribe": Sign.UNFOLLOWED}


def event_of(push: Element) -> str:
    """The event's name in small letters; empty for what is no event."""
    return (push.get("Event") or "").lower() if (push.get("MsgType") or "").lower() == "event" else ""


def sender(push: Element) -> str:
    """The account of the person that it is about."""
    return push.get("FromUserName") or ""


def pushed_at(push: Element) -> datetime | None:
    """`CreateTime`, seconds since 1970."""
    written = push.get("CreateTime") or ""
    return datetime.fromtimestamp(int(written), UTC) if written.isascii() and written.isdigit() and len(written) < 12 else None


def person_said(push: Element) -> list[Inbound]:
    """A text that a person wrote, or that they follow or no longer do; nothing for all else (pictures, menus, places)."""
    if not sender(push):
        return []
    if (push.get("MsgType") or "").lower() == "text":
        return [Inbound(sender(push), push.get("Content") or "", at=pushed_at(push))]
    sign = _FOLLOWING.get(event_of(push))
    return [Inbound(sender(push), "", at=pushed_at(push), sign=sign)] if sign else []
