"""Whatever comes in: a clear error, nothing half done, nothing accepted lost."""

import asyncio
import gzip
import io
import time
from typing import Any

import msgspec
import pytest

from gateway.config.schema import Server
from providers.base.types import Callback, Reading, UnreadableCallback
from tests.pipeline.breaking import on_insert
from tests.pipeline.events import certified, day, event, known, raw, reminder, requested
from tests.pipeline.front import SECRET, Client, Front, client_of
from tests.pipeline.plant import VENDOR, Plant, Vendor, open_plant

ONE, BATCH, LINES = "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-ndjson"
DEEP = 100_000


async def post(client: Client, body: Any, kind: str = ONE, **headers: str) -> tuple[int, Any]:
    sent = io.BytesIO(body) if isinstance(body, bytes) else body
    response = await client.post("/v1/events", data=sent, headers={"Content-Type": kind} | headers)
    return response.status, msgspec.json.decode(await response.read())


async def test_a_body_that_is_not_json_is_told_so(client: Client, plant: Plant) -> None:
    for kind in (ONE, BATCH):
        for body in (b"", b"{", b"\xff\xfe", b'{"a":1', b"nonsense"):
            status, said = await post(client, body, kind)
            assert (status, said["status"]) == (400, 400), body
            assert "JSON" in said["detail"]
    assert await plant.count("event") == 0


async def test_a_body_nested_without_end_is_refused(client: Client) -> None:
    for kind in (ONE, BATCH):
        status, said = await post(client, b"[" * DEEP, kind)
        assert status == said["status"]
        assert status in {400, 422}


async def test_a_batch_that_is_no_array_is_told_so(client: Client) -> None:
    for body in (b"{}", b"7", b'{"events":[]}', b"null"):
        status, said = await post(client, body, BATCH)
        assert status == 400
        assert "array" in said["detail"]


async def test_bad_lines_do_not_spoil_the_good_ones(client: Client, plant: Plant) -> None:
    body = b"\n".join([raw(known("p1")), b"{", b"\xff", b"[" * DEEP, raw(known("p2")), b'"x"', raw(known("p3"))])
    status, said = await post(client, body, LINES)
    assert (status, said["accepted"]) == (202, 3)
    assert [r["index"] for r in said["rejected"]] == [1, 2, 3, 5]
    assert await plant.count("person") == 3


async def test_a_batch_of_a_hundred_thousand_is_answered_in_time(client: Client, plant: Plant) -> None:
    """Most of them are wrong or said before, so that the test is about reading them."""
    good, bad, head = raw(known("p1")), raw(known("p1") | {"type": "si.x"}), [raw(known(f"p{n}")) for n in range(1000)]
    began = time.monotonic()
    status, said = await post(client, b"[" + b",".join(head + [good] * 49_000 + [bad] * 50_000) + b"]", BATCH)
    assert time.monotonic() - began < 25
    assert (status, said["accepted"], said["duplicate"], len(said["rejected"])) == (202, 1001, 48_999, 50_000)
    assert await plant.count("event") == 1001


async def test_a_huge_line_is_refused_and_what_came_before_stands(client: Client, plant: Plant) -> None:
    status, said = await post(client, raw(known("p1")) + b"\n" + b"x" * (5 * 1024 * 1024), LINES)
    assert (status, said["status"]) == (413, 413)
    assert await plant.count("event") in {0, 1}
    assert (await post(client, raw(known("p2"))))[0] == 202


@pytest.mark.parametrize("kind", [ONE, BATCH])
async def test_a_body_over_the_limit_is_refused(emptied_dsn: str, kind: str) -> None:
    async with open_plant(emptied_dsn, server=Server(max_body_mib=0.25)) as plant:
        front = Front(plant)
        async with client_of(front) as client:
            for body in (b"[" + b" " * 300_000 + b"]", chunks(300_000)):
                status, said = await post(client, body, kind)
                assert (status, said["status"]) == (413, 413)
                assert "max_body_mib" in said["detail"]
            many = b"\n".join(raw(known(f"p{n}")) for n in range(2000))
            assert len(many) > 300_000
            assert (await post(client, many, LINES))[1]["accepted"] == 2000


async def chunks(size: int) -> Any:
    """A body that does not say how long it is."""
    for _ in range(size // 1000):
        yield b" " * 1000


async def test_a_bomb_of_compressed_zeros_is_refused(emptied_dsn: str) -> None:
    async with open_plant(emptied_dsn, server=Server(max_body_mib=0.25)) as plant, client_of(Front(plant)) as client:
        body = gzip.compress(b" " * 50_000_000)
        assert len(body) < 100_000
        assert (await post(client, body, BATCH, **{"Content-Encoding": "gzip"}))[0] == 413
        assert (await post(client, body, LINES, **{"Content-Encoding": "gzip"}))[0] in {202, 413}


async def raw_http(client: Client, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    try:
        writer.write(request)
        async with asyncio.timeout(5):
            return await reader.readline()
    finally:
        writer.close()


async def test_bytes_that_are_no_text_in_a_header_are_a_bad_request(client: Client, plant: Plant) -> None:
    for subject in (b"p%FF", b"p%ED%A0%80", b"p\xff1", b"p\xed\xa0\x801"):
        attributes = {b"id": b"e1", b"source": b"s", b"specversion": b"1.0", b"type": b"si.person.updated", b"subject": subject}
        headers = b"".join(b"ce-%s: %s\r\n" % pair for pair in attributes.items())
        headers += (
            b"Authorization: %s\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
            % client.session.headers["Authorization"].encode()
        )
        answer = await raw_http(client, b"POST /v1/events HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n{}")
        assert answer.split()[1] in {b"400", b"422"}, subject  # finding 25
    assert await plant.count("event") == 0


async def test_a_stream_that_breaks_off_may_have_stored_a_prefix_and_can_be_sent_again(client: Client, plant: Plant) -> None:
    events = [known(f"p{n}") for n in range(1500)]
    body = b"".join(raw(one) + b"\n" for one in events)

    async def breaking_off() -> Any:
        yield body[: len(body) // 2]
        await asyncio.sleep(0.3)
        raise ConnectionResetError

    with pytest.raises((ConnectionError, OSError)):
        await post(client, breaking_off(), LINES)
    await asyncio.sleep(0.3)
    stored = await plant.count("event")
    assert 0 < stored < 1500
    status, said = await post(client, body, LINES)
    assert (status, said["accepted"] + said["duplicate"]) == (202, 1500)
    assert said["duplicate"] >= stored
    assert await plant.count("event") == 1500


async def test_a_stream_that_goes_wrong_waits_for_what_it_had_begun(client: Client, front: Front, plant: Plant) -> None:
    """No task without an owner: what was on its way when a bad line came is on disk, or failed, before the answer."""
    body = b"".join(raw(known(f"p{n}")) + b"\n" for n in range(600)) + b"x" * (5 * 1024 * 1024)
    async with on_insert(plant.pool, "perform pg_sleep(0.001)"):
        status, _ = await post(client, body, LINES)
        assert status == 413
        assert await plant.count("event") in {500, 600}  # finding 33


async def test_a_full_backlog_refuses_what_makes_notices_and_takes_the_rest(client: Client, front: Front, plant: Plant) -> None:
    front.full = True
    response = await client.post("/v1/events", data=raw(reminder("p1")), headers={"Content-Type": ONE})
    assert response.status in {429, 503}
    assert int(response.headers["Retry-After"]) > 0
    for one in (
        known("p1"),
        certified("p1", day(-1)),
        event("si.person.deceased", "p1", {}),
        event("si.benefit.resumed", "p1", {"resumed_on": day(0)}),
    ):
        assert (await post(client, raw(one)))[0] == 202
    status, said = await post(client, b"[" + raw(certified("p2", day(-1))) + b"," + raw(requested("p2")) + b"]", BATCH)
    assert (status, said["accepted"], said["rejected"][0]["errors"][0]["code"]) == (202, 1, "backlog")
    assert await plant.count("notice", "kind <> 'resumption'") == 0


async def test_the_methods_and_the_token_are_checked(client: Client, front: Front) -> None:
    assert (await client.put("/v1/events", data=b"{}")).status == 405
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}):
        response = await client.post("/v1/events", data=raw(known("p1")), headers=headers | {"Content-Type": ONE})
        assert response.status == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_callback_that_is_none_is_a_bad_request(called: Plant) -> None:
    called.receiving.providers = {VENDOR: Deaf()}
    async with client_of(Front(called)) as client:
        assert (await client.post(f"/callbacks/{VENDOR}/{SECRET}", data=b"x")).status == 400
        for path in (f"/callbacks/{VENDOR}/wrong", f"/callbacks/nobody/{SECRET}", "/callbacks/"):
            assert (await client.post(path, data=b"x")).status == 404


class Deaf(Vendor):
    """Understands no callback."""

    def read(self, callback: Callback) -> Reading:
        raise UnreadableCallback("not ours")
