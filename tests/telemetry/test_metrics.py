"""Metrics: names and labels that dashboards rely on, numbers that add up, and the little server that shows them."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as some
from prometheus_client import CollectorRegistry
from prometheus_client import Histogram as Theirs
from prometheus_client.parser import text_string_to_metric_families

from gateway.histograms import Durations, Histogram
from gateway.metrics import SUBMIT_S, Circuit, EventResult, Metrics, StoreGauges, serve
from gateway.words import Kind, Lane, NoticeStatus, Outcome, Reason, Status

DOCS = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
CONTRACT = {
    "tixing_events_total": ("type", "result"),
    "tixing_notices_total": ("kind", "status"),
    "tixing_messages_total": ("channel", "provider", "status", "reason"),
    "tixing_attempts_total": ("provider", "outcome"),
    "tixing_vendor_request_seconds": ("provider",),
    "tixing_event_to_submit_seconds": ("lane",),
    "tixing_claim_to_first_byte_seconds": ("provider",),
    "tixing_submit_to_delivery_seconds": ("provider",),
    "tixing_backlog_messages": ("lane",),
    "tixing_oldest_due_seconds": ("lane",),
    "tixing_inbox_oldest_seconds": ("provider",),
    "tixing_provider_circuit": ("provider", "state"),
    "tixing_provider_weight": ("provider",),
    "tixing_provider_suspended": ("provider",),
    "tixing_route_false_absent_ratio": ("provider",),
    "tixing_quality_model_age_seconds": ("version",),
    "tixing_configuration_refusals_total": ("provider",),
    "tixing_receipts_missing_ratio": ("provider", "age"),
    "tixing_unmapped_codes_total": ("provider",),
    "tixing_callbacks_total": ("provider", "result"),
    "tixing_pulls_total": ("provider", "result"),
    "tixing_contacts": ("state",),
    "tixing_uninformed_notices": ("kind",),
    "tixing_build_info": ("version",),
}
FOUND = StoreGauges(
    backlog={Lane.URGENT: 3},
    oldest_due_s={Lane.URGENT: 1.5},
    receipts_missing={("acme", "1h"): 0.25},
    contacts={"dead": 7},
    uninformed={Kind.REMINDER: 2},
    weights={"acme": 0.4},
    suspended={"acme": True},
    inbox_oldest_s={"acme": 4.0},
    false_absent={"acme": 0.2, "lookup:carrier": 0.01},
    model_age_s={"fit-0123456789ab": 3600.0},
)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics({"acme": ["sms"], "other_one": ["sms", "wechat"]}, "1.2.3")


def samples(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """(name, label values in the order of CONTRACT) → value, as a scraper reads them."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    found = [sample for family in families for sample in family.samples if sample.name.startswith("tixing_")]
    return {
        (sample.name, tuple(sample.labels[label] for label in order(sample.name))): sample.value
        for sample in found
        if "le" not in sample.labels
    }


def order(sample: str) -> tuple[str, ...]:
    return next(names for metric, names in CONTRACT.items() if sample in {metric, f"{metric}_count", f"{metric}_sum"})


def labels(metrics: Metrics) -> dict[str, set[str]]:
    """Each metric and its labels, as a scraper reads them."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(metrics.exposition().decode()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        for sample in family.samples:
            found[name] = set(sample.labels) - {"le"}
    return found


def test_every_name_and_label_of_the_contract_is_there_and_no_other(metrics: Metrics) -> None:
    metrics.store(FOUND)
    found = {name: names for name, names in labels(metrics).items() if name.startswith("tixing_")}
    assert found == {name: set(names) for name, names in CONTRACT.items()}


def test_every_metric_stands_in_the_docs_with_its_labels(metrics: Metrics) -> None:
    metrics.store(FOUND)
    told = re.findall(r"^\| `(tixing_\w+)` \| [^|]+ \| ([^|]+) \|", DOCS, re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", names)) for name, names in told} == {
        name: names for name, names in labels(metrics).items() if name.startswith("tixing_")
    }
    assert all(name.startswith(("tixing_", "process_")) for name in labels(metrics))


def test_series_are_there_at_zero_before_anything_happened(metrics: Metrics) -> None:
    found = samples(metrics)
    assert found["tixing_events_total", ("si.person.updated", "accepted")] == 0
    assert found["tixing_notices_total", ("reminder", "informed")] == 0
    assert found["tixing_messages_total", ("sms", "acme", "delivered", "")] == 0
    assert found["tixing_attempts_total", ("acme", "unknown")] == 0
    assert found["tixing_unmapped_codes_total", ("acme",)] == 0
    assert found["tixing_event_to_submit_seconds_count", ("urgent",)] == 0
    assert found["tixing_provider_circuit", ("acme", "closed")] == 1
    assert found["tixing_provider_circuit", ("acme", "open")] == 0


def test_counts_of_a_batch_are_added_at_once(metrics: Metrics) -> None:
    metrics.events("si.person.updated", EventResult.ACCEPTED, 500)
    metrics.events("si.person.updated", EventResult.ACCEPTED)
    metrics.notices(Kind.REMINDER, NoticeStatus.SCHEDULED, 20)
    metrics.messages("sms", "acme", Status.UNDELIVERED, Reason.NUMBER_ABSENT, 3)
    metrics.attempts("acme", Outcome.ACCEPTED, 100)
    metrics.unmapped_codes("acme", 2)
    found = samples(metrics)
    assert found["tixing_events_total", ("si.person.updated", "accepted")] == 501
    assert found["tixing_notices_total", ("reminder", "scheduled")] == 20
    assert found["tixing_messages_total", ("sms", "acme", "undelivered", "number_absent")] == 3
    assert found["tixing_attempts_total", ("acme", "accepted")] == 100
    assert found["tixing_unmapped_codes_total", ("acme",)] == 2


def test_what_outsiders_can_name_makes_no_new_series(metrics: Metrics) -> None:
    metrics.vendor_request_s.of("13800138000").observe(1)
    metrics.events("si.13800138000", EventResult.REJECTED)
    metrics.attempts("13800138000", Outcome.UNKNOWN)
    metrics.messages("13800138000", "13800138000", Status.QUEUED)
    metrics.messages("sms", None, Status.CANCELED, Reason.CERTIFIED)
    found = samples(metrics)
    assert found["tixing_events_total", ("other", "rejected")] == 1
    assert found["tixing_attempts_total", ("other", "unknown")] == 1
    assert found["tixing_messages_total", ("other", "other", "queued", "")] == 1
    assert found["tixing_messages_total", ("sms", "", "canceled", "certified")] == 1
    assert found["tixing_vendor_request_seconds_count", ("other",)] == 1
    assert "13800138000" not in metrics.exposition().decode()


def test_one_state_of_a_circuit_is_one(metrics: Metrics) -> None:
    metrics.circuit("acme", Circuit.OPEN)
    metrics.circuit("acme", Circuit.HALF_OPEN)
    found = samples(metrics)
    assert {state: found["tixing_provider_circuit", ("acme", state)] for state in Circuit} == {"closed": 0, "half_open": 1, "open": 0}


def test_gauges_of_the_store_come_from_the_acting_scheduler_alone(metrics: Metrics) -> None:
    names = {
        "tixing_backlog_messages",
        "tixing_oldest_due_seconds",
        "tixing_inbox_oldest_seconds",
        "tixing_receipts_missing_ratio",
        "tixing_contacts",
        "tixing_uninformed_notices",
        "tixing_route_false_absent_ratio",
        "tixing_quality_model_age_seconds",
    }
    assert not names & labels(metrics).keys()
    metrics.store(FOUND)
    found = samples(metrics)
    assert found["tixing_backlog_messages", ("urgent",)] == 3
    assert found["tixing_backlog_messages", ("bulk",)] == 0
    assert found["tixing_oldest_due_seconds", ("urgent",)] == 1.5
    assert found["tixing_inbox_oldest_seconds", ("acme",)] == 4.0
    assert found["tixing_inbox_oldest_seconds", ("other_one",)] == 0
    assert found["tixing_receipts_missing_ratio", ("acme", "1h")] == 0.25
    assert found["tixing_contacts", ("dead",)] == 7
    assert found["tixing_provider_weight", ("acme",)] == pytest.approx(0.4)
    assert found["tixing_provider_suspended", ("acme",)] == 1
    assert found["tixing_uninformed_notices", ("reminder",)] == 2
    assert {labels: value for (name, labels), value in found.items() if name == "tixing_route_false_absent_ratio"} == {("acme",): 0.2}
    assert found["tixing_quality_model_age_seconds", ("fit-0123456789ab",)] == 3600.0
    metrics.forget_store()
    assert not names & labels(metrics).keys()


def test_what_the_scheduler_does_not_find_any_more_is_not_shown_any_more(metrics: Metrics) -> None:
    metrics.store(FOUND)
    metrics.store(StoreGauges({}, {}, {}, {"alive": 1}, {}, {}))
    found = samples(metrics)
    assert ("tixing_contacts", ("dead",)) not in found
    assert found["tixing_contacts", ("alive",)] == 1


@pytest.mark.parametrize("bound", [0.005, 0.02, 1])
@pytest.mark.parametrize("name", ["event_to_submit_s", "claim_to_first_byte_s"])
def test_what_is_promised_is_a_bound(metrics: Metrics, name: str, bound: float) -> None:
    histogram: Histogram = getattr(metrics, name)
    assert float(bound) in {float(limit) for limit in histogram._limits}


@given(some.lists(some.one_of(some.floats(0, 100_000), some.sampled_from(SUBMIT_S)), max_size=200))
def test_a_histogram_says_the_same_as_the_librarys(values: list[float]) -> None:
    ours, registries = Histogram("h", "d", "lane", ["x"], SUBMIT_S), (CollectorRegistry(), CollectorRegistry())
    registries[0].register(ours)
    theirs = Theirs("h", "d", ["lane"], buckets=SUBMIT_S, registry=registries[1])
    theirs.labels("x")
    half = len(values) // 2
    ours.of("x").observe_many(values[:half])
    for value in values[half:]:
        ours.of("x").observe(value)
    for value in values:
        theirs.labels("x").observe(value)
    for limit in [*map(str, ours._limits), ""]:
        name = "h_bucket" if limit else "h_count"
        asked = {"lane": "x"} | ({"le": limit} if limit else {})
        assert registries[0].get_sample_value(name, asked) == registries[1].get_sample_value(name, asked)
    assert registries[0].get_sample_value("h_sum", {"lane": "x"}) == pytest.approx(registries[1].get_sample_value("h_sum", {"lane": "x"}))


def test_two_clocks_that_disagree_count_as_no_time() -> None:
    durations = Durations((1.0, 2.0))
    durations.observe(-3)
    durations.observe_many([-1, 0, 1, 1.5, 99])
    assert durations.counts == [4, 1, 1]
    assert durations.total_s == 101.5


@dataclass(frozen=True)
class Found:
    """What a probe found."""

    ready: bool
    checks: dict[str, str] = field(default_factory=dict)


@pytest.fixture
async def served(metrics: Metrics, unused_tcp_port: int) -> AsyncIterator[tuple[str, list[Found]]]:
    answers = [Found(ready=True, checks={"store": "ok"})]

    async def ready() -> Found:
        return answers[-1]

    runner = await serve(metrics, "127.0.0.1", unused_tcp_port, ready)
    yield f"http://127.0.0.1:{unused_tcp_port}", answers
    await runner.cleanup()


async def test_a_process_without_an_api_shows_its_metrics_and_health(served: tuple[str, list[Found]]) -> None:
    address, answers = served
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{address}/metrics") as answer:
            assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
            assert 'tixing_build_info{version="1.2.3"} 1.0' in await answer.text()
        async with session.get(f"{address}/healthz") as answer:
            assert answer.status == 200
        async with session.get(f"{address}/readyz") as answer:
            assert (answer.status, await answer.json()) == (200, {"ready": True, "checks": {"store": "ok"}})
        answers.append(Found(ready=False, checks={"store": "away"}))
        async with session.get(f"{address}/readyz") as answer:
            assert (answer.status, (await answer.json())["checks"]) == (503, {"store": "away"})


async def test_a_port_that_is_taken_is_an_error_that_leaves_nothing_behind(served: tuple[str, list[Found]], metrics: Metrics) -> None:
    async def ready() -> Found:
        return Found(ready=True)

    port = int(served[0].rpartition(":")[2])
    with pytest.raises(OSError, match=str(port)):
        await serve(metrics, "127.0.0.1", port, ready)
