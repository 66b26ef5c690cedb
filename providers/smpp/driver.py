"""`smpp`: SMPP 3.4 to a carrier's SMSC or an aggregator's gateway, as ESME.

Source: "Short Message Peer to Peer Protocol Specification v3.4", issue 1.2 (read 2026-11-23). SMPP carries no reference of ours: a message
is joined with its reports by the message_id that answered each submit_sm.
"""

from collections.abc import Sequence
from itertools import count
from random import randrange
from typing import Final

from providers.base import gsm
from providers.base.codes import Codes, answers, reports
from providers.base.dialect import Dialect, Segment
from providers.base.linked import LinkedVendor, Unsendable
from providers.base.ruling import because
from providers.base.segments import MOST_PARTS, PART_OCTETS, Piece, TooLong, cut_octets, cut_ucs2, headed
from providers.base.types import Callback, Outgoing, Reading, Receive, Settings
from providers.base.words import Outcome, Reason
from providers.smpp.codes import ANSWERS, REPORTS, written
from providers.smpp.dialect import SmppDialect
from providers.smpp.news import NewsReader, piece_of
from providers.smpp.options import options_of
from providers.smpp.pdu import Command
from providers.smpp.text import coded

_LONGEST_NUMBER: Final = 20
"""Digits of a destination_addr (4.4.1)."""
_UCS2: Final = 8
_PAIR: Final = (Command.BIND_TRANSMITTER, Command.BIND_RECEIVER)


class Smpp(LinkedVendor):
    """An account at an SMSC."""

    def __init__(self, settings: Settings, receive: Receive) -> None:
        """Raises `SettingsError`."""
        options = options_of(settings)
        super().__init__(settings, options, receive)
        self._options, self._account = options, options.account()
        self._codes = answers(settings, ANSWERS, Codes(codes={written(key): meaning for key, meaning in options.codes.items()}))
        self._reader = NewsReader(options, reports(settings, REPORTS, options))
        self._references = count(randrange(1 << 16))  # noqa: S311 - to differ from what was sent a moment ago is all that it must

    def dialect(self, number: int) -> Dialect:
        """A transceiver; or, in pairs, a transmitter and a receiver in turns."""
        command = Command.BIND_TRANSCEIVER if self._options.bind == "transceiver" else _PAIR[number % 2]
        return SmppDialect(self._account, command, self._codes)

    def segments(self, message: Outgoing) -> Sequence[Segment]:
        """Raises `Unsendable`."""
        number = self._account.number(message.address)
        if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER):
            raise _unsendable(message, Reason.MALFORMED_ADDRESS, "not a number that SMPP carries")
        try:
            coding, parts = self._cut(message.text)
        except (TooLong, UnicodeEncodeError) as error:
            raise _unsendable(message, Reason.CONTENT_REJECTED, "too long, or not Unicode") from error
        if len(parts) == 1:
            return (Segment(message, parts[0], coding),)
        reference, udh = next(self._references), self._options.long == "udh"
        if udh:
            parts = headed(parts, reference)
        return [Segment(message, part, coding, number, len(parts), udh, reference) for number, part in enumerate(parts, 1)]

    def _cut(self, text: str) -> tuple[int, Sequence[bytes]]:
        """The data_coding, and the text's octets, one item a submit_sm. Raises `TooLong`, `UnicodeEncodeError`."""
        short = coded(text, self._options.alphabet) if self._options.coding == "shortest" else None
        coding = _UCS2 if short is None else 0
        if self._options.long == "payload":
            whole = text.encode("utf-16-be") if short is None else short
            if len(whole) > MOST_PARTS * PART_OCTETS:
                raise TooLong
            return coding, [whole]
        return coding, cut_ucs2(text) if short is None else cut_octets(short, escape=gsm.ESCAPE)

    def piece(self, mark: int, frame: bytes) -> Piece | None:  # noqa: ARG002 - one version, one mark
        """See `LinkedVendor.piece`."""
        return piece_of(frame)

    def read(self, callback: Callback) -> Reading:
        """Raises `UnreadableCallback`."""
        return self._reader.read(callback)


def _unsendable(message: Outgoing, reason: Reason, detail: str) -> Unsendable:
    return Unsendable(because(Outcome.REFUSED, reason, detail).about(message.reference))
