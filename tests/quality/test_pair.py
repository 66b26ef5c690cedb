"""What evidence does to the belief about one pair."""

import pytest

from gateway.quality.evidence import Evidence, Observation
from gateway.quality.model import PRIOR
from gateway.quality.pair import UNKNOWN, OutOfOrder, PairBelief, observe, reading, vector_of
from gateway.quality.states import Reading, State, judge
from gateway.quality.tables import Tables
from tests.quality.conftest import Story

LIVING = [(0, "listed"), (60, "delivered"), (70, "certified_after_notice"), (150, "delivered"), (160, "certified_after_notice")]


def at(tables: Tables, belief: PairBelief, day: int) -> Reading:
    return reading(tables, belief, day)


def state(tables: Tables, belief: PairBelief, day: int) -> State:
    return judge(reading(tables, belief, day), belief.state, heard=belief.heard, failed=belief.failed)


def test_nothing_known_is_unverified(tables: Tables, told: Story) -> None:
    assert told((0, "listed")).state is State.UNVERIFIED
    assert 0.5 < at(tables, UNKNOWN, 0).p_reach < 0.95


def test_an_answer_is_something_to_judge_by(told: Story) -> None:
    assert told((0, "listed"), (9, "certified_after_notice")).state is State.GOOD
    assert told((0, "listed"), (9, "wrong_person")).state is State.DOUBTFUL


def test_a_number_that_its_owner_verified_is_good(told: Story) -> None:
    assert told((0, "listed"), source="self_service", verified_day=0).state is State.GOOD


def test_a_verification_of_years_ago_is_worth_less(tables: Tables, told: Story) -> None:
    fresh, old = (told((3_000, "listed"), verified_day=day) for day in (3_000, 600))
    assert at(tables, old, 3_000).p_reach < at(tables, fresh, 3_000).p_reach - 0.1


def test_certifications_after_notices_make_a_number_good(tables: Tables, told: Story) -> None:
    belief = told(*LIVING)
    assert belief.state is State.GOOD
    assert at(tables, belief, 160).p_mine > 0.99


def test_three_absents_are_a_dead_number(told: Story) -> None:
    belief = told(*LIVING, (240, "number_absent"), (330, "number_absent"), (420, "number_absent"))
    assert belief.state is State.DEAD


def test_a_month_off_is_no_death(tables: Tables, told: Story) -> None:
    belief = told(*LIVING, (240, "number_suspended"), (255, "unreachable"), (268, "unreachable"))
    assert belief.state is State.DOUBTFUL
    now = at(tables, belief, 268)
    assert now.p_alive > 0.5 > now.p_reach
    back = observe(tables, belief, Observation(280, Evidence.DELIVERED))
    assert back.state is State.GOOD


def test_absence_followed_by_success_long_after_is_a_stranger(tables: Tables, told: Story) -> None:
    belief = told(*LIVING, (240, "number_absent"), (330, "number_absent"), (700, "delivered"))
    now = at(tables, belief, 700)
    assert now.p_alive > 0.9
    assert now.p_mine < 0.05
    assert now.p_reach < 0.05


def test_silence_after_many_delivered_notices_says_stranger(tables: Tables, told: Story) -> None:
    silent = told((0, "listed"), *((day, "delivered") for day in range(90, 1_800, 90)))
    answered = told(
        (0, "listed"), *((d, w) for day in range(90, 1_800, 90) for d, w in ((day, "delivered"), (day + 9, "certified_after_notice")))
    )
    assert at(tables, silent, 1_800).p_mine < 0.8
    assert at(tables, answered, 1_800).p_mine > 0.98


def test_a_message_of_yesterday_is_not_held_against_those_who_have_not_certified_yet(tables: Tables, told: Story) -> None:
    belief = told((0, "listed"), (90, "delivered"))
    assert at(tables, belief, 91).p_mine > at(tables, belief, 150).p_mine + 0.01


def test_not_me_makes_the_wrong_person_likely(tables: Tables, told: Story) -> None:
    belief = told((0, "listed"), (60, "delivered"), (61, "wrong_person"))
    assert at(tables, belief, 61).p_mine < 0.15
    twice = observe(tables, observe(tables, belief, Observation(150, Evidence.DELIVERED)), Observation(151, Evidence.WRONG_PERSON))
    assert twice.state is State.WRONG_PERSON


def test_a_blocked_number_is_alive_and_does_not_reach(tables: Tables, told: Story) -> None:
    belief = told(*LIVING, (240, "recipient_blocked"))
    now = at(tables, belief, 240)
    assert belief.state is State.BLOCKED
    assert now.p_alive > 0.95
    assert now.p_reach < 0.2
    assert observe(tables, belief, Observation(300, Evidence.DELIVERED)).state is State.GOOD


def test_opting_out_is_no_sign_of_a_bad_number(told: Story) -> None:
    assert told(*LIVING, (240, "delivered"), (241, "opted_out")).state in {State.GOOD, State.DOUBTFUL}


def test_a_new_source_that_verifies_brings_a_dead_number_back(tables: Tables, told: Story) -> None:
    belief = told(*LIVING, (240, "number_absent"), (330, "number_absent"), (420, "number_absent"))
    again = observe(tables, belief, Observation(500, Evidence.LISTED, source="self_service", verified_day=500))
    assert again.state is State.GOOD
    assert at(tables, again, 500).p_reach > 0.9


def test_a_legacy_list_does_not_bring_a_dead_number_back(tables: Tables, told: Story) -> None:
    belief = told(*LIVING, (240, "number_absent"), (330, "number_absent"), (420, "number_absent"))
    assert observe(tables, belief, Observation(500, Evidence.LISTED, source="legacy")).state is State.DEAD


def test_listing_a_number_again_never_makes_it_worse(tables: Tables, told: Story) -> None:
    belief = told(*LIVING)
    again = observe(tables, belief, Observation(170, Evidence.LISTED, source="legacy"))
    assert at(tables, again, 170).p_reach == pytest.approx(at(tables, belief, 170).p_reach, abs=0.01)


def test_beliefs_fade_with_time(tables: Tables, told: Story) -> None:
    belief = told(*LIVING)
    reach = [at(tables, belief, day).p_reach for day in (200, 700, 1_500, 6_000, 20_000)]
    assert reach == sorted(reach, reverse=True)
    assert reach[-1] < 0.1


def test_a_dead_number_is_a_strangers_some_years_later_and_is_not_taken_back(tables: Tables, told: Story) -> None:
    belief = told(*LIVING, (240, "number_absent"), (330, "number_absent"), (420, "number_absent"))
    assert state(tables, belief, 421) is State.DEAD
    assert state(tables, belief, 3_000) in {State.DEAD, State.WRONG_PERSON}


def test_reach_is_never_likelier_than_alive_or_mine(tables: Tables, told: Story) -> None:
    for story in (LIVING, [*LIVING, (240, "number_absent")], [*LIVING, (200, "delivered"), (201, "wrong_person")]):
        now = at(tables, told(*story), 300)
        assert now.p_reach <= min(now.p_alive, now.p_mine) + 1e-12
        assert now.p_own + now.p_dead + now.p_others == pytest.approx(1)


def test_the_same_answer_twice_to_one_message_counts_once(told: Story) -> None:
    once, twice = (
        told((0, "listed"), (60, "delivered"), (61, "replied")),
        told((0, "listed"), (60, "delivered"), (61, "replied"), (61, "replied")),
    )
    assert once.weights == twice.weights


def test_an_observation_from_before_says_that_the_record_must_be_read_again(tables: Tables, told: Story) -> None:
    with pytest.raises(OutOfOrder):
        observe(tables, told(*LIVING), Observation(10, Evidence.DELIVERED))


def test_lateness_is_told_by_the_second_even_after_an_answer(tables: Tables, told: Story) -> None:
    belief = told((0, "listed"), (60, "delivered"), (70, "certified_after_notice"))
    assert belief.day == 60
    for day in (65, 69):
        with pytest.raises(OutOfOrder):
            observe(tables, belief, Observation(day, Evidence.DELIVERED))
    evening = observe(tables, belief, Observation(80, Evidence.DELIVERED, second=70_000))
    with pytest.raises(OutOfOrder):
        observe(tables, evening, Observation(80, Evidence.NUMBER_ABSENT, second=60_000))


def test_states_do_not_flicker() -> None:
    edge = Reading(0.65, 0.7, 0.1, 0.2)
    assert judge(edge, State.GOOD, heard=True) is State.GOOD
    assert judge(edge, State.DOUBTFUL, heard=True) is State.DOUBTFUL
    held_back = Reading(0.5, 0.9, 0.05, 0.05, p_blocked=0.4)
    assert judge(held_back, State.BLOCKED, heard=True) is State.BLOCKED
    assert judge(held_back, State.GOOD, heard=True) is not State.BLOCKED
    gone = Reading(0.1, 0.2, 0.7, 0.1)
    assert judge(gone, State.DEAD, heard=True) is State.DEAD
    assert judge(gone, State.DOUBTFUL, heard=True) is State.DOUBTFUL


def test_a_belief_is_small(told: Story) -> None:
    assert len(vector_of(told(*LIVING))) == 2 * PRIOR.types + PRIOR.stages + 3 == 12
