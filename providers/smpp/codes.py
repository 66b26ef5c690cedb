"""command_status of SMPP 3.4 and what each means for a message.

Source: SMPP v3.4 issue 1.2, table 5-2 (read 2026-11-23). The spec says what a code is, not what to do then: that is ours, and
`[providers.NAME.codes]` overrides it, most of all for 0x400 to 0x4FF, which every SMSC gives its own meaning.
"""

from collections.abc import Mapping
from typing import Final

from providers.base.carrier_codes import CARRIER_CODES, OPEN, ROUTE
from providers.base.codes import deferred, refused
from providers.base.json_answers import AnswerMeaning
from providers.base.json_receipts import ReportMeaning
from providers.base.words import Reason, RetryClass, Status

OK: Final = 0x00
RINVMSGLEN: Final = 0x01
RINVCMDLEN: Final = 0x02
RINVCMDID: Final = 0x03
RINVBNDSTS: Final = 0x04
"""The SMSC does not know, or not any more, that we are bound."""
RX_T_APPN: Final = 0x64
"""Our answer to what could not be stored: send it again."""

NAMES: Final[Mapping[int, str]] = {
    0x00: "ESME_ROK",
    0x01: "ESME_RINVMSGLEN",
    0x02: "ESME_RINVCMDLEN",
    0x03: "ESME_RINVCMDID",
    0x04: "ESME_RINVBNDSTS",
    0x05: "ESME_RALYBND",
    0x06: "ESME_RINVPRTFLG",
    0x07: "ESME_RINVREGDLVFLG",
    0x08: "ESME_RSYSERR",
    0x0A: "ESME_RINVSRCADR",
    0x0B: "ESME_RINVDSTADR",
    0x0C: "ESME_RINVMSGID",
    0x0D: "ESME_RBINDFAIL",
    0x0E: "ESME_RINVPASWD",
    0x0F: "ESME_RINVSYSID",
    0x11: "ESME_RCANCELFAIL",
    0x13: "ESME_RREPLACEFAIL",
    0x14: "ESME_RMSGQFUL",
    0x15: "ESME_RINVSERTYP",
    0x33: "ESME_RINVNUMDESTS",
    0x34: "ESME_RINVDLNAME",
    0x40: "ESME_RINVDESTFLAG",
    0x42: "ESME_RINVSUBREP",
    0x43: "ESME_RINVESMCLASS",
    0x44: "ESME_RCNTSUBDL",
    0x45: "ESME_RSUBMITFAIL",
    0x48: "ESME_RINVSRCTON",
    0x49: "ESME_RINVSRCNPI",
    0x50: "ESME_RINVDSTTON",
    0x51: "ESME_RINVDSTNPI",
    0x53: "ESME_RINVSYSTYP",
    0x54: "ESME_RINVREPFLAG",
    0x55: "ESME_RINVNUMMSGS",
    0x58: "ESME_RTHROTTLED",
    0x61: "ESME_RINVSCHED",
    0x62: "ESME_RINVEXPIRY",
    0x63: "ESME_RINVDFTMSGID",
    0x64: "ESME_RX_T_APPN",
    0x65: "ESME_RX_P_APPN",
    0x66: "ESME_RX_R_APPN",
    0x67: "ESME_RQUERYFAIL",
    0xC0: "ESME_RINVOPTPARSTREAM",
    0xC1: "ESME_ROPTPARNOTALLWD",
    0xC2: "ESME_RINVPARLEN",
    0xC3: "ESME_RMISSINGOPTPARAM",
    0xC4: "ESME_RINVOPTPARAMVAL",
    0xFE: "ESME_RDELIVERYFAILURE",
    0xFF: "ESME_RUNKNOWNERR",
}

ACCOUNT: Final = frozenset({0x0A, 0x0D, 0x0E, 0x0F, 0x15, 0x48, 0x49, 0x53})
"""Our account or its addresses are wrong: an operator must do something, so a bind is tried again slowly."""

_BUSY: Final = deferred(Reason.PROVIDER_UNAVAILABLE, 5.0)
_TOO_FAST: Final = deferred(Reason.FREQUENCY_LIMITED, 1.0)
_ELSEWHERE: Final = deferred(Reason.PROVIDER_UNAVAILABLE, retry=RetryClass.OTHER_ROUTE)
_UNWRITABLE: Final = refused(Reason.CONTENT_REJECTED, RetryClass.PERMANENT)
_NO_NUMBER: Final = refused(Reason.MALFORMED_ADDRESS, RetryClass.PERMANENT)
_ACCOUNT: Final = refused(Reason.ACCOUNT_PROBLEM, RetryClass.CONFIGURATION)

_MEANINGS: Final[Mapping[int, AnswerMeaning]] = {
    **dict.fromkeys((0x04, 0x05, 0x08, 0x45, 0x64, 0x67, 0xFF), _BUSY),
    **dict.fromkeys((0x14, 0x58), _TOO_FAST),
    **dict.fromkeys((0x0B, 0x33, 0x34, 0x40), _NO_NUMBER),
    **dict.fromkeys((*ACCOUNT, 0x50, 0x51), _ACCOUNT),
    **dict.fromkeys((0x01, 0x02, 0x03, 0x06, 0x07, 0x0C, 0x11, 0x13, 0x42, 0x43, 0x44, 0x54, 0x55), _UNWRITABLE),
    **dict.fromkeys((0x61, 0x62, 0x63, 0x65, 0x66, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4), _UNWRITABLE),
    0xFE: _ELSEWHERE,
}


def code(status: int) -> str:
    """A command_status as it stands in tables, logs and answers: `0x00000058`."""
    return f"0x{status:08X}"


ANSWERS: Final[Mapping[str, AnswerMeaning]] = {code(status): meaning for status, meaning in _MEANINGS.items()} | {"0x000004*": _BUSY}

_BY_NAME: Final = {name: code(status) for status, name in NAMES.items()}


def written(key: str) -> str:
    """The code that an operator wrote: `0x58`, `0x00000058` and `ESME_RTHROTTLED` are one. Families (`0x000004*`) stay as they are."""
    try:
        return _BY_NAME.get(key.upper()) or code(int(key, 16) if key[:2].lower() == "0x" else int(key))
    except ValueError:
        return key


REPORTS: Final[Mapping[str, ReportMeaning]] = {
    **CARRIER_CODES,
    **dict.fromkeys(("ENROUTE", "BUFFRED", "BUFFERED", "SCHEDULED", "ACCEPTED"), OPEN),
    **dict.fromkeys(("DELIVERED", "DELIVRED"), ReportMeaning(Status.DELIVERED)),
    **dict.fromkeys(("UNDELIVERABLE", "UNDELIVERED", "UNDELIVRD"), CARRIER_CODES["UNDELIV"]),
    "REJECTED": CARRIER_CODES["REJECTD"],
    "FAILED": ROUTE,
}
"""Words of receipts: those of Appendix B and the carriers', and the ways in which SMSCs spell them out."""
