"""What Huawei Cloud Message & SMS tells of messages: reports one by one as a form, up to 50 as JSON, replies as a form.

Receiving status reports, in batches, and uplink messages (support.huaweicloud.com/api-msgsms, sms_05_0003, sms_05_0063, sms_05_0004), read 2026-11-24.

A long message has a report a segment, and is delivered when all are: a report that does not say failed names its segment alone, `smsMsgId/sequence` as
`vendor_id`, which is one of the answer's `parts`. One that failed speaks for the whole, as does that of a message of one segment: joined by `extend`.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from providers.base.codes import CodeTable
from providers.base.context import joined_by
from providers.base.document import DocumentError, decoded, items, text
from providers.base.json_receipts import Told, clock
from providers.base.types import Inbound, Reading, Report, UnreadableCallback
from providers.base.words import Status

_COUNT: Final = re.compile("[1-9][0-9]?")
_MOST_FIELDS: Final = 50
_REPLY_FIELDS: Final = frozenset({"from", "body"})
_REPORT_FIELDS: Final = frozenset({"smsMsgId", "status"})
_time: Final = clock("rfc3339", 0)

_FAILED: Final = frozenset({Status.UNDELIVERED, Status.FAILED})

ReportCodes = CodeTable[Told]


def pushed(body: bytes, codes: ReportCodes) -> Reading:
    """Raises `UnreadableCallback`."""
    entries = _list(body) if body.lstrip()[:1] == b"{" else [_form(body)]
    if not all(entry.keys() >= _REPORT_FIELDS or entry.keys() >= _REPLY_FIELDS for entry in entries):
        raise UnreadableCallback("neither status reports nor a reply")
    replies = [_reply(entry) for entry in entries if entry.keys() >= _REPLY_FIELDS]
    return Reading([_report(entry, codes) for entry in entries if not entry.keys() >= _REPLY_FIELDS], replies)


def parts(message_id: str | None, total: int) -> tuple[str, ...]:
    """The ids under which the reports of a message will come."""
    if not message_id:
        return ()
    return tuple(f"{message_id}/{number}" for number in range(1, total + 1)) if total > 1 else (message_id,)


def segments(said: Any) -> int:
    """`total` as a number; what makes no sense is one."""
    written = text(said) or ""
    return int(written) if _COUNT.fullmatch(written) else 1


def _list(body: bytes) -> list[dict[str, Any]]:
    try:
        return items(decoded(body), ("statusReportList",))
    except DocumentError as error:
        raise UnreadableCallback(str(error)) from error


def _form(body: bytes) -> dict[str, Any]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise UnreadableCallback("not a form") from error


def _report(entry: Mapping[str, Any], codes: ReportCodes) -> Report:
    code, message_id = text(entry.get("status")), text(entry.get("smsMsgId")) or None
    status, reason, fault, permanent = codes[code]
    long = segments(entry.get("total")) > 1
    reference, call = (None, None) if long and status not in _FAILED else joined_by(text(entry.get("extend")))
    return Report(
        reference,
        status,
        reason,
        fault,
        permanent,
        text(entry.get("to")) or None,
        f"{message_id}/{text(entry.get('sequence'))}" if long and message_id else message_id,
        code,
        text(entry.get("statusDesc")) or None,
        _time(entry.get("updateTime")),
        call,
    )


def _reply(entry: Mapping[str, Any]) -> Inbound:
    return Inbound(text(entry.get("from")) or "", text(entry.get("body")) or "", at=_time(entry.get("createTime")))
