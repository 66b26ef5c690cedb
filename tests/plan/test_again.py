"""A duty that nobody was informed of is taken up again when the person can be reached again, once for each cause; until then people have it."""

from typing import Any

import pytest
from msgspec import structs

from gateway.events import Suspended
from gateway.model import Contact
from gateway.plan.again import MOST_AT_ONCE
from gateway.plan.duties import group
from gateway.plan.ladder import MOST_TO_A_NUMBER
from gateway.plan.work import begin
from gateway.words import NoticeStatus, Status
from scheduler.calendar import outreach_latest
from tests.plan.believed import DAYS, DEADLINE, GONE, STRANGERS, desk_with, looked_at, own
from tests.plan.fakes import (
    FAMILY,
    INJURY,
    NOW,
    PENSION,
    TODAY,
    certified,
    event,
    lapsed,
    person_data,
    reminder_due,
)
from tests.plan.unreached import FAILED, asked, new_contact, of, renewed, sent, unreached

# A contact comes back


@pytest.mark.parametrize("contacts", [(), (own(1),), (own(1), own(2)), (own(1, last_at=NOW, **GONE),), (own(1, opted_out=True),)])
def test_a_new_number_takes_the_duty_up_again_in_the_same_plan(contacts: tuple[Contact, ...]) -> None:
    desk = unreached(*contacts)
    old = of(desk)[0]
    desk.take(new_contact())
    (again,) = desk.last.notices
    assert (sent(desk), again.status) == (["13600136000"], NoticeStatus.IN_PROGRESS)
    assert "taken_up:2" in again.checks
    assert (of(desk)[0], again.duty) == (old, f"{old.duty}|2"), "what ended stays ended"
    kept = ("kind", "cause", "insurance", "effective", "lane", "deadline", "cycle_start", "expires_at", "event_source", "event_id")
    assert [getattr(again, name) for name in kept] == [getattr(old, name) for name in kept]


def test_the_new_notice_goes_on_where_the_old_one_stopped() -> None:
    desk = unreached(own(1), own(2)).take(new_contact(), new_contact("13500135000", relation=FAMILY))
    assert sent(desk) == ["13600136000"]
    desk.end(*FAILED)
    assert sent(desk) == ["13500135000"]
    desk.end(*FAILED)
    assert (sent(desk), of(desk)[-1].status) == ([], NoticeStatus.UNINFORMED)
    assert len(of(desk)) == 2
    assert desk.take(new_contact("13400134000")).last.notices[0].duty.endswith("|3")


@pytest.mark.parametrize("belief", [GONE, STRANGERS, STRANGERS | {"denied_on": TODAY - DAYS}])
def test_a_number_that_was_passed_over_and_is_used_again_takes_it_up(belief: dict[str, Any]) -> None:
    desk = unreached(own(1, last_at=NOW - DAYS, **belief))
    contacts = (structs.replace(desk.state.contacts[0], usable=True),)
    desk.state = structs.replace(desk.state, contacts=contacts)
    assert sent(looked_at(desk)) == ["13800138001"]


def test_a_number_that_was_tried_is_no_news_by_being_usable() -> None:
    desk = unreached(own(1))
    assert sent(looked_at(desk)) == []
    assert sent(desk.take(event(person_data()))) == []


def test_a_number_that_was_renewed_since_it_failed_is_written_to_again_once_for_each_cause() -> None:
    desk = renewed(unreached(own(1))).take()
    assert sent(desk) == ["13800138001"]
    desk.end(*FAILED)
    assert (sent(desk), sent(looked_at(desk))) == ([], [])


def test_a_number_has_three_messages_of_a_duty_at_most_however_often_it_is_renewed() -> None:
    desk = unreached(own(1))
    for _ in range(5):
        renewed(desk).take()
        if desk.last.drafts:
            desk.end(*FAILED)
    assert sum(len(n.tried) for n in of(desk)) == MOST_TO_A_NUMBER == 3


def test_a_message_that_was_called_back_for_its_number_counts_as_tried() -> None:
    desk = desk_with(own(1)).take(reminder_due(DEADLINE))
    desk.state = structs.replace(desk.state, contacts=(own(1, last_at=NOW, **GONE),))
    assert of(desk.take())[0].status == NoticeStatus.UNINFORMED
    desk.state = structs.replace(desk.state, contacts=(own(1),))
    assert sent(looked_at(desk)) == []
    assert sent(renewed(desk).take()) == ["13800138001"]


@pytest.mark.parametrize("more", [{"verified_on": TODAY}, {"override_until": NOW + DAYS}])
def test_a_number_that_may_have_been_renewed_while_another_was_tried_is_asked_about_once_more(more: dict[str, Any]) -> None:
    """What happened meanwhile the store knows, once the end of the notice is in it."""
    desk = desk_with(own(1, **more)).take(reminder_due(DEADLINE)).end(*FAILED)
    assert desk.state.person.plan_due == desk.now
    assert desk_with(own(1)).take(reminder_due(DEADLINE)).end(*FAILED).state.person.plan_due != desk.now
    assert desk.take().state.person.plan_due != desk.now, "once"


def test_a_listing_of_a_number_that_was_tried_has_the_store_asked_whether_it_renews_it() -> None:
    desk = unreached(own(1)).take(new_contact("13800138001", verified_on=TODAY))
    assert (sent(desk), desk.state.person.plan_due) == ([], desk.now)
    assert unreached(own(1)).take(event(person_data())).state.person.plan_due != desk.now


def test_a_dead_number_whose_probe_is_due_takes_nothing_up() -> None:
    assert sent(looked_at(unreached(own(1, last_at=NOW - 170 * DAYS, **GONE)).on(TODAY + 11 * DAYS))) == []


def test_a_number_that_wants_no_messages_takes_nothing_up() -> None:
    desk = unreached()
    desk.state = structs.replace(desk.state, contacts=(own(1, opted_out=True), own(2, refused=("",))))
    assert sent(looked_at(desk)) == []


# People


def test_the_person_stays_on_the_list_until_somebody_is_informed_and_the_row_says_what_was_tried() -> None:
    desk = unreached()
    old = of(desk)[0]
    assert desk.outreach == [(old.id, "reminder", "no_contact")]
    again = of(desk.take(new_contact()))[-1]
    assert (desk.outreach, desk.last.outreach_moved) == ([(again.id, "reminder", "no_contact")], ((old.id, again.id),))
    desk.end(*FAILED)
    (row,) = desk.last.outreach
    assert (desk.outreach, row.grown, row.tried) == ([(again.id, "reminder", "ladder_failed")], True, ("sms:number_absent",))
    third = of(desk.take(new_contact("13500135000")))[-1]
    assert desk.outreach == [(third.id, "reminder", "ladder_failed")]
    assert desk.last.outreach[0].tried == ("sms:number_absent",)
    assert desk.end(Status.DELIVERED).outreach == []


def test_a_certification_takes_the_person_off_the_list_while_the_duty_is_taken_up() -> None:
    desk = unreached().take(new_contact()).take(certified(TODAY))
    assert (desk.outreach, of(desk)[-1].status) == ([], NoticeStatus.CANCELED)


def test_sixty_days_before_the_deadline_nobody_is_listed_twice() -> None:
    desk = unreached()
    desk.take(new_contact())
    desk.on(outreach_latest(DEADLINE)).take()
    assert desk.outreach == [(of(desk)[-1].id, "reminder", "no_contact")]
    late = unreached(first=lapsed(TODAY - DAYS))
    rows = len(late.outreach)
    assert len(late.take(new_contact()).outreach) == rows


# In bounds


def test_few_duties_are_taken_up_at_once_and_the_next_look_takes_the_rest() -> None:
    events = [asked() for _ in range(MOST_AT_ONCE + 2)]
    desk = desk_with().take(*events).take(new_contact())
    assert (len(desk.last.drafts), desk.state.person.plan_due) == (MOST_AT_ONCE, desk.now)
    assert (len(desk.take().last.drafts), desk.state.person.plan_due) == (2, None)


def test_duties_of_other_benefits_are_others() -> None:
    pension, injury = (event(Suspended(TODAY, "not_certified", [one])) for one in (PENSION, INJURY))
    desk = desk_with().take(pension, injury).take(new_contact())
    assert sorted(n.duty for n in desk.last.notices) == sorted(f"{n.duty}|2" for n in desk.state.notices[:2])


def test_nothing_is_sorted_for_a_person_everybody_of_whom_was_informed() -> None:
    """The common path."""
    desk = desk_with(own(1)).take(reminder_due(DEADLINE)).end(Status.DELIVERED)
    work = begin(desk.state, desk.now, desk.today, desk.rules)
    group(work)
    assert work.same is None
