"""Another number of a person is noted beside those that they had, and lowers what is believed of these."""

from typing import Any

import pytest

from tests.pipeline.events import day, known, number, sms
from tests.pipeline.plant import Plant
from tests.pipeline.test_believing import A_YEAR_AGO, delivered, learn, told

NOTED = "select m.person_id, m.source, c.relation from moved m join contact c on c.person_id = m.person_id and c.key = m.key order by c.id"
REACHES = "select p_reach::float8 from contact order by id limit 1"


async def listed_a_year_ago(plant: Plant, *contacts: dict[str, Any]) -> None:
    await plant.post(known("p1", *contacts))
    await plant.pool.execute(A_YEAR_AGO)
    await plant.pool.execute("delete from unlearned")


async def test_a_new_number_is_noted_beside_the_old_one_which_is_learned_of_anew(plant: Plant) -> None:
    await listed_a_year_ago(plant, sms(number(1)))
    await plant.post(known("p1", sms(number(2), source="self_service", verified_on=day(0))))
    assert await plant.rows(NOTED) == [("p1", "self_service", "self")]
    assert await plant.rows("select c.id from unlearned u join contact c on c.key = u.key order by c.id") == await plant.rows(
        "select id from contact order by id"
    )


async def test_a_number_listed_again_is_no_new_one(plant: Plant) -> None:
    await listed_a_year_ago(plant, sms(number(1)), sms(number(2)))
    await plant.post(known("p1", sms(number(2), source="self_service", verified_on=day(0))))
    assert await plant.count("moved") == 0


@pytest.mark.parametrize(
    "other", [sms(number(2), relation="family"), {"channel": "wechat_oa", "address": "o-1", "relation": "self", "source": "self_service"}]
)
async def test_a_relatives_number_and_an_account_say_nothing_of_the_persons_number(plant: Plant, other: dict[str, Any]) -> None:
    await listed_a_year_ago(plant, sms(number(1)))
    await plant.post(known("p1", other))
    assert await plant.count("contact") == 2
    assert await plant.count("moved") == 0


async def test_the_old_number_is_believed_less_and_says_why(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))))
    await told(plant, delivered)
    await learn(plant)
    before = await plant.value(REACHES)
    await plant.pool.execute("update message set sent_at = sent_at - interval '300 days', final_at = final_at - interval '300 days'")
    await plant.post(known("p1", sms(number(2), source="self_service", verified_on=day(0))))
    await learn(plant)
    after = await plant.value(REACHES)
    assert after < before - 0.2
    assert "另登记了新号码" in await plant.value("select why from contact order by id limit 1")


async def test_numbers_of_one_day_say_nothing_of_one_another(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))))
    await told(plant, delivered)
    await learn(plant)
    before = await plant.value(REACHES)
    await plant.pool.execute("update contact set updated_at = now()")
    await plant.post(known("p1", sms(number(2), source="self_service", verified_on=day(0))))
    await learn(plant)
    assert await plant.value(REACHES) > before - 0.02
