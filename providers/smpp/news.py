"""What an SMSC sends by itself: receipts, and replies of people (deliver_sm, data_sm)."""

from collections.abc import Sequence
from typing import Final

from providers.base.codes import CodeTable
from providers.base.json_receipts import UNMAPPED, Told
from providers.base.news import State, unpacked
from providers.base.segments import MOST_PARTS, Piece, header_of
from providers.base.types import Callback, Inbound, Reading, Report
from providers.base.words import Fault, Status
from providers.smpp.options import SmppOptions
from providers.smpp.pdu import HEADER, INTERMEDIATE, LONGEST_PDU, RECEIPT, UDHI, Address, PduError, ShortMessage, Tag, short_message
from providers.smpp.receipt import receipt
from providers.smpp.text import text_of

_OPEN: Final[Told] = (Status.SENT, None, Fault.NONE, None)
_UNREADABLE: Final = Report(None, *UNMAPPED, vendor_code="unreadable")
"""A PDU without its mandatory fields: kept for people to look at, about no message that anybody knows."""


class NewsReader:
    """One account's way of saying things."""

    def __init__(self, options: SmppOptions, codes: CodeTable[Told]) -> None:
        self._options, self._codes = options, codes

    def read(self, callback: Callback) -> Reading:
        """Raises `UnreadableCallback`."""
        news = unpacked(callback, HEADER, LONGEST_PDU)
        reports: list[Report] = []
        heard: list[ShortMessage] = []
        for pdu in news.pdus:
            try:
                message = short_message(pdu.frame)
            except PduError:
                reports.append(_UNREADABLE)
                continue
            if _is_receipt(message):
                reports.append(self._report(message))
            else:
                heard.append(message)
        return Reading(reports, self._replies(heard, news.state) if heard else ())

    def _report(self, message: ShortMessage) -> Report:
        said = receipt(message, self._options.message_id, self._options.receipt_utc_offset_h)
        code, meaning = self._meaning(said.word, said.error)
        if message.esm_class & INTERMEDIATE and meaning is not UNMAPPED:
            meaning = _OPEN
        return Report(None, *meaning, _e164(message.source), said.id or None, code or None, None, said.at)

    def _meaning(self, word: str, error: str) -> tuple[str, Told]:
        """The code under which an operator finds a report, and what it means: word and error together, else one of them."""
        if not error or ":" in word:
            return word, self._codes[word]
        both = f"{word}:{error}"
        for code in (both, word if error.isdigit() else error, word):
            meaning = self._codes[code]
            if meaning is not UNMAPPED:
                return both, meaning
        return both, UNMAPPED

    def _replies(self, heard: Sequence[ShortMessage], state: State) -> list[Inbound]:
        replies: list[Inbound] = []
        long: dict[Piece, dict[int, ShortMessage]] = {}
        for message in heard:
            piece = _piece(message)
            if piece is None:
                replies.append(Inbound(_e164(message.source), self._said(message)))
            else:
                long.setdefault(piece.message(), {})[piece.number] = message
        for whole, parts in long.items():
            if len(parts) == whole.total or state is State.GIVEN_UP:
                text = "".join(self._said(parts[number]) for number in sorted(parts))
                replies.append(Inbound(_e164(next(iter(parts.values())).source), text))
        return replies

    def _said(self, message: ShortMessage) -> str:
        content = message.content
        if message.esm_class & UDHI:
            content = content[header_of(content).octets :]
        return text_of(content, message.data_coding, self._options.alphabet)


def piece_of(frame: bytes) -> Piece | None:
    """Which part of a long reply a PDU holds, by its UDH or its sar_* parameters. Anything else, unreadable too: None."""
    try:
        message = short_message(frame)
    except PduError:
        return None
    return None if _is_receipt(message) else _piece(message)


def _is_receipt(message: ShortMessage) -> bool:
    """A person cannot write TLVs: where an SMSC forgets esm_class, receipted_message_id says so."""
    return bool(message.esm_class & (RECEIPT | INTERMEDIATE)) or Tag.RECEIPTED_MESSAGE_ID in message.tlvs


def _piece(message: ShortMessage) -> Piece | None:
    total, number, reference = 1, 1, 0
    if message.esm_class & UDHI:
        header = header_of(message.content)
        total, number, reference = header.total, header.number, header.reference
    elif Tag.SAR_TOTAL_SEGMENTS in message.tlvs:
        total, number, reference = (
            int.from_bytes(message.tlvs.get(tag, b""), "big")
            for tag in (Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM, Tag.SAR_MSG_REF_NUM)
        )
    if total == 1 or not 1 <= number <= total <= MOST_PARTS:
        return None
    return Piece((message.source.number, message.destination.number, reference), total, number)


def _e164(address: Address) -> str:
    """A number as we write it; what is no whole number (a short code, letters) stays as it is."""
    number = address.number.removeprefix("+").removeprefix("00")
    if not (number.isascii() and number.isdigit()):
        return address.number
    if len(number) == 11 and "13" <= number[:2] <= "19":
        return f"+86{number}"  # Chinese SMSCs write it so under any type of number
    return f"+{number}" if address.ton == 1 or len(number) > 10 else address.number
