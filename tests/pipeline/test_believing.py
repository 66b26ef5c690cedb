"""record → beliefs over a real store: what is believed is worked out from what is on record, whatever order it came in, and acted on."""

import asyncio
from typing import Any

from gateway.pipeline.believing import believe as work_out
from gateway.pipeline.believing import lens
from gateway.store import unlearned
from gateway.words import Fault, Reason, Status
from providers.base.types import Inbound, Reading, Report
from tests.pipeline.events import certified, day, known, number, reminder, requested, sms
from tests.pipeline.plant import Plant

LENS = lens()
AS_LONG_AGO = """
insert into message select (jsonb_populate_record(m, jsonb_build_object(
  'id', m.id + $1::int, 'sent_at', now() - make_interval(years => $1::int), 'final_at', now() - make_interval(years => $1::int)))).*
  from message m where sent_at > now() - interval '1 day'"""
CERTIFIED_EACH_YEAR = "update person set certified = array(select current_date + 3 - 365 * y from generate_series(3, 1, -1) y)"
SEEN = "select state, round(p_reach::numeric, 2)::float8, delivered, failed, observations from contact where person_id = $1"
A_YEAR_AGO = "update contact set updated_at = now() - interval '1 year'"


async def learn(plant: Plant) -> None:
    """What the learner does with what is noted."""
    while True:
        async with plant.runtime.pool.acquire() as connection, connection.transaction():
            keys = await unlearned.take(connection, 500)
            if not keys:
                return
            await work_out(connection, keys, LENS)


async def told(plant: Plant, *reports: Any, person: str = "p1") -> None:
    """One requested notice a report: sent, and reported like this, a month before the one after it. The contact was listed a year ago."""
    await plant.pool.execute(A_YEAR_AGO)
    for report in reports:
        await plant.pool.execute(
            "update message set sent_at = sent_at - interval '30 days', final_at = final_at - interval '30 days' where person_id = $1",
            person,
        )
        before = set(plant.vendor.seen)
        await plant.post(requested(person))
        await plant.drain()
        (reference,) = set(plant.vendor.seen) - before
        await plant.report(report(reference))


def delivered(reference: str) -> Report:
    return Report(reference, Status.DELIVERED, vendor_code="DELIVRD")


def absent(reference: str) -> Report:
    return Report(reference, Status.UNDELIVERED, Reason.NUMBER_ABSENT, Fault.RECIPIENT, permanent=True, vendor_code="MK:0001")


def off(reference: str) -> Report:
    return Report(reference, Status.UNDELIVERED, Reason.UNREACHABLE, Fault.RECIPIENT, permanent=False, vendor_code="MK:0005")


async def state(plant: Plant, person: str = "p1") -> str:
    return str(await plant.value("select state from contact where person_id = $1 and removed_at is null", person))


async def test_a_delivery_makes_a_number_good_and_the_change_is_a_fact(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))))
    await told(plant, delivered)
    assert await state(plant) == "None"
    await learn(plant)
    row = await plant.row("select * from contact")
    assert (row["state"], row["delivered"], row["failed"], row["observations"]) == ("good", 1, 0, 2)
    assert 0.75 < row["p_reach"] <= min(row["p_alive"], row["p_mine"])
    assert "送达" in row["why"]
    changes = await plant.rows("select person_id, before, after from quality_change")
    assert changes == [("p1", "unverified", "good")]
    assert await plant.count("unlearned") == 0


async def test_a_number_that_is_absent_again_and_again_is_dead_and_the_person_is_planned_anew(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))))
    await told(plant, absent, absent)
    await plant.pool.execute("update person set plan_due = null")
    await learn(plant)
    assert await state(plant) == "dead"
    assert await plant.value("select dead_at is not null from number")
    assert await plant.value("select plan_due <= now() from person")


async def test_three_failures_on_one_day_count_three_times(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))))
    await plant.pool.execute(A_YEAR_AGO)
    for n in range(3):
        await plant.post(requested("p1"))
        await plant.drain()
        await plant.report(absent(plant.vendor.seen[n]))
    await learn(plant)
    assert await state(plant) == "dead"


async def test_it_says_the_same_whatever_order_words_came_in(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), known("p2", sms(number(2))))
    await told(plant, delivered, absent, off, absent)
    await learn(plant)
    one = await plant.rows(SEEN, "p1")
    for words in ((delivered,), (absent,), (off,), (absent,)):
        await told(plant, *words, person="p2")
        await learn(plant)
    assert await plant.rows(SEEN, "p2") == one
    await plant.pool.execute("insert into unlearned (key) select key from contact")
    await learn(plant)
    assert await plant.rows(SEEN, "p1") == one


async def test_a_late_word_after_no_receipt_counts_as_what_it_says(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))))
    await plant.post(requested("p1"))
    await plant.drain()
    await plant.end_leases_of_all()
    await plant.sweep_all()
    await learn(plant)
    before = await plant.row("select * from contact")
    assert (before["state"], before["failed"]) == ("doubtful", 1)
    await plant.report(delivered(plant.vendor.seen[0]))
    await learn(plant)
    after = await plant.row("select * from contact")
    assert (after["state"], after["delivered"], after["failed"], after["observations"]) == ("good", 1, 0, 2)


async def test_the_phone_of_a_daughter_is_known_by_what_came_of_all_who_share_it(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), known("p2", sms(number(1))))
    await told(plant, absent, absent)
    await plant.pool.execute(A_YEAR_AGO)
    await learn(plant)
    assert [await state(plant, person) for person in ("p1", "p2")] == ["dead", "dead"]
    assert await plant.rows("select delivered, failed, observations from contact order by person_id") == [(0, 2, 3), (0, 0, 1)]


async def test_a_not_me_is_about_the_person_who_was_meant(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), known("p2", sms(number(1))))
    await told(plant, delivered)
    await plant.called_back(Reading(inbound=(Inbound(number(1), "非本人", plant.vendor.seen[0]),)))
    await learn(plant)
    assert [await state(plant, person) for person in ("p1", "p2")] == ["wrong_person", "good"]
    row = await plant.row("select * from contact where person_id = 'p1'")
    assert row["p_mine"] < 0.2
    assert "不是本人" in row["why"]


async def test_a_not_me_about_a_number_that_proved_to_be_theirs_stops_it_for_a_moment_only(plant: Plant) -> None:
    """After reminders the person certified within days, years in a row: somebody else took the phone."""
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.drain()
    await plant.report(delivered(plant.vendor.seen[0]))
    await plant.pool.execute("update contact set updated_at = now() - interval '4 years'")
    for years in (3, 2, 1):
        await plant.pool.execute(AS_LONG_AGO, years)
    await plant.pool.execute("delete from message where sent_at > now() - interval '1 day'")
    await plant.pool.execute(CERTIFIED_EACH_YEAR)
    await plant.post(requested("p1"))
    await plant.drain()
    await plant.called_back(Reading(inbound=(Inbound(number(1), "非本人", plant.vendor.seen[-1]),)))
    await plant.pool.execute("update person set plan_due = null")
    assert await plant.count("contact", "denied_at is not null") == 1
    await learn(plant)
    row = await plant.row("select * from contact")
    assert (row["state"], row["denied_at"]) == ("good", None)
    assert 0.75 < row["p_mine"] < 0.99
    assert await plant.value("select plan_due <= now() from person")
    await plant.pool.execute("update person set certified = '{}'")  # those certifications never were: what spoke for the number is gone
    await plant.pool.execute("insert into unlearned (key) select key from contact")
    await learn(plant)
    row = await plant.row("select * from contact")
    assert (row["state"], row["denied_at"] is not None) == ("wrong_person", True)
    await plant.pool.execute(CERTIFIED_EACH_YEAR)
    await plant.pool.execute("insert into unlearned (key) select key from contact")
    await learn(plant)
    assert await state(plant) == "good"
    await plant.called_back(Reading(inbound=(Inbound(number(1), "非本人", plant.vendor.seen[-1]),)))
    await learn(plant)
    assert await state(plant) == "wrong_person"


async def test_a_not_me_that_nobody_knows_whom_it_is_about_stops_all_until_somebody_verifies_the_number(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1), verified_on=day(-300))), known("p2", sms(number(1))))
    await plant.called_back(Reading(inbound=(Inbound(number(1), "非本人"),)))
    await learn(plant)
    assert [await state(plant, person) for person in ("p1", "p2")] == ["wrong_person", "wrong_person"]
    await plant.pool.execute("update contact set denied_at = denied_at - interval '1 day'")
    await plant.post(known("p1", sms(number(1), verified_on=day(0))))
    await learn(plant)
    assert await plant.rows("select denied_at is null from contact order by person_id") == [(True,), (False,)]
    assert await state(plant, "p2") == "wrong_person"


async def test_a_number_that_a_source_verifies_anew_is_good_again(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))))
    await told(plant, absent, absent)
    await learn(plant)
    assert await state(plant) == "dead"
    await plant.pool.execute("update message set sent_at = sent_at - interval '1 day', final_at = final_at - interval '1 day'")
    await plant.post(known("p1", sms(number(1), source="counter", verified_on=day(0))))
    await learn(plant)
    assert await state(plant) == "good"
    assert await plant.value("select dead_at is null from number")
    assert await plant.count("listing") == 1
    assert await plant.rows("select before, after from quality_change order by id") == [("unverified", "dead"), ("dead", "good")]


async def test_a_verification_that_lies_before_the_absences_takes_no_number_back(plant: Plant) -> None:
    """Neither at once nor when the learner has read it; told a second time it says no more."""
    await plant.post(known("p1", sms(number(1))))
    await told(plant, absent, absent)
    await learn(plant)
    for source in ("self_service", "counter"):
        await plant.post(known("p1", sms(number(1), source=source, verified_on=day(-200))))
        assert await state(plant) == "dead"
        await learn(plant)
        assert await state(plant) == "dead"
    assert await plant.rows("select before, after from quality_change") == [("unverified", "dead")]


async def test_a_contact_that_somebody_holds_is_taken_up_again(plant: Plant, other: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), known("p2", sms(number(2))))
    await told(plant, delivered)
    await told(plant, delivered, person="p2")
    async with other.runtime.pool.acquire() as connection, connection.transaction():
        await connection.fetch("select from contact where person_id = 'p1' for update")
        async with asyncio.timeout(3), plant.runtime.pool.acquire() as learner, learner.transaction():
            worked = await work_out(learner, await unlearned.take(learner, 10), LENS)
        assert (worked.written, worked.held) == (1, 1)
    await learn(plant)
    assert [await state(plant, person) for person in ("p1", "p2")] == ["good", "good"]


async def test_a_failure_counts_where_an_answer_ceases_to(plant: Plant) -> None:
    """Whose answer it was nobody can say once a second person has the number: as much is observed as before, and other things."""
    await plant.post(known("p1", sms(number(1))))
    await plant.called_back(Reading(inbound=(Inbound(number(1), "好的"),)))
    await plant.pool.execute("update inbound set received_at = received_at - interval '1 year'")
    await plant.pool.execute(A_YEAR_AGO)
    for _ in range(5):
        await plant.post(requested("p1"))
    await plant.drain()
    *most, last = plant.vendor.seen
    await plant.report(*map(absent, most))
    await learn(plant)
    first = "select failed, observations, p_reach < 0.001 from contact where person_id = 'p1'"
    assert await plant.rows(first) == [(4, 6, True)]
    await plant.post(known("p2", sms(number(1))))
    await plant.report(absent(last))
    await learn(plant)
    assert await plant.rows(first) == [(5, 6, True)]


async def test_what_fades_is_written_though_the_person_is_reached_as_little_as_before(plant: Plant) -> None:
    """A dead number is sold again some day: it is alive then, and a stranger's."""
    await plant.post(known("p1", sms(number(1))))
    await told(plant, absent, absent, absent, absent)
    await learn(plant)
    seen = "select p_alive, p_reach from contact"
    before = await plant.row(seen)
    await plant.pool.execute("update message set sent_at = sent_at - interval '250 days', final_at = final_at - interval '250 days'")
    await plant.pool.execute("update contact set updated_at = updated_at - interval '250 days', last_at = last_at - interval '250 days'")
    await plant.pool.execute("insert into unlearned (key) select key from contact")
    await learn(plant)
    after = await plant.row(seen)
    assert after["p_alive"] > before["p_alive"] + 0.1
    assert abs(after["p_reach"] - before["p_reach"]) < 0.02


async def test_a_message_that_comes_while_it_learns_is_not_forgotten(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))))
    await told(plant, delivered)
    async with plant.runtime.pool.acquire() as connection, connection.transaction():
        keys = await unlearned.take(connection, 10)
        await told(plant, absent)
        await work_out(connection, keys, LENS)
    assert await plant.count("unlearned") == 1
    await learn(plant)
    assert await plant.rows("select delivered, failed from contact") == [(1, 1)]


async def test_certifying_after_a_reminder_speaks_for_the_number(plant: Plant) -> None:
    """Of two whose reminders were delivered eighty days ago, the one who certified since is believed to be reached."""
    for n in (1, 2):
        await plant.post(known(f"p{n}", sms(number(n))), reminder(f"p{n}"))
    await plant.drain()
    await plant.report(*map(delivered, plant.vendor.seen))
    await plant.pool.execute(A_YEAR_AGO)
    await plant.pool.execute("update message set sent_at = sent_at - interval '80 days', final_at = final_at - interval '80 days'")
    await learn(plant)
    await plant.post(certified("p1", day(-70)))
    assert await plant.count("unlearned") == 1
    await learn(plant)
    (one, two) = [row[0] for row in await plant.rows("select p_mine from contact order by person_id")]
    assert one > 0.97
    assert two < 0.9
