"""Invariant 2: (source, id) takes effect once, and there is one notice for each duty, whatever says it again and however many say it at once."""

import asyncio
from typing import Any

import pytest

from gateway.intake.check import Rejected
from gateway.pipeline.accept import ACCEPTED, DUPLICATE, Result
from tests.pipeline.events import certified, day, known, lapsed, number, raw, reminder, requested, resumed, sms, suspended, terminated
from tests.pipeline.plant import Plant


def codes(results: list[Result]) -> list[str]:
    return [r.errors[0].code if isinstance(r, Rejected) else "duplicate" if r.duplicate else "accepted" for r in results]


async def eight_times(plant: Plant, other: Plant, *events: dict[str, Any]) -> list[str]:
    """Posted eight times at once, to two processes in turn."""
    answers = await asyncio.gather(*((plant, other)[n % 2].post(*events) for n in range(8)))
    return [code for answer in answers for code in codes(answer)]


@pytest.mark.parametrize("is_known", [True, False])
async def test_an_event_posted_eight_times_at_once_to_two_processes_takes_effect_once(
    plant: Plant, other: Plant, *, is_known: bool
) -> None:
    if is_known:
        await plant.post(known("p1", sms(number(1))))
    answers = await eight_times(plant, other, reminder("p1", sms(number(1))))
    assert sorted(answers) == ["accepted"] + ["duplicate"] * 7
    assert [await plant.count(table) for table in ("event", "notice", "message", "queue")] == [2 if is_known else 1, 1, 1, 1]


async def test_overlapping_batches_at_once_leave_each_event_once(plant: Plant, other: Plant) -> None:
    events = [reminder(f"p{n}", sms(number(n))) for n in range(40)]
    parts = [events[:25], events[15:], events[::-1], events[10:30], events[::2], events[::3]]
    answers = await asyncio.gather(*((plant, other)[n % 2].post(*part) for n, part in enumerate(parts)))
    assert sum(result is ACCEPTED for answer in answers for result in answer) == 40
    assert all(result in {ACCEPTED, DUPLICATE} for answer in answers for result in answer)
    assert [await plant.count(table) for table in ("event", "person", "notice", "message", "queue")] == [40] * 5


@pytest.mark.parametrize("make", [reminder, lapsed, suspended, terminated, resumed])
async def test_a_duty_that_three_events_say_at_once_is_one_notice(plant: Plant, other: Plant, make: Any) -> None:
    await plant.post(known("p1", sms(number(1)), insurance=["resident_pension"]))
    answers = await asyncio.gather(plant.post(make("p1")), other.post(make("p1")), plant.post(make("p1")))
    assert [code for answer in answers for code in codes(answer)] == ["accepted"] * 3
    assert await plant.count("notice") == await plant.count("message") == 1
    verdicts = await plant.rows("select verdict, notice_id from event where type <> 'si.person.updated' order by verdict")
    assert [row["verdict"] for row in verdicts] == ["duty_met", "duty_met", "notice"]
    assert len({row["notice_id"] for row in verdicts}) == 1


async def test_the_calendar_and_an_event_at_once_make_one_reminder(plant: Plant, other: Plant) -> None:
    for n in range(12):
        await plant.post(known(f"p{n}", sms(number(n)), certified_on=day(-200)))
    await plant.pool.execute(
        "update person set certified = array[current_date - 290], cycle_start = current_date - 290, deadline = (current_date - 290 + interval '12 months')::date,"
        " plan_due = now()"
    )
    deadline = str(await plant.value("select deadline from person limit 1"))
    await asyncio.gather(plant.plan(), other.plan(), *(plant.post(reminder(f"p{n}", deadline=deadline)) for n in range(12)))
    assert await plant.rows("select person_id from notice group by 1 having count(*) <> 1") == []
    assert await plant.count("notice") == await plant.count("message") == 12


async def test_a_requested_notice_is_one_for_each_event(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), requested("p1"), requested("p1"))
    assert await plant.count("notice") == 2


async def test_the_same_id_from_another_source_is_another_event(plant: Plant) -> None:
    again = requested("p1", sms(number(1)))
    assert await plant.post(again, again | {"source": "/backends/other"}) == [ACCEPTED, ACCEPTED]
    assert await plant.count("notice") == 2


async def test_other_content_under_a_known_id_is_a_conflict(plant: Plant) -> None:
    first = reminder("p1", sms(number(1)))
    assert codes(await plant.post(first, first | {"data": {"deadline": day(90)}})) == ["accepted", "conflict"]
    for change in ({"data": {"deadline": day(91)}}, {"subject": "p2"}, {"type": "si.cycle.lapsed"}):
        assert codes(await plant.post(first | change)) == ["conflict"]
    assert await plant.count("event") == await plant.count("notice") == await plant.count("person") == 1


async def test_one_id_for_two_persons_at_once_is_taken_for_one_of_them(plant: Plant, other: Plant) -> None:
    first = known("p1")
    answers = await asyncio.gather(*((plant, other)[n % 2].post(first | {"subject": f"p{n}"}) for n in range(6)))
    assert sorted(code for answer in answers for code in codes(answer)) == ["accepted"] + ["conflict"] * 5
    assert await plant.count("person") == await plant.count("event") == 1


async def test_spacing_the_order_of_keys_and_attributes_of_the_post_make_no_other_event(plant: Plant) -> None:
    first = known("p1", sms(number(1)))
    await plant.post(first)
    turned = {"data": dict(reversed(first["data"].items())), "time": "2026-01-01T00:00:00Z", "traceparent": "x"}
    spaced = raw(first).replace(b":", b" : ").replace(b",", b" ,\n")
    checked = plant.runtime.checker.structured(spaced)
    assert not isinstance(checked, Rejected)
    assert await plant.post(dict(reversed((first | turned).items()))) == [DUPLICATE]
    assert list(await plant.accept([type(plant.offered(first))(checked.event, plant.offered(first).sender)])) == [DUPLICATE]
    assert await plant.count("event") == 1


async def test_a_repetition_of_a_refused_event_is_no_duplicate(plant: Plant) -> None:
    wrong = certified("p1", day(5))
    assert codes(await plant.post(wrong, wrong)) == ["invalid", "invalid"]  # finding 7
    assert codes(await plant.post(wrong)) == ["invalid"]
    assert await plant.count("event") == 0


async def test_the_id_of_a_refused_event_is_free_in_the_same_batch_too(plant: Plant) -> None:
    wrong = certified("p1", day(5))
    assert codes(await plant.post(wrong, wrong | {"data": {"certified_on": day(-5)}})) == ["invalid", "accepted"]  # finding 7


async def test_a_refused_event_leaves_no_person_behind(plant: Plant) -> None:
    await plant.post(certified("p1", day(5)))
    assert await plant.count("person") == 0  # finding 6


async def test_no_column_of_a_key_may_be_null(plant: Plant) -> None:
    nullable = await plant.rows("""
        select c.relname, a.attname from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
          join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
         where i.indisunique and n.nspname = 'public' and not a.attnotnull""")
    assert nullable == []
