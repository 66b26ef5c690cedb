"""Acme, a vendor that the `http` provider speaks to by its settings alone."""

import json
from typing import Any

from providers.base.link import Heard
from providers.base.types import Answer, Callback, Outgoing, Reading, Settings
from providers.http import Http
from tests.providers.contract import Inbox

CODES = {
    "0": {"outcome": "accepted"},
    "1001": {"outcome": "refused", "reason": "number_absent"},
    "1002": {"outcome": "refused", "reason": "content_rejected", "fault": "provider", "permanent": False},
    "2001": {"outcome": "deferred", "reason": "frequency_limited", "retry_after_s": 30},
}
BATCH = {
    "url": "https://sms.acme.example/v1/send",
    "body": {"messages": [{"to": "{address_national}", "ref": "{reference}", "text": "{text}"}]},
    "response": {"list": "data.items", "reference": "ref", "code": "code", "id": "sid", "text": "msg", "codes": CODES},
    "receipts": {
        "reference": "ref",
        "code": "status",
        "id": "sid",
        "address": "to",
        "text": "why",
        "at": "time",
        "codes": {"DELIVRD": {"status": "delivered"}, "UNDELIV": {"status": "undelivered", "reason": "unreachable"}},
    },
}


def provider(batch_size: int = 100, /, **changes: Any) -> Http:
    options = BATCH | changes
    return Http(Settings("acme", "http", batch_size=batch_size, options=options), Inbox().receive)


def with_response(batch_size: int = 100, /, **changes: Any) -> Http:
    response: dict[str, Any] = {**BATCH["response"], **changes}  # type: ignore[dict-item]
    return provider(batch_size, response={key: value for key, value in response.items() if value is not None})


def answers(http: Http, batch: list[Outgoing], document: Any, status: int = 200) -> dict[str, Answer]:
    heard = Heard(status, {}, document if isinstance(document, bytes) else json.dumps(document).encode())
    return {answer.reference: answer for answer in http._judged(batch, heard)}


def entries(*found: tuple[Any, Any]) -> dict[str, Any]:
    return {"data": {"items": [{"ref": reference, "code": code, "sid": f"s{reference}"} for reference, code in found]}}


def read(http: Http, document: Any) -> Reading:
    return http.read(Callback("POST", {}, {}, json.dumps(document).encode()))
