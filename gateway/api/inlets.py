"""How OpenAPI describes the ways in that other handlers serve: POST /v1/events and the vendors' callbacks."""

from typing import Any

from msgspec import Struct

from gateway.events import DATA_OF
from gateway.words import Scope

JSON_OF = dict[str, Any]
EVENTS_PATH, CALLBACKS_PATH = "/v1/events", "/callbacks/{provider}/{token}"


class EventFault(Struct, frozen=True):
    """One thing that is wrong with one event."""

    code: str
    path: str
    detail: str


class RejectedEvent(Struct, frozen=True):
    """An event that was not taken: its place in what was sent, its id, and why."""

    index: int
    id: str
    errors: list[EventFault]


class EventWarning(Struct, frozen=True):
    """Something of an accepted event that was left out: a contact whose address no message reaches."""

    index: int
    id: str
    code: str
    path: str
    detail: str


class Accepted(Struct, frozen=True):
    """What became of the events sent: those accepted are on disk."""

    accepted: int
    duplicate: int
    rejected: list[RejectedEvent]
    warnings: list[EventWarning]


def cloud_event(reference: str) -> JSON_OF:
    """The schema of one event (CloudEvents 1.0): a choice by its type, since the type says what `data` holds."""
    return {
        "description": "An event, CloudEvents 1.0. `(source, id)` takes effect once.",
        "oneOf": [
            {
                "type": "object",
                "title": kind.value,
                "required": ["specversion", "id", "source", "type", "subject", "data"],
                "properties": {
                    "specversion": {"const": "1.0"},
                    "id": {"type": "string", "maxLength": 256},
                    "source": {"type": "string", "maxLength": 256},
                    "type": {"const": kind.value},
                    "subject": {"type": "string", "maxLength": 256, "description": "The person's id."},
                    "time": {"type": "string", "format": "date-time"},
                    "datacontenttype": {"type": "string"},
                    "data": {"$ref": reference.format(name=data.__name__)},
                },
            }
            for kind, data in DATA_OF.items()
        ],
    }


def event_operation(reference: str, problems: JSON_OF) -> JSON_OF:
    """POST /v1/events."""
    one, answer = {"$ref": reference.format(name="CloudEvent")}, {"$ref": reference.format(name="Accepted")}
    return {
        "operationId": "post_events",
        "summary": "Takes events; 202 only when they are on disk.",
        "security": [{"token": [Scope.EVENTS.value]}],
        "requestBody": {
            "required": True,
            "content": {
                "application/cloudevents+json": {"schema": one},
                "application/cloudevents-batch+json": {"schema": {"type": "array", "items": one}},
                "application/x-ndjson": {"schema": {"type": "string", "description": "One event a line."}},
                "application/json": {
                    "schema": {"description": "Binary mode: the data alone; the attributes are the headers ce-id, ce-source, ce-type …"}
                },
            },
        },
        "responses": {
            "202": {"description": "On disk; part of them may be rejected.", "content": {"application/json": {"schema": answer}}},
            **problems,
        },
    }


def callback_operations() -> JSON_OF:
    """/callbacks/{provider}/{token}: most vendors post, some knock with GET first."""
    return {method: _callback(method) for method in ("post", "get")}


def _callback(method: str) -> JSON_OF:
    return {
        "operationId": f"{method}_callback",
        "summary": "Takes a vendor's reports and replies, in the vendor's own form; answers as that vendor wants.",
        "security": [],
        "parameters": [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in ("provider", "token")],
        **({"requestBody": {"content": {"*/*": {"schema": {}}}}} if method == "post" else {}),
        "responses": {"200": {"description": "Stored."}, "404": {"description": "No such provider or token."}},
    }
