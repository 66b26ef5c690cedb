"""What Tencent Cloud SMS tells of messages: pushes, and what the pull and query APIs give.

Callbacks (cloud.tencent.com, documents 382/59178, 382/43547, 382/43548), PullSmsSendStatus, PullSmsReplyStatus and PullSmsSendStatusByPhoneNumber
(382/55977, 382/55976, 382/55978), read 2026-11-24. Pushed times have no zone; they are those of UTC+8. In a push `errmsg` is the carrier's code, in
a pull `Description` is.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from providers.base.codes import CodeTable
from providers.base.context import joined_by
from providers.base.document import DocumentError, at, decoded, items, text
from providers.base.json_receipts import UNMAPPED, Told, clock
from providers.base.types import Inbound, Reading, Report, UnreadableCallback
from providers.base.words import Fault, Reason, Status

STATUSES: Final = "PullSmsSendStatusSet"
REPLIES: Final = "PullSmsReplyStatusSet"

_TAKEN: Final = b'{"result":0,"errmsg":"OK"}'
_JSON: Final = "application/json"
_DELIVERED: Final[Told] = (Status.DELIVERED, None, Fault.NONE, None)
_pushed_at: Final = clock("rfc3339", 8)
_epoch: Final = clock("epoch_s", 8)

ReportCodes = CodeTable[Told]


class Fields(msgspec.Struct, frozen=True):
    """How one kind of entry names what it says."""

    country: str
    number: str
    status: str
    code: str
    words: str
    id: str
    context: str
    at: str


PUSHED: Final = Fields("nationcode", "mobile", "report_status", "errmsg", "description", "sid", "ext", "user_receive_time")
PULLED: Final = Fields("", "PhoneNumber", "ReportStatus", "Description", "Description", "SerialNo", "SessionContext", "UserReceiveTime")


def pushed(body: bytes, codes: ReportCodes) -> Reading:
    """An array is reports, an object a reply. Raises `UnreadableCallback`."""
    try:
        document = decoded(body)
        entries = items(document, ())
    except DocumentError as error:
        raise UnreadableCallback(str(error)) from error
    if document.__class__ is dict:
        if "mobile" not in document or "text" not in document:
            raise UnreadableCallback("an object that is no reply")
        return Reading((), [_reply(document)], reply_body=_TAKEN, reply_type=_JSON)
    if not all(PUSHED.status in entry or PUSHED.id in entry for entry in entries):
        raise UnreadableCallback("an array that holds something else than reports")
    return Reading([_report(entry, PUSHED, codes) for entry in entries], reply_body=_TAKEN, reply_type=_JSON)


def pulled(body: bytes, codes: ReportCodes) -> Reading:
    """Reports or replies that a pull or a query gave. Raises `UnreadableCallback`."""
    try:
        reports, replies = sets(body)
    except DocumentError as error:
        raise UnreadableCallback(str(error)) from error
    return Reading([_report(entry, PULLED, codes) for entry in reports], [_pulled_reply(entry) for entry in replies])


def sets(body: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Reports and replies in an answer of the pull APIs. Raises `DocumentError` where it is an error, or holds neither."""
    response = at(decoded(body), ("Response",))
    if response.__class__ is not dict or "Error" in response or not (STATUSES in response or REPLIES in response):
        code = text(at(response, ("Error", "Code")))
        raise DocumentError(f"neither reports nor replies: {code or 'no error code either'}")
    return _set(response, STATUSES), _set(response, REPLIES)


def _set(response: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [] if response.get(name) is None else items(response, (name,))


def _report(entry: Mapping[str, Any], fields: Fields, codes: ReportCodes) -> Report:
    state, code = text(entry.get(fields.status)), text(entry.get(fields.code))
    status, reason, fault, permanent = _told(state, code, codes)
    reference, call = joined_by(text(entry.get(fields.context)))
    return Report(
        reference,
        status,
        reason,
        fault,
        permanent,
        _address(text(entry.get(fields.country)), text(entry.get(fields.number))),
        text(entry.get(fields.id)) or None,
        code or state,
        text(entry.get(fields.words)),
        (_pushed_at if fields is PUSHED else _epoch)(entry.get(fields.at)),
        call,
    )


def _told(state: str | None, code: str | None, codes: ReportCodes) -> Told:
    """What the code means; what the vendor itself concluded counts where the code is unmapped, and leaves all open where it contradicts."""
    told = codes[code or state]
    if state == "SUCCESS":
        if told[1] is Reason.UNMAPPED:
            return _DELIVERED
        return told if told[0] in {Status.DELIVERED, Status.SENT} else UNMAPPED
    return UNMAPPED if state is not None and told[0] is Status.DELIVERED else told


def _reply(entry: Mapping[str, Any]) -> Inbound:
    address = _address(text(entry.get("nationcode")), text(entry.get("mobile")))
    return Inbound(address or "", text(entry.get("text")) or "", at=_epoch(entry.get("time")))


def _pulled_reply(entry: Mapping[str, Any]) -> Inbound:
    return Inbound(text(entry.get("PhoneNumber")) or "", text(entry.get("ReplyContent")) or "", at=_epoch(entry.get("ReplyTime")))


def _address(country: str | None, number: str | None) -> str | None:
    return f"+{country}{number}" if country and number and not number.startswith("+") else number
