"""What an answer of Alibaba Cloud SMS says: one code for a whole call.

SendSms (help.aliyun.com, document 419273), read 2026-11-24: `{"Code","Message","RequestId","BizId"}`, where a refusal has no `BizId`; the gateways before
it answer 4xx and 5xx with `{"Code","Message","RequestId","HostId"}`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from providers.aliyun.codes import ACCEPTED, PER_NUMBER_LIMIT
from providers.base.codes import CodeTable
from providers.base.document import DocumentError, decoded, text
from providers.base.json_answers import UNMAPPED
from providers.base.ruling import Ruling, retry_class, unreadable
from providers.base.types import Answer, Outgoing
from providers.base.vendor import UnreadableAnswer
from providers.base.words import Outcome, RetryClass

_MINUTE, _DAY = "分钟级", "天级"
_CLOCKS_DIFFER_S: Final = 1.0
_PERSONAL: Final = re.compile(r"\d{7,}")
_REPEATS_THE_REQUEST: Final = frozenset({"SignatureDoesNotMatch", "IncompleteSignature"})
_CONTRADICTION: Final = unreadable("the vendor's status, code and number contradict each other")


def answers_of(batch: Sequence[Outgoing], body: bytes, ruling: Ruling | None, codes: CodeTable[Ruling], now: datetime) -> Sequence[Answer]:
    """The vendor's one code, told to every message of the call. `ruling`: what a status other than 2xx says. Raises `UnreadableAnswer`."""
    document = fields(body)
    code = field(document, "Code")
    if code is None:
        raise UnreadableAnswer("not a JSON object with a Code")
    biz_id, said = field(document, "BizId") or None, field(document, "Message")
    meaning = _meaning(codes[code], biz_id, ruling)
    if code == PER_NUMBER_LIMIT and meaning.outcome is Outcome.DEFERRED and meaning.retry_after_s is None:
        meaning = msgspec.structs.replace(meaning, retry_after_s=window_left_s(said or "", now))
    shown = _shown(code, said)
    return [meaning.about(message.reference, biz_id, code, shown) for message in batch]


def _meaning(mapped: Ruling, biz_id: str | None, ruling: Ruling | None) -> Ruling:
    if mapped is UNMAPPED and ruling is not None:
        return ruling
    accepted = mapped.outcome is Outcome.ACCEPTED
    return _CONTRADICTION if (accepted and ruling is not None) or (not accepted and biz_id is not None) else mapped


def window_left_s(said: str, now: datetime) -> float:
    """Seconds until a number's limit may be over, by the text (触发分钟级流控Permits:1).

    The vendor's minutes and hours begin with the clock's, which UTC+8 shares with UTC. Its day is the 24 h before a message, and nobody says when
    the first one was sent. A text that names no window is taken for an hour.
    """
    if _DAY in said:
        return 86_400.0
    span_s = 60.0 if _MINUTE in said else 3600.0
    return span_s - now.timestamp() % span_s + _CLOCKS_DIFFER_S


def blames_one(answer: Answer) -> bool:
    """A number or a text was refused. Whatever is about the account, or may have left, is no reason to send again."""
    if answer.outcome not in {Outcome.REFUSED, Outcome.DEFERRED} or answer.vendor_code is None:
        return False
    return answer.vendor_code == PER_NUMBER_LIMIT or retry_class(answer) is RetryClass.PERMANENT


def fields(body: bytes) -> dict[str, Any]:
    """An answer; empty where it is no JSON object."""
    try:
        document = decoded(body)
    except DocumentError:
        return {}
    return document if isinstance(document, dict) else {}


def field(document: Mapping[str, Any], name: str) -> str | None:
    """A field of an answer; the vendor's gateways write some names small."""
    return text(document.get(name, document.get(name[:1].lower() + name[1:])))


def _shown(code: str, said: str | None) -> str | None:
    """The vendor's text without what it repeats of the request: the whole of it, or a number."""
    if said is None or code in _REPEATS_THE_REQUEST:
        return None
    return said if code == ACCEPTED else _PERSONAL.sub("…", said)
