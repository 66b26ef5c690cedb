"""What Tencent Cloud SMS's codes mean.

SendSms, section 6 "error codes" (cloud.tencent.com, document 382/55981), the codes of API 3.0 for all products (382/52073), and the SDK's list
(tencentcloud-sdk-python-sms 3.1.153), read 2026-11-24. Receipts: documents 382/59178 and 382/3771; what is not there is the carriers' own.
"""

from collections.abc import Mapping
from typing import Final

from providers.base.carrier_codes import CARRIER_CODES, CONTENT, DELIVERED
from providers.base.codes import AMBIGUOUS, deferred, refused
from providers.base.json_answers import AnswerMeaning
from providers.base.json_receipts import ReportMeaning
from providers.base.words import Fault, Outcome, Reason, RetryClass

OK: Final = "Ok"
_HOUR_S: Final = 3_600.0
_DAY_S: Final = 86_400.0

_PERMANENT: Final = RetryClass.PERMANENT
_ACCOUNT: Final = refused(Reason.ACCOUNT_PROBLEM, RetryClass.CONFIGURATION)
_VOLUME: Final = refused(Reason.FREQUENCY_LIMITED, RetryClass.CONFIGURATION)
_TEMPLATE: Final = refused(Reason.TEMPLATE_REJECTED, RetryClass.CONFIGURATION)
_SIGNATURE: Final = refused(Reason.SIGNATURE_REJECTED, RetryClass.CONFIGURATION)
_PARAMS: Final = refused(Reason.TEMPLATE_REJECTED, _PERMANENT)
_CONTENT: Final = refused(Reason.CONTENT_REJECTED, _PERMANENT)
_ADDRESS: Final = refused(Reason.MALFORMED_ADDRESS, _PERMANENT)
_REGION: Final = refused(Reason.MALFORMED_ADDRESS, _PERMANENT, fault=Fault.PROVIDER, permanent=False)
_REQUEST: Final = refused(Reason.ACCOUNT_PROBLEM, _PERMANENT)
"""What this driver wrote is wrong: the message would be refused again."""
_PLATFORM: Final = deferred(Reason.PROVIDER_UNAVAILABLE)
_THROTTLED: Final = deferred(Reason.FREQUENCY_LIMITED, 1.0)
_MAY_HAVE_LEFT: Final = AnswerMeaning(Outcome.UNKNOWN, Reason.PROVIDER_UNAVAILABLE)

_LIMITS: Final[Mapping[str, AnswerMeaning]] = {
    "LimitExceeded.PhoneNumberThirtySecondLimit": deferred(Reason.FREQUENCY_LIMITED, 30.0),
    "LimitExceeded.PhoneNumberOneHourLimit": deferred(Reason.FREQUENCY_LIMITED, _HOUR_S),
    "LimitExceeded.PhoneNumberDailyLimit": deferred(Reason.FREQUENCY_LIMITED, _DAY_S),
    "LimitExceeded.PhoneNumberSameContentDailyLimit": deferred(Reason.FREQUENCY_LIMITED, _DAY_S),
    "LimitExceeded.DeliveryFrequencyLimit": deferred(Reason.FREQUENCY_LIMITED, 30.0),  # its window is not told: the shortest
    "LimitExceeded.AppDailyLimit": _VOLUME,
    "LimitExceeded.AppMainlandChinaDailyLimit": _VOLUME,
    "LimitExceeded.AppGlobalDailyLimit": _VOLUME,
    "LimitExceeded.AppCountryOrRegionDailyLimit": _VOLUME,
    "LimitExceeded.DailyLimit": _VOLUME,
    "LimitExceeded.PhoneNumberCountLimit": _REQUEST,
    "LimitExceeded.GlobalSmsSendingRateLimit": _THROTTLED,
    "RequestLimitExceeded": _THROTTLED,
    "RequestLimitExceeded.*": _THROTTLED,
    "FailedOperation.MarketingSendTimeConstraint": deferred(Reason.FREQUENCY_LIMITED, _HOUR_S),  # until 08:00
}

_MESSAGES: Final[Mapping[str, AnswerMeaning]] = {
    "MissingParameter.EmptyPhoneNumberSet": _REQUEST,
    "InvalidParameterValue.IncorrectPhoneNumber": _ADDRESS,
    "FailedOperation.PhoneNumberParseFail": _ADDRESS,
    "FailedOperation.PhoneNumberInBlacklist": refused(Reason.CARRIER_BLACKLIST, _PERMANENT),
    "FailedOperation.ContainSensitiveWord": _CONTENT,
    "InvalidParameterValue.ContentLengthLimit": _CONTENT,
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": _CONTENT,
    "InvalidParameterValue.TemplateParameterFormatError": _PARAMS,
    "InvalidParameterValue.TemplateParameterLengthLimit": _PARAMS,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": _PARAMS,
    "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber": _REQUEST,
    "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone": _PARAMS,
    "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone": _PARAMS,
    "UnsupportedOperation.UnsupportedRegion": _REGION,
    "FailedOperation.FailResolvePacket": _REQUEST,
    "FailedOperation.JsonParseFail": _REQUEST,
    "InvalidParameter*": _REQUEST,
    "MissingParameter*": _REQUEST,
}

_ACCOUNTS: Final[Mapping[str, AnswerMeaning]] = {
    "FailedOperation.SignatureIncorrectOrUnapproved": _SIGNATURE,
    "FailedOperation.MissingSignature": _SIGNATURE,
    "FailedOperation.TemplateIncorrectOrUnapproved": _TEMPLATE,
    "FailedOperation.TemplateUnapprovedOrNotExist": _TEMPLATE,
    "FailedOperation.TemplateIdNotExist": _TEMPLATE,
    "FailedOperation.InsufficientBalanceInSmsPackage": _ACCOUNT,
    "UnauthorizedOperation*": _ACCOUNT,
    "InvalidParameterValue.SdkAppIdNotExist": _ACCOUNT,
    "InternalError.RequestTimeException": _ACCOUNT,  # our clock is more than 10 minutes off
    "InternalError.SigFieldMissing": _ACCOUNT,
    "InternalError.SigVerificationFail": _ACCOUNT,
    "AuthFailure*": _ACCOUNT,
    "UnknownParameter*": _ACCOUNT,
    "InvalidAction": _ACCOUNT,
    "NoSuchVersion": _ACCOUNT,
}

_PLATFORMS: Final[Mapping[str, AnswerMeaning]] = {
    "InternalError.Timeout": _MAY_HAVE_LEFT,
    "InternalError.SendAndRecvFail": _MAY_HAVE_LEFT,
    "InternalError.UnknownError": _PLATFORM,
    "InternalError.OtherError": _PLATFORM,
    "InternalError.JsonParseFail": _PLATFORM,
    "InternalError.ParseBackendResponseFail": _PLATFORM,
    "InternalError": _PLATFORM,
    "ServiceUnavailable": _PLATFORM,
}

CODES: Final[Mapping[str, AnswerMeaning]] = {
    OK: AnswerMeaning(Outcome.ACCEPTED),
    **_LIMITS,
    **_MESSAGES,
    **_ACCOUNTS,
    **_PLATFORMS,
}
"""Codes of a number (`SendStatusSet`) and of a whole call (`Error`) alike. Any other is unmapped: the message is unknown."""

RECEIPT_CODES: Final[Mapping[str, ReportMeaning]] = {
    **CARRIER_CODES,
    "SUCCESS": DELIVERED,  # `report_status` itself, where no carrier's code came
    "-106": CONTENT,
    "002": AMBIGUOUS,  # powered off, suspended, unreachable or out of coverage
}
