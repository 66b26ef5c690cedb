"""The settings that make the `http` provider speak to the stand-in vendor."""

from typing import Any


def config(url: str, *, batch_size: int = 1) -> dict[str, Any]:
    """The `[providers.NAME]` section that speaks to this vendor, for one message or for many a call."""
    message = {"to": "{address}", "ref": "{reference}", "text": "{text}"}
    codes = {
        "0": {"outcome": "accepted"},
        "REFUSED": {"outcome": "refused", "reason": "content_rejected"},
        "THROTTLED": {"outcome": "deferred", "reason": "frequency_limited", "retry_after_s": 1.0},
    }
    reported = {
        "ACCEPTD": {"status": "sent"},
        "DELIVRD": {"status": "delivered"},
        "ABSENT": {"status": "undelivered", "reason": "number_absent"},
        "SUSPEND": {"status": "undelivered", "reason": "number_suspended"},
        "OFF": {"status": "undelivered", "reason": "unreachable"},
        "BLACK": {"status": "undelivered", "reason": "carrier_blacklist"},
    }
    response: dict[str, Any] = {"reference": "ref", "code": "code", "id": "id", "codes": codes}
    return {
        "driver": "http",
        "batch_size": batch_size,
        "url": url,
        "body": {"messages": [message]} if batch_size > 1 else message,
        "response": response | ({"list": "results"} if batch_size > 1 else {}),
        "receipts": {"list": "reports", "reference": "ref", "code": "status", "id": "id", "address": "to", "codes": reported},
        "inbound": {"list": "replies", "address": "to", "text": "text"},
    }
