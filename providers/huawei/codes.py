"""What Huawei Cloud Message & SMS's codes mean.

API error codes and status error codes for Chinese mainland SMS (support.huaweicloud.com/api-msgsms, sms_05_0050 and sms_05_0051), read 2026-11-24.
"""

from collections.abc import Mapping
from typing import Final

from providers.base.carrier_codes import BLACKLISTED, CARRIER_CODES, CONTENT, TOO_MANY
from providers.base.codes import AMBIGUOUS, deferred, failed, refused
from providers.base.json_answers import AnswerMeaning
from providers.base.json_receipts import ReportMeaning
from providers.base.words import Fault, Outcome, Reason, RetryClass

OK: Final = "000000"

_ACCOUNT: Final = refused(Reason.ACCOUNT_PROBLEM, RetryClass.CONFIGURATION)
_SIGNATURE: Final = refused(Reason.SIGNATURE_REJECTED, RetryClass.CONFIGURATION)
_TEMPLATE: Final = refused(Reason.TEMPLATE_REJECTED, RetryClass.CONFIGURATION)
_PARAMS: Final = refused(Reason.TEMPLATE_REJECTED, RetryClass.PERMANENT)
_REQUEST: Final = refused(Reason.ACCOUNT_PROBLEM, RetryClass.PERMANENT)

CODES: Final[Mapping[str, AnswerMeaning]] = {
    OK: AnswerMeaning(Outcome.ACCEPTED),
    "E000000": deferred(Reason.PROVIDER_UNAVAILABLE, 60.0),  # "system error": as often parameters that it cannot read
    "E0000*": _ACCOUNT,  # Authorization and X-WSSE: missing, malformed, expired, wrong
    "E0001*": _ACCOUNT,  # the app: unknown, frozen, without the right
    "E000503": _REQUEST,
    "E000510": _REQUEST,
    "E000620": _ACCOUNT,  # our address is not on the app's list
    "E200015": deferred(Reason.FREQUENCY_LIMITED, 600.0),  # the documents ask for 10 minutes
    "E200018": _SIGNATURE,
    "E200020": _SIGNATURE,
    "E200028": _PARAMS,
    "E200029": _TEMPLATE,
    "E200030": _TEMPLATE,
    "E200031": _TEMPLATE,
    "E200033": _TEMPLATE,
    "E200041": _REQUEST,
}
"""Codes of a call and of a number alike."""

RECEIPT_CODES: Final[Mapping[str, ReportMeaning]] = {
    **CARRIER_CODES,
    "MILIMIT": TOO_MANY,
    "LIMIT": TOO_MANY,
    "BEYONDN": TOO_MANY,
    "CTLIMIT": TOO_MANY,
    "KEYWORD": CONTENT,
    "BLACK": BLACKLISTED,
    "TDBLACK": BLACKLISTED,
    "TSBLACK": BLACKLISTED,
    "MBBLACK": BLACKLISTED,
    "2:12": AMBIGUOUS,  # 空号、关机或停机等
    "2:24": AMBIGUOUS,  # 关机、停机、屏蔽短信业务
    "2:70": BLACKLISTED,
    "E200018": failed(Reason.SIGNATURE_REJECTED),
    "E200020": failed(Reason.SIGNATURE_REJECTED),
    "E200038": failed(Reason.CONTENT_REJECTED, fault=Fault.PROVIDER),  # not all segments within 3 minutes
}
