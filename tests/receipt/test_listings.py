"""Listings over a real store: what a contact said before is kept, and what was given up comes back where somebody verified it since."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.pipeline.events import day, event, known, number, reminder, sms, today
from tests.pipeline.plant import Plant

FIRST = {"source": "counter", "verified_on": day(-30)}
FIRST_DAY = date.fromisoformat(FIRST["verified_on"])


async def listed(plant: Plant, **more: Any) -> None:
    """The person's number is listed, and that was some days ago."""
    await plant.post(known("p1", sms(number(1), **more)))
    await plant.pool.execute("update contact set updated_at = updated_at - interval '5 days'")


async def listings(plant: Plant) -> list[tuple[str, date | None]]:
    return [tuple(row) for row in await plant.rows("select source, verified_on from listing order by at")]


async def removed(plant: Plant) -> None:
    contact = {"channel": "sms", "address": number(1)}
    await plant.post(event("si.contact.removed", "p1", {"contact": contact} | contact))


async def test_a_contact_listed_anew_keeps_what_it_said_before(plant: Plant) -> None:
    await listed(plant, **FIRST)
    before = await plant.row("select person_id, key, updated_at from contact")
    await plant.post(known("p1", sms(number(1), source="self_service", verified_on=day(-2))))
    assert await plant.rows("select person_id, key, source, verified_on, at from listing") == [
        (before["person_id"], before["key"], "counter", FIRST_DAY, before["updated_at"])
    ]
    assert await plant.rows("select source, verified_on, updated_at > $1 from contact", before["updated_at"]) == [
        ("self_service", today() - timedelta(days=2), True)
    ]


async def test_a_verification_alone_is_a_new_listing(plant: Plant) -> None:
    await listed(plant, **FIRST)
    await plant.post(known("p1", sms(number(1), source="counter", verified_on=day(-2))))
    await plant.post(known("p1", sms(number(1), source="counter", verified_on=day(-1))))
    assert await listings(plant) == [("counter", FIRST_DAY), ("counter", today() - timedelta(days=2))]


@pytest.mark.parametrize("more", [{}, {"source": "legacy", "verified_on": day(-90)}])
async def test_the_same_listing_again_keeps_nothing_and_is_no_news(plant: Plant, more: dict[str, Any]) -> None:
    """Nor is that of a feed that does not know of the verification."""
    await listed(plant, **FIRST)
    before = await plant.value("select updated_at from contact")
    await plant.post(known("p1", sms(number(1), **FIRST | more)))
    assert (await listings(plant), await plant.value("select updated_at from contact")) == ([], before)
    assert await plant.count("unlearned") == 0


async def test_a_name_is_no_other_listing(plant: Plant) -> None:
    await listed(plant, **FIRST)
    before = await plant.value("select updated_at from contact")
    await plant.post(known("p1", sms(number(1), name="王小丽", **FIRST)))
    assert (await listings(plant), await plant.value("select updated_at from contact")) == ([], before)


async def test_a_contact_that_was_removed_and_returns_is_listed_anew(plant: Plant) -> None:
    await listed(plant, **FIRST)
    given = await plant.value("select updated_at from contact")
    await removed(plant)
    assert await plant.rows("select removed_at is not null, updated_at from contact") == [(True, given)], "when this listing was given"
    await plant.post(known("p1", sms(number(1), **FIRST)))
    assert await plant.rows("select at from listing") == [(given,)]
    assert await plant.rows("select removed_at, updated_at > $1 from contact", given) == [(None, True)]


async def test_a_listing_of_a_known_person_is_news_of_its_number(plant: Plant) -> None:
    await listed(plant, **FIRST)
    await plant.post(known("p1", sms(number(2))))
    assert (
        await plant.value("select count(*) from unlearned u, contact c where u.key = c.key and c.id = (select max(id) from contact)") == 1
    )


GIVEN_UP = "update contact set state = 'dead', denied_at = now() - interval '10 days'"


@pytest.mark.parametrize(("verified", "taken_back"), [(-1, True), (-10, True), (-20, False), (-30, False), (-40, False)])
async def test_a_verification_since_takes_back_what_was_given_up(plant: Plant, verified: int, *, taken_back: bool) -> None:
    """One that is older than the "not me" does not: whoever denied knew better. On the same day it does."""
    await listed(plant, **FIRST)
    await plant.pool.execute(GIVEN_UP)
    await plant.post(known("p1", sms(number(1), source="self_service", verified_on=day(verified))))
    assert await plant.value("select denied_at is null from contact") is taken_back
    await plant.post(reminder("p1"))
    await plant.drain()
    assert plant.vendor.addresses == ["+86" + number(1)] * taken_back


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"verified_on": day(-1)}, None),
        ({"verified_on": day(-10)}, None),  # the day of the last word
        ({"verified_on": day(-11)}, "dead"),
        ({"source": "self_service"}, "dead"),
        ({"source": "self_service", "verified_on": day(-30)}, "dead"),
        ({"relation": "family", "verified_on": day(-11)}, "dead"),
    ],
)
async def test_a_dead_number_is_taken_back_by_a_later_verification_only(plant: Plant, more: dict[str, Any], state: str | None) -> None:
    await listed(plant, **FIRST)
    await plant.pool.execute("update contact set state = 'dead', last_at = now() - interval '10 days'")
    await plant.post(known("p1", sms(number(1), **FIRST | more)))
    assert await plant.value("select state from contact order by id desc limit 1") == state


async def test_a_number_that_returns_is_as_dead_as_it_was(plant: Plant) -> None:
    await listed(plant, **FIRST)
    await plant.pool.execute(GIVEN_UP)
    await removed(plant)
    await plant.post(known("p1", sms(number(1), **FIRST)))
    assert await plant.rows("select state, denied_at is not null from contact") == [("dead", True)]


async def test_a_belief_that_gives_nothing_up_outlives_a_verification(plant: Plant) -> None:
    await listed(plant, **FIRST)
    await plant.pool.execute("update contact set state = 'doubtful', p_reach = 0.4")
    await plant.post(known("p1", sms(number(1), source="counter", verified_on=day(-1))))
    assert await plant.rows("select state, p_reach from contact") == [("doubtful", pytest.approx(0.4))]
