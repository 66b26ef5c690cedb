"""Plans act on what is believed of contacts: their order, what is given up, what is tried again, who is tried beside, whom people must find."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from gateway.events import ContactData, ContactRemoved, Deceased, Suspended
from gateway.model import Contact
from gateway.plan import Settings
from gateway.plan.state import Belief
from gateway.words import ContactSource, Kind, NoticeStatus, Reason, Status
from scheduler.calendar import add_months
from tests.plan.fakes import FAMILY, NOW, SELF, TODAY, UNIT, Desk, contact, event, given, person_data, reminder_due, rules

DEADLINE = add_months(TODAY, 3)
LADDER = ((SELF, "sms"), (SELF, "wechat"), (FAMILY, "sms"), (FAMILY, "wechat"), (SELF, "voice"))
DAYS = timedelta(days=1)
GONE: dict[str, Any] = {"usable": False, "dead": True, "score": 0.005}
STRANGERS: dict[str, Any] = {"usable": False, "score": 0.005}


def desk_with(*contacts: Contact, settings: Settings | None = None) -> Desk:
    """Somebody the store knows, with these contacts."""
    desk = Desk(rules_=rules(settings or Settings(ladder=LADDER)))
    person = structs.replace(desk.state.person, stored=True, region="510104")
    desk.state = structs.replace(desk.state, person=person, contacts=contacts)
    return desk


def own(ident: int, **more: Any) -> Contact:
    return contact(ident, f"1380013800{ident}", **more)


def openid(ident: int, **more: Any) -> Contact:
    return contact(ident, f"o{ident}", channel="wechat", **more)


def order(desk: Desk) -> list[int]:
    """In which order contacts are tried, if each message fails."""
    desk.take(reminder_due(DEADLINE))
    tried = []
    while desk.last.drafts:
        (draft,) = desk.last.drafts
        tried.append(draft.contact_id)
        desk.end(Status.UNDELIVERED, Reason.UNREACHABLE)
    return tried


def checks(desk: Desk) -> tuple[str, ...]:
    return tuple(check for check in desk.last.notices[0].checks if not check.startswith(("by:", "rule:", "passed:", "deadline:")))


# Order


def test_contacts_of_one_rung_are_tried_in_the_order_of_what_is_believed_of_them() -> None:
    assert order(desk_with(own(1, score=0.6), own(2, score=0.9), own(3, score=0.7))) == [2, 3, 1]


def test_a_rung_is_kept_although_a_later_one_is_believed_better() -> None:
    assert order(desk_with(own(1, score=0.6), openid(2, score=0.9), contact(3, "13900139000", FAMILY, score=0.99))) == [1, 2, 3]


def test_a_contact_that_is_not_worth_a_message_comes_after_all_others_whatever_its_rung() -> None:
    """Also after the family's; with 0.15 it has its place."""
    family = contact(3, "13900139000", FAMILY, score=0.3)
    assert order(desk_with(own(1, score=0.149), own(2, score=0.15), family)) == [2, 3, 1]


def test_somebody_with_no_better_contact_is_written_to_all_the_same() -> None:
    desk = desk_with(own(1, score=0.02))
    assert order(desk) == [1]
    assert "last_resort" in desk.notice("reminder").checks


def test_where_nothing_is_believed_source_and_verification_decide() -> None:
    scores = {(ContactSource.COUNTER, True): 0.95, (ContactSource.COUNTER, False): 0.8, (ContactSource.LEGACY, False): 0.7}
    legacy = structs.replace(own(3), source=ContactSource.LEGACY)
    contacts = (legacy, own(1), own(2, verified_on=TODAY), own(4, score=0.75))
    assert order(desk_with(*contacts, settings=Settings(ladder=LADDER, start_scores=scores))) == [2, 1, 4, 3]


# Cost


def with_cost(**cost: float) -> Settings:
    return Settings(ladder=LADDER, cost=cost)


def test_of_one_relation_the_channel_goes_first_that_reaches_a_person_for_less() -> None:
    number, account = own(1, score=0.9), openid(2, score=0.3)
    assert order(desk_with(number, account)) == [1, 2]
    assert order(desk_with(number, account, settings=with_cost(sms=0.05, wechat=0.02))) == [1, 2]  # 0.056 and 0.067 yuan a person
    assert order(desk_with(number, account, settings=with_cost(sms=0.05, wechat=0.01))) == [2, 1]


def test_free_channels_go_first_and_equal_costs_keep_the_ladders_order() -> None:
    contacts = (own(1, score=0.99), openid(2, score=0.2))
    assert order(desk_with(*contacts, settings=with_cost(sms=0.045, wechat=0))) == [2, 1]
    assert order(desk_with(*contacts, settings=with_cost(sms=0, wechat=0))) == [1, 2]


def test_relations_keep_their_order_whatever_they_cost() -> None:
    """A phone call stands behind the family on this ladder: that it costs nothing does not bring it forward."""
    contacts = (own(1), contact(2, "oF", FAMILY, "wechat"), contact(3, "02812345678", channel="voice"))
    assert order(desk_with(*contacts, settings=with_cost(sms=0.045, wechat=0, voice=0))) == [1, 2, 3]


def test_a_channel_whose_cost_nobody_set_comes_after_those_of_its_relation() -> None:
    assert order(desk_with(own(1), openid(2), settings=with_cost(wechat=9))) == [2, 1]


def test_a_free_contact_that_is_not_worth_a_message_still_comes_last() -> None:
    family = contact(3, "13900139000", FAMILY)
    assert order(desk_with(own(1), openid(2, score=0.1), family, settings=with_cost(sms=0.045, wechat=0))) == [1, 3, 2]


# Given up, and tried again


@pytest.mark.parametrize("belief", [GONE, STRANGERS, GONE | {"last_at": NOW - 179 * DAYS}])
def test_a_contact_that_is_given_up_is_not_used(belief: dict[str, Any]) -> None:
    assert order(desk_with(own(1, **belief), own(2, score=0.5))) == [2]
    desk = desk_with(own(1, **belief)).take(reminder_due(DEADLINE))
    assert (desk.last.drafts, desk.notice("reminder").reason) == ((), Reason.NO_CONTACT)


def test_a_dead_number_is_tried_again_after_half_a_year_and_last_of_all() -> None:
    long_ago = NOW - 181 * DAYS
    contacts = (own(1, last_at=long_ago, **GONE), own(2, score=0.05), contact(3, "13900139000", FAMILY))
    assert order(desk_with(*contacts)) == [3, 2, 1]
    desk = desk_with(own(1, last_at=long_ago, **GONE)).take(reminder_due(DEADLINE))
    assert [d.contact_id for d in desk.last.drafts] == [1]
    assert checks(desk) == ("probe",)


@pytest.mark.parametrize(
    ("belief", "days"),
    [
        (STRANGERS | {"last_at": NOW - 900 * DAYS}, 180),  # the text would go to somebody else
        (STRANGERS | {"last_at": NOW - 900 * DAYS, "denied_on": TODAY - 900 * DAYS}, 180),
        (GONE | {"last_at": NOW - 900 * DAYS}, 0),  # never, says the configuration
        (GONE | {"last_at": NOW - 900 * DAYS}, 1000),
    ],
)
def test_what_is_not_to_be_tried_again_is_not(belief: dict[str, Any], days: int) -> None:
    desk = desk_with(own(1, **belief), settings=Settings(ladder=LADDER, probe_after_days=days))
    assert desk.take(reminder_due(DEADLINE)).last.drafts == ()


def waiting(contacts: Sequence[Contact], **belief: Any) -> Desk:
    """A message waits for its first contact, of which this is believed from now on."""
    desk = desk_with(*contacts).take(reminder_due(DEADLINE))
    first = desk.last.drafts[0].contact_id
    changed = tuple(structs.replace(c, **belief) if c.id == first else c for c in desk.state.contacts)
    desk.state = structs.replace(desk.state, contacts=changed)
    return desk.take()


@pytest.mark.parametrize(("belief", "reason"), [(GONE, Reason.NUMBER_ABSENT), (STRANGERS, Reason.WRONG_PERSON)])
def test_what_waits_to_go_to_a_contact_that_is_given_up_is_called_back_and_the_next_is_tried(
    belief: dict[str, Any], reason: Reason
) -> None:
    desk = waiting((own(1), own(2)), **belief)
    assert ([r.reason for r in desk.last.recalls], [d.contact_id for d in desk.last.drafts]) == ([reason], [2])
    assert (desk.take().last.recalls, desk.last.drafts) == ((), ())


def test_what_is_on_its_way_to_one_is_waited_for() -> None:
    desk = desk_with(own(1), own(2)).take(reminder_due(DEADLINE)).end(Status.SENDING)
    desk.state = structs.replace(desk.state, contacts=(structs.replace(own(1), **GONE), own(2)))
    assert (desk.take().last.recalls, desk.last.drafts) == ((), ())


def test_nothing_is_called_back_from_a_number_that_is_good_in_another_relation_or_may_be_tried_again() -> None:
    family = contact(2, "13800138001", UNIT)
    assert waiting((own(1), family), **STRANGERS).last.recalls == ()
    assert waiting((own(1),), last_at=NOW - 900 * DAYS, **GONE).last.recalls == ()
    assert waiting((own(1),), **GONE | {"usable": True}).last.recalls == ()


def test_an_override_is_looked_at_again_when_it_ends() -> None:
    ends = NOW + DAYS
    assert looked_at(desk_with(own(1, override_until=ends))).state.person.plan_due == ends
    assert looked_at(desk_with(own(1))).state.person.plan_due is None


# Confirmed


def anew(address: str, verified_on: date | None) -> Desk:
    """A dead contact, verified at the start of the year, is listed again in the event that has something to tell."""
    known = contact(1, "13800138001", verified_on=date(2026, 1, 1), last_at=NOW - DAYS, **GONE)
    return desk_with(known).take(reminder_due(DEADLINE, given(address, verified_on=verified_on)))


def test_a_contact_that_is_verified_later_than_we_knew_is_usable_in_the_same_plan() -> None:
    assert [d.contact_id for d in anew("13800138001", date(2026, 1, 2)).last.drafts] == [1]


@pytest.mark.parametrize("verified_on", [None, date(2025, 12, 31), date(2026, 1, 1)])
def test_a_listing_that_verified_nothing_since_takes_no_contact_back(verified_on: date | None) -> None:
    assert anew("13800138001", verified_on).last.drafts == ()


@pytest.mark.parametrize(("verified_on", "drafts"), [(TODAY - 2 * DAYS, 0), (TODAY - DAYS, 1), (TODAY, 1)])
def test_a_not_me_is_undone_by_a_verification_of_that_day_or_later(verified_on: date, drafts: int) -> None:
    desk = desk_with(own(1, denied_on=TODAY - DAYS, **STRANGERS))
    assert len(desk.take(reminder_due(DEADLINE, given("13800138001", verified_on=verified_on))).last.drafts) == drafts


def test_what_is_taken_back_is_believed_by_its_source_and_no_longer_by_what_it_was() -> None:
    """Else it would come last, as a number that hardly reaches anybody."""
    family = contact(2, "13900139000", FAMILY)
    desk = desk_with(own(1, last_at=NOW, **GONE), family)
    assert order(desk.take(event(ContactData("sms", "x"), given("13800138001", verified_on=TODAY)))) == [1, 2]


def test_a_number_in_another_relation_too_is_as_given_up_as_it_was() -> None:
    desk = desk_with(own(1, last_at=NOW, **GONE))
    assert desk.take(reminder_due(DEADLINE, given("13800138001", FAMILY))).last.drafts == ()


@pytest.mark.parametrize(("verified_on", "usable"), [(None, False), (date(2026, 1, 1), False), (date(2026, 1, 2), True)])
def test_a_contact_taken_away_and_given_again_in_one_batch_is_as_given_up_as_it_was_unless_verified_since(
    verified_on: date | None, usable: bool
) -> None:
    desk = desk_with(own(1, last_at=NOW, verified_on=date(2026, 1, 1), **GONE))
    number = given("13800138001", verified_on=verified_on)
    desk.take(event(ContactRemoved("sms", "13800138001"), number), reminder_due(DEADLINE, number))
    assert (len(desk.last.drafts), [c.usable for c in desk.state.contacts]) == (usable, [usable])


@pytest.mark.parametrize(
    ("verified_on", "dead_at", "used"),
    [
        (None, NOW - DAYS, False),
        (TODAY - 2 * DAYS, NOW - DAYS, False),
        (TODAY - DAYS, NOW - DAYS, True),  # of one day nobody knows which came first
        (TODAY, NOW - DAYS, True),
        (TODAY, datetime(2026, 11, 24, 16, 30, tzinfo=UTC), False),  # in Shanghai it is the 25th
        (None, NOW - 181 * DAYS, True),
    ],
)
def test_a_known_dead_number_is_unused_for_somebody_new_unless_it_was_verified_since_or_died_long_ago(
    verified_on: date | None, dead_at: datetime, used: bool
) -> None:
    desk, number = Desk(), given("13800138000", verified_on=verified_on)
    desk.state = structs.replace(desk.state, beliefs={number.key: Belief(dead_at=dead_at)})
    assert bool(desk.take(reminder_due(DEADLINE, number)).last.drafts) == used


# Doubtful

BESIDE = Settings(ladder=LADDER, beside_doubtful=frozenset({Kind.REMINDER}))
DOUBTFUL: dict[str, Any] = {"doubtful": True, "score": 0.5}


def tried_at_once(*contacts: Contact, settings: Settings = BESIDE) -> list[int]:
    return [d.contact_id for d in desk_with(*contacts, settings=settings).take(reminder_due(DEADLINE)).last.drafts]


def test_a_doubtful_contact_gets_its_message_and_the_next_one_too_where_the_policy_says_so() -> None:
    contacts = (own(1, **DOUBTFUL), contact(2, "13900139000", FAMILY), openid(3))
    assert tried_at_once(*contacts) == [1, 3]
    assert tried_at_once(*contacts, settings=Settings(ladder=LADDER)) == [1]
    assert tried_at_once(*contacts, settings=Settings(ladder=LADDER, beside_doubtful=frozenset({Kind.SUSPENSION}))) == [1]


@pytest.mark.parametrize(
    "contacts",
    [
        (own(1), openid(2, **DOUBTFUL)),
        (own(1, **DOUBTFUL), contact(2, "13800138001", FAMILY)),
        (own(1, **DOUBTFUL), contact(2, "13800138001", channel="voice")),
        (own(1, **DOUBTFUL), openid(2, score=0.1)),
        (own(1, **DOUBTFUL), openid(2, usable=False)),
    ],
    ids=["a good one", "the same number", "a call to it", "one not worth a message", "one given up"],
)
def test_nobody_is_written_to_twice_where(contacts: Sequence[Contact]) -> None:
    assert len(tried_at_once(*contacts)) == 1


def test_at_most_two_are_written_to_at_once() -> None:
    assert tried_at_once(own(1, **DOUBTFUL), own(2, **DOUBTFUL), openid(3)) == [1, 2]


def beside() -> Desk:
    desk = desk_with(own(1, **DOUBTFUL), openid(2), contact(3, "13900139000", FAMILY), settings=BESIDE)
    return desk.take(reminder_due(DEADLINE))


def first_ends(desk: Desk, status: Status, reason: Reason | None = None) -> Desk:
    notice = desk.notice("reminder")
    first, second = notice.tried
    ended = structs.replace(notice, tried=(structs.replace(first, status=status, reason=reason), second))
    desk.state = structs.replace(desk.state, notices=(ended,))
    return desk.take()


def rungs(desk: Desk) -> list[tuple[int, int]]:
    return [(d.rung, d.contact_id) for d in desk.last.drafts]


def test_rungs_that_go_together_are_counted_one_after_the_other() -> None:
    desk = beside()
    assert rungs(desk) == [(0, 1), (1, 2)]
    assert checks(desk) == ("beside_doubtful",)


def test_a_later_rung_that_is_doubtful_is_not_alone_either() -> None:
    desk = desk_with(own(1), openid(2, **DOUBTFUL), contact(3, "13900139000", FAMILY), settings=BESIDE)
    desk.take(reminder_due(DEADLINE)).end(Status.UNDELIVERED, Reason.NUMBER_ABSENT)
    assert rungs(desk) == [(1, 2), (2, 3)]


def test_the_next_is_tried_only_once_both_failed() -> None:
    desk = first_ends(beside(), Status.UNDELIVERED, Reason.NUMBER_ABSENT)
    assert rungs(desk) == []
    desk.end(Status.UNDELIVERED, Reason.UNREACHABLE)
    assert rungs(desk) == [(2, 3)]


@pytest.mark.parametrize("end", [first_ends, Desk.end])
def test_either_delivery_ends_the_notice_and_withdraws_what_still_waits(end: Callable[[Desk, Status], Desk]) -> None:
    desk = end(beside(), Status.DELIVERED)
    notice = desk.notice("reminder")
    assert (notice.status, desk.last.drafts) == (NoticeStatus.INFORMED, ())
    assert sorted(t.status for t in notice.tried) == [Status.CANCELED, Status.DELIVERED]


# Whom people must find

ROW = (None, "contact", "no_usable_contact")


def looked_at(desk: Desk) -> Desk:
    """The calendar's look that was asked for."""
    desk.state = structs.replace(desk.state, person=structs.replace(desk.state.person, plan_due=desk.now))
    return desk.take()


def believed_again(desk: Desk, **belief: Any) -> Desk:
    contacts = tuple(structs.replace(c, **belief) for c in desk.state.contacts)
    desk.state = structs.replace(desk.state, contacts=contacts)
    return looked_at(desk)


def lost(**more: Any) -> Desk:
    return looked_at(
        desk_with(own(1, last_at=NOW - DAYS, **GONE, **more), contact(2, "13700137000", UNIT, last_at=NOW - DAYS, **STRANGERS))
    )


def test_somebody_all_of_whose_contacts_are_given_up_goes_to_people_though_nothing_is_to_be_told() -> None:
    desk = lost()
    assert (desk.outreach, desk.last.notices) == ([ROW], ())
    assert looked_at(desk).outreach == [ROW]


@pytest.mark.parametrize("contacts", [(), (own(1),), (own(1, last_at=NOW, **GONE), own(2, score=0.01, last_at=NOW))])
def test_nobody_else_does(contacts: tuple[Contact, ...]) -> None:
    assert looked_at(desk_with(*contacts)).outreach == []


def test_a_dead_number_that_is_about_to_be_tried_again_keeps_nobody_off_the_list() -> None:
    assert looked_at(desk_with(own(1, last_at=NOW - 500 * DAYS, **GONE))).outreach == [ROW]


def test_the_last_usable_contact_that_is_taken_away_brings_a_person_onto_the_list() -> None:
    desk = desk_with(own(1, last_at=NOW - DAYS, **GONE), own(2))
    desk.take(
        event(ContactRemoved("sms", "13800138002"), given("13800138002")), event(person_data(), given("13800138001", verified_on=None))
    )
    assert desk.outreach == [ROW]


@pytest.mark.parametrize("verified_on", [None, TODAY])
def test_a_new_contact_takes_the_person_off_the_list(verified_on: date | None) -> None:
    desk = lost().take(event(ContactData("sms", "x"), given("13600136000", verified_on=verified_on)))
    assert desk.outreach == []


def test_a_contact_that_was_verified_anew_takes_the_person_off_the_list() -> None:
    assert lost().take(event(ContactData("sms", "x"), given("13800138001", verified_on=TODAY))).outreach == []


def test_the_first_contact_of_somebody_who_was_left_without_any_does_too() -> None:
    desk = lost()
    desk.take(*(event(ContactRemoved(c.channel, c.address), given(c.address, c.relation)) for c in desk.state.contacts))
    assert desk.outreach == [ROW]
    assert desk.take(event(ContactData("sms", "x"), given("13600136000"))).outreach == []


def test_a_state_that_was_left_and_an_override_take_the_person_off_the_list() -> None:
    assert believed_again(lost(), usable=True, dead=False, score=0.6).outreach == []
    assert believed_again(lost(), usable=True).outreach == []
    denied = looked_at(desk_with(own(1, denied_on=TODAY, **STRANGERS)))
    assert denied.outreach == [ROW]
    assert believed_again(denied, usable=True).outreach == []


def test_an_event_that_comes_before_the_look_that_was_asked_for_takes_the_person_off_too() -> None:
    desk = lost()
    contacts = tuple(structs.replace(c, usable=True) for c in desk.state.contacts)
    person = structs.replace(desk.state.person, plan_due=desk.now)
    desk.state = structs.replace(desk.state, contacts=contacts, person=person)
    assert desk.take(event(person_data())).outreach == []


def test_a_death_takes_the_person_off_the_list_and_one_that_never_was_puts_them_back() -> None:
    desk = lost().take(event(Deceased(TODAY - DAYS)))
    assert (desk.outreach, looked_at(desk).outreach) == ([], [])
    assert desk.take(event(Deceased(revoked=True))).outreach == [ROW]


def test_numbers_that_are_new_to_a_person_are_left_to_the_learner() -> None:
    """Somebody else's evidence says that the number is dead; whether it is for this person the record will tell, in seconds."""
    desk, number = Desk(), given("13800138000")
    desk.state = structs.replace(desk.state, beliefs={number.key: Belief(dead_at=desk.now)})
    assert desk.take(event(person_data(), number)).outreach == []


def test_rows_of_notices_are_not_touched() -> None:
    desk = lost().take(event(Suspended(TODAY, "not_certified")))
    notice = desk.notice("suspension", "not_certified")
    assert sorted(desk.outreach, key=str) == sorted([ROW, (notice.id, "suspension", "no_contact")], key=str)
    assert believed_again(desk, usable=True).outreach == [(notice.id, "suspension", "no_contact")]


def test_nothing_is_written_for_a_person_whose_contacts_are_as_they_were() -> None:
    """The common path: no row is opened, and none is looked for."""
    desk = desk_with(own(1, last_at=NOW)).take(reminder_due(DEADLINE))
    assert (desk.last.outreach, desk.last.contact_lifted) == ((), False)


# The trail


def test_a_notice_says_which_contacts_it_passed_over() -> None:
    given_up = (own(1, last_at=NOW, **GONE), own(2, last_at=NOW, **GONE), contact(3, "13900139000", FAMILY, **STRANGERS))
    desk = desk_with(*given_up, own(4)).take(reminder_due(DEADLINE))
    assert checks(desk) == ("passed_over:dead=2", "passed_over:wrong_person=1")
    assert checks(desk_with(own(1), openid(2)).take(reminder_due(DEADLINE))) == ()


def test_a_notice_that_is_taken_up_again_says_it_anew() -> None:
    desk = desk_with(own(1, last_at=NOW, **GONE), own(2)).take(event(Suspended(TODAY, "not_certified")))
    desk.take(event(Deceased(TODAY - DAYS)))
    desk.take(event(Deceased(revoked=True)))
    assert checks(desk) == ("lifted:deceased", "passed_over:dead=1")


def test_a_notice_that_finds_nobody_says_so_too() -> None:
    assert checks(lost().take(reminder_due(DEADLINE))) == ("passed_over:dead=1",)
