"""Duties that nobody was informed of are taken up again over a real store: who is written to, what the record and the list say."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.dispatch.claim import Line
from gateway.plan.ladder import MOST_TO_A_NUMBER
from gateway.store import gauges
from gateway.store.reading import notices as reading
from gateway.words import Fault, Reason, Status
from providers.base.types import Inbound, Reading, Report
from providers.base.words import Sign
from tests.pipeline.events import day, known, number, reminder, sms
from tests.pipeline.plant import OTHER, VENDOR, Plant
from tests.pipeline.test_believing import learn, state, told
from tests.pipeline.test_override_evidence import findings
from tests.pipeline.test_overriding import in_force
from tests.pipeline.unreached import absent, fails, listed, sends, unreached

# A contact comes back


@pytest.mark.parametrize("contacts", [(), (sms(number(1)),), (sms(number(1)), sms(number(2), relation="family"))], ids=len)
async def test_a_new_number_is_written_to_and_the_person_stays_on_the_list_until_that_arrives(
    plant: Plant, contacts: tuple[dict[str, Any], ...]
) -> None:
    old = await unreached(plant, *contacts)
    (row,) = await plant.rows("select id, opened_at from outreach")
    await plant.post(known("p1", sms(number(9))))
    assert await plant.notices("status, duty = (select duty from notice order by id limit 1) || '|2'") == [
        ("uninformed", False),
        ("in_progress", True),
    ]
    again = await plant.value("select max(id) from notice")
    tried = " ".join(["sms:number_absent"] * len(contacts))
    assert await listed(plant) == [(again, "ladder_failed" if contacts else "no_contact", tried)]
    assert await plant.rows("select id, opened_at from outreach") == [row], "it is the same row, since when it stands"
    assert await sends(plant) == ["+86" + number(9)]
    await plant.report(Report(plant.vendor.seen[-1], Status.DELIVERED))
    assert await plant.notices("id, status") == [(old, "uninformed"), (again, "informed")]
    assert await listed(plant) == []
    assert await findings(plant) == []


async def test_one_that_fails_too_leaves_the_row_saying_more(plant: Plant) -> None:
    await unreached(plant)
    await plant.post(known("p1", sms(number(9))))
    assert await fails(plant) == ["+86" + number(9)]
    last = await plant.value("select max(id) from notice")
    assert await listed(plant) == [(last, "ladder_failed", "sms:number_absent")]
    async with plant.runtime.reading.acquire() as connection:
        assert [tuple(row) for row in await connection.fetch(gauges.UNINFORMED)] == [("reminder", 1)], "a duty counts once"
        wanted = reading.listing(reading.Wanted(status="uninformed"), reading.NEWEST, 10)
        assert [found["id"] for found in await connection.fetch(wanted.sql, *wanted.args)] == [last]
    await plant.post(known("p1", sms(number(8))), known("p1", sms(number(7))))
    assert await fails(plant) == [f"+86{number(n)}" for n in (8, 7)], "nothing goes twice to a number"
    assert await listed(plant) == [(await plant.value("select max(id) from notice"), "ladder_failed", " ".join(["sms:number_absent"] * 3))]
    assert await findings(plant) == []


@pytest.mark.parametrize(
    ("listing", "again"),
    [
        ({"verified_on": day(0)}, True),
        ({"verified_on": day(-1)}, False),  # before the message failed
        ({"source": "self_service"}, False),
        ({"verified_on": day(0), "source": "self_service"}, True),
        ({"name": "王秀英"}, False),
    ],
    ids=str,
)
async def test_a_number_that_failed_is_written_to_again_where_a_source_checked_it_since(
    plant: Plant, listing: dict[str, Any], again: bool
) -> None:
    await unreached(plant, sms(number(1), verified_on=day(-300)))
    await plant.post(known("p1", sms(number(1), **listing)))
    assert await fails(plant) == ["+86" + number(1)] * again
    await plant.post(known("p1", sms(number(1), **listing)), known("p1", sms(number(1), source="self_service")))
    assert await fails(plant) == [], "once for one check"


async def test_a_check_of_the_day_that_was_known_before_the_message_failed_is_none_since(plant: Plant) -> None:
    await unreached(plant, sms(number(1), verified_on=day(0)))
    await plant.post(known("p1", sms(number(1), verified_on=day(0), source="self_service")))
    assert await fails(plant) == []


async def test_a_check_while_another_number_was_tried_counts_once_that_has_failed(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1)), sms(number(2), relation="family")), reminder("p1"))
    await plant.drain()
    await plant.report(absent(plant.vendor.seen[0]))
    assert await sends(plant) == ["+86" + number(2)]
    await plant.post(known("p1", sms(number(1), verified_on=day(0))))
    assert await sends(plant) == []
    await plant.report(absent(plant.vendor.seen[1]))
    assert await sends(plant) == ["+86" + number(1)]


async def test_a_check_while_nobody_reported_counts_when_the_wait_is_over(plant: Plant) -> None:
    """What nobody reported on ended when it was sent."""
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.drain()
    await plant.pool.execute("update message set sent_at = sent_at - interval '1 minute'")
    await plant.post(known("p1", sms(number(1), verified_on=day(0))))
    await plant.end_leases_of_all()
    await plant.sweep_all()
    assert await sends(plant) == ["+86" + number(1)]


def unclear(reference: str) -> Report:
    return Report(reference, Status.UNDELIVERED, Reason.UNREACHABLE, Fault.RECIPIENT, vendor_code="UNDELIV")


async def test_the_learner_that_believes_in_a_number_again_has_it_written_to(plant: Plant) -> None:
    """The carrier's service says that it is in service: after three words that do not tell vacant from off that is enough."""
    await plant.post(known("p1", sms(number(1))))
    await told(plant, unclear, unclear, unclear)
    await plant.plan()
    await plant.pool.execute("update notice set status = 'canceled', reason = 'operator' where id < (select max(id) from notice)")
    await learn(plant)
    assert (await state(plant), await sends(plant)) == ("dead", [])
    await plant.pool.execute(
        "insert into lookup (key, service, state, at, expires_at) select key, 'hlr', 'active', now(), now() + interval '9 days' from contact"
    )
    await plant.pool.execute("insert into unlearned (key) select key from contact")
    await learn(plant)
    assert (await state(plant), await fails(plant)) == ("doubtful", ["+86" + number(1)])
    await plant.pool.execute("update person set plan_due = now()")
    assert await fails(plant) == []


async def test_an_account_that_follows_again_is_written_to_again(plant: Plant) -> None:
    account = {"channel": "wechat", "address": "oFollows-us-1", "relation": "self", "source": "self_service"}
    plant.receiving.providers = {VENDOR: plant.vendor, OTHER: plant.vendor}
    await plant.post(known("p1", account), reminder("p1"))
    line = Line(OTHER, 30.0, 10.0, 100)
    await plant.send(*(await plant.claim(channel="wechat", line=line)).calls)
    await plant.report(Report(plant.vendor.seen[0], Status.UNDELIVERED, Reason.RECIPIENT_BLOCKED, Fault.RECIPIENT), provider=OTHER)
    await plant.plan()
    for what, messages in ((Sign.UNFOLLOWED, 0), (Sign.FOLLOWED, 1)):
        plant.vendor.reading = Reading((), [Inbound("oFollows-us-1", "", sign=what)])
        await plant.report(provider=OTHER)
        await plant.plan()
        assert len((await plant.claim(channel="wechat", line=line)).calls) == messages


async def given_up(plant: Plant, said: str = "state = 'dead', p_reach = 0.004, last_at = now()") -> int:
    await plant.pool.execute(f"update contact set {said} where person_id = 'p1'")
    return int(await plant.value("select id from contact where person_id = 'p1'"))


@pytest.mark.parametrize("said", ["state = 'dead'", "state = 'wrong_person'", "denied_at = now() - interval '1 day'"])
async def test_an_override_has_it_written_to_once_it_is_confirmed_and_again_only_for_another(plant: Plant, said: str) -> None:
    await unreached(plant, sms(number(1)))
    contact = await given_up(plant, said)
    asked = await plant.overriding.ask("p1", contact, "本人来访", await plant.now() + timedelta(days=9), "anna")
    assert isinstance(asked, int)
    assert await sends(plant) == []
    assert await plant.overriding.confirm(asked, "bert") is None
    assert await fails(plant) == ["+86" + number(1)]
    await plant.pool.execute("update person set plan_due = now()")
    assert await fails(plant) == [], "once for one override"
    await plant.overriding.withdraw(asked, "carl")
    await in_force(plant, contact, "p1")
    assert await fails(plant) == ["+86" + number(1)]
    await plant.pool.execute("update suppression_override set ended_at = now() where ended_at is null")
    assert await plant.value("select count(*) from message") == MOST_TO_A_NUMBER
    assert await findings(plant) != []  # for that last update
    await in_force(plant, contact, "p1")
    assert await fails(plant) == [], "a number has its share"


async def test_an_override_withdrawn_before_the_message_left_leaves_the_duty_to_people(plant: Plant) -> None:
    old = await unreached(plant, sms(number(1)))
    contact = await given_up(plant)
    override = await in_force(plant, contact, "p1")
    await plant.plan()
    assert await plant.notices("status") == [("uninformed",), ("in_progress",)]
    await plant.overriding.withdraw(override, "carl")
    assert await sends(plant) == []
    last = await plant.value("select max(id) from notice")
    assert await plant.notices("status, reason") == [("uninformed", "number_absent")] * 2
    assert old != last
    assert await listed(plant) == [(last, "ladder_failed", "sms:number_absent sms:number_absent")]
    assert await findings(plant) == []
