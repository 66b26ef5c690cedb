"""What carriers' own codes say in a delivery report, whoever relays them: CMPP `Stat` words and the families `XX:nnnn`.

The words stand in China Mobile QB-GF-028-2003 (CMPP 3.0.0), section 8.4.3, with the families MA, MB, MC, CA … IC; MK, MI and MN are codes of the
SMSCs' makers. Their meanings come from public tables of 2015 and later that differ by province and vendor (read 2026-11-23): hints, which
`[providers.NAME.receipt_codes]` overrides. A vendor's driver puts its own words over this table: `{**CARRIER_CODES, "LIMIT": …}`.

What cannot be told apart (MI:0054: vacant, suspended or off) is `AMBIGUOUS`, unreachable with nothing said of permanence: no number is given up for a
code that may mean something else. `UNREACHABLE` is what says that a phone is there: off, out of coverage, full.
"""

from collections.abc import Mapping
from typing import Final

from providers.base.codes import AMBIGUOUS, failed
from providers.base.json_receipts import ReportMeaning
from providers.base.words import Fault, Reason, Status

DELIVERED: Final = ReportMeaning(Status.DELIVERED)
OPEN: Final = ReportMeaning(Status.SENT)
"""Nobody knows yet, or ever will: another report may come, else the message ends as `no_receipt`. It is never resent for this."""
ABSENT: Final = failed(Reason.NUMBER_ABSENT)
SUSPENDED: Final = failed(Reason.NUMBER_SUSPENDED)
UNREACHABLE: Final = failed(Reason.UNREACHABLE)
BLACKLISTED: Final = failed(Reason.CARRIER_BLACKLIST)
CONTENT: Final = failed(Reason.CONTENT_REJECTED)
TOO_MANY: Final = failed(Reason.FREQUENCY_LIMITED)
ROUTE: Final = failed(Reason.PROVIDER_UNAVAILABLE, fault=Fault.CARRIER)
"""Something on the way failed or closes this route; the number may be all right."""


def _each(meaning: ReportMeaning, prefix: str, numbers: str) -> dict[str, ReportMeaning]:
    return {f"{prefix}:{number}": meaning for number in numbers.split()}


_WORDS: Final[Mapping[str, ReportMeaning]] = {
    "DELIVRD": DELIVERED,
    "ACCEPTD": OPEN,  # read by customer service on the subscriber's behalf; gateways drop it
    "UNKNOWN": OPEN,
    "EXPIRED": UNREACHABLE,
    "UNDELIV": AMBIGUOUS,  # suspended, off …; Huawei's table (sms_05_0051): a dead number, too
    "DELETED": ROUTE,
    "REJECTD": failed(
        Reason.CONTENT_REJECTED, fault=Fault.UNKNOWN, permanent=False
    ),  # or a black list; Telecom, Unicom: the number's state
    "*BLACK*": BLACKLISTED,
    "*KEYWORD*": CONTENT,
}

_MOBILE: Final[Mapping[str, ReportMeaning]] = {
    **_each(AMBIGUOUS, "MK", "0000"),  # vacant or blocked in the region, tables differ
    **_each(UNREACHABLE, "MK", "0010 0023 0208 0209 0210"),
    **_each(ABSENT, "MK", "0001 0075"),
    **_each(SUSPENDED, "MK", "0005 0013"),
    **_each(ROUTE, "MK", "0012 0015 0036 0069 0192 0194"),
    **_each(TOO_MANY, "MK", "1041"),
    **_each(CONTENT, "MK", "0014 0115"),
    **_each(failed(Reason.MALFORMED_ADDRESS), "MK", "0195"),
    **_each(failed(Reason.RECIPIENT_BLOCKED), "MK", "0196"),
    "MK:*": AMBIGUOUS,  # of these families we know that it is the recipient's state, not which
    **_each(UNREACHABLE, "MI", "0024 0042 0076 0082 0208 0660 0017 0020 0022"),
    **_each(AMBIGUOUS, "MI", "0054 0055 0059 0072"),  # vacant, suspended or off
    **_each(ABSENT, "MI", "0073 0210"),
    **_each(SUSPENDED, "MI", "0019 0051"),
    **_each(ROUTE, "MI", "0018 0061 0062 0192"),
    **_each(TOO_MANY, "MI", "0079"),
    "MI:*": AMBIGUOUS,
    **_each(ROUTE, "MN", "0001"),
    **_each(AMBIGUOUS, "MN", "0017"),  # "number state"
    "MN:*": AMBIGUOUS,
}

_GATEWAYS: Final[Mapping[str, ReportMeaning]] = {
    "MA:*": ROUTE,  # no answer from the SMSC; some platforms use it for lists of their own: override it there
    "MB:*": ROUTE,
    "MC:*": OPEN,  # no report from the SMSC: it may well have been delivered
    "CA:*": ROUTE,
    **_each(ABSENT, "CB", "0001 0053"),
    **_each(SUSPENDED, "CB", "0005 0007"),
    "DA:*": ROUTE,
    **_each(ABSENT, "DB", "0101"),
    **_each(SUSPENDED, "DB", "0102"),
    **_each(TOO_MANY, "DB", "0142 9007"),
    **_each(BLACKLISTED, "DB", "0144"),
    **_each(BLACKLISTED, "HD", "0001"),
    "IA:*": ROUTE,
    **_each(TOO_MANY, "IB", "0008"),
    "IB:*": ROUTE,
    "IC:*": OPEN,
    **_each(ROUTE, "ID", "0011"),
    **_each(CONTENT, "ID", "0076"),
    **_each(ROUTE, "NP", "1243"),  # ported to another carrier
}

CARRIER_CODES: Final[Mapping[str, ReportMeaning]] = {**_WORDS, **_MOBILE, **_GATEWAYS}
"""Codes, families (`MK:*`) and words anywhere in a code (`*BLACK*`). What is not here, such as ID:0012 or other CB and DB, stays unmapped."""
