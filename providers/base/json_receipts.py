"""Reads a vendor's JSON callback by settings alone.

[providers.acme.receipts]
list = "reports"                            # left out: the body is the list, or one report
reference = "ref"
code = "status"
at = "time"
codes.DELIVRD = { status = "delivered" }
codes.UNDELIV = { status = "undelivered", reason = "unreachable" }

[providers.acme.inbound]                    # what people reply, where the vendor sends that to the same address
list = "replies"
address = "from"
text = "content"
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import msgspec

from providers.base.document import DocumentError, at, decoded, items, picker, steps, text
from providers.base.ruling import Permanence, blamed
from providers.base.types import Inbound, Reading, Report, UnreadableCallback
from providers.base.words import Fault, Reason, Status

SAYABLE: Final = frozenset({Status.SENT, Status.DELIVERED, Status.UNDELIVERED, Status.FAILED})
"""What a report can say of a message."""


class ReportMeaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a report's code means. `fault` and `permanent` follow from the reason where they are left out."""

    status: Status
    reason: Reason | None = None
    fault: Fault | None = None
    permanent: Permanence = None

    def told(self) -> "Told":
        """Raises `ValueError` in an operator's words for a meaning that no report can have."""
        if self.status not in SAYABLE:
            raise ValueError(f"a report cannot say {self.status}: use one of {', '.join(sorted(SAYABLE))}")
        if self.status in {Status.SENT, Status.DELIVERED}:
            return self.status, None, Fault.NONE, None
        return self.status, *blamed(self.reason, self.fault, self.permanent)


Told = tuple[Status, Reason | None, Fault, bool | None]

UNMAPPED: Final[Told] = (Status.SENT, Reason.UNMAPPED, Fault.UNKNOWN, None)
"""A code nobody mapped never becomes a failure by itself: the message stays sent until the code is mapped or another report comes."""


class ReceiptOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[providers.NAME.receipts]`; paths are keys joined by dots. `at_format`: `rfc3339`, `epoch_s`, `epoch_ms` or a strptime format."""

    reference: str
    code: str
    list: str | None = None
    address: str | None = None
    id: str | None = None
    text: str | None = None
    at: str | None = None
    at_format: str = "rfc3339"
    at_utc_offset_h: float = 8.0
    codes: Mapping[str, ReportMeaning] = {}
    reply_status: int = 200
    reply_body: str = ""
    reply_type: str = "text/plain"


class InboundOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[providers.NAME.inbound]`: replies of people."""

    address: str
    text: str
    list: str | None = None
    reference: str | None = None
    at: str | None = None


class CallbackReader:
    """`ReceiptOptions` and `InboundOptions`, compiled."""

    def __init__(self, receipts: ReceiptOptions, inbound: InboundOptions | None, codes: Mapping[str, Told]) -> None:
        self._codes = codes
        self._list = steps(receipts.list)
        self._pick = picker((receipts.reference, receipts.code, receipts.address, receipts.id, receipts.text, receipts.at))
        self._time = clock(receipts.at_format, receipts.at_utc_offset_h)
        self._inbound_list = steps(inbound.list) if inbound else None
        self._pick_inbound = picker((inbound.address, inbound.text, inbound.reference, inbound.at) if inbound else ())
        self._reply = (receipts.reply_status, receipts.reply_body.encode(), receipts.reply_type)

    def read(self, body: bytes) -> Reading:
        """Raises `UnreadableCallback`."""
        try:
            reports, replies = self._sorted(decoded(body))
        except DocumentError as error:
            raise UnreadableCallback(str(error)) from error
        return Reading([self._report(entry) for entry in reports], [self._said(entry) for entry in replies], *self._reply)

    def _sorted(self, document: Any) -> tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]:
        """Reports and replies. A body may hold either list or both; where one list holds both, a reply is what has no code but a text."""
        if self._inbound_list is None:
            return items(document, self._list), ()
        if self._inbound_list == self._list:
            mixed = items(document, self._list)
            return [entry for entry in mixed if not self._replied(entry)], [entry for entry in mixed if self._replied(entry)]
        there = [at(document, path) is not None for path in (self._list, self._inbound_list)]
        if not any(there):
            raise DocumentError("neither reports nor replies where the settings say")
        return (items(document, self._list) if there[0] else ()), (items(document, self._inbound_list) if there[1] else ())

    def _replied(self, entry: dict[str, Any]) -> bool:
        return self._pick(entry)[1] is None and None not in self._pick_inbound(entry)[:2]

    def _report(self, entry: dict[str, Any]) -> Report:
        reference, code, address, vendor_id, said, when = self._pick(entry)
        if code.__class__ is not str:
            code = text(code)
        status, reason, fault, permanent = self._codes.get(code, UNMAPPED)
        return Report(
            reference if reference.__class__ is str else text(reference),
            status,
            reason,
            fault,
            permanent,
            address if address.__class__ is str else text(address),
            vendor_id if vendor_id.__class__ is str else text(vendor_id),
            code,
            said if said.__class__ is str else text(said),
            None if when is None else self._time(when),
        )

    def _said(self, entry: dict[str, Any]) -> Inbound:
        address, said, reference, when = self._pick_inbound(entry)
        return Inbound(text(address) or "", text(said) or "", text(reference), None if when is None else self._time(when))


def clock(form: str, utc_offset_h: float) -> Callable[[Any], datetime | None]:
    """A reader of times with a zone; what it cannot read is None, for a report without a time is still a report."""
    zone = timezone(timedelta(hours=utc_offset_h))
    if form in {"epoch_s", "epoch_ms"}:
        unit = 1.0 if form == "epoch_s" else 1000.0
        return lambda value: _tried(lambda: datetime.fromtimestamp(float(value) / unit, UTC))

    def parsed(value: Any) -> datetime:
        read = datetime.fromisoformat(value) if form == "rfc3339" else datetime.strptime(value, form)  # noqa: DTZ007 - the next line
        return read if read.tzinfo else read.replace(tzinfo=zone)

    return lambda value: _tried(lambda: parsed(value))


def _tried(read: Callable[[], datetime]) -> datetime | None:
    try:
        return read()
    except (ValueError, TypeError, OverflowError, OSError):
        return None
