"""OpenAPI 3.1, read off the code: paths from the map of routes, schemas from the structs, sentences from the docstrings."""

import inspect
import re
from functools import cache
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeAlias, get_type_hints

import msgspec

from gateway.api import inlets
from gateway.api.calls import JSON
from gateway.api.listing import CSV, XLSX, Listing
from gateway.api.problems import TYPE, Flaw
from gateway.api.routes import PROBES, ROUTES, Route
from gateway.api.shapes import HealthView, Page, ReadinessView
from gateway.events import DATA_OF

Json: TypeAlias = dict[str, Any]
REFERENCE = "#/components/schemas/{name}"
_READ = (401, 403, 404, 406, 422, 503)
_EVENTS = (400, 401, 403, 413, 415, 422, 429, 503)


@cache
def document() -> Json:
    """The whole document; the same one for the life of the process."""
    types: list[Any] = [kind for route in ROUTES for kind in (_answer_type(route), _query_type(route))]
    bodies = dict.fromkeys(route.body for route in ROUTES if route.body is not None)
    types += [*bodies, HealthView, ReadinessView, inlets.Accepted, Flaw, *dict.fromkeys(DATA_OF.values())]
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    paths: Json = {}
    for place, route in enumerate(ROUTES):
        query = components[schemas[2 * place + 1]["$ref"].rpartition("/")[2]]
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas[2 * place], query)
    paths[inlets.EVENTS_PATH]["post"] = inlets.event_operation(REFERENCE, _problems(_EVENTS))
    paths[inlets.CALLBACKS_PATH] = inlets.callback_operations()
    for kind in {_query_type(route).__name__ for route in ROUTES}:
        components.pop(kind, None)  # its parameters stand in the operations
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tixing",
            "version": _version(),
            "description": "Informs people, for certain, before a deadline takes their benefits away.",
        },
        "paths": paths | _probes(),
        "components": {
            "schemas": components | {"CloudEvent": inlets.cloud_event(REFERENCE), "Problem": _problem_schema()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "From `tixing token create`; scopes events, read, operate."}
            },
        },
    }


def _answer_type(route: Route) -> Any:
    answer = route.answer
    return Page[answer.row] if isinstance(answer, Listing) else get_type_hints(answer)["return"]  # type: ignore[name-defined]  # a type made at run time


def _query_type(route: Route) -> Any:
    return route.answer.query if isinstance(route.answer, Listing) else route.query


def _operation(route: Route, schema: Json, query: Json) -> Json:
    listing = isinstance(route.answer, Listing)
    content: Json = {JSON: {"schema": schema}}
    if listing:
        content |= {kind: {"schema": {"type": "string", "contentEncoding": "binary"}} for kind in (CSV, XLSX)}
    problems = _problems((*_READ, *((400, 413) if route.body is not None else ()), *((409,) if route.method == "POST" else ())))
    return {
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{route.path.removeprefix('/v1')}").strip("_"),
        "summary": route.answer.summary if isinstance(route.answer, Listing) else inspect.getdoc(route.answer) or "",
        "security": [{"token": [scope.value]} for scope in route.scopes],
        "parameters": _parameters(route.path, query),
        **({"requestBody": _body(route.body)} if route.body is not None else {}),
        "responses": {str(route.status): {"description": HTTPStatus(route.status).phrase, "content": content}, **problems},
    }


def _body(kind: type[msgspec.Struct]) -> Json:
    return {"required": True, "content": {JSON: {"schema": {"$ref": REFERENCE.format(name=kind.__name__)}}}}


def _parameters(path: str, query: Json) -> list[Json]:
    required = query.get("required", [])
    inside = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in re.findall(r"\{(\w+)\}", path)]
    return inside + [
        {"name": name, "in": "query", "required": name in required, "schema": schema} for name, schema in query["properties"].items()
    ]


def _problems(statuses: tuple[int, ...]) -> Json:
    content = {TYPE: {"schema": {"$ref": REFERENCE.format(name="Problem")}}}
    return {str(status): {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def _problem_schema() -> Json:
    return {
        "type": "object",
        "description": "RFC 9457. `detail` is for people; `errors` name what is wrong, with its place.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string", "description": "Why an act about an override does not take effect (409)."},
            "errors": {"type": "array", "items": {"$ref": REFERENCE.format(name="Flaw")}},
            "rejected": {"type": "array", "items": {"$ref": REFERENCE.format(name="RejectedEvent")}},
        },
    }


def _probes() -> Json:
    shapes = {"/healthz": "HealthView", "/readyz": "ReadinessView"}
    found: Json = {"/openapi.json": _open("get_openapi", "This document.", {JSON: {"schema": {"type": "object"}}})}
    for path, probe in PROBES.items():
        shape = shapes.get(path)
        content = {JSON: {"schema": {"$ref": REFERENCE.format(name=shape)}}} if shape else {"text/plain": {"schema": {"type": "string"}}}
        found[path] = _open(f"get_{path[1:]}", inspect.getdoc(probe) or "", content)
    found["/readyz"]["get"]["responses"]["503"] = {
        "description": "Not ready.",
        "content": found["/readyz"]["get"]["responses"]["200"]["content"],
    }
    return found


def _open(operation: str, summary: str, content: Json) -> Json:
    """A path that takes no token."""
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "security": [],
            "responses": {"200": {"description": "OK", "content": content}},
        }
    }


def _version() -> str:
    try:
        return version("tixing")
    except PackageNotFoundError:  # run from a checkout that nobody installed
        return "0"
