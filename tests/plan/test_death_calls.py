"""A death is never told to a phone that is marked as the person's own, whichever channel it is marked on."""

from datetime import timedelta

from gateway.events import Deceased, Terminated
from gateway.plan import Settings
from gateway.words import Reason, Status
from tests.plan.fakes import FAMILY, SELF, TODAY, Desk, event, given, person_data, rules

PHONE = "13800138000"
OWN, CALLED = given(PHONE), given(PHONE, FAMILY, "voice")
DAUGHTER = given("13900139000", FAMILY)
LADDER = ((SELF, "sms"), (FAMILY, "voice"), (FAMILY, "sms"))


def alive(*contacts: object) -> Desk:
    return Desk(rules_=rules(Settings(ladder=LADDER))).take(event(person_data(), *contacts))  # type: ignore[arg-type]


def test_the_number_that_takes_the_persons_texts_is_not_called_about_the_death() -> None:
    desk = alive(OWN, CALLED, DAUGHTER).take(event(Deceased(TODAY - timedelta(days=9))), event(Terminated(TODAY, "death")))
    assert [(d.channel, d.address) for d in desk.last.drafts] == [("sms", DAUGHTER.address)]
    desk.end(Status.UNDELIVERED, Reason.UNREACHABLE)
    assert desk.last.drafts == ()


def test_a_call_that_waits_is_called_back_where_the_number_turns_out_to_be_the_persons_own() -> None:
    desk = alive(CALLED).take(event(Terminated(TODAY, "death")))
    assert [d.channel for d in desk.last.drafts] == ["voice"]
    desk.take(event(person_data(), OWN))
    assert desk.notice("termination", "death").tried[-1].status == Status.CANCELED
    assert desk.last.drafts == ()
