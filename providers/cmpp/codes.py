"""What a SUBMIT_RESP's Result means: QB-GF-028-2003 (CMPP 3.0.0), section 7.4.3.2, read 2026-11-23. Codes from 14 on are the vendors'."""

from collections.abc import Mapping
from typing import Final

from providers.base.codes import deferred, refused
from providers.base.json_answers import AnswerMeaning
from providers.base.words import Outcome, Reason, RetryClass

FLOW_CONTROL: Final = 8
PAUSE_S: Final = 0.1
"""The first pause after flow control; the pace makes it longer."""

_CONFIGURATION: Final = refused(Reason.ACCOUNT_PROBLEM, RetryClass.CONFIGURATION)
_MALFORMED: Final = refused(Reason.CONTENT_REJECTED, RetryClass.PERMANENT)

RESULTS: Final[Mapping[str, AnswerMeaning]] = {
    "0": AnswerMeaning(Outcome.ACCEPTED),
    "1": _MALFORMED,  # message structure
    "2": refused(Reason.PROVIDER_UNAVAILABLE, RetryClass.PERMANENT),  # command id
    "3": deferred(Reason.PROVIDER_UNAVAILABLE, 1.0),  # a sequence number twice: the next try has a new one
    "4": _MALFORMED,  # message length
    "5": _CONFIGURATION,  # fee code
    "6": _MALFORMED,  # too long
    "7": _CONFIGURATION,  # service id
    "8": deferred(Reason.FREQUENCY_LIMITED, 1.0),  # flow control
    "9": refused(Reason.ACCOUNT_PROBLEM, RetryClass.OTHER_ROUTE),  # the gateway does not serve the number that pays
    "10": _CONFIGURATION,  # Src_Id
    "11": _CONFIGURATION,  # Msg_src
    "12": _CONFIGURATION,  # Fee_terminal_Id
    "13": refused(Reason.MALFORMED_ADDRESS, RetryClass.PERMANENT),  # Dest_terminal_Id
    "*": deferred(Reason.UNMAPPED, retry=RetryClass.OTHER_ROUTE),  # a refusal all the same: nothing was taken
}

CONNECT_STATUS: Final[Mapping[int, str]] = {
    1: "message structure",
    2: "sp_id or address of origin not allowed",
    3: "sp_id or secret wrong",
    4: "version too high",
    5: "other",
}
BY_US: Final = frozenset({2, 3})
"""Our credentials or addresses: trying again soon helps nobody."""
VERSION_TOO_HIGH: Final = 4
