"""The checks of the crash run can fail: each is shown a ledger with the one thing it must find."""

from dataclasses import replace

import pytest

from tests.crash.ledger import Accepted, Arrival, Blow, Claim, Demand, Ledger, Told, judge

DEMAND = Demand(events_per_s=1, calls_in_flight=1)


def good() -> Ledger:
    """Two persons: one was told, the other certified before the claim and was not."""
    return Ledger(
        accepted=[
            Accepted("reminder-1", "told", certifies=False, at=100.0),
            Accepted("certified-2", "certified", certifies=True, at=100.0),
            Accepted("reminder-2", "certified", certifies=False, at=101.0),
        ],
        stored={"reminder-1", "certified-2", "reminder-2"},
        arrivals=[Arrival("11", 100.5)],
        claims=[Claim("11", 100.2, 107.2, 100.7, "accepted")],
        messages={"11": "1"},
        notices={"1": Told("told", "reminder:2027-02-01", "informed")},
        blows=[Blow("worker", 100.6, 100.6, 102.0, calls=60)],
        load_s=2.0,
    )


def failed(ledger: Ledger, demand: Demand = DEMAND) -> list[str]:
    return [check.name for check in judge(ledger, demand) if not check.passed]


def test_a_run_in_which_all_went_well_passes() -> None:
    assert failed(good()) == []


def test_it_finds_a_lost_event() -> None:
    ledger = good()
    ledger.stored.remove("reminder-1")
    assert failed(ledger) == ["no accepted event lost"]


def test_it_finds_an_event_that_was_refused() -> None:
    ledger = good()
    ledger.rejected.append("reminder-3: invalid")
    assert failed(ledger) == ["no event rejected"]


def test_it_finds_a_reminder_that_was_taken_and_forgotten() -> None:
    ledger = good()
    ledger.accepted.append(Accepted("reminder-3", "forgotten", certifies=False, at=101.0))
    ledger.stored.add("reminder-3")
    assert failed(ledger) == ["every accepted reminder has its notice"]


def test_it_finds_the_same_message_twice_at_the_vendor() -> None:
    ledger = good()
    ledger.arrivals.append(Arrival("11", 101.0))
    assert failed(ledger) == ["no message twice at the vendor per person and duty"]


def test_it_finds_two_messages_for_one_duty() -> None:
    ledger = good()
    ledger.arrivals.append(Arrival("12", 101.0))
    ledger.claims.append(Claim("12", 100.9, 107.9, 101.2, "accepted"))
    ledger.messages["12"] = "1"
    assert failed(ledger) == ["no message twice at the vendor per person and duty"]


def test_it_finds_a_message_that_left_without_an_attempt_on_record() -> None:
    ledger = good()
    ledger.claims.clear()
    assert failed(ledger) == ["nothing at the vendor without an attempt on record"]


def false_notice(claimed_at: float) -> Ledger:
    ledger = good()
    ledger.accepted.append(Accepted("certified-1", "told", certifies=True, at=100.3))
    ledger.stored.add("certified-1")
    ledger.claims[0] = replace(ledger.claims[0], claimed_at=claimed_at)
    return ledger


def test_it_finds_a_message_claimed_after_the_certification_was_accepted() -> None:
    assert failed(false_notice(100.4)) == ["no message to a person whose certification was accepted before the claim"]


def test_a_message_claimed_before_the_certification_was_accepted_is_no_false_one() -> None:
    assert failed(false_notice(100.2)) == []


def test_a_retry_is_judged_by_its_own_claim() -> None:
    ledger = false_notice(100.2)
    ledger.claims.append(Claim("11", 100.4, 107.4, 100.7, "accepted"))
    assert failed(ledger) == ["no message to a person whose certification was accepted before the claim"]


def test_it_says_so_when_no_certification_came_in_time_to_withhold_anything() -> None:
    ledger = good()
    ledger.arrivals.append(Arrival("12", 99.5))
    ledger.claims.append(Claim("12", 99.0, 106.0, 99.9, "accepted"))
    ledger.messages["12"] = "2"
    ledger.notices["2"] = Told("certified", "reminder:2027-02-01", "informed")
    assert failed(ledger) == ["certifications were there in time to withhold messages"]


def test_it_finds_more_unknown_than_were_in_flight() -> None:
    ledger = good()
    ledger.claims.append(Claim("13", 101.0, 108.0, None, "unknown"))
    ledger.claims.append(Claim("14", 101.0, 108.0, None, "unknown"))
    assert failed(ledger) == ["unknown at most what was in flight at the blows"]


def test_it_finds_an_unknown_attempt_that_no_blow_explains() -> None:
    ledger = good()
    ledger.claims.append(Claim("13", 50.0, 57.0, None, "unknown"))
    assert failed(ledger) == ["every unknown attempt was in flight when a worker or PostgreSQL was struck"]


def test_an_attempt_in_flight_at_a_blow_may_be_unknown() -> None:
    ledger = good()
    ledger.claims.append(Claim("13", 100.5, 107.5, None, "unknown"))
    assert failed(ledger) == []


def test_an_attempt_made_while_the_blow_fell_may_be_unknown() -> None:
    ledger = good()
    ledger.blows[0] = replace(ledger.blows[0], struck_at=100.8)
    ledger.claims += [Claim("13", 100.7, 107.7, None, "unknown"), Claim("14", 100.8, 107.8, None, "unknown")]
    assert failed(ledger) == []


def test_the_death_of_redis_explains_no_unknown_attempt() -> None:
    ledger = good()
    ledger.blows[0] = replace(ledger.blows[0], what="redis")
    ledger.claims.append(Claim("13", 100.5, 107.5, None, "unknown"))
    assert len(failed(ledger)) == 2


@pytest.mark.parametrize("status", ["scheduled", "in_progress"])
def test_it_finds_a_notice_that_never_ends(status: str) -> None:
    ledger = good()
    ledger.notices["3"] = Told("waiting", "reminder:2027-02-01", status)
    assert failed(ledger) == ["every notice final"]


def test_it_finds_a_person_informed_in_the_books_alone() -> None:
    ledger = good()
    ledger.notices["3"] = Told("unheard", "reminder:2027-02-01", "informed")
    assert failed(ledger) == ["nobody counts as informed whom no message reached"]


def test_it_finds_a_broken_chain() -> None:
    ledger = good()
    ledger.evidence_status, ledger.evidence_said = 1, "chain 7 is broken at 12"
    assert judge(ledger, DEMAND)[-2].found == ["tixing evidence verify ended with 1", "chain 7 is broken at 12"]
    assert failed(ledger) == ["the chain of evidence holds"]


def test_it_refuses_to_judge_a_load_that_was_too_light() -> None:
    assert failed(good(), Demand(events_per_s=1000, calls_in_flight=1)) == ["the load was heavy enough"]
    assert failed(good(), Demand(events_per_s=1, calls_in_flight=61)) == ["the load was heavy enough"]


def test_it_names_a_few_offenders_and_counts_the_rest() -> None:
    ledger = good()
    ledger.accepted += [Accepted(f"gone-{n}", "told", certifies=False, at=101.0) for n in range(8)]
    lost = judge(ledger, DEMAND)[0]
    assert lost.found == ["gone-0", "gone-1", "gone-2", "gone-3", "gone-4", "and 3 more"]
