"""WeChat official account: what its codes mean.

Sources, read 2026-11-24: developers.weixin.qq.com, 服务号 "全局返回码", "模板消息接口", "订阅通知" (bizsend), "获取稳定版接口调用凭据", "事件推送".
Newer codes around 43104 to 43116 and 45064 are not documented where we could read them: they stay unmapped, so such a message is unknown until
an operator maps them in [providers.NAME.codes].
"""

from collections.abc import Mapping
from typing import Final

from providers.base.codes import deferred, failed, refused
from providers.base.json_answers import AnswerMeaning
from providers.base.json_receipts import ReportMeaning
from providers.base.words import Fault, Outcome, Reason, RetryClass, Status

STALE: Final = frozenset({"40001", "40014", "42001"})
"""The token is wrong, illegal or ended: get another, send once more."""
QUOTA: Final = "45009"
"""The day's calls are used up: until midnight in Beijing nothing goes."""
SEEN_TO_PASS: Final = frozenset({"40036", "40037"})
"""A template id that is wrong; seen for ids that were right, too, so one more try before an operator is needed."""

_C, _P = RetryClass.CONFIGURATION, RetryClass.PERMANENT
_BUSY_S, _STALE_S = 2.0, 30.0

ANSWERS: Final[Mapping[str, AnswerMeaning]] = {
    "0": AnswerMeaning(Outcome.ACCEPTED),
    "-1": deferred(Reason.PROVIDER_UNAVAILABLE, _BUSY_S),
    # A token that was just fetched and is turned down again: the secret is right, or there were no token. It passes.
    "40001": deferred(Reason.ACCOUNT_PROBLEM, _STALE_S),
    "40014": deferred(Reason.ACCOUNT_PROBLEM, _STALE_S),
    "42001": deferred(Reason.ACCOUNT_PROBLEM, _STALE_S),
    "40003": refused(Reason.MALFORMED_ADDRESS, _P),
    "40013": refused(Reason.ACCOUNT_PROBLEM, _C),
    "40033": refused(Reason.CONTENT_REJECTED, _P),
    "40036": refused(Reason.TEMPLATE_REJECTED, _C),
    "40037": refused(Reason.TEMPLATE_REJECTED, _C),
    "40164": refused(Reason.ACCOUNT_PROBLEM, _C),
    "41001": refused(Reason.CONTENT_REJECTED, _P),
    "41009": refused(Reason.MALFORMED_ADDRESS, _P),
    "43004": refused(Reason.RECIPIENT_BLOCKED, _P),
    "43019": refused(Reason.RECIPIENT_BLOCKED, _P),
    "43101": refused(Reason.RECIPIENT_BLOCKED, _P),
    "44002": refused(Reason.CONTENT_REJECTED, _P),
    QUOTA: deferred(Reason.FREQUENCY_LIMITED, retry=RetryClass.OTHER_ROUTE),
    "45011": deferred(Reason.FREQUENCY_LIMITED, 60.0),
    "47001": refused(Reason.CONTENT_REJECTED, _P),
    "47003": refused(Reason.TEMPLATE_REJECTED, _P),
    "48001": refused(Reason.ACCOUNT_PROBLEM, _C),
    "48002": refused(Reason.RECIPIENT_BLOCKED, _P),
    "48004": refused(Reason.ACCOUNT_PROBLEM, _C),
    "50002": refused(Reason.ACCOUNT_PROBLEM, _C),
    "50005": refused(Reason.RECIPIENT_BLOCKED, _P),
    # The same of the token's own fetch, where they mean our id and secret.
    "token:40001": refused(Reason.ACCOUNT_PROBLEM, _C),
    "token:40002": refused(Reason.ACCOUNT_PROBLEM, _C),
    "token:40125": refused(Reason.ACCOUNT_PROBLEM, _C),
    "token:41002": refused(Reason.ACCOUNT_PROBLEM, _C),
    "token:41004": refused(Reason.ACCOUNT_PROBLEM, _C),
    "token:45009": deferred(Reason.FREQUENCY_LIMITED, 60.0, RetryClass.OTHER_ROUTE),
}

_BLOCKED = failed(Reason.RECIPIENT_BLOCKED)
_SYSTEM = failed(Reason.PROVIDER_UNAVAILABLE, fault=Fault.PROVIDER, permanent=False)

REPORTS: Final[Mapping[str, ReportMeaning]] = {
    # TEMPLATESENDJOBFINISH, Status without its spaces. "success": it reached the account; nobody says that it was read.
    "success": ReportMeaning(Status.DELIVERED),
    "failed:userblock": _BLOCKED,
    "failed:systemfailed": _SYSTEM,
    # subscribe_msg_sent_event, ErrorCode.
    "0": ReportMeaning(Status.DELIVERED),
    "-1": _SYSTEM,
    "40003": failed(Reason.MALFORMED_ADDRESS),
    "43004": _BLOCKED,
    "43019": _BLOCKED,
    "43101": _BLOCKED,
    "47003": failed(Reason.TEMPLATE_REJECTED),
    "48002": _BLOCKED,
    "50005": _BLOCKED,
}
