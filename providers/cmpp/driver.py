"""`cmpp`: China Mobile's gateways and all who speak like them, 2.0, 2.1 and 3.0. QB-GF-028-2003, read 2026-11-23.

A message is one SUBMIT, a long one several with a user data header; every one has one number, so that a bad number refuses nobody else.
Reports carry the Msg_Id of the SUBMIT_RESP, as 16 hexadecimal digits: bit 63 is set from August on.
"""

import random
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Final

from providers.base.carrier_codes import CARRIER_CODES
from providers.base.codes import answers, reports
from providers.base.dialect import Segment
from providers.base.linked import LinkedVendor, Unsendable
from providers.base.news import unpacked
from providers.base.options import read_options, wrong
from providers.base.ruling import because
from providers.base.segments import Piece, TooLong, cut_octets, cut_ucs2, headed
from providers.base.types import Callback, Outgoing, Reading, Receive, Settings
from providers.base.words import Outcome, Reason
from providers.cmpp.codes import RESULTS
from providers.cmpp.dialect import CmppDialect, CmppOptions
from providers.cmpp.news import BEIJING, delivers, part, piece, replies, report
from providers.cmpp.pdu import HEADER, LONGEST, V20, V21, V30

VERSIONS: Final = {"3.0": V30, "2.1": V21, "2.0": V20}
"""Highest first."""
_WIDTHS: Final = {"sp_id": 6, "src_id": 21, "service_id": 10, "fee_type": 2, "fee_code": 6}
_ASCII, _UCS2 = 0, 8
_LONGEST_NUMBER: Final = 21


class Cmpp(LinkedVendor):
    """A gateway (ISMG) and our links to it."""

    def __init__(self, settings: Settings, receive: Receive) -> None:
        """Raises `SettingsError`."""
        self._options = read_options(settings, CmppOptions)
        _check(settings, self._options)
        self._results = answers(settings, RESULTS, self._options)
        self._stats = reports(settings, CARRIER_CODES, self._options)
        self._version = VERSIONS[self._options.version]
        self._references = count(random.randrange(256))  # noqa: S311 - so that a restart does not begin where the last one did
        super().__init__(settings, self._options, receive)

    def dialect(self, number: int) -> CmppDialect:  # noqa: ARG002 - all connections speak alike
        """In the highest version that was not refused."""
        return CmppDialect(self._options, self._version, self._results, _stamp, self._lower)

    def segments(self, message: Outgoing) -> Sequence[Segment]:
        """Raises `Unsendable`."""
        number = message.address.removeprefix("+")
        if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER):
            raise _unsendable(message, Reason.MALFORMED_ADDRESS, "not a number that CMPP carries")
        coding = _ASCII if message.text.isascii() else _UCS2
        try:
            parts = cut_octets(message.text.encode()) if coding == _ASCII else cut_ucs2(message.text)
        except (TooLong, UnicodeEncodeError) as error:
            raise _unsendable(message, Reason.CONTENT_REJECTED, "a text that CMPP cannot carry") from error
        if len(parts) == 1:
            return (Segment(message, parts[0], coding),)
        reference = next(self._references) & 0xFF
        contents = headed(parts, reference)
        return [Segment(message, content, coding, i, len(parts), udh=True, reference=reference) for i, content in enumerate(contents, 1)]

    def piece(self, mark: int, frame: bytes) -> Piece | None:
        """Where a DELIVER holds a part of a long reply."""
        return piece(mark, frame)

    def read(self, callback: Callback) -> Reading:
        """Raises `UnreadableCallback`."""
        news = unpacked(callback, HEADER, LONGEST)
        heard = delivers(news)
        receipts = [report(deliver, self._stats) for deliver in heard if deliver.registered]
        said = replies([part(deliver) for deliver in heard if not deliver.registered], news.state)
        return Reading([receipt for receipt in receipts if receipt], said)

    def _lower(self, refused: int) -> bool:
        """A gateway refused a version: the next lower one from now on. After the lowest it begins anew with the highest."""
        lower = [version for version in VERSIONS.values() if version < refused]
        self._version = lower[0] if lower else VERSIONS[self._options.version]
        return bool(lower)


def _check(settings: Settings, options: CmppOptions) -> None:
    if options.version not in VERSIONS:
        raise wrong(settings, "version", f"use one of {', '.join(VERSIONS)}")
    for key, width in _WIDTHS.items():
        value = getattr(options, key)
        if not value.isascii() or len(value) > width:
            raise wrong(settings, key, f"at most {width} ASCII characters")
    for key in ("sp_id", "src_id", "host"):
        if not getattr(options, key):
            raise wrong(settings, key, "must not be empty")


def _unsendable(message: Outgoing, reason: Reason, detail: str) -> Unsendable:
    return Unsendable(because(Outcome.REFUSED, reason, detail).about(message.reference))


def _stamp() -> str:
    return datetime.now(BEIJING).strftime("%m%d%H%M%S")
