"""Numbers come and go beside all other transactions: nobody is told twice, and nobody who was told is left on the list."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from gateway.plan.ladder import MOST_TO_A_NUMBER
from gateway.words import Fault, Reason, Status
from providers.base.types import Answer, Callback, Outgoing, Reading, Report
from providers.base.words import Outcome
from tests.pipeline.events import day, known, sms
from tests.pipeline.plant import Plant
from tests.pipeline.test_all_at_once import ROUTE
from tests.pipeline.test_learning_at_once import Learners
from tests.pipeline.test_override_evidence import findings
from tests.pipeline.unreached import absent

TOLD_TWICE = """
create function told_twice() returns trigger language plpgsql as $$ begin
  if exists (select from notice d join notice n on n.person_id = d.person_id and n.id <> d.id and split_part(n.duty, '|', 2) = split_part(d.duty, '|', 2)
               and (n.kind, n.cause, n.insurance, n.effective, n.event_id) = (d.kind, d.cause, d.insurance, d.effective, d.event_id)
               join message m on m.notice_id = n.id
              where d.id = new.notice_id and m.reason is distinct from 'wrong_person'
                and (m.status in ('sending', 'unknown', 'delivered') or (n.status = 'informed' and not n.denied))) then
    raise exception 'told twice'; end if;
  return new; end $$;
create trigger told_twice before insert on message for each row execute function told_twice()"""
OF_ONE_DUTY = """
select n.person_id, n.kind, n.cause, n.effective, n.deadline, case when n.deadline is null then n.insurance else '' end,
       case when n.kind = 'requested' then n.event_id else '' end, count(*) filter (where n.status in ('scheduled', 'in_progress')) as open,
       count(*) filter (where n.status = 'informed' and not n.denied) as informed, count(*) as all,
       count(*) filter (where exists (select from outreach o where o.notice_id = n.id and o.closed_at is null)) as listed
  from notice n group by 1, 2, 3, 4, 5, 6, 7"""
"""Whoever answered "not me" was not told."""
MOST = """
select coalesce(max(times), 0) from (
  select count(*) as times from notice n join message m on m.notice_id = n.id where n.kind <> 'requested' and m.sent_at is not null
   group by n.person_id, n.kind, n.cause, n.effective, n.insurance, m.channel, m.key) of_number"""


GIVEN_UP = """
select m.id, m.provider from message m join notice u on u.id = m.notice_id
 where m.provisional and m.reason = 'no_receipt'
 order by exists (select from notice n where n.person_id = u.person_id and n.duty like u.duty || '|%' and n.status = 'in_progress') desc, random() limit 2"""
"""What nobody reported on, and of it first what was taken up again."""


class Returning(Learners):
    """Numbers come and go, are verified anew and overridden; what was reported absent may be reported as delivered later."""

    lasts_s, enough = 5.0, 500

    def kinds(self) -> Sequence[Callable[[Plant], Awaitable[object]]]:
        return [*super().kinds(), *[self.fail] * 6, *[self.come_back] * 6, *[self.late] * 3, *[self.plan] * 3]

    def answer(self, call: Any, message: Outgoing) -> Answer:
        answer = super().answer(call, message)
        if answer.outcome is Outcome.ACCEPTED and self.dice.random() < 0.5:
            del self.taken[message.reference]
            return Answer(message.reference, Outcome.REFUSED, Reason.NUMBER_ABSENT, Fault.RECIPIENT, permanent=True)
        return answer

    async def fail(self, plant: Plant) -> None:
        """Whoever waits for a word hears that it did not arrive, or for so long that it is given up."""
        if self.dice.random() < 0.6:
            await plant.sweep.receipts(self.dice.choice(ROUTE), timedelta(0))
            return
        waiting = await plant.rows("select id from message where status in ('sending', 'unknown') order by random() limit 20")
        plant.vendor.reading = Reading([absent(str(row["id"])) for row in waiting if self.dice.random() < 0.5])
        plant.receiving.providers = dict.fromkeys(ROUTE, plant.vendor)
        await plant.receiving(self.dice.choice(ROUTE), Callback("POST", {}, {}, b"a callback"))

    async def late(self, plant: Plant) -> None:
        """Some of what nobody reported on did arrive, says its vendor after all."""
        for row in await plant.rows(GIVEN_UP):
            plant.vendor.reading = Reading([Report(str(row["id"]), Status.DELIVERED)])
            plant.receiving.providers = dict.fromkeys(ROUTE, plant.vendor)
            await plant.receiving(row["provider"], Callback("POST", {}, {}, b"a callback"))

    async def come_back(self, plant: Plant) -> None:
        person = await plant.value("select person_id from notice where status = 'uninformed' order by random() limit 1")
        if person is not None:
            listing = sms(self.number(), relation=self.dice.choice(("self", "family")), verified_on=day(-self.dice.randrange(2)))
            await plant.post(known(person, listing))


async def test_all_kinds_of_transactions_at_once_tell_nobody_twice_and_leave_nobody_on_the_list_who_was_told(plants: list[Plant]) -> None:
    plant = plants[0]
    await plant.pool.execute(TOLD_TWICE)
    try:
        chaos = Returning(plants, seed=7)
        await chaos.run()
        await plant.plan()
    finally:
        await plant.pool.execute("drop function told_twice() cascade")
    assert chaos.raised == [], chaos
    assert chaos.twice == [], chaos
    duties = await plant.rows(OF_ONE_DUTY)
    assert sum(duty["all"] > 1 for duty in duties) > 5, "hardly anything was taken up again: the test proves nothing"
    assert [tuple(d) for d in duties if d["open"] > 1 or d["informed"] > 1 or d["listed"] > 1] == [], chaos
    assert [tuple(d) for d in duties if d["informed"] and (d["open"] or d["listed"])] == [], chaos
    assert await plant.value(MOST) <= MOST_TO_A_NUMBER, chaos
    over = "select count(*) from outreach o join notice n on n.id = o.notice_id where o.closed_at is null and n.status not in ('in_progress', 'uninformed')"
    assert await plant.value(over) == 0, chaos
    assert await findings(plant) == [], chaos
