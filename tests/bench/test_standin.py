"""The vendor of bench and crash run counts what is open and what came again; the product is configured to speak to it."""

import json
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench.processes import wait_until
from bench.product import VendorTerms, config_text, toml
from bench.standin import Count, Terms
from bench.vendor import StandIn
from gateway.config import load
from tests.crash.books import arrivals_of


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[StandIn]:
    standin = StandIn(tmp_path, Terms(latency_ms=400))
    yield standin
    standin.stop()


def send(vendor: StandIn, reference: str) -> None:
    body = json.dumps({"to": "+8613800002000", "ref": reference, "text": "请认证"}).encode()
    urllib.request.urlopen(urllib.request.Request(vendor.url, data=body), timeout=5).close()


def test_calls_are_open_until_they_are_answered(vendor: StandIn) -> None:
    with ThreadPoolExecutor(5) as callers:
        calls = [callers.submit(send, vendor, str(number)) for number in range(5)]
        wait_until("five calls open", lambda: vendor.count() == Count(taken=5, reported=0, open_calls=5), within_s=5)
        for call in calls:
            call.result()
    wait_until("none open", lambda: vendor.count() == Count(taken=5, reported=0, open_calls=0), within_s=5)


def test_the_ledger_learns_of_a_reference_that_came_again(vendor: StandIn) -> None:
    for reference in ("1", "2", "1"):
        send(vendor, reference)
    assert sorted(arrival.message for arrival in arrivals_of(vendor)) == ["1", "1", "2"]


@pytest.mark.parametrize("batch_size", [1, 100])
def test_the_config_of_a_run_is_one_that_the_product_takes(tmp_path: Path, batch_size: int) -> None:
    path = tmp_path / "config.toml"
    path.write_text(config_text(8123, VendorTerms(url="http://127.0.0.1:9/send", batch_size=batch_size, timeout_s=2, lease_s=7.5)))
    config = load(path)
    section = config.providers["standin"]
    assert (config.server.port, section.batch_size, section.timeout_s, section.lease_s) == (8123, batch_size, 2, 7.5)


def test_values_are_written_as_toml() -> None:
    assert toml({"a b": [1, "二", True], "c": {}}) == '{ "a b" = [1, "二", true], "c" = {  } }'
