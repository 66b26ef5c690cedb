"""A number that was given up is used again once two agreed on it, for as long as they said, and everything about it is on record."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.store import overrides
from gateway.words import Kind, Lane, OverrideRefusal
from tests.pipeline.events import known, number, reminder, requested, sms
from tests.pipeline.plant import Plant
from tests.pipeline.pumping import pumping
from tests.pipeline.test_override_evidence import findings

REASON = "本人到窗口说号码仍在用"


async def given_up(plant: Plant, person: str = "p", n: int = 0, *, state: str = "dead") -> int:
    """A person whose only number is dead, as the learner leaves it; the contact's id."""
    await plant.post(known(person, sms(number(n))))
    await plant.pool.execute("update contact set state = $2 where person_id = $1", person, state)
    await plant.pool.execute(
        "insert into number (key, channel, last_at, dead_at) select key, channel, now(), now() from contact where person_id = $1", person
    )
    return int(await plant.value("select id from contact where person_id = $1", person))


async def asked(plant: Plant, contact: int, person: str = "p", *, until: datetime | None = None, who: str = "anna") -> int:
    until = until or await plant.now() + timedelta(days=30)
    found = await plant.overriding.ask(person, contact, REASON, until, who)
    assert not isinstance(found, OverrideRefusal), found
    return found


async def in_force(plant: Plant, contact: int, person: str = "p", **more: Any) -> int:
    found = await asked(plant, contact, person, **more)
    assert await plant.overriding.confirm(found, "bert") is None
    return found


async def run_out(plant: Plant) -> None:
    """Lets the time of all overrides go by."""
    await plant.pool.execute("update suppression_override set until = now() - interval '1 second'")
    await plant.pool.execute("update contact set override_until = now() - interval '1 second' where override_until is not null")


async def pumped(plant: Plant) -> list[str]:
    """Plans and sends whatever is due; the addresses that the vendor got."""
    await plant.plan()
    plant.vendor.calls.clear()
    async with pumping(plant) as sending:
        for pump in sending.pumps.values():
            await pump.drain(lambda: False)
    return plant.vendor.addresses


async def used_until(plant: Plant) -> list[datetime | None]:
    return [row[0] for row in await plant.rows("select override_until from contact order by id")]


async def test_nothing_goes_to_a_dead_number_until_its_override_is_confirmed_and_nothing_once_it_ran_out(plant: Plant) -> None:
    contact = await given_up(plant)
    await plant.post(reminder("p"))
    assert await pumped(plant) == []

    override = await asked(plant, contact)
    await plant.post(requested("p"))
    assert await pumped(plant) == [], "asked for is not confirmed"

    assert await plant.overriding.confirm(override, "bert") is None
    await plant.post(requested("p"))
    # The reminder and the request that had found nobody, and the one of now.
    assert await pumped(plant) == [f"+86{number(0)}"] * 3

    await run_out(plant)
    await plant.post(requested("p"))
    assert await pumped(plant) == []


async def test_a_message_that_waits_while_its_number_dies_is_sent_once_the_override_is_in_force(plant: Plant) -> None:
    await plant.post(known("p", sms(number(0))), reminder("p"))
    assert await plant.messages() == [("queued", None)]
    contact = await given_up(plant)

    await in_force(plant, contact)

    assert await pumped(plant) == [f"+86{number(0)}"]


async def test_a_message_that_waits_does_not_leave_once_the_override_ran_out_or_was_withdrawn(plant: Plant) -> None:
    for n, person in enumerate(("out", "back")):
        await plant.post(known(person, sms(number(n))), reminder(person))
        await in_force(plant, await given_up(plant, person, n), person)
    await plant.pool.execute("update contact set override_until = now() where person_id = 'out'")
    override = await plant.value("select id from suppression_override where person_id = 'back'")
    assert await plant.overriding.withdraw(override, "carl") is None

    assert await pumped(plant) == []
    assert await plant.messages() == [("canceled", "number_absent")] * 2


@pytest.mark.parametrize("state", ["dead", "wrong_person"])
async def test_a_number_is_used_whichever_way_it_was_given_up(plant: Plant, state: str) -> None:
    await in_force(plant, await given_up(plant, state=state))
    await plant.post(reminder("p"))
    assert await pumped(plant) == [f"+86{number(0)}"]


async def test_a_number_that_somebody_denied_is_used_while_its_override_is_in_force(plant: Plant) -> None:
    await plant.post(known("p", sms(number(0))))
    await plant.pool.execute("update contact set denied_at = now()")
    await plant.pool.execute("insert into number (key, channel, last_at, wrong_person_at) select key, channel, now(), now() from contact")

    await in_force(plant, await plant.value("select id from contact"))

    assert await plant.value("select state from suppression_override") == "wrong_person"
    await plant.post(reminder("p"))
    assert await pumped(plant) == [f"+86{number(0)}"]


async def test_all_contacts_of_the_person_with_that_number_are_used_and_nobody_elses(plant: Plant) -> None:
    await plant.post(known("p", sms(number(0)), sms(number(0), relation="family"), sms(number(1))), known("q", sms(number(0))))
    await plant.pool.execute("update contact set state = 'dead'")
    until = await plant.now() + timedelta(days=3)
    named = await plant.value("select id from contact where person_id = 'p' and relation = 'self' order by id limit 1")

    override = await in_force(plant, named, until=until)

    used = await plant.rows("select person_id, relation from contact where override_until = $1 order by relation", until)
    assert [tuple(row) for row in used] == [("p", "family"), ("p", "self")]
    await plant.overriding.withdraw(override, "carl")
    assert await used_until(plant) == [None] * 4


async def test_the_person_is_planned_again_when_an_override_takes_effect_or_is_taken_back(plant: Plant) -> None:
    contact = await given_up(plant)

    async def due() -> bool:
        found = await plant.value("select coalesce(plan_due <= now(), false) from person")
        await plant.pool.execute("update person set plan_due = null")
        return bool(found)

    await due()
    override = await asked(plant, contact)
    assert not await due()
    await plant.overriding.confirm(override, "bert")
    assert await due()
    await plant.overriding.withdraw(override, "carl")
    assert await due()


async def test_whoever_asked_cannot_confirm(plant: Plant) -> None:
    override = await asked(plant, await given_up(plant))

    assert await plant.overriding.confirm(override, "anna") is OverrideRefusal.SAME_OWNER
    assert await used_until(plant) == [None]


async def test_of_two_that_confirm_at_once_one_takes_effect(plant: Plant, other: Plant) -> None:
    for n in range(5):
        override = await asked(plant, await given_up(plant, f"p{n}", n), f"p{n}")

        said = await asyncio.gather(plant.overriding.confirm(override, "bert"), other.overriding.confirm(override, "carl"))

        assert sorted(map(str, said)) == ["None", "in_force"]
        who = "bert" if said[0] is None else "carl"
        assert tuple(await plant.row("select confirmed_by from suppression_override where id = $1", override)) == (who,)
        audit = await plant.rows("select who, what from audit where detail = $1 and what = 'override.confirm'", str(override))
        assert [tuple(row) for row in audit] == [(who, "override.confirm")]
    assert await findings(plant) == []


async def test_of_two_that_ask_at_once_one_is_asked_for(plant: Plant, other: Plant) -> None:
    contact, until = await given_up(plant), await plant.now() + timedelta(days=1)

    said = await asyncio.gather(*(one.overriding.ask("p", contact, REASON, until, "anna") for one in (plant, other)))

    assert [one for one in said if isinstance(one, OverrideRefusal)] == [OverrideRefusal.OPEN]
    assert await plant.count("suppression_override") == 1


async def test_only_one_is_open_for_a_number_and_another_may_be_asked_for_once_it_ended(plant: Plant) -> None:
    contact = await given_up(plant)
    until = await plant.now() + timedelta(days=30)

    async def again() -> OverrideRefusal | int:
        return await plant.overriding.ask("p", contact, REASON, until, "anna")

    first = await asked(plant, contact)
    assert await again() is OverrideRefusal.OPEN
    assert await plant.overriding.confirm(first, "bert") is None
    assert await again() is OverrideRefusal.OPEN
    await run_out(plant)
    second = await asked(plant, contact)
    assert await plant.overriding.withdraw(second, "anna") is None
    third = await asked(plant, contact)
    await plant.pool.execute("update suppression_override set asked_at = asked_at - $1::interval", overrides.CONFIRM_WITHIN)
    assert isinstance(await again(), int), "what nobody confirmed in time is open no more"
    assert await plant.overriding.confirm(third, "bert") is OverrideRefusal.EXPIRED


async def test_what_ended_is_neither_confirmed_nor_withdrawn(plant: Plant) -> None:
    contact = await given_up(plant)
    withdrawn = await asked(plant, contact)
    assert await plant.overriding.withdraw(withdrawn, "carl") is None
    over = await in_force(plant, contact)
    assert await plant.overriding.confirm(over, "carl") is OverrideRefusal.IN_FORCE
    await run_out(plant)

    for one in (withdrawn, over):
        assert await plant.overriding.confirm(one, "dora") is OverrideRefusal.ENDED
        assert await plant.overriding.withdraw(one, "dora") is OverrideRefusal.ENDED


async def test_an_override_whose_end_came_before_anybody_confirmed_it_is_too_late(plant: Plant) -> None:
    override = await asked(plant, await given_up(plant))
    await run_out(plant)
    assert await plant.overriding.confirm(override, "bert") is OverrideRefusal.EXPIRED


@pytest.mark.parametrize("state", [None, "good", "doubtful", "blocked"])
async def test_a_contact_that_is_not_given_up_needs_no_override(plant: Plant, state: str | None) -> None:
    contact = await given_up(plant)
    waits = await asked(plant, contact)
    await plant.pool.execute("update contact set state = $1", state)

    assert await plant.overriding.confirm(waits, "bert") is OverrideRefusal.NOT_GIVEN_UP
    until = await plant.now() + timedelta(days=1)
    assert await plant.overriding.ask("p", contact, REASON, until, "anna") is OverrideRefusal.NOT_GIVEN_UP


async def test_a_contact_of_somebody_else_or_one_that_was_removed_is_none(plant: Plant) -> None:
    contact, strange = await given_up(plant), await given_up(plant, "q", 1)
    until = await plant.now() + timedelta(days=1)

    assert await plant.overriding.ask("p", strange, REASON, until, "anna") is OverrideRefusal.NO_CONTACT
    await plant.pool.execute("update contact set removed_at = now()")
    assert await plant.overriding.ask("p", contact, REASON, until, "anna") is OverrideRefusal.NO_CONTACT


async def test_it_ends_in_the_future_and_not_too_far_ahead(plant: Plant) -> None:
    contact, now = await given_up(plant), await plant.now()

    async def ask(until: timedelta) -> OverrideRefusal | int:
        return await plant.overriding.ask("p", contact, REASON, now + until, "anna")

    assert await ask(timedelta(seconds=-1)) is OverrideRefusal.PAST
    assert await ask(timedelta(days=90, minutes=1)) is OverrideRefusal.TOO_LONG
    assert isinstance(await ask(timedelta(days=90)), int)


async def test_an_override_nobody_asked_for_is_none(plant: Plant) -> None:
    with pytest.raises(LookupError):
        await plant.overriding.confirm(1, "bert")


async def test_every_act_is_in_the_audit_and_under_a_seal_and_nothing_else_is(plant: Plant) -> None:
    contact = await given_up(plant)
    seals = await plant.count("seal")
    override = await in_force(plant, contact)
    await plant.overriding.withdraw(override, "carl")
    for refused in (plant.overriding.confirm, plant.overriding.withdraw):
        await refused(override, "dora")

    assert [tuple(row) for row in await plant.rows("select who, what, detail from audit order by id")] == [
        ("anna", "override.ask", str(override)), ("bert", "override.confirm", str(override)), ("carl", "override.withdraw", str(override)),
    ]  # fmt: skip
    assert await plant.count("seal") == seals + 3
    assert (await findings(plant), await findings(plant, "p")) == ([], [])


async def test_the_reason_is_readable_nowhere_but_through_the_keys(plant: Plant) -> None:
    override = await asked(plant, await given_up(plant))
    kept = await plant.value("select sealed from suppression_override where id = $1", override)
    assert REASON.encode() not in kept
    assert plant.runtime.vault.open_raw(kept, b"override").decode() == REASON


async def test_an_override_is_no_licence_for_what_else_stops_a_message(plant: Plant) -> None:
    """The words above it stay: an opt-out is no suppression of ours to lift."""
    await in_force(plant, await given_up(plant))
    await plant.pool.execute("update number set opted_out_at = now()")
    await plant.post(reminder("p"))
    assert await pumped(plant) == []
    assert await plant.notices("kind, status") == [(Kind.REMINDER, "uninformed")]


async def test_a_claim_in_flight_goes_by_the_override_that_was_committed_before_it(plant: Plant) -> None:
    await plant.post(known("p", sms(number(0))), reminder("p"))
    override = await in_force(plant, await given_up(plant))
    [call] = (await plant.claim(Lane.NORMAL)).calls
    await plant.overriding.withdraw(override, "carl")
    await plant.send(call)
    assert plant.vendor.addresses == [f"+86{number(0)}"], "what was claimed has left"
