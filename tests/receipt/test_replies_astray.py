"""Replies whose vendor names a message that is not ours, and replies beside others who look at the same numbers."""

import asyncio

from providers.base.types import Inbound, Reading
from tests.pipeline.events import known, number, requested, sms
from tests.pipeline.plant import Plant
from tests.receipt.test_replies import parents


async def test_a_not_me_to_a_message_we_never_sent_is_about_the_last_one_that_went_there(plant: Plant) -> None:
    """Not about everybody whose phone it is: the daughter said it of her father or her mother."""
    await parents(plant)
    last = await plant.row("select id, person_id from message order by sent_at desc, id desc limit 1")
    await plant.called_back(Reading((), [Inbound(number(1), "非本人", "123456789")]))
    assert await plant.rows("select person_id from contact where denied_at is not null") == [(last["person_id"],)]
    assert await plant.value("select message_id from inbound") == last["id"]


async def test_a_not_me_takes_contacts_before_numbers_as_the_learner_does(plant: Plant, other: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), requested("p1"))
    await plant.drain()
    await plant.pool.execute("insert into number (key, channel, last_at) select key, channel, now() from contact")
    async with other.pool.acquire() as learner, learner.transaction():
        await learner.fetch("select from contact for no key update")
        reply = asyncio.create_task(plant.called_back(Reading((), [Inbound(number(1), "非本人", None)])))
        await waits_for_a_row(other)
        await learner.fetch("select from number for no key update nowait")
    await reply
    assert await plant.count("contact", "denied_at is not null") == 1


async def waits_for_a_row(plant: Plant) -> None:
    async with asyncio.timeout(5):
        while not await plant.value("select exists(select from pg_locks where not granted)"):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)
