"""WeCom (企业微信): what its codes mean. Source, read 2026-11-24: developer.work.weixin.qq.com, "全局错误码" (90313), "发送应用消息" (90236)."""

from collections.abc import Mapping
from typing import Final

from providers.base.codes import deferred, refused
from providers.base.json_answers import AnswerMeaning
from providers.base.words import Outcome, Reason, RetryClass

STALE: Final = frozenset({"40014", "42001"})
"""The token is illegal or ended: get another, send once more. A wrong secret has a code of its own here."""
INVALID_USER, UNLICENSED_USER = "invaliduser", "unlicenseduser"
"""Members named beside an errcode of 0: the others were written to, these were not."""

_C, _P = RetryClass.CONFIGURATION, RetryClass.PERMANENT
_STALE_S = 30.0
_NOBODY = refused(Reason.MALFORMED_ADDRESS, _P)
_ACCOUNT = refused(Reason.ACCOUNT_PROBLEM, _C)
_CONTENT = refused(Reason.CONTENT_REJECTED, _P)

ANSWERS: Final[Mapping[str, AnswerMeaning]] = {
    "0": AnswerMeaning(Outcome.ACCEPTED),
    INVALID_USER: _NOBODY,
    UNLICENSED_USER: refused(Reason.ACCOUNT_PROBLEM, RetryClass.OTHER_ROUTE),
    "-1": deferred(Reason.PROVIDER_UNAVAILABLE, 2.0),
    "40001": _ACCOUNT,
    "40003": _NOBODY,
    "40013": _ACCOUNT,
    "40014": deferred(Reason.ACCOUNT_PROBLEM, _STALE_S),
    "40031": _NOBODY,
    "40032": _NOBODY,
    "40033": _CONTENT,
    "40035": _CONTENT,
    "40056": _ACCOUNT,
    "40058": _CONTENT,
    "41011": _ACCOUNT,
    "42001": deferred(Reason.ACCOUNT_PROBLEM, _STALE_S),
    "43004": refused(Reason.RECIPIENT_BLOCKED, _P),
    "44004": _CONTENT,
    "45002": _CONTENT,
    "45009": deferred(Reason.FREQUENCY_LIMITED, 60.0),
    "45033": deferred(Reason.FREQUENCY_LIMITED, 1.0),
    "46004": _NOBODY,
    "48002": _ACCOUNT,
    "48004": _ACCOUNT,
    "50003": _ACCOUNT,
    "60011": _ACCOUNT,
    "60020": _ACCOUNT,
    "60111": _NOBODY,
    "81013": _NOBODY,
    "82001": _NOBODY,
    "82002": _NOBODY,
    "82003": _NOBODY,
    "85002": _CONTENT,
    "301002": _ACCOUNT,
}
