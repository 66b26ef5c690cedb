"""Which provider a lane uses: weights, switches, circuits, links, silence; and what other processes are told of circuits."""

import asyncio
from collections import Counter
from types import SimpleNamespace

import pytest
import structlog
from redis.asyncio import Redis

from gateway.dispatch.circuit import CONFIGURATIONS, FAILURES, NEEDS_OPERATOR_S, CircuitState, Turn, Why
from gateway.dispatch.claim import Call, Line
from gateway.dispatch.hints import CircuitHints
from gateway.dispatch.lease import lease
from gateway.dispatch.outlets import SILENT_S, LaneRoute, Outlets, Switch
from gateway.dispatch.pump import Outlet
from gateway.metrics import Metrics
from gateway.observe import Observer
from gateway.words import Lane, Outcome, Reason
from providers.base.types import Answer, Outgoing
from tests.pipeline.plant import Vendor

FAILED = [Answer("1", Outcome.UNKNOWN)]
NOT_US = [Answer("1", Outcome.REFUSED, Reason.ACCOUNT_PROBLEM)]
TAKEN = [Answer("1", Outcome.ACCEPTED)]


class LinkedVendor(Vendor):
    """One that holds a link."""

    is_up = False

    def up(self) -> bool:
        return self.is_up


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    for module in ("outlets", "places"):
        monkeypatch.setattr(f"gateway.dispatch.{module}.time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def outlets(*vendors: Vendor, weight: float = 1.0) -> Outlets:
    names = {one.settings.name: one for one in vendors or (Vendor("a"), Vendor("b"))}
    made = {name: Outlet(one, Line(name, 30, 10, 1), 0.0, 5, weight) for name, one in names.items()}
    return Outlets(made, {("sms", None): tuple(names)}, lambda: True)


def picked(route: LaneRoute, times: int = 40) -> Counter[str]:
    found: Counter[str] = Counter()
    for _ in range(times):
        outlet = route.choose()
        if outlet is not None:
            route.took(outlet.line.provider, 10)
            found[outlet.line.provider] += 1
    return found


def test_all_providers_of_a_route_are_used_each_by_its_weight() -> None:
    all_outlets = outlets()
    assert picked(all_outlets.route("sms", "normal")) == {"a": 20, "b": 20}
    all_outlets.switch({"a": Switch(3.0)})
    assert picked(all_outlets.route("sms", "normal")) == {"a": 30, "b": 10}


def test_an_outlet_knows_its_route_and_whether_it_is_alone() -> None:
    outlet = outlets().route("sms", "normal").choose()
    assert outlet is not None
    assert (outlet.line.route, outlet.alone) == (("a", "b"), False)
    alone = outlets(Vendor("a")).route("sms", "normal").choose()
    assert alone is not None
    assert (alone.line.route, alone.alone) == (("a",), True)


def test_a_suspended_provider_is_not_used_and_a_resumed_one_is_again() -> None:
    all_outlets = outlets()
    all_outlets.switch({"a": Switch(1.0, suspended=True)})
    route = all_outlets.route("sms", "normal")
    assert picked(route) == {"b": 40}
    all_outlets.switch({"a": Switch(1.0, suspended=True), "b": Switch(1.0, suspended=True)})
    assert route.choose() is None
    all_outlets.switch({})
    assert set(picked(route, 100)) == {"a", "b"}


def test_a_provider_whose_link_is_down_or_held_by_another_process_is_not_used() -> None:
    linked = LinkedVendor("a")
    route = outlets(linked, Vendor("b")).route("sms", "normal")
    assert picked(route) == {"b": 40}
    linked.is_up = True
    assert picked(route)["a"] > 0


async def test_a_provider_that_answers_nothing_any_more_is_spared_until_it_does(clock: list[float]) -> None:
    all_outlets = outlets()
    route = all_outlets.route("sms", "normal")
    await all_outlets.places["a"].enter(Lane.NORMAL)
    clock[0] += SILENT_S - 0.1
    assert set(picked(route)) == {"a", "b"}
    clock[0] += 0.2
    assert picked(route) == {"b": 40}
    all_outlets.switch({"b": Switch(1.0, suspended=True)})
    assert picked(route) == {"a": 40}
    all_outlets.switch({})
    all_outlets.places["a"].leave(Lane.NORMAL)
    assert set(picked(route)) == {"a", "b"}


def test_an_open_circuit_leaves_all_to_the_other(clock: list[float]) -> None:
    all_outlets = outlets()
    route = all_outlets.route("sms", "normal")
    for _ in range(FAILURES):
        all_outlets.ended("a", FAILED)
    assert picked(route) == {"b": 40}
    clock[0] += 6
    tried = [outlet for _ in range(40) if (outlet := route.choose()) is not None and outlet.line.provider == "a"]
    assert [outlet.trying for outlet in tried] == [True]


def test_refusals_of_our_account_open_the_circuit_for_long_when_they_come_in_a_row(clock: list[float]) -> None:
    all_outlets = outlets()
    all_outlets.ended("a", NOT_US)
    assert all_outlets.states()["a"] is CircuitState.CLOSED  # one message may be at fault itself
    for _ in range(CONFIGURATIONS - 2):
        all_outlets.ended("a", NOT_US)
    all_outlets.ended("a", TAKEN)
    for _ in range(CONFIGURATIONS - 1):
        all_outlets.ended("a", NOT_US)
    assert all_outlets.states()["a"] is CircuitState.CLOSED
    all_outlets.ended("a", NOT_US)
    clock[0] += NEEDS_OPERATOR_S[0] - 1
    assert all_outlets.states()["a"] is CircuitState.OPEN
    clock[0] += 2
    assert all_outlets.states()["a"] is CircuitState.HALF_OPEN
    all_outlets.ended("a", NOT_US)
    assert all_outlets.states()["a"] is CircuitState.OPEN


def test_a_text_that_a_vendor_does_not_approve_keeps_no_other_text_back() -> None:
    all_outlets = outlets()
    for reason in (Reason.TEMPLATE_REJECTED, Reason.SIGNATURE_REJECTED):
        for _ in range(10):
            all_outlets.ended("a", [Answer("1", Outcome.REFUSED, reason)])
    assert all_outlets.states()["a"] is CircuitState.CLOSED


def test_an_operator_is_called_once_a_minute_for_each_reason(clock: list[float]) -> None:
    all_outlets = outlets()
    with structlog.testing.capture_logs() as lines:
        for reason in (Reason.TEMPLATE_REJECTED, Reason.ACCOUNT_PROBLEM):
            for _ in range(4):
                all_outlets.ended("a", [Answer("1", Outcome.REFUSED, reason)])
        clock[0] += 61
        all_outlets.ended("a", [Answer("1", Outcome.REFUSED, Reason.TEMPLATE_REJECTED)])
    called = [line["reason"] for line in lines if line["event"] == "provider_needs_operator"]
    assert called == ["template_rejected", "account_problem", "template_rejected"]
    assert [line["why"] for line in lines if line["event"] == "circuit_opened"][:1] == ["configuration"]


async def test_a_circuit_that_opened_in_one_process_opens_in_the_others(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        here, there, later = outlets(), outlets(), outlets()
        hints = [CircuitHints(redis, each, ["a", "b"]) for each in (here, there, later)]
        for _ in range(FAILURES):
            here.ended("a", FAILED)
        assert here.turned.is_set()
        for each in hints[:2]:
            await each.exchange()
        assert there.states() == {"a": CircuitState.OPEN, "b": CircuitState.CLOSED}
        assert 0 < await redis.pttl("tixing:circuit:a") <= 5000
        here.ended("a", TAKEN)
        for each in hints:
            await each.exchange()
        assert here.states()["a"] is CircuitState.CLOSED
        assert later.states()["a"] is CircuitState.CLOSED


async def test_a_provider_that_has_given_way_carries_nothing_where_another_process_has_the_link(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of weight 0 is for when there is no other: a link that another process holds is one."""
    monkeypatch.setattr("gateway.dispatch.hints.LINK_S", 0.2)
    async with Redis.from_url(redis_url) as redis:
        owner, other = LinkedVendor("a"), LinkedVendor("a")
        here, there = outlets(owner, Vendor("b")), outlets(other, Vendor("b"))
        hints = [CircuitHints(redis, each, ["a", "b"]) for each in (here, there)]

        async def exchanged() -> None:
            for each in hints:
                await each.exchange()

        owner.is_up = True
        await exchanged()
        assert picked(there.route("sms", "normal")) == {"b": 40}, "its own share"
        for each in (here, there):
            each.switch({"b": Switch(0.0)})
        assert picked(here.route("sms", "normal")) == {"a": 40}
        assert picked(there.route("sms", "normal")) == {}
        there.switch({"a": Switch(1.0, suspended=True), "b": Switch(0.0)})
        assert picked(there.route("sms", "normal")) == {"b": 40}
        there.switch({"b": Switch(0.0)})
        for _ in range(FAILURES):
            there.ended("a", FAILED)
        assert picked(there.route("sms", "normal")) == {"b": 40}
        there.ended("a", TAKEN)
        assert picked(there.route("sms", "normal")) == {}
        owner.is_up = False
        await asyncio.sleep(0.25)
        await exchanged()
        assert picked(there.route("sms", "normal")) == picked(here.route("sms", "normal")) == {"b": 40}


async def test_what_was_told_once_is_not_told_again_when_it_is_over(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        here = outlets()
        here.turns["a"] = Turn(Why.FAILED, 0.02, 1)
        hints = CircuitHints(redis, here, ["a"])
        await hints.exchange()
        await redis.delete("tixing:circuit:a")
        await hints.exchange()
        assert await redis.get("tixing:circuit:a") is None


async def test_without_redis_each_process_finds_out_by_itself() -> None:
    async with Redis.from_url("redis://127.0.0.1:1") as redis:
        here = outlets()
        for _ in range(FAILURES):
            here.ended("a", FAILED)
        await CircuitHints(redis, here, ["a"]).exchange()
        assert here.states()["a"] is CircuitState.OPEN


@pytest.mark.parametrize("said", [b"", b"x failed", b"1 nonsense", b"\xff"])
async def test_what_nobody_of_us_wrote_into_redis_opens_nothing(redis_url: str, said: bytes) -> None:
    async with Redis.from_url(redis_url) as redis:
        await redis.set("tixing:circuit:a", said, px=5000)
        here = outlets()
        await CircuitHints(redis, here, ["a"]).exchange()
        assert here.states()["a"] is CircuitState.CLOSED


def test_operators_see_refusals_of_our_account() -> None:
    metrics, all_outlets = Metrics({"a": ["sms"], "b": ["sms"]}, "test"), outlets()
    observer = Observer(metrics, all_outlets)
    call = Call(7, "a", "normal", [Outgoing("1", "+8613800000009", "sms", "", "", {}, "")], {}, lease(30, 10))
    for answers in (NOT_US, TAKEN, [*NOT_US, *FAILED]):
        observer.ended(call, 0.1, answers)
    assert 'tixing_configuration_refusals_total{provider="a"} 2.0' in metrics.exposition().decode()


def test_a_lane_of_its_own_route_uses_that_and_the_next_provider_takes_over_from_an_open_circuit() -> None:
    outlets = {name: Outlet(Vendor(name), Line(name, 30, 10, 1), 0.0, 5) for name in ("one", "two", "fast")}
    found = Outlets(outlets, {("sms", None): ("one", "two"), ("sms", "urgent"): ("fast",)}, lambda: True)

    def chosen(lane: str) -> str | None:
        outlet = found.route("sms", lane).choose()
        return outlet.line.provider if outlet else None

    assert (chosen("normal"), chosen("urgent")) == ("one", "fast")
    for _ in range(FAILURES):
        found.ended("one", [Answer("1", Outcome.UNKNOWN)])
    assert chosen("normal") == "two"
    for _ in range(FAILURES):
        found.ended("two", [Answer("1", Outcome.NOTHING_LEFT)])
    assert chosen("normal") is None
    assert chosen("urgent") == "fast"
