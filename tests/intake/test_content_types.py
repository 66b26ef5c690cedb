"""POST /v1/events in all four content types of CloudEvents' HTTP binding."""

import asyncio
import gzip
from typing import Any
from urllib.parse import quote

import msgspec

from tests.pipeline.events import certified, day, event, known, number, raw, reminder, sms
from tests.pipeline.front import Client, Front
from tests.pipeline.plant import Plant

ONE, BATCH, LINES = "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-ndjson"


async def post(client: Client, body: bytes, kind: str, **headers: str) -> tuple[int, Any]:
    response = await client.post("/v1/events", data=body, headers={"Content-Type": kind} | headers)
    return response.status, msgspec.json.decode(await response.read())


def batch(*events: dict[str, Any]) -> bytes:
    return b"[" + b",".join(map(raw, events)) + b"]"


def lines(*events: dict[str, Any]) -> bytes:
    return b"\n".join(map(raw, events))


def binary_headers(one: dict[str, Any]) -> dict[str, str]:
    return {f"ce-{name}": quote(str(value), safe="/:") for name, value in one.items() if name != "data"}


async def test_it_takes_one_structured_event(client: Client, plant: Plant) -> None:
    assert await post(client, raw(known("p1")), ONE) == (202, {"accepted": 1, "duplicate": 0, "rejected": [], "warnings": []})
    assert await plant.count("event") == 1


async def test_parameters_and_case_of_the_content_type_do_not_matter(client: Client) -> None:
    for kind in (f"{ONE}; charset=utf-8", "Application/CloudEvents+JSON"):
        assert (await post(client, raw(known("p1")), kind))[0] == 202


async def test_it_takes_a_batch_and_answers_by_index(client: Client, plant: Plant) -> None:
    wrong = event("si.nothing", "p2", {})
    status, answer = await post(client, batch(known("p1"), wrong, known("p3"), known("p1") | {"id": ""}), BATCH)
    assert status == 202
    assert (answer["accepted"], answer["duplicate"]) == (2, 0)
    assert [(r["index"], r["id"], r["errors"][0]["path"]) for r in answer["rejected"]] == [(1, wrong["id"], "$.type"), (3, "", "$.id")]
    assert await plant.count("person") == 2


async def test_it_takes_lines_whatever_ends_them(client: Client, plant: Plant) -> None:
    body = b"\n\n" + raw(known("p1")) + b"\r\n  \n" + raw(known("p2")) + b"\n" + raw(known("p3"))
    assert (await post(client, body, LINES))[1]["accepted"] == 3
    assert await plant.count("person") == 3


async def test_lines_keep_their_index_over_several_sets(client: Client) -> None:
    events = [known(f"p{n}") for n in range(1100)]
    for place in (3, 700, 1099):
        events[place] = events[place] | {"type": "si.nothing"}
    status, answer = await post(client, lines(*events), LINES)
    assert (status, answer["accepted"]) == (202, 1097)
    assert [r["index"] for r in answer["rejected"]] == [3, 700, 1099]


async def test_lines_of_one_person_take_effect_in_order_over_several_sets(client: Client, plant: Plant) -> None:
    await post(client, lines(*(known("p1", name=f"王{n}") for n in range(1200))), LINES)
    assert (await plant.person("p1")).details.name == "王1199"


async def test_it_takes_binary_mode_with_encoded_attributes(client: Client, plant: Plant) -> None:
    one = known("人员/一号") | {"source": "/系统/甲", "time": "2026-01-02T03:04:05Z"}
    headers = binary_headers(one)
    assert "%E4" in headers["ce-subject"]
    assert (await post(client, msgspec.json.encode(one["data"]), "application/json", **headers))[1]["accepted"] == 1
    assert tuple(await plant.row("select source, person_id from event")) == ("/系统/甲", "人员/一号")
    assert (await post(client, raw(one), ONE))[1]["duplicate"] == 1


async def test_a_quoted_attribute_is_unquoted(client: Client, plant: Plant) -> None:
    one = known("p1")
    assert (await post(client, msgspec.json.encode(one["data"]), "application/json", **binary_headers(one) | {"ce-subject": '"p1"'}))[
        0
    ] == 202
    assert await plant.value("select person_id from event") == "p1"


async def test_a_wrong_attribute_is_named(client: Client) -> None:
    wrong = {"id": "", "source": "a b", "specversion": "0.3", "time": "soon", "type": "si.x"}
    for name, value in wrong.items():
        status, answer = await post(client, b"{}", "application/json", **binary_headers(known("p1")) | {f"ce-{name}": value})
        assert (status, answer["rejected"][0]["errors"][0]["path"]) == (422, f"$.{name}")


async def test_a_missing_attribute_is_named(client: Client) -> None:
    headers = binary_headers(known("p1"))
    del headers["ce-source"]
    status, answer = await post(client, b"{}", "application/json", **headers)
    assert status == 422
    assert "source" in answer["rejected"][0]["errors"][0]["detail"]


async def test_any_other_content_type_is_refused(client: Client, plant: Plant) -> None:
    for kind in (
        "application/json",
        "text/plain",
        "",
        "multipart/form-data",
        "application/cloudevents+xml",
        "application/cloudevents-batch+xml",
    ):
        status, problem = await post(client, raw(known("p1")), kind)
        assert (status, problem["status"]) == (415, 415), kind  # finding 24
    assert await plant.count("event") == 0


async def test_a_compressed_body_is_read(client: Client, plant: Plant) -> None:
    for kind, body in ((ONE, raw(known("p1"))), (BATCH, batch(known("p2"))), (LINES, lines(known("p3"), known("p4")))):
        assert (await post(client, gzip.compress(body), kind, **{"Content-Encoding": "gzip"}))[0] == 202
    assert await plant.count("person") == 4


async def test_an_empty_batch_is_taken(client: Client) -> None:
    for kind, body in ((BATCH, b"[]"), (LINES, b""), (LINES, b"\n \n")):
        assert await post(client, body, kind) == (202, {"accepted": 0, "duplicate": 0, "rejected": [], "warnings": []})


async def test_nothing_but_duplicates_is_taken(client: Client) -> None:
    body = batch(known("p1"), known("p2"))
    await post(client, body, BATCH)
    assert await post(client, body, BATCH) == (202, {"accepted": 0, "duplicate": 2, "rejected": [], "warnings": []})


async def test_all_of_it_rejected_is_a_problem_with_the_same_list(client: Client, front: Front) -> None:
    status, problem = await post(client, batch(certified("p1", day(9)), event("si.x", "p2", {})), BATCH)
    assert (status, problem["status"], problem["accepted"]) == (422, 422, 0)
    assert sorted(r["index"] for r in problem["rejected"]) == [0, 1]
    assert len(front.refused) == 2


async def test_a_contact_that_cannot_be_reached_is_told_and_the_rest_stands(client: Client, plant: Plant) -> None:
    status, answer = await post(client, raw(known("p1", sms("12345"), sms(number(1)))), ONE)
    assert (status, answer["accepted"]) == (202, 1)
    assert [(w["index"], w["path"]) for w in answer["warnings"]] == [(0, "$.data.contacts[0].address")]
    assert await plant.count("contact") == 1


async def test_answers_of_a_request_are_of_its_own_events_whoever_shares_the_commit(client: Client, plant: Plant) -> None:
    async def one(n: int) -> tuple[int, Any]:
        wrong = n % 3 == 0
        return await post(client, raw(certified(f"p{n}", day(9 if wrong else -9))), ONE)

    answers = await asyncio.gather(*(one(n) for n in range(60)))
    assert [status for status, _ in answers] == [422 if n % 3 == 0 else 202 for n in range(60)]
    assert await plant.count("event") == 40
    assert await plant.value("select count(distinct seal_id) from event") < 20, "single events share commits"


async def test_what_became_of_an_event_can_be_asked(client: Client) -> None:
    one = reminder("p1", sms(number(1)))
    await post(client, raw(one), ONE)
    response = await client.get("/v1/events", params={"source": one["source"], "id": one["id"]})
    assert response.status == 200
    assert "notice" in await response.text()
