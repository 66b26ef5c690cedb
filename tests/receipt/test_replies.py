"""Replies over a real store: noted on the number, joined to the message, and acted on."""

from typing import Any

import pytest

from gateway.config.schema import Route
from gateway.words import Status
from providers.base.types import Inbound, Reading, Report
from tests.pipeline.events import day, known, number, reminder, requested, sms, suspended
from tests.pipeline.plant import VENDOR, Plant, open_plant


async def reply(plant: Plant, text: str, address: str = number(1), reference: str | None = None) -> None:
    await plant.called_back(Reading((), [Inbound(address, text, reference)]))


async def test_an_opt_out_is_noted_and_nothing_more_of_that_kind_leaves(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"), suspended("p1"))
    await reply(plant, "退订")
    await plant.drain()
    await plant.plan()
    assert sorted(await plant.rows("select n.kind, m.status_now from message_now m join notice n on n.id = m.notice_id")) == [
        ("reminder", "canceled"),
        ("suspension", "sent"),
    ]
    assert await plant.count("outreach", "closed_at is null") == 1


async def test_an_opt_out_holds_for_everybody_who_has_the_number(plant: Plant) -> None:
    await plant.post(*(one for n in range(3) for one in (known(f"p{n}", sms(number(1))), reminder(f"p{n}"))))
    await reply(plant, "TD")
    await plant.drain()
    assert plant.vendor.calls == []


async def test_an_opt_out_before_the_person_is_known_holds_too(plant: Plant) -> None:
    await reply(plant, "退订")
    await plant.post(known("p1", sms(number(1))), reminder("p1"))
    await plant.drain()
    assert plant.vendor.calls == []


async def test_not_me_stops_what_waits_for_that_number(plant: Plant) -> None:
    """Somebody else answers there: nothing of the person may go to them any more."""
    await plant.post(known("p1", sms(number(1)), sms(number(2), relation="family")), reminder("p1"))
    await plant.drain()
    await plant.post(requested("p1"), suspended("p1"))
    await reply(plant, "非本人", reference=plant.vendor.seen[0])
    await plant.plan()
    await plant.make_due()
    await plant.drain()
    await plant.plan()
    await plant.drain()
    assert plant.vendor.addresses.count("+86" + number(1)) == 1  # finding 28


async def parents(plant: Plant) -> dict[str, str]:
    """Father and mother, for both of whom the daughter's phone stands, and the messages that went there."""
    await plant.post(*(one for who in ("father", "mother") for one in (known(who, sms(number(1), relation="family")), requested(who))))
    await plant.drain()
    return {row[0]: str(row[1]) for row in await plant.rows("select person_id, id from message")}


async def denied(plant: Plant) -> set[str]:
    return {row[0] for row in await plant.rows("select person_id from contact where denied_at is not null")}


async def sent_since(plant: Plant, *events: dict[str, Any]) -> list[str]:
    """Whose messages leave for these events."""
    plant.vendor.calls.clear()
    if events:
        await plant.post(*events)
    await plant.drain()
    await plant.plan()
    await plant.drain()
    ids = list(map(int, plant.vendor.seen))
    return [row[0] for row in await plant.rows("select person_id from message where id = any($1::bigint[]) order by 1", ids)]


async def test_not_me_to_one_persons_message_leaves_the_others_who_have_the_number(plant: Plant) -> None:
    messages = await parents(plant)
    await reply(plant, "非本人", reference=messages["father"])
    assert await denied(plant) == {"father"}
    assert await sent_since(plant, requested("father"), requested("mother")) == ["mother"]


async def test_what_waits_at_the_moment_of_a_not_me_is_stopped_for_that_person_alone(plant: Plant) -> None:
    messages = await parents(plant)
    await plant.post(requested("father"), requested("mother"))
    await reply(plant, "非本人", reference=messages["father"])
    assert await sent_since(plant) == ["mother"]


async def test_not_me_that_names_no_message_is_about_the_last_one_that_left(plant: Plant) -> None:
    await parents(plant)
    assert await sent_since(plant, requested("mother")) == ["mother"]
    await reply(plant, "非本人")
    assert await denied(plant) == {"mother"}


@pytest.mark.parametrize("reference", [None, "7"])
async def test_not_me_that_no_message_is_known_of_stops_all_who_have_the_number(plant: Plant, reference: str | None) -> None:
    await plant.post(*(known(who, sms(number(1), relation="family")) for who in ("father", "mother")), known("other", sms(number(2))))
    await reply(plant, "非本人", reference=reference)
    assert await denied(plant) == {"father", "mother"}
    assert await sent_since(plant, *(requested(who) for who in ("father", "mother", "other"))) == ["other"]


async def test_not_me_is_about_the_person_in_whatever_relation_the_number_stands(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1)), sms(number(1), relation="family")), requested("p1"))
    await plant.drain()
    await reply(plant, "非本人", reference=plant.vendor.seen[0])
    assert await plant.rows("select relation, denied_at is not null from contact order by 1") == [("family", True), ("self", True)]
    await plant.post(known("p1", sms(number(1), relation="guardian")))
    assert await sent_since(plant, requested("p1")) == []
    assert await plant.count("contact", "denied_at is not null") == 3


async def test_a_number_that_was_denied_is_used_in_another_relation_once_somebody_verified_it(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), requested("p1"))
    await plant.drain()
    await reply(plant, "非本人", reference=plant.vendor.seen[0])
    await plant.post(known("p1", sms(number(1), relation="guardian", verified_on=day(0))))
    assert await plant.rows("select relation, denied_at is not null from contact order by 1") == [("guardian", False), ("self", True)]
    assert await sent_since(plant, requested("p1")) == ["p1"]


async def test_not_me_and_an_opt_out_differ_in_whom_they_are_about(plant: Plant) -> None:
    messages = await parents(plant)
    await reply(plant, "TD", reference=messages["father"])
    assert await denied(plant) == set()
    assert await sent_since(plant, reminder("father"), reminder("mother")) == []


async def test_every_reply_is_news_of_its_number(plant: Plant) -> None:
    messages = await parents(plant)
    await plant.pool.execute("delete from unlearned")
    await reply(plant, "好的", reference=messages["father"])
    assert await plant.rows("select u.key = m.key from unlearned u, message m where m.person_id = 'father'") == [(True,)]


async def test_a_reply_is_joined_to_the_message_it_names_or_to_the_last_one(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))), reminder("p1"), requested("p1"))
    await plant.drain()
    first, last = sorted(map(int, plant.vendor.seen))
    await reply(plant, "好的", reference=str(first))
    await reply(plant, "收到")
    assert [row[0] for row in await plant.rows("select message_id from inbound order by received_at")] == [first, last]


@pytest.mark.parametrize(
    ("address", "text", "reference"),
    [
        ("", "TD", None),
        ("10086", "您好", None),
        (number(1), "退\x00订", None),
        (number(1), "退\ud800订", "²"),
        (number(1), "TD", "99999999999999999999999"),
        ("x\x00" * 500, "TD", "-1"),
    ],
)
async def test_a_strange_reply_is_kept_and_holds_up_nobody(plant: Plant, address: str, text: str, reference: str | None) -> None:
    await plant.post(known("p1", sms(number(2))), reminder("p1"))
    await plant.drain()
    reading = Reading((Report(plant.vendor.seen[0], Status.DELIVERED),), [Inbound(address, text, reference)])
    await plant.called_back(reading)
    assert await plant.messages() == [("delivered", None)]
    assert await plant.count("inbound") == 1


async def test_a_reply_to_a_provider_of_several_channels_is_noted_where_its_message_went(emptied_dsn: str) -> None:
    both = tuple(Route(channel=channel, providers=(VENDOR,)) for channel in ("sms", "wechat"))
    async with open_plant(emptied_dsn, route=both) as plant:
        await plant.post(known("p1", sms(number(1))), requested("p1"))
        await plant.drain()
        await reply(plant, "退订", reference=plant.vendor.seen[0])
        await plant.post(reminder("p1"))
        await plant.drain()
        assert len(plant.vendor.seen) == 1  # finding 28
