"""What Alibaba Cloud SMS's codes mean.

短信服务 → API 错误码 and 短信发送状态回执错误码 (help.aliyun.com, documents 101346 and 101347), read 2026-11-24; classes are ours, from the causes told there.
"""

from collections.abc import Mapping
from typing import Final

from providers.base.carrier_codes import CARRIER_CODES
from providers.base.codes import AMBIGUOUS, deferred, failed, refused
from providers.base.json_answers import AnswerMeaning
from providers.base.json_receipts import ReportMeaning
from providers.base.words import Fault, Outcome, Reason, RetryClass, Status

ACCEPTED: Final = "OK"
PER_NUMBER_LIMIT: Final = "isv.BUSINESS_LIMIT_CONTROL"

_PERMANENT, _CONFIGURATION = RetryClass.PERMANENT, RetryClass.CONFIGURATION
_PARAMS: Final = refused(Reason.TEMPLATE_REJECTED, _PERMANENT)
_CONTENT: Final = refused(Reason.CONTENT_REJECTED, _PERMANENT)
_ADDRESS: Final = refused(Reason.MALFORMED_ADDRESS, _PERMANENT)
_TEMPLATE: Final = refused(Reason.TEMPLATE_REJECTED, _CONFIGURATION)
_SIGNATURE: Final = refused(Reason.SIGNATURE_REJECTED, _CONFIGURATION)
_ACCOUNT: Final = refused(Reason.ACCOUNT_PROBLEM, _CONFIGURATION)
_VOLUME: Final = refused(Reason.FREQUENCY_LIMITED, _CONFIGURATION)
_PLATFORM: Final = deferred(Reason.PROVIDER_UNAVAILABLE)
_THROTTLED: Final = deferred(Reason.FREQUENCY_LIMITED, 1.0)

ABOUT_ONE: Final[Mapping[str, AnswerMeaning]] = {
    PER_NUMBER_LIMIT: deferred(Reason.FREQUENCY_LIMITED),  # until when, the answer's text says
    "isv.MOBILE_NUMBER_ILLEGAL": _ADDRESS,
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": _ADDRESS,
    "isv.TEMPLATE_MISSING_PARAMETERS": _PARAMS,
    "isv.TEMPLATE_PARAMS_ILLEGAL": _PARAMS,
    "isv.INVALID_JSON_PARAM": _PARAMS,
    "isv.PARAM_LENGTH_LIMIT": _PARAMS,
    "isv.PARAM_NOT_SUPPORT_URL": _PARAMS,
    "isv.INVALID_PARAMETERS": _PARAMS,
    "isv.SMS_CONTENT_ILLEGAL": _CONTENT,
    "isv.UNSUPPORTED_CONTENT": _CONTENT,
    "isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE": _CONTENT,
    "isv.BLACK_KEY_CONTROL_LIMIT": refused(Reason.CARRIER_BLACKLIST, _PERMANENT),
    "isv.CUSTOMER_REFUSED": refused(Reason.OPTED_OUT, _PERMANENT),
    "isv.*": refused(Reason.UNMAPPED, _PERMANENT),
}
"""Codes that speak of one number or one text: where a call carried many, it is not said which."""

_ABOUT_THE_ACCOUNT: Final[Mapping[str, AnswerMeaning]] = {
    "isv.MOBILE_COUNT_OVER_LIMIT": _PARAMS,
    "isv.DAY_LIMIT_CONTROL": _VOLUME,
    "isv.MONTH_LIMIT_CONTROL": _VOLUME,
    "isv.SMS_TEMPLATE_ILLEGAL": _TEMPLATE,
    "isv.SMS_SIGNATURE_ILLEGAL": _SIGNATURE,
    "isv.SMS_SIGN_ILLEGAL": _SIGNATURE,
    "isv.SIGN_NAME_ILLEGAL": _SIGNATURE,
    "isv.SIGN_STATE_ILLEGAL": _SIGNATURE,
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": _SIGNATURE,
    "isv.EXTEND_CODE_ERROR": _SIGNATURE,
    "isv.AMOUNT_NOT_ENOUGH": _ACCOUNT,
    "isv.OUT_OF_SERVICE": _ACCOUNT,
    "isv.PRODUCT_UN_SUBSCRIPT": _ACCOUNT,
    "isv.PRODUCT_UNSUBSCRIBE": _ACCOUNT,
    "isv.ACCOUNT_NOT_EXISTS": _ACCOUNT,
    "isv.ACCOUNT_ABNORMAL": _ACCOUNT,
    "isv.DENY_IP_RANGE": _ACCOUNT,
    "isp.RAM_PERMISSION_DENY": _ACCOUNT,
    "isv.SMS_TEST_NUMBER_LIMIT": _ACCOUNT,
    "isv.SMS_TEST_SIGN_TEMPLATE_LIMIT": _TEMPLATE,
    "isv.SMS_TEST_TEMPLATE_PARAMS_ILLEGAL": _TEMPLATE,
}
_ABOUT_THE_PLATFORM: Final[Mapping[str, AnswerMeaning]] = {
    "isp.SYSTEM_ERROR": _PLATFORM,
    "isp.GATEWAY_ERROR": _PLATFORM,
    "InternalError": _PLATFORM,
    "isp.*": _PLATFORM,
    "Throttling": _THROTTLED,
    "Throttling.User": _THROTTLED,
    "Throttling*": _THROTTLED,
}
_ABOUT_THE_REQUEST: Final[Mapping[str, AnswerMeaning]] = {
    "SignatureDoesNotMatch": _ACCOUNT,
    "InvalidAccessKeyId.NotFound": _ACCOUNT,
    "MissingAccessKeyId": _ACCOUNT,
    "InvalidVersion": _ACCOUNT,
    "InvalidAction.NotFound": _ACCOUNT,
    "InvalidTimeStamp.Expired": _ACCOUNT,  # our clock is off by more than 15 minutes
    # We never use a nonce twice: somebody on the way repeated the request, and the first one was received.
    "SignatureNonceUsed": AnswerMeaning(Outcome.UNKNOWN, Reason.PROVIDER_UNAVAILABLE, retry=RetryClass.UNKNOWN),
}
CODES: Final[Mapping[str, AnswerMeaning]] = {
    ACCEPTED: AnswerMeaning(Outcome.ACCEPTED),
    **ABOUT_ONE,
    **_ABOUT_THE_ACCOUNT,
    **_ABOUT_THE_PLATFORM,
    **_ABOUT_THE_REQUEST,
}

RECEIPT_CODES: Final[Mapping[str, ReportMeaning]] = {
    **CARRIER_CODES,
    "DELIVERED": ReportMeaning(Status.DELIVERED),
    "REQUEST_SUCCESS": ReportMeaning(Status.SENT),  # no carrier's receipt came: it ends as `no_receipt` where none follows
    "MOBILE_NOT_ON_SERVICE": AMBIGUOUS,  # 停机, 空号 and 关机 in one code: no number is given up for it
    "INVALID_NUMBER": failed(Reason.NUMBER_ABSENT),
    "MOBILE_ACCOUNT_ABNORMAL": failed(Reason.NUMBER_SUSPENDED),  # arrears, or ported to another carrier
    "MOBILE_IN_BLACK": failed(Reason.CARRIER_BLACKLIST),
    "USER_REJECT": failed(Reason.OPTED_OUT),
    "MOBILE_SEND_LIMIT": failed(Reason.FREQUENCY_LIMITED),
    "MOBLLE_TERMINAL_ERROR": failed(Reason.UNREACHABLE),  # spelt so; memory full, illegal device: a phone is there
    "MOBILE_TERMINAL_ERROR": failed(Reason.UNREACHABLE),
    "CONTENT_KEYWORD": failed(Reason.CONTENT_REJECTED),
    "CONTENT_ERROR": failed(Reason.CONTENT_REJECTED),
    "SIGNATURE_BLACKLIST": failed(Reason.SIGNATURE_REJECTED),
    "PORT_NOT_REGISTERED": failed(Reason.SIGNATURE_REJECTED),
    "NO_ROUTE": failed(Reason.PROVIDER_UNAVAILABLE),
    "IS_CLOSE": failed(Reason.PROVIDER_UNAVAILABLE),
    "SP_NOT_BY_INTER_SMS": failed(Reason.MALFORMED_ADDRESS),  # a number without international messages
    "SP_UNKNOWN_ERROR": failed(Reason.PROVIDER_UNAVAILABLE, fault=Fault.CARRIER),
    "PARAMS_ILLEGAL": failed(Reason.TEMPLATE_REJECTED),
}
