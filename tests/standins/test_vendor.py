"""The stand-in vendor itself: what the bench and the crash rounds believe must be true."""

import asyncio
import json
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.standins.callbacks import CallbackOptions
from tests.standins.vendor import FAULTS, Vendor, VendorOptions, running
from tests.standins.vendor_config import config
from tests.standins.wire import Wire, said, wire


def one(ending: str, reference: str, text: str = "x") -> dict[str, str]:
    return {"to": f"+861380013{ending}", "ref": reference, "text": text}


async def post(vendor: Vendor, body: Any, path: str = "/send") -> Any:
    async with aiohttp.ClientSession() as session, session.post(vendor.url.replace("/send", path), json=body) as answer:
        return await answer.json()


async def test_it_counts_what_came_once_twice_and_never() -> None:
    async with running(VendorOptions()) as vendor:
        before = time.monotonic()
        await post(vendor, ["+8613800131111", "+8613800132222"], "/_expect")
        await post(vendor, one("1111", "1"))
        await post(vendor, {"messages": [one("1111", "1"), one("1111", "2", "other text"), one("3333", "3"), one("3333", "4")]})
        stats, arrivals = await post(vendor, {}, "/_stats"), await post(vendor, {}, "/_arrivals")
        assert (stats["calls"], stats["messages"]) == (2, 5)
        assert (stats["once"], stats["twice"], stats["twice_references"]) == (3, 1, ["1"])
        assert (stats["texts_twice"], stats["texts_twice_references"]) == (2, ["1", "4"]), (
            "another reference, the same text to the same number"
        )
        assert (stats["expected"], stats["never"], stats["never_addresses"]) == (2, 1, ["+8613800132222"])
        assert arrivals["3"]["to"] == "+8613800133333"
        assert before <= arrivals["3"]["at"] <= time.monotonic()
        await post(vendor, {}, "/_reset")
        assert (await post(vendor, {}, "/_stats"))["messages"] == 0


async def test_the_same_message_three_times_counts_twice_once() -> None:
    async with running(VendorOptions()) as vendor:
        for _ in range(3):
            await post(vendor, one("1111", "1"))
        stats = vendor.book.stats()
        assert (stats["once"], stats["twice"], stats["texts_once"], stats["texts_twice"]) == (0, 1, 0, 1)


async def reports(ending: str, **options: Any) -> list[dict[str, Any]]:
    """What the vendor says of one message, told to a gateway that fails the first time."""

    async def gateway(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(said(503 if len(server.requests) == 1 else 200))

    async with wire(gateway) as server:
        callbacks = CallbackOptions(f"http://127.0.0.1:{server.port}/callbacks/x/y", **options)
        async with running(VendorOptions(callbacks=callbacks)) as vendor:
            await post(vendor, one(ending, "7"))
            await settled(vendor, server)
            return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in server.requests[1:]]


async def settled(vendor: Vendor, server: Wire) -> None:
    for _ in range(100):
        await asyncio.sleep(0.02)
        stats = vendor.callbacks.stats()
        if not stats["waiting"] and stats["calls"] == len(server.requests) > 1:
            return


async def test_it_reports_until_the_gateway_takes_it() -> None:
    [body] = await reports("2345")
    assert body == {"reports": [{"to": "+8613800132345", "ref": "7", "id": "v1", "status": "DELIVRD"}], "replies": []}


async def test_it_reports_doubled_and_out_of_order_where_the_digits_say_so() -> None:
    [body] = await reports("0009")
    assert [report["status"] for report in body["reports"]] == ["DELIVRD", "ACCEPTD", "DELIVRD"]


async def test_a_batch_of_reports_has_the_size_asked_for() -> None:
    bodies = await reports("0009", batch=1, connections=1)
    assert [len(body["reports"]) for body in bodies] == [1, 1, 1]


async def test_people_reply() -> None:
    [body] = await reports("0010")
    assert body["replies"] == [{"to": "+8613800130010", "text": "退订"}]


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_does_what_it_says(fault: str) -> None:
    async with running(VendorOptions(faults={fault: 1.0}, slow_ms=50)) as vendor:
        try:
            async with aiohttp.ClientSession() as session, session.post(vendor.url, json=one("2345", "1")) as answer:
                got = f"{answer.status} {(await answer.read()).decode()}"
        except aiohttp.ClientError as error:
            got = type(error).__name__
        taken = vendor.book.taken
    assert taken == (0 if FAULTS[fault].startswith("takes nothing") else 1)
    expected = {
        "reset": ("ClientOSError", "ServerDisconnectedError"),
        "truncate": ("ClientPayloadError",),
        "bad_gateway": ("502 <html>",),
        "garbage": ("200 <html>",),
        "busy": ("503",),
        "throttle": ("429",),
    }.get(fault, ('200 {"code":"0"',))
    assert got.startswith(expected)


async def test_a_share_of_the_calls_goes_wrong_and_the_rest_does_not() -> None:
    async with running(VendorOptions(faults={"busy": 0.3}, seed=7)) as vendor:
        drawn = [vendor.fault() for _ in range(10_000)]
    assert 2_800 < drawn.count("busy") < 3_200
    assert drawn.count(None) == 10_000 - drawn.count("busy")


def test_the_snippet_says_the_same_as_the_function() -> None:
    snippet = tomllib.loads((Path(__file__).parent / "vendor.toml").read_text(encoding="utf-8"))["providers"]
    for section in snippet.values():
        assert section.pop("callback_tokens")
    assert snippet == {"standin": config("env:STANDIN_URL"), "standin_batch": config("env:STANDIN_URL", batch_size=100)}


def test_it_runs_as_a_process_and_stops_on_sigterm() -> None:
    command = [sys.executable, "-m", "tests.standins.vendor", "--latency-ms", "1", "--faults", "reset=0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["url"].endswith("/send")
        process.terminate()
        assert process.wait(10) == 0
