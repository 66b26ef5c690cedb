"""What WeChat pushes: results of what was sent, and what people say, allow and refuse."""

from collections.abc import Iterator
from typing import Final

from providers.base.codes import CodeTable
from providers.base.json_receipts import Told
from providers.base.safe_xml import Element
from providers.base.types import Inbound, Reading, Report
from providers.base.wechat_push import event_of, person_said, pushed_at, sender
from providers.base.words import Sign

SUCCESS: Final = b"success"
"""What WeChat wants to hear within five seconds; else it calls again, three times."""
_CONSENTS: Final = {"accept": Sign.CONSENTED, "reject": Sign.REFUSED}
_USED_UP: Final = "43101"


def read(push: Element, codes: CodeTable[Told]) -> Reading:
    """Reports are joined by `vendor_id`, the msgid of the answer: no result carries a word of ours."""
    event = event_of(push)
    reports: list[Report] = []
    inbound = person_said(push)
    if event == "templatesendjobfinish":
        reports = [_report(push, push.get("Status") or "", push.get("Status"), push, codes)]
    elif event == "subscribe_msg_sent_event":
        entries = push.all("SubscribeMsgSentEvent", "List")
        reports = [_report(entry, entry.get("ErrorCode") or "", entry.get("ErrorStatus"), push, codes) for entry in entries]
        inbound = [_consent(push, entry, Sign.REFUSED) for entry in entries if entry.get("ErrorCode") == _USED_UP]
    elif event in {"subscribe_msg_popup_event", "subscribe_msg_change_event"}:
        inbound = list(_consents(push))
    return Reading(reports, inbound, reply_body=SUCCESS)


def _report(entry: Element, code: str, said: str | None, push: Element, codes: CodeTable[Told]) -> Report:
    code = "".join(code.split())  # "failed:user block", but "failed: system failed"
    status, reason, fault, permanent = codes[code]
    vendor_id = entry.get("MsgID") or entry.get("MsgId")
    return Report(None, status, reason, fault, permanent, sender(push) or None, vendor_id, code or None, said, pushed_at(push))


def _consents(push: Element) -> Iterator[Inbound]:
    for box in ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent"):
        for entry in push.all(box, "List"):
            sign = _CONSENTS.get((entry.get("SubscribeStatusString") or "").lower())
            if sign is not None:
                yield _consent(push, entry, sign)


def _consent(push: Element, entry: Element, sign: Sign) -> Inbound:
    return Inbound(sender(push), "", at=pushed_at(push), sign=sign, template=entry.get("TemplateId"))
