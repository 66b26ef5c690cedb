"""Who is asked about in look-ups, in which order, and how they are found."""

from datetime import date, timedelta

import pytest

import scheduler.looking_up
from gateway.store import wanted
from gateway.store.wanted import Asked, Need
from scheduler import calendar
from scheduler.looking_up import LookingUp
from tests.pipeline.events import deceased, today
from tests.pipeline.plant import Plant, open_plant
from tests.scheduler.looking import Free, asked, at_once, carrier, person, plant, rounds
from tests.standins.carrier import Carrier

__all__ = ["at_once", "carrier", "plant"]


async def test_it_asks_about_dead_and_doubtful_numbers_and_unknown_ones_soon_to_be_used_the_most_needed_first(
    plant: Plant, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubtful = await person(plant, 1, "doubtful")
    dead = await person(plant, 2, "dead")
    later = await person(plant, 3, None, due_in=12)
    sooner = await person(plant, 4, "unverified", due_in=2)
    for n, state, due_in in ((5, None, 30), (6, None, -1), (7, "good", 3), (8, "wrong_person", 3), (9, "blocked", 3)):
        await person(plant, n, state, due_in)
    monkeypatch.setattr(scheduler.looking_up, "_at_once", lambda _: 1)
    await rounds(plant, 5)
    assert asked(carrier) == [sooner, later, dead, doubtful]


@pytest.mark.parametrize(
    "left_out",
    [
        "update contact set removed_at = now()",
        "update contact set denied_at = now()",
        "update contact set channel = 'voice'",
        "update person set listed = false",
        "update person set deceased = true",
        "insert into number (key, channel, opted_out_at, last_at) select key, channel, now(), now() from contact",
    ],
)
async def test_nobody_asks_where_no_answer_would_change_anything(plant: Plant, carrier: Carrier, left_out: str) -> None:
    await person(plant, 1, "dead")
    await plant.pool.execute(left_out)
    await rounds(plant)
    assert carrier.asked == []


async def test_a_verified_number_is_not_asked_about_before_its_first_notice(plant: Plant, carrier: Carrier) -> None:
    await person(plant, 1, None, due_in=3, verified_on=str(today() - timedelta(days=40)))
    await rounds(plant)
    assert carrier.asked == []


@pytest.mark.parametrize("day", ["2026-02-28", "2026-04-30", "2026-11-24", "2028-02-29", "2026-12-31"])
def test_soon_is_whoever_is_reminded_from_today_on_and_within_two_weeks(plant: Plant, day: str) -> None:
    at = date.fromisoformat(day)
    first, last = LookingUp(plant.runtime, Free())._soon(at)
    around = [at - timedelta(days=400) + timedelta(days=n) for n in range(500)]
    due = [began for began in around if at <= calendar.cycle(began).reminder_due <= at + timedelta(days=14)]
    assert (first, last) == (due[0], due[-1])
    assert due == [began for began in around if first <= began <= last]


async def test_what_is_no_mainland_mobile_number_is_not_asked_about_and_not_waited_for(plant: Plant, carrier: Carrier) -> None:
    await person(plant, 1, "dead", address="+85291234567")
    one = await rounds(plant, 1)
    assert (carrier.asked, one._waiting) == ([], {})


async def test_it_walks_over_all_persons_page_by_page(plant: Plant, carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler.looking_up, "PERSONS_A_PAGE", 2)
    monkeypatch.setattr(scheduler.looking_up, "EVERY_S", 60)
    numbers = [await person(plant, n, "dead") for n in range(7)]
    one = await rounds(plant, 6)
    assert sorted(asked(carrier)) == sorted(numbers)
    assert await one._round() > 50, "the walk is over: it rests"


async def test_of_one_need_only_so_many_are_kept(plant: Plant, carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler.looking_up, "MOST_WAITING", 2)
    monkeypatch.setattr(scheduler.looking_up, "EVERY_S", 0.0)
    numbers = [await person(plant, n, "dead") for n in range(4)]
    one = await rounds(plant, 1)
    assert len(asked(carrier)) == 2
    one._next = 0.0
    await rounds(plant, 1, one=one)
    assert sorted(asked(carrier)) == numbers


async def test_the_walk_goes_by_indexes(store_dsn: str) -> None:
    fill = """
insert into person (id, cycle_start) select 'x' || n, date '2026-02-01' + n % 300 from generate_series(1, 4000) n;
insert into contact (id, person_id, channel, key, relation, source, sealed, state)
  select -n, 'x' || n, 'sms', sha256(n::text::bytea), 'self', 'counter', '', case when n % 8 = 0 then 'dead' end from generate_series(1, 4000) n;
insert into number (key, channel, last_at) select sha256(n::text::bytea), 'sms', now() from generate_series(1, 4000) n;
insert into lookup (key, service, state, at, expires_at)
  select sha256(n::text::bytea), 'carrier', 'absent', now(), now() + interval '9 days' from generate_series(1, 4000, 16) n;
analyze"""
    async with open_plant(store_dsn) as plant:
        await plant.pool.execute(fill)
        now = await plant.now()
        for statement, args in (
            (wanted.PAGE, ("x1", 100)),
            (wanted.WANTED, ("x1", "x1090", date(2026, 5, 1), date(2026, 5, 20), ["carrier"], now)),
        ):
            assert "Seq Scan" not in str(await plant.rows(f"explain {statement}", *args))
        async with plant.runtime.pool.acquire() as connection:
            page = await wanted.after(connection, "x1", 100, Asked(date(2026, 5, 1), date(2026, 5, 20), ["carrier"], now))
        assert (page.full, {one.need for one in page.numbers}) == (True, {Need.SOON, Need.DEAD})


async def test_who_died_is_not_asked_about(plant: Plant, carrier: Carrier) -> None:
    await person(plant, 1, "dead")
    await plant.post(deceased("p1"))
    await rounds(plant)
    assert carrier.asked == []
