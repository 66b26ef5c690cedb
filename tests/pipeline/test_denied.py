"""A "not me" to a message: whatever is reported of it, it did not tell the person, and whoever is next on the ladder is told."""

from typing import Any

import pytest

from gateway.words import Status
from providers.base.types import Inbound, Reading, Report
from tests.pipeline.conftest import checker, emptied_dsn, other, plant, quiet, reused_dsn, runtime
from tests.pipeline.events import certified, day, event, known, number, reminder, sms
from tests.pipeline.plant import Plant
from tests.pipeline.test_override_evidence import findings
from tests.pipeline.unreached import fails, listed, sends

__all__ = ["checker", "emptied_dsn", "other", "plant", "quiet", "reused_dsn", "runtime"]
FAMILY = "+86" + number(2)


async def sent(plant: Plant, *contacts: dict[str, Any]) -> None:
    """A reminder to p1's own number has left."""
    await plant.post(known("p1", sms(number(1)), *contacts), reminder("p1"))
    assert await sends(plant) == ["+86" + number(1)]


async def says_no(plant: Plant, message: int = 0) -> None:
    await plant.called_back(
        Reading(inbound=(Inbound(plant.vendor.addresses[message].removeprefix("+86"), "非本人", plant.vendor.seen[message]),))
    )


async def delivered(plant: Plant, message: int = 0) -> None:
    await plant.report(Report(plant.vendor.seen[message], Status.DELIVERED))


def family() -> dict[str, Any]:
    return sms(number(2), relation="family")


@pytest.mark.parametrize("says_no_first", [True, False])
async def test_the_family_is_told_whichever_of_the_two_comes_first(plant: Plant, *, says_no_first: bool) -> None:
    await sent(plant, family())
    for step in (says_no, delivered) if says_no_first else (delivered, says_no):
        await step(plant)
    assert await sends(plant) == [FAMILY]
    await delivered(plant, 1)
    ended = [("informed",)] if says_no_first else [("informed",), ("informed",)]
    assert await plant.notices("status") == ended
    assert await plant.messages() == [("delivered", "wrong_person"), ("delivered", None)]
    assert await sends(plant) == []
    assert (await listed(plant), await findings(plant)) == ([], [])


async def test_both_in_one_callback_are_as_good_as_one_after_the_other(plant: Plant) -> None:
    await sent(plant, family())
    reference = plant.vendor.seen[0]
    await plant.called_back(Reading(reports=(Report(reference, Status.DELIVERED),), inbound=(Inbound(number(1), "非本人", reference),)))
    assert await sends(plant) == [FAMILY]


async def test_the_family_does_not_wait_for_a_report_that_never_comes(plant: Plant) -> None:
    await sent(plant, family())
    await says_no(plant)
    assert await sends(plant) == [FAMILY]


async def test_where_nobody_is_left_people_take_over_and_the_notice_says_why(plant: Plant) -> None:
    await sent(plant)
    await says_no(plant)
    await plant.plan()
    await delivered(plant)
    await plant.plan()
    assert await plant.notices("status, reason") == [("uninformed", "wrong_person")]
    assert [row[1:] for row in await listed(plant)] == [("ladder_failed", "sms:wrong_person")]


async def test_each_further_stranger_hands_it_on_and_nobody_gets_it_twice(plant: Plant) -> None:
    await sent(plant, family(), sms(number(3), relation="family"))
    for message in range(3):
        await delivered(plant, message)
        await says_no(plant, message)
        await sends(plant)
    assert plant.vendor.addresses == [f"+86{number(n)}" for n in (1, 2, 3)]
    assert await plant.notices("status") == [("informed",)] * 3
    await says_no(plant)
    assert await sends(plant) == []


async def test_a_new_number_takes_the_duty_up_also_where_the_strangers_was_taken_away(plant: Plant) -> None:
    await sent(plant)
    await delivered(plant)
    await says_no(plant)
    assert await sends(plant) == []
    await plant.post(event("si.contact.removed", "p1", {"channel": "sms", "address": number(1)}), known("p1", sms(number(9))))
    assert await sends(plant) == ["+86" + number(9)]


async def test_a_no_about_a_number_that_proves_to_be_theirs_takes_nothing_up(plant: Plant) -> None:
    await sent(plant)
    await delivered(plant)
    await plant.pool.execute("update contact set source = 'self_service', verified_on = current_date - 30")
    await says_no(plant)
    await plant.pool.execute("update contact set denied_at = null, state = 'good'")
    await plant.post(known("p1", sms(number(1)), family()))
    assert await sends(plant) == []


async def test_a_certification_since_then_leaves_the_duty_as_it_is(plant: Plant) -> None:
    await sent(plant)
    await delivered(plant)
    await plant.post(certified("p1", day(0)))
    await says_no(plant)
    await plant.post(known("p1", family()))
    assert await sends(plant) == []


async def test_an_answer_to_somebody_elses_message_changes_nothing_here(plant: Plant) -> None:
    await plant.post(
        known("p1", sms(number(1)), family()),
        reminder("p1"),
        known("p2", sms(number(5)), sms(number(2), relation="family")),
        reminder("p2"),
    )
    await sends(plant)
    for message in range(2):
        await delivered(plant, message)
    await says_no(plant, plant.vendor.addresses.index("+86" + number(5)))
    assert await sends(plant) == [FAMILY]
    assert await plant.rows("select person_id from message order by id desc limit 1") == [("p2",)]
    assert await fails(plant) == []
