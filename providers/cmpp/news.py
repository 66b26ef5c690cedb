"""What a CMPP gateway says by itself: reports and replies of people, out of their DELIVERs."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Final

import msgspec

from providers.base.codes import CodeTable
from providers.base.dialect import Garbage
from providers.base.json_receipts import Told
from providers.base.news import News, State
from providers.base.segments import Piece, header_of
from providers.base.types import Inbound, Report, UnreadableCallback
from providers.cmpp.pdu import LAYOUTS, Command, Deliver, Stat

BEIJING: Final = timezone(timedelta(hours=8))
CODINGS: Final = {0: "latin-1", 3: "latin-1", 8: "utf-16-be", 15: "gb18030"}
"""Msg_Fmt → how its text is read. 0 should be ASCII and comes with any octet; 15 is GBK in practice, of which GB 18030 is the whole."""
_UDHI_AT: Final = 52
"""Where TP_udhi stands in any DELIVER."""
_log = logging.getLogger("tixing.links")


class Part(msgspec.Struct, frozen=True):
    """A reply of a person, or a part of one."""

    piece: Piece
    content: bytes
    deliver: Deliver


def delivers(news: News) -> list[Deliver]:
    """Those that can be read; of one that cannot nothing can be said. Raises `UnreadableCallback` for what is no body of CMPP."""
    layout = LAYOUTS.get(news.mark)
    if layout is None or any(pdu.command != Command.DELIVER for pdu in news.pdus):
        raise UnreadableCallback("not DELIVERs of CMPP")
    return list(_readable(news, lambda frame: Deliver.read(frame, layout)))


def _readable(news: News, read: Callable[[bytes], Deliver]) -> Iterable[Deliver]:
    for pdu in news.pdus:
        try:
            yield read(pdu.frame)
        except Garbage as error:
            _log.warning("unreadable_deliver error=%s", error)


def report(deliver: Deliver, codes: CodeTable[Told]) -> Report | None:
    """A delivery receipt; joined by the Msg_Id that the SUBMIT_RESP gave."""
    try:
        said = Stat.read(deliver.content)
    except Garbage as error:
        _log.warning("unreadable_report error=%s", error)
        return None
    status, reason, fault, permanent = codes[said.stat]
    address = e164(said.to) if said.to else None
    return Report(None, status, reason, fault, permanent, address, f"{said.msg_id:016x}", said.stat, None, _time(said.done))


def part(deliver: Deliver) -> Part:
    """A reply, without its user data header."""
    who, to = deliver.src_terminal.decode("latin-1"), deliver.dest_id.decode("latin-1")
    if not deliver.udhi:
        return Part(Piece((who, to, 0), 1, 1), deliver.content, deliver)
    header = header_of(deliver.content)
    return Part(Piece((who, to, header.reference), header.total, header.number), deliver.content[header.octets :], deliver)


def piece(mark: int, frame: bytes) -> Piece | None:
    """Where a DELIVER holds a part of a long reply."""
    layout = LAYOUTS.get(mark)
    if layout is None or len(frame) <= _UDHI_AT or not frame[_UDHI_AT]:
        return None
    try:
        deliver = Deliver.read(frame, layout)
    except Garbage:
        return None
    found = part(deliver).piece
    return found if not deliver.registered and found.total > 1 else None


def replies(parts: Sequence[Part], state: State) -> list[Inbound]:
    """Whole replies; of a long one that is not whole nothing, unless its other parts were given up."""
    groups: dict[Piece, dict[int, Part]] = {}
    said = []
    for one in parts:
        if one.piece.total == 1:
            said.append(_said([one]))
        else:
            groups.setdefault(one.piece.message(), {})[one.piece.number] = one
    for message, found in groups.items():
        if state is State.GIVEN_UP or len(found) == message.total:
            said.append(_said([found[number] for number in sorted(found)]))
    return said


def _said(parts: Sequence[Part]) -> Inbound:
    deliver = parts[0].deliver
    octets = b"".join(part.content for part in parts)
    return Inbound(e164(deliver.src_terminal.decode("latin-1")), octets.decode(CODINGS.get(deliver.coding, "latin-1"), "replace"))


def e164(number: str) -> str:
    """A mainland number with its +86, as carriers write it with and without; any other as it is."""
    bare = number.removeprefix("+").removeprefix("86") if len(number.removeprefix("+")) == 13 else number
    return f"+86{bare}" if len(bare) == 11 and bare.startswith("1") and bare.isdigit() else number


def _time(written: str) -> datetime | None:
    """YYMMDDHHMM of Beijing; what cannot be read is None, for a report without a time is still a report."""
    try:
        return datetime.strptime(written, "%y%m%d%H%M").replace(tzinfo=BEIJING)
    except ValueError:
        return None
