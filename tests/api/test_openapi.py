"""The OpenAPI document, and that it and docs/api.md leave no route out."""

import json
import re
from pathlib import Path
from typing import Any

from aiohttp import web
from msgspec import Struct

from gateway.api import events, inlets
from gateway.api.inlets import CALLBACKS_PATH, EVENTS_PATH
from gateway.api.openapi import document
from gateway.api.routes import ROUTES
from gateway.events import DATA_OF
from gateway.intake import check
from gateway.plan.codes import Code
from gateway.words import Beneficiary, ContactSource, Insurance, Relation
from tests.api.conftest import MakeClient

DOCS = Path(__file__).parents[2] / "docs/api.md"
PROMISED = """
GET /v1/persons/{id} · GET /v1/persons/{id}/timeline · GET /v1/notices/{id} · GET /v1/notices · GET /v1/messages/{id} · POST /v1/notices/{id}/cancel ·
GET /v1/uncertified · GET /v1/outreach · GET /v1/quality/summary · GET /v1/quality/contacts · GET /v1/events · POST /v1/events · GET /openapi.json ·
POST /callbacks/{provider}/{token} · GET /healthz · GET /readyz · GET /metrics"""
FILTERS = {
    "/v1/notices": {"person_id", "kind", "status", "since", "until", "cursor", "limit", "format"},
    "/v1/uncertified": {"as_of", "region", "insurance", "band", "cursor", "limit", "format"},
    "/v1/outreach": {"region", "cursor", "limit", "format"},
    "/v1/quality/contacts": {"state", "list", "region", "shared_from", "cursor", "limit", "format"},
    "/v1/quality/shared": {"region", "shared_from", "cursor", "limit", "format"},
    "/v1/quality/trend": {"region", "cursor", "limit", "format"},
    "/v1/quality/overrides": {"status", "region", "person_id", "cursor", "limit", "format"},
    "/v1/quality/summary": {"region", "by"},
    "/v1/events": {"source", "id"},
}


async def handler(_: web.Request) -> web.Response:
    return web.Response()


async def served(make_client: MakeClient) -> set[str]:
    """Every route of the application, as `GET /path`."""
    client = await make_client(
        extra_routes=[web.post(EVENTS_PATH, handler), web.post(CALLBACKS_PATH, handler), web.get(CALLBACKS_PATH, handler)]
    )
    routes = client.app.router.routes()
    return {f"{route.method} {route.resource.canonical}" for route in routes if route.resource and route.method != "HEAD"}


def described() -> set[str]:
    return {f"{method.upper()} {path}" for path, operations in document()["paths"].items() for method in operations}


async def test_every_route_stands_in_the_document_and_nothing_else(make_client: MakeClient) -> None:
    assert described() == await served(make_client)


def test_every_promised_route_is_there() -> None:
    assert set(PROMISED.replace("\n", " ").strip().split(" · ")) <= described()


def test_every_promised_filter_is_there() -> None:
    for path, names in FILTERS.items():
        parameters = document()["paths"][path]["get"]["parameters"]
        assert {one["name"] for one in parameters if one["in"] == "query"} == names, path


async def test_docs_mention_every_route_and_every_filter(make_client: MakeClient) -> None:
    text = DOCS.read_text(encoding="utf-8")

    assert {route for route in await served(make_client) if f"`{route}" not in text} == set()
    assert {name for names in FILTERS.values() for name in names if f"`{name}`" not in text} == set()


async def test_the_document_is_served_without_a_token(make_client: MakeClient) -> None:
    stranger = await make_client(token=None)

    served_document = await (await stranger.get("/openapi.json")).json()

    assert served_document["openapi"] == "3.1.0"
    assert served_document == json.loads(json.dumps(document()))


def test_every_reference_points_at_something() -> None:
    text = json.dumps(document())
    components = document()["components"]["schemas"]

    assert {name for name in re.findall(r"#/components/schemas/([^\"]+)", text) if name not in components} == set()


def test_every_operation_has_a_sentence_an_id_of_its_own_and_says_who_may_call() -> None:
    operations = [operation for path in document()["paths"].values() for operation in path.values()]

    assert [operation["operationId"] for operation in operations if len(operation["summary"]) < 10] == []
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert [operation["operationId"] for operation in operations if "security" not in operation] == []


def test_path_parameters_are_described() -> None:
    for path, operations in document()["paths"].items():
        for operation in operations.values():
            inside = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
            assert inside == set(re.findall(r"\{(\w+)\}", path)), path


def test_every_event_type_is_described_with_its_data() -> None:
    kinds: list[dict[str, Any]] = document()["components"]["schemas"]["CloudEvent"]["oneOf"]

    assert len(kinds) == 12
    assert {kind["properties"]["type"]["const"] for kind in kinds} >= {"si.person.updated", "si.notice.requested"}


def test_the_answer_to_events_is_described_as_it_is_given() -> None:
    pairs: list[tuple[type[Struct], type[Struct]]] = [
        (inlets.Accepted, events.Answer),
        (inlets.RejectedEvent, events.RejectedEvent),
        (inlets.EventWarning, events.Warned),
        (inlets.EventFault, check.Problem),
    ]
    for described_as, given in pairs:
        assert described_as.__struct_fields__ == given.__struct_fields__, given


def test_docs_name_every_event_type_with_every_field_and_every_value() -> None:
    rows = dict(re.findall(r"^\| `(si\.[a-z.-]+)` \| ([^|]+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(rows) == {kind.value for kind in DATA_OF}
    for kind, shape in DATA_OF.items():
        assert [field for field in shape.__struct_fields__ if f"`{field}" not in rows[kind.value]] == [], kind


def test_docs_name_every_code_of_a_verdict_and_every_relation_and_source() -> None:
    text = DOCS.read_text(encoding="utf-8")
    words = [*Code, *Relation, *ContactSource, *Insurance, *Beneficiary]
    assert [word.value for word in words if f"`{word.value}`" not in text] == []


def test_rows_have_at_least_what_the_contract_says() -> None:
    schemas = document()["components"]["schemas"]
    row = ["person_id", "name_masked", "region", "insurance", "certified_on", "deadline", "band"]
    assert set(row) <= set(schemas["UncertifiedRow"]["required"])
    assert {*row, "notice_id", "kind", "why", "tried"} <= set(schemas["OutreachRow"]["required"])
    message = """id notice_id channel provider address_masked status reason fault permanent vendor_code attempts segments created_at sent_at final_at
                 template_version text"""
    assert set(message.split()) <= set(schemas["MessageView"]["required"])
    assert {"id", "person_id", "kind", "cause", "cycle", "status", "reason", "due_at", "closed_at", "messages", "trail"} <= set(
        schemas["NoticeDetail"]["required"]
    )


def test_operations_of_the_map_answer_with_a_schema() -> None:
    for route in ROUTES:
        content = document()["paths"][route.path][route.method.lower()]["responses"][str(route.status)]["content"]
        assert "$ref" in content["application/json"]["schema"], route.path
