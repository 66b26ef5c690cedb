"""Plans act on what is believed of contacts: in which order they are tried, and at what cost; a notice says so."""

from msgspec import structs

from gateway.events import Deceased, Suspended
from gateway.plan import Settings
from gateway.words import ContactSource
from tests.plan.believed import DAYS, DEADLINE, GONE, LADDER, STRANGERS, checks, desk_with, openid, order, own
from tests.plan.fakes import FAMILY, NOW, TODAY, contact, event, reminder_due

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
    assert checks(desk_with(own(1, last_at=NOW, **GONE)).take(reminder_due(DEADLINE))) == ("passed_over:dead=1",)
