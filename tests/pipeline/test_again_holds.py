"""A duty is taken up again over a real store only while it holds, and nobody is told twice, whatever comes between."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.store import notices, seals
from gateway.words import Status
from providers.base.types import Answer, Report
from providers.base.words import Outcome
from scheduler.calendar import add_months
from tests.pipeline.events import certified, day, event, known, lapsed, number, reminder, sms, suspended, terminated, today
from tests.pipeline.plant import Plant
from tests.pipeline.test_override_evidence import findings
from tests.pipeline.unreached import ROWS, absent, fails, listed, sends, unreached

# While it holds


@pytest.mark.parametrize(
    ("first", "fact"),
    [
        (reminder("p1"), certified("p1")),
        (lapsed("p1"), certified("p1")),
        (suspended("p1"), event("si.benefit.resumed", "p1", {"resumed_on": day(0)})),
        (suspended("p1"), terminated("p1")),
        (reminder("p1"), event("si.person.deceased", "p1", {"died_on": day(-1)})),
    ],
    ids=["reminder certified", "lapse certified", "suspension resumed", "suspension terminated", "reminder died"],
)
async def test_a_fact_between_taking_up_and_sending_stops_it(plant: Plant, first: dict[str, Any], fact: dict[str, Any]) -> None:
    first, fact = ({**one, "id": f"{one['id']}-{number(1)}"} for one in (first, fact))
    await unreached(plant, first=first)
    await plant.post(known("p1", sms(number(9))))
    await plant.post(fact)
    await plant.pool.execute(
        "update message set status = 'canceled' where status = 'queued' and notice_id in (select id from notice where kind = 'termination')"
    )
    await plant.drain()
    kind, after = first["type"], fact["type"]
    assert plant.vendor.addresses == ["+86" + number(9)] * (after == "si.benefit.resumed"), (kind, "only what the fact itself says")
    assert [row["notice_id"] for row in await plant.rows(ROWS) if row["notice_id"] in await ids_of(plant, first)] == []


async def ids_of(plant: Plant, first: dict[str, Any]) -> set[int]:
    return {row["id"] for row in await plant.rows("select id from notice where event_id = $1", first["id"])}


async def test_a_certification_after_the_claim_is_no_reason_to_send_again(plant: Plant) -> None:
    await unreached(plant)
    await plant.post(known("p1", sms(number(9))))
    [call] = (await plant.claim()).calls
    await plant.post(certified("p1"))
    await plant.send(call)
    await plant.report(Report(plant.vendor.seen[-1], Status.DELIVERED))
    await plant.post(event("si.certification.revoked", "p1", {"certified_on": day(0)}), known("p1", sms(number(8))))
    assert await sends(plant) == []


@pytest.mark.parametrize("deadline", [add_months(today().replace(day=1), months) for months in (1, 2, 3, 4)], ids=str)
@pytest.mark.parametrize("before", [0, 1])
async def test_a_reminder_of_whichever_month_end_is_taken_up_to_the_day_before_its_deadline(
    plant: Plant, deadline: Any, before: int
) -> None:
    month_end = deadline - timedelta(days=1)
    await unreached(plant, first=reminder("p1", deadline=str(month_end)))
    moved = timedelta(days=(month_end - today()).days - before)
    for table, columns in (("notice", "effective deadline"), ("person", "deadline cycle_start")):
        for column in columns.split():
            await plant.pool.execute(f"update {table} set {column} = {column} - $1::interval", moved)
    await plant.pool.execute("update notice set expires_at = expires_at - $1::interval", moved)
    await plant.post(known("p1", sms(number(9))))
    assert await plant.count("message") == before


async def test_what_an_operator_withdraws_is_over_for_people_too(plant: Plant) -> None:
    await unreached(plant)
    await plant.post(known("p1", sms(number(9))))
    assert await plant.cancel(await plant.value("select max(id) from notice"), "op")
    assert await listed(plant) == []
    await plant.post(known("p1", sms(number(8))))
    assert await sends(plant) == []


# Nobody is told twice


@pytest.mark.parametrize("sent", [False, True])
async def test_a_late_delivery_on_the_old_notice_ends_both(plant: Plant, sent: bool) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.drain()
    await plant.sweep_all(timedelta(0))
    await plant.plan()
    await plant.post(known("p1", sms(number(9)), sms(number(8), relation="family")))
    if sent:
        await plant.drain()
    assert await plant.notices("status") == [("uninformed",), ("in_progress",)]
    await plant.report(Report(plant.vendor.seen[0], Status.DELIVERED))
    assert await plant.notices("status, reason") == [("informed", None), ("canceled", "duty_met")]
    assert await listed(plant) == []
    assert await plant.count("message", "status = 'queued'") == 0
    if sent:
        await plant.report(absent(plant.vendor.seen[-1]))
    assert await sends(plant) == []
    assert await plant.count("message") == 2
    assert (await findings(plant), await findings(plant, "p1")) == ([], [])


async def test_a_late_delivery_ends_a_duty_that_was_taken_up_in_vain(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), known("p2", sms(number(2))), suspended("p1"), suspended("p2"))
    await plant.drain()
    await plant.sweep_all(timedelta(0))
    await plant.plan()
    await plant.post(known("p1", sms(number(9))))
    late = plant.vendor.seen[plant.vendor.addresses.index("+86" + number(1))]
    await fails(plant)
    assert len(await listed(plant)) == 2
    await plant.report(Report(late, Status.DELIVERED))
    assert await plant.rows("select person_id from outreach where closed_at is null") == [("p2",)]
    assert await plant.rows("select status from notice where person_id = 'p1' order by id") == [("informed",), ("uninformed",)]
    await plant.post(known("p1", sms(number(8))))
    assert await sends(plant) == []


async def test_two_processes_that_hear_of_two_numbers_at_once_take_a_duty_up_once(plant: Plant, other: Plant) -> None:
    people = [f"p{n}" for n in range(20)]
    await plant.post(*(known(p) for p in people), *(reminder(p) for p in people), *(suspended(p) for p in people))
    await plant.pool.execute("update person set plan_due = now()")
    await asyncio.gather(
        *((plant, other)[n % 2].post(known(p, sms(number(n)))) for n, p in enumerate(people)),
        *((plant, other)[n % 2].post(known(p, sms(number(50 + n)))) for n, p in enumerate(reversed(people))),
        *(one.planner(5) for one in (plant, other) * 4),
    )
    assert await plant.count("notice", "status = 'in_progress'") == await plant.count("message") == 40
    await plant.plan()
    await plant.drain()
    assert len(plant.vendor.seen) == 40
    await plant.report(*(Report(reference, Status.DELIVERED) for reference in plant.vendor.seen))
    assert (await listed(plant), await findings(plant)) == ([], [])


async def test_a_process_that_dies_between_leaves_all_of_it_or_nothing(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    old = await unreached(plant)
    before = await listed(plant)

    async def dies(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(seals, "insert", dies)
        with pytest.raises(ConnectionResetError):
            await plant.post(known("p1", sms(number(9))))
    assert (await listed(plant), await plant.notices("id")) == (before, [(old,)])
    await plant.post(known("p1", sms(number(9))))
    [call] = (await plant.claim()).calls
    await plant.end_leases()  # whoever claimed it died with it
    await plant.sweep.leases()
    await plant.post(known("p1", sms(number(8))))
    assert await sends(plant) == [], "it may have left"
    await plant.record(call, [Answer(one.reference, Outcome.ACCEPTED) for one in call.batch])
    await plant.report(Report(call.batch[0].reference, Status.DELIVERED))
    assert (await plant.notices("status"), await listed(plant)) == ([("uninformed",), ("informed",)], [])


async def test_whoever_was_always_informed_costs_no_question_more(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[int]] = []
    real = notices._mark_renewed

    async def marking(connection: Any, found: Any, uninformed: Any) -> None:
        asked.append([n.id for n in uninformed])
        await real(connection, found, uninformed)

    monkeypatch.setattr(notices, "_mark_renewed", marking)
    await plant.post(known("p1", sms(number(1)), sms(number(2))), known("p2"), reminder("p1"), reminder("p2"))
    await plant.drain()
    await plant.report(absent(plant.vendor.seen[0]))
    await plant.plan()
    await plant.drain()
    await plant.report(Report(plant.vendor.seen[-1], Status.DELIVERED))
    await plant.post(known("p1", sms(number(3))), known("p2"), reminder("p2"))
    assert asked == []
    await plant.post(known("p2", sms(number(4))))
    await fails(plant)
    await plant.post(known("p2"))
    assert asked != []
