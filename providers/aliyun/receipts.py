"""What Alibaba Cloud SMS tells of messages: SmsReport and SmsUp pushes, and the details that QuerySendDetails gives.

SmsReport, SmsUp (help.aliyun.com, documents 101867 and 101847) and QuerySendDetails (document 419277), read 2026-11-24. Times have no zone there;
they are those of UTC+8.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from providers.base.codes import CodeTable
from providers.base.context import joined_by
from providers.base.document import DocumentError, at, decoded, items, text
from providers.base.json_receipts import UNMAPPED, Told, clock
from providers.base.types import Inbound, Reading, Report, UnreadableCallback
from providers.base.words import Fault, Status

DETAILS: Final = ("SmsSendDetailDTOs", "SmsSendDetailDTO")
WAITING, FAILED, DELIVERED = "1", "2", "3"
"""`SendStatus` of a detail."""

_TAKEN: Final = '{"code":0,"msg":"接收成功"}'.encode()
_PROBED: Final = '{"code":0,"msg":"成功"}'.encode()
_JSON: Final = "application/json"
_DELIVERED: Final[Told] = (Status.DELIVERED, None, Fault.NONE, None)
_time: Final = clock("rfc3339", 8)

Codes = CodeTable[Told]


def probed() -> Reading:
    """The answer to the GET with which the vendor tries an address, within 700 ms."""
    return Reading(reply_body=_PROBED, reply_type=_JSON)


def pushed(body: bytes, codes: Codes) -> Reading:
    """Reports and replies of a push; both kinds may come to one address. Raises `UnreadableCallback`."""
    try:
        entries = items(decoded(body), ())
    except DocumentError as error:
        raise UnreadableCallback(str(error)) from error
    reports = [_report(entry, codes) for entry in entries if "err_code" in entry or "success" in entry]
    replies = [_reply(entry) for entry in entries if "content" in entry and "err_code" not in entry]
    if entries and not reports and not replies:
        raise UnreadableCallback("neither SmsReport nor SmsUp")
    return Reading(reports, replies, reply_body=_TAKEN, reply_type=_JSON)


def queried(body: bytes, codes: Codes) -> Reading:
    """What QuerySendDetails knows the end of. Raises `UnreadableCallback`."""
    try:
        return Reading([_detail(entry, codes) for entry in details(body) if text(entry.get("SendStatus")) != WAITING])
    except DocumentError as error:
        raise UnreadableCallback(str(error)) from error


def details(body: bytes) -> list[dict[str, Any]]:
    """The entries of an answer of QuerySendDetails. Raises `DocumentError`."""
    return items(decoded(body), DETAILS)


def _report(entry: Mapping[str, Any], codes: Codes) -> Report:
    said = text(entry.get("success"))
    return _told(
        codes,
        text(entry.get("out_id")),
        entry.get("phone_number"),
        text(entry.get("err_code")),
        text(entry.get("biz_id")),
        text(entry.get("err_msg")),
        entry.get("report_time"),
        arrived=None if said is None else said.lower() == "true",
    )


def _detail(entry: Mapping[str, Any], codes: Codes) -> Report:
    delivered = {FAILED: False, DELIVERED: True}.get(text(entry.get("SendStatus")) or "")
    code, out_id = text(entry.get("ErrCode")), text(entry.get("OutId"))
    return _told(codes, out_id, entry.get("PhoneNum"), code, None, None, entry.get("ReceiveDate"), arrived=delivered)


def _told(  # a report's fields, by the names of neither source
    codes: Codes, out_id: str | None, phone: Any, code: str | None, biz_id: str | None, said: str | None, when: Any, *, arrived: bool | None
) -> Report:
    status, reason, fault, permanent = _meaning(codes, code, arrived=arrived)
    reference, call = joined_by(out_id)
    address = international(text(phone) or "")
    return Report(reference, status, reason, fault, permanent, address, biz_id or None, code, said, moment(when), call)


def _meaning(codes: Codes, code: str | None, *, arrived: bool | None) -> Told:
    """The code's; where no table has it, what the vendor says beside it. The two at odds: nobody knows."""
    told = codes[code]
    if told[0] is Status.DELIVERED and arrived is False:
        return UNMAPPED
    return _DELIVERED if told is UNMAPPED and arrived else told


def _reply(entry: Mapping[str, Any]) -> Inbound:
    return Inbound(
        international(text(entry.get("phone_number")) or ""), text(entry.get("content")) or "", at=moment(entry.get("send_time"))
    )


def _number(written: str) -> bool:
    return written.isascii() and written.isdigit()


def international(phone: str) -> str:
    """E.164 of a number as the vendor writes it: 11 digits of the mainland, or country code and number."""
    if not _number(phone):
        return phone
    return f"+86{phone}" if len(phone) == 11 and phone.startswith("1") else f"+{phone}"


def moment(written: Any) -> datetime | None:
    """`2017-01-01 00:00:00`, in older pushes `20170101000000`."""
    if written.__class__ is str and len(written) == 14:
        written = f"{written[:8]}T{written[8:]}"
    return _time(written)


def total(body: bytes) -> int:
    """How many details QuerySendDetails has in all; it is a string there, or a number. Raises `DocumentError`."""
    written = text(at(decoded(body), ("TotalCount",))) or "0"
    return int(written[:9]) if _number(written) else 0
