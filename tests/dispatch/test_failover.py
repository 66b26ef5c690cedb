"""Which provider may have a message that another one did not take."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.dispatch.claim import Line
from gateway.dispatch.failover import FOR_NOW, bound, bound_elsewhere, passed_on, refused, refusing, without_way
from gateway.dispatch.outcome import MOST_ATTEMPTS, PATIENCE, Started, Way, effect
from gateway.words import Outcome, Reason, Status
from providers.base.types import Answer
from providers.base.words import RetryClass
from tests.pipeline.events import known, number, reminder, sms
from tests.pipeline.plant import Plant

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ROUTE = ("a", "b", "c")
NAMES = some.sampled_from(ROUTE)
A, B = (Line(name, 30.0, 10.0, 10, ("a", "b")) for name in ("a", "b"))


def carriers(avoid: list[str]) -> set[str]:
    return {name for name in ROUTE if name not in avoid}


@given(some.lists(some.tuples(some.booleans(), NAMES), max_size=12))
def test_whatever_happens_who_refused_never_carries_it_again_and_somebody_can_until_all_refused(steps: list[tuple[bool, str]]) -> None:
    avoid: list[str] = []
    said_no: set[str] = set()
    for refuses, name in steps:
        if name in avoid:
            continue  # it is not claimed for that one
        after = refused(avoid, name, ROUTE) if refuses else passed_on(avoid, name, ROUTE)
        said_no |= {name} if refuses else set()
        if after is None and not refuses:
            after = refusing(avoid)
        if after is None:
            assert said_no == set(ROUTE)
            return
        avoid = after
        assert not carriers(avoid) & said_no
        assert carriers(avoid)
        assert set(refusing(avoid)) == said_no


def test_one_that_was_only_passed_over_may_try_again_when_the_others_refused() -> None:
    avoid = passed_on([], "a", ("a", "b"))
    assert avoid == ["a", FOR_NOW + "a"]
    assert refused(avoid, "b", ("a", "b")) == ["b"]
    assert refused(["b"], "a", ("a", "b")) is None


def test_a_message_that_one_may_have_is_for_that_one_alone() -> None:
    avoid = bound("a", ROUTE)
    assert carriers(avoid) == {"a"}
    assert not bound_elsewhere(avoid, "a")
    assert bound_elsewhere(avoid, "a new one")
    assert refused(avoid, "a", ROUTE) is None


def test_one_who_must_not_have_a_message_leaves_it_to_others_and_ends_what_nobody_may_have() -> None:
    avoid = {1: ["a"], 2: ["a", "b"], 3: ["b"], 4: bound("b", ("b",)), 5: ["a", FOR_NOW + "a", "b"]}
    again, over = without_way(avoid, "a", ("a", "b"))
    assert again == {1: ["a"], 4: [*avoid[4], "a"], 5: ["b"]}
    assert over == [2]


def after(
    outcome: Outcome, retry: RetryClass | None = None, attempts: int = 1, route: tuple[str, ...] = ("a", "b"), *, resend: bool = False
) -> Any:
    answer = Answer("7", outcome, Reason.ACCOUNT_PROBLEM, retry=retry)
    return effect(answer, Started(7, 70, attempts, None, 0.0), NOW, resend_unknown=resend, way=Way("a", route))


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.DEFERRED])
@pytest.mark.parametrize("retry", [RetryClass.OTHER_ROUTE, RetryClass.CONFIGURATION])
def test_it_goes_to_another_at_once_where_the_answer_is_about_this_one(outcome: Outcome, retry: RetryClass) -> None:
    found = after(outcome, retry)
    assert (found.status, found.avoid, found.retry_at) == (Status.QUEUED, ["a"], NOW)
    alone = after(outcome, retry, route=("a",))
    assert (alone.status, alone.reason) == (Status.FAILED, Reason.ACCOUNT_PROBLEM)


def test_it_goes_to_nobody_where_the_answer_is_about_the_message() -> None:
    assert after(Outcome.REFUSED, RetryClass.PERMANENT).status == Status.FAILED


@pytest.mark.parametrize("retry", [None, *RetryClass])
def test_what_may_have_left_changes_providers_under_no_table(retry: RetryClass | None) -> None:
    assert after(Outcome.UNKNOWN, retry).status == Status.UNKNOWN
    again = after(Outcome.UNKNOWN, retry, resend=True)
    assert (again.status, carriers(again.avoid) & {"a", "b"}) == (Status.QUEUED, {"a"})


def test_later_means_this_one_first_and_another_when_it_said_so_often_enough() -> None:
    for attempts in range(1, PATIENCE):
        patient = after(Outcome.DEFERRED, RetryClass.RETRY, attempts)
        assert patient.avoid is None
        assert patient.retry_at > NOW
    moved = after(Outcome.DEFERRED, RetryClass.RETRY, PATIENCE)
    assert (moved.avoid, moved.retry_at) == (["a", "?a"], NOW)
    assert after(Outcome.DEFERRED, RetryClass.RETRY, PATIENCE, route=("a",)).retry_at == NOW + timedelta(seconds=60)


def test_what_never_left_goes_to_another_at_once() -> None:
    assert after(Outcome.NOTHING_LEFT).avoid == ["a", "?a"]
    assert after(Outcome.NOTHING_LEFT, route=("a",)).avoid is None


def test_attempts_of_all_providers_count_together() -> None:
    for retry in (RetryClass.RETRY, RetryClass.OTHER_ROUTE):
        assert after(Outcome.DEFERRED, retry, MOST_ATTEMPTS).status == Status.FAILED


async def due(plant: Plant, persons: int = 1) -> None:
    await plant.post(*(one for n in range(persons) for one in (known(f"p{n}", sms(number(n))), reminder(f"p{n}"))))


def saying(plant: Plant, outcome: Outcome, reason: Reason | None = None, retry: RetryClass | None = None) -> None:
    plant.vendor.says = lambda message: Answer(message.reference, outcome, reason, retry=retry, vendor_code="X")


async def test_a_refused_message_is_not_claimed_for_the_same_provider_again(plant: Plant) -> None:
    await due(plant)
    saying(plant, Outcome.REFUSED, Reason.ACCOUNT_PROBLEM, RetryClass.CONFIGURATION)
    await plant.send(*(await plant.claim(line=A)).calls)
    assert await plant.messages() == [("queued", "account_problem")]
    assert (await plant.claim(line=A)).taken == 0
    saying(plant, Outcome.ACCEPTED)
    await plant.send(*(await plant.claim(line=B)).calls)
    assert await plant.messages("status_now, provider, reason, cardinality(calls)") == [("sent", "b", None, 2)]


async def test_when_every_provider_refused_it_has_failed_for_the_last_reason_and_the_ladder_goes_on(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1)), sms(number(2), relation="family")), reminder("p1"))
    for line, reason in ((A, Reason.ACCOUNT_PROBLEM), (B, Reason.TEMPLATE_REJECTED)):
        saying(plant, Outcome.REFUSED, reason, RetryClass.OTHER_ROUTE)
        await plant.send(*(await plant.claim(line=line)).calls)
    assert await plant.messages() == [("failed", "template_rejected")]
    await plant.plan()
    assert [row[0] for row in await plant.messages()] == ["failed", "queued"]


async def test_an_unknown_message_is_claimed_for_nobody(plant: Plant) -> None:
    await due(plant)
    saying(plant, Outcome.UNKNOWN, Reason.PROVIDER_UNAVAILABLE)
    await plant.send(*(await plant.claim(line=A)).calls)
    await plant.make_due()
    for line in (A, B):
        assert (await plant.claim(line=line)).taken == 0
    assert await plant.messages() == [("unknown", "provider_unavailable")]


async def test_a_message_that_waits_goes_on_avoiding_whom_it_avoids(plant: Plant) -> None:
    """Put off at the claim for a reason of its own, here facts that are not planned yet."""
    await due(plant)
    saying(plant, Outcome.REFUSED, Reason.ACCOUNT_PROBLEM)
    await plant.send(*(await plant.claim(line=A)).calls)
    await plant.pool.execute("update person set pending = true")
    assert (await plant.claim(line=B)).calls == []
    await plant.pool.execute("update person set pending = false")
    await plant.make_due()
    assert (await plant.claim(line=A)).taken == 0
    assert len((await plant.claim(line=B)).calls) == 1


async def test_a_route_that_shrank_to_those_who_refused_ends_the_message(plant: Plant) -> None:
    await due(plant, 2)
    saying(plant, Outcome.REFUSED, Reason.ACCOUNT_PROBLEM)
    await plant.send(*(await plant.claim(line=A, count=1)).calls)
    saying(plant, Outcome.NOTHING_LEFT)
    await plant.send(*(await plant.claim(line=A, count=1)).calls)
    only_a = Line("a", 30.0, 10.0, 10, ("a",))
    claimed = await plant.claim(line=only_a)
    assert claimed.stopped == [("failed", "account_problem")]
    assert await plant.value("select plan_due <= now() from person where id = (select person_id from message where status = 'failed')")
    await plant.make_due()
    assert len((await plant.claim(line=only_a)).calls) == 1  # the one that it could not take may try again


async def test_a_provider_that_is_new_in_the_route_does_not_get_what_another_may_have(plant: Plant) -> None:
    await due(plant)
    (call,) = (await plant.claim(line=A)).calls
    plant.recorder._resend_unknown = lambda _: True
    await plant.record(call, [Answer(m.reference, Outcome.UNKNOWN) for m in call.batch])
    await plant.make_due()
    new = Line("new", 30.0, 10.0, 10, ("a", "new"))
    for _ in range(3):
        assert (await plant.claim(line=new)).calls == []
        await plant.make_due()
    assert len((await plant.claim(line=Line("a", 30.0, 10.0, 10, ("a", "new")))).calls) == 1
