"""Acting on beliefs over a real store: what the learner wrote beside contacts decides who is written to, tried again, and left to people."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pytest

from gateway.config.schema import Ladder, Quality
from gateway.dispatch.claim import Line
from gateway.events import Event
from gateway.ids import Draw
from gateway.model import Contact
from gateway.plan.state import Changes, State
from gateway.quality.states import WORTH_FROM
from gateway.runtime import _settings
from gateway.store import persons
from gateway.words import Status
from providers.base.types import Report
from tests.pipeline.events import day, deceased, event, known, number, reminder, sms
from tests.pipeline.plant import OTHER, Plant, config_of, open_plant

DEAD, STRANGERS = "state = 'dead', p_reach = 0.004, last_at = now()", "state = 'wrong_person', p_reach = 0.004, last_at = now()"


async def believe(plant: Plant, said: str, n: int | None = None, person: str = "p1") -> None:
    """The learner's word about a contact, or about all of the person's; those who turned are to be planned."""
    keys = [plant.runtime.blind.key("sms", "+86" + number(n))] if n is not None else None
    await plant.pool.execute(
        f"update contact set {said} where person_id = $1 and ($2::bytea[] is null or key = any($2))",
        person,
        keys,
    )
    await plant.pool.execute("update person set plan_due = now() where id = $1", person)


async def outreach(plant: Plant) -> list[tuple[Any, ...]]:
    found = await plant.rows("select kind, why, notice_id from outreach where closed_at is null order by id")
    return [tuple(row) for row in found]


ROW = ("contact", "no_usable_contact", None)


async def test_the_number_that_is_believed_best_is_written_to_first(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1)), sms(number(2)), sms(number(3), relation="family")))
    await believe(plant, "state = 'doubtful', p_reach = 0.3", 1)
    await believe(plant, "state = 'good', p_reach = 0.9", 2)
    await plant.post(reminder("p1"))
    await plant.drain()
    assert plant.vendor.addresses == ["+86" + number(2)]


async def test_a_number_that_hardly_reaches_anybody_waits_for_the_familys(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1)), sms(number(3), relation="family")))
    await believe(plant, "state = 'doubtful', p_reach = 0.1", 1)
    await plant.post(reminder("p1"))
    await plant.drain()
    assert plant.vendor.addresses == ["+86" + number(3)]


async def test_before_anything_is_believed_the_better_source_is_written_to_first(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1), source="legacy"), sms(number(2), source="data_sharing")), reminder("p1"))
    await plant.drain()
    assert plant.vendor.addresses == ["+86" + number(2)]


@pytest.mark.parametrize("said", [DEAD, STRANGERS, "denied_at = now()"])
async def test_somebody_whose_contacts_are_all_given_up_goes_to_people_and_comes_back_when_one_is_usable(plant: Plant, said: str) -> None:
    await plant.post(known("p1", sms(number(1)), sms(number(2))))
    await believe(plant, said, 1)
    await plant.plan()
    assert await outreach(plant) == []
    await believe(plant, said, 2)
    await plant.plan()
    assert await outreach(plant) == [ROW]
    await believe(plant, "p_reach = 0.005")
    await plant.plan()
    assert await plant.count("outreach") == 1  # one row while it stands
    await believe(plant, "override_until = now() + interval '1 day'", 2)
    await plant.plan()
    assert await outreach(plant) == []
    await believe(plant, "override_until = null", 2)
    await plant.plan()
    assert await outreach(plant) == [ROW]
    await believe(plant, "state = 'doubtful', denied_at = null", 1)
    await plant.plan()
    assert await outreach(plant) == []


async def lost(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1), verified_on=day(-300))))
    await believe(plant, DEAD)
    await plant.plan()
    assert await outreach(plant) == [ROW]


@pytest.mark.parametrize(
    "fact", [known("p1", sms(number(2))), known("p1", sms(number(1), verified_on=day(0))), deceased("p1")], ids=["new", "verified", "died"]
)
async def test_a_fact_takes_the_person_off_the_list_at_once(plant: Plant, fact: dict[str, Any]) -> None:
    await lost(plant)
    await plant.post(fact | {"id": f"{fact['id']}-again"})
    assert await outreach(plant) == []


async def test_an_event_that_is_accepted_before_the_planner_looked_takes_the_person_off_too(plant: Plant) -> None:
    await lost(plant)
    await believe(plant, "state = 'doubtful', p_reach = 0.4")
    await plant.post(known("p1", abroad=True))
    assert (await plant.plan(), await outreach(plant)) == (0, [])


async def test_a_dead_number_is_written_to_again_after_half_a_year_and_its_person_stays_on_the_list(plant: Plant) -> None:
    await lost(plant)
    await plant.post(reminder("p1"))
    assert await plant.notices() == [("reminder", "uninformed", "no_contact")]
    await believe(plant, "last_at = now() - interval '181 days'")
    await plant.pool.execute("insert into number (key, channel, dead_at, last_at) select key, channel, now(), now() from contact")
    await plant.post(event("si.benefit.suspended", "p1", {"suspended_on": day(-2), "cause": "not_certified"}))
    await plant.drain()
    assert plant.vendor.addresses == ["+86" + number(1)]
    assert await outreach(plant) == [ROW, ("reminder", "no_contact", await plant.value("select id from notice where kind = 'reminder'"))]


async def test_a_dead_number_about_which_somebody_said_not_me_is_not_tried_again(plant: Plant) -> None:
    await lost(plant)
    await believe(plant, "denied_at = now() - interval '901 days', last_at = now() - interval '900 days'")
    await plant.post(reminder("p1"))
    assert await plant.count("message") == 0


async def test_the_end_of_an_override_puts_the_person_back_on_the_list_by_itself(plant: Plant) -> None:
    await lost(plant)
    await believe(plant, "override_until = now() + interval '1 hour'")
    await plant.plan()
    assert await plant.value("select plan_due = (select override_until from contact) from person")
    await believe(plant, "override_until = now()")
    await plant.plan()
    assert (await outreach(plant), await plant.count("person", "plan_due is not null")) == ([ROW], 0)


async def test_what_waits_to_go_to_a_number_that_turns_out_to_be_a_strangers_is_called_back_and_the_next_is_tried(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1)), sms(number(2), relation="family")), reminder("p1"))
    await believe(plant, STRANGERS, 1)
    await plant.plan()
    assert await plant.messages() == [("canceled", "wrong_person"), ("queued", None)]
    await plant.drain()
    assert plant.vendor.addresses == ["+86" + number(2)]


async def test_probing_can_be_switched_off(emptied_dsn: str) -> None:
    async with open_plant(emptied_dsn, quality=Quality(probe_after_days=0)) as plant:
        await lost(plant)
        await believe(plant, "last_at = now() - interval '900 days'")
        await plant.post(reminder("p1"))
        assert await plant.count("message") == 0


async def test_a_doubtful_number_gets_its_message_together_with_the_next_and_one_delivery_withdraws_the_other(emptied_dsn: str) -> None:
    async with open_plant(emptied_dsn, ladder=Ladder(beside_doubtful=("reminder",))) as plant:  # type: ignore[arg-type]
        account = {"channel": "wechat", "address": "oFollows-us-1", "relation": "self", "source": "self_service"}
        await plant.post(known("p1", sms(number(1)), account))
        await believe(plant, "state = 'doubtful', p_reach = 0.4", 1)
        await plant.post(reminder("p1"))
        assert await plant.messages("channel, rung") == [("sms", 0), ("wechat", 1)]
        await plant.drain()
        await plant.report(Report(plant.vendor.seen[0], Status.DELIVERED))
        assert await plant.notices() == [("reminder", "informed", None)]
        claimed = await plant.claim(channel="wechat", line=Line(OTHER, 30.0, 10.0, 100))
        assert (claimed.calls, claimed.stopped) == ([], [("canceled", "duty_met")])


async def test_a_number_that_is_dead_is_not_written_to_for_somebody_new(plant: Plant) -> None:
    """What the record says of them is worked out soon after."""
    await plant.post(known("p1", sms(number(1))))
    await plant.pool.execute("insert into number (key, channel, dead_at, last_at) select key, channel, now(), now() from contact")
    await plant.pool.execute("delete from unlearned")
    await plant.post(known("p2", sms(number(1))), reminder("p2"), known("p3", sms(number(1), verified_on=day(0))), reminder("p3"))
    await plant.drain()
    assert [row["person_id"] for row in await plant.rows("select person_id from message")] == ["p3"]
    assert await plant.count("unlearned") == 1


async def test_the_channel_that_costs_least_for_a_person_reached_goes_first(emptied_dsn: str) -> None:
    async with open_plant(emptied_dsn, ladder=Ladder(cost={"sms": 0.045, "wechat": 0})) as plant:
        account = {"channel": "wechat", "address": "oFollows-us-1", "relation": "self", "source": "self_service"}
        await plant.post(known("p1", sms(number(1)), account), reminder("p1"))
        assert await plant.messages("channel") == [("wechat",)]


class Watching:
    """Planning, with what it decided kept."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.made: list[Changes] = []

    def plan(self, state: State, events: Sequence[Event], now: datetime, today: date, draw: Draw) -> Changes:
        self.made.append(self._real.plan(state, events, now, today, draw))
        return self.made[-1]


def believed(contact: Contact) -> tuple[object, ...]:
    return contact.usable, contact.dead, contact.denied_on, contact.score, contact.doubtful, contact.verified_on


@pytest.mark.parametrize("verified_on", [None, day(-300), day(-200), day(-10), day(0)])
@pytest.mark.parametrize(
    "said",
    [
        DEAD,
        STRANGERS,
        "denied_at = now() - interval '10 days', state = 'wrong_person', p_reach = 0.01",
        "denied_at = now() - interval '10 days', state = 'good', p_reach = 0.8",
        "state = 'dead', p_reach = 0.004, override_until = now() + interval '1 day'",
        "state = 'doubtful', p_reach = 0.4",
        "state = null",
    ],
)
async def test_plan_takes_a_contact_back_exactly_where_the_store_does(plant: Plant, said: str, verified_on: str | None) -> None:
    await plant.post(known("p1", sms(number(1), verified_on=day(-250))))
    await believe(plant, said)
    watching = Watching(plant.accept._planning)
    plant.accept._planning = watching  # type: ignore[assignment]
    await plant.post(known("p1", sms(number(1), verified_on=verified_on, name="王秀英")))
    async with plant.runtime.pool.acquire() as connection:
        (stored,) = (await persons.contacts(connection, ["p1"], plant.runtime.vault))["p1"]
    (planned,) = watching.made[-1].contacts_put
    assert believed(planned) == believed(stored)


def test_what_is_not_worth_a_message_is_the_same_for_plan_and_for_quality() -> None:
    assert _settings(config_of("postgresql://x")).worth_from == WORTH_FROM


def test_the_processes_that_plan_and_send_load_no_numpy() -> None:
    """It takes 30 MiB and a tenth of a second of every start."""
    script = "import sys, gateway.runtime, gateway.sending, gateway.receiving, gateway.roles.api; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
