"""What a delivery receipt of SMPP says: TLVs first, else its text, read by keys and never by places.

The text of Appendix B of SMPP 3.4 is "typical", not a rule: SMSCs change order, case and widths, leave keys out, put an underscore for a space,
add seconds or the century to dates.
"""

import re
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

import msgspec

from providers.smpp.pdu import ShortMessage, Tag

STATES: Final = {1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN", 8: "REJECTD"}
"""message_state (5.2.28) in the words of Appendix B."""

_KEYS: Final = re.compile(r"(?<![A-Za-z])(id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err|text) ?:", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[0-9a-f]{1,64}")
_DIGITS: Final = re.compile(r"[0-9]{1,64}")
_DATES: Final = {10: "%y%m%d%H%M", 12: "%y%m%d%H%M%S", 14: "%Y%m%d%H%M%S"}
_HEX: Final = re.compile(r"[0-9a-f-]+")
_VAGUE: Final = frozenset({*STATES.values(), ""})
_OPEN: Final = frozenset({"ENROUTE", "DELIVRD", "ACCEPTD"})
_LONGEST_TEXT: Final = 2048
"""Characters that are looked at. A receipt has about 120."""


class MessageId(StrEnum):
    """How the id in a submit's answer becomes the one in its receipts."""

    TEXT = "text"
    """They are the same text, but for case and leading zeros of what is hexadecimal."""
    HEX_TO_DECIMAL = "hex_to_decimal"
    """Hexadecimal in answers, decimal in receipts."""
    DECIMAL_TO_HEX = "decimal_to_hex"
    """Decimal in answers, hexadecimal in receipts."""


class Receipt(msgspec.Struct, frozen=True):
    """A receipt, taken apart. `id` in the form that `answered` gives for the submit's answer; all empty where it says nothing."""

    id: str = ""
    word: str = ""
    """The state in the words of Appendix B, or the carrier's own (MK:0001), in capitals."""
    error: str = ""
    """The network's own code, empty for none and for zeros."""
    at: datetime | None = None


def same(said: str) -> str:
    """An id without what differs between an answer and its receipts: case and leading zeros of what is hexadecimal."""
    said = said.strip()
    lower = said.lower()
    return (lower.lstrip("0") or lower[:1]) if _HEX.fullmatch(lower) else said


def answered(form: MessageId, said: str) -> str:
    """The id of a submit's answer as receipts will give it; what is no number stays as it is."""
    plain = same(said)
    if form is MessageId.HEX_TO_DECIMAL and _NUMBER.fullmatch(plain):
        return str(int(plain, 16))
    return format(int(plain), "x") if form is MessageId.DECIMAL_TO_HEX and _DIGITS.fullmatch(plain) else plain


def receipt(message: ShortMessage, form: MessageId, utc_offset_h: float) -> Receipt:
    """Reads a receipt; never raises. Dates of a text have no zone of their own: `utc_offset_h` says which."""
    said = fields(_text(message))
    state = STATES.get(int.from_bytes(message.tlvs.get(Tag.MESSAGE_STATE, b"")[:1], "big"), "")
    error = _network_error(message.tlvs.get(Tag.NETWORK_ERROR_CODE, b"")) or said.get("err", "")
    return Receipt(
        _id(message, said.get("id", ""), form),
        _word(state, said.get("stat", "").upper()),
        error if error.strip("0") else "",
        date(said.get("donedate", ""), utc_offset_h),
    )


def fields(text: str) -> dict[str, str]:
    """Key → value of a receipt's text, keys in small letters without spaces; the first of each. What follows `text:` is the message's own."""
    found: dict[str, str] = {}
    places = list(_KEYS.finditer(text[:_LONGEST_TEXT]))
    ends = [*(place.start() for place in places[1:]), _LONGEST_TEXT]
    for place, end in zip(places, ends, strict=False):
        key = place[1].lower().replace(" ", "").replace("_", "")
        if key == "text":
            break
        value = text[place.end() : end].split()
        found.setdefault(key, value[0].strip(",;") if value else "")
    return found


def date(said: str, utc_offset_h: float) -> datetime | None:
    """A date of a receipt, by its length. None for what cannot be read: a receipt without a time is still a receipt."""
    form = _DATES.get(len(said))
    if form is None or not (said.isascii() and said.isdigit()):
        return None
    try:
        return datetime.strptime(said, form).replace(tzinfo=timezone(timedelta(hours=utc_offset_h)))
    except ValueError:
        return None


def _text(message: ShortMessage) -> str:
    """Receipts are ASCII, whatever their data_coding says; a few SMSCs write them in UCS-2."""
    content = message.content
    if message.data_coding == 8 and content[:1] == b"\0":
        return content.decode("utf-16-be", "replace")
    return content.decode("latin-1")


def _id(message: ShortMessage, in_text: str, form: MessageId) -> str:
    """The TLV holds the id as the answer to the submit had it (5.3.2.12); where answers and texts differ, the text is what `form` is about."""
    in_tlv = message.tlvs.get(Tag.RECEIPTED_MESSAGE_ID, b"").partition(b"\0")[0].decode("latin-1").strip()
    if in_tlv and (form is MessageId.TEXT or not in_text):
        return answered(form, in_tlv)
    return same(in_text)


def _word(state: str, stat: str) -> str:
    """message_state decides; where it says "failed" and the text has a carrier's own word, that says why."""
    return stat if not state or (state not in _OPEN and stat not in _VAGUE) else state


def _network_error(value: bytes) -> str:
    """network_error_code (5.3.2.31): a network's type and a code of 16 bits."""
    return str(int.from_bytes(value[1:3], "big")) if len(value) >= 3 else ""
