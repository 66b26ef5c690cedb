"""Whether a report moves a message: forward only, final stays, provisional is settled once."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.receipt.step import Step, step
from gateway.store.receipts import Standing
from gateway.words import FINAL, Reason, Status
from providers.base.types import Report

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
FINALS = sorted(FINAL)
REPORTS = some.builds(Report, some.just("7"), some.sampled_from(Status), some.sampled_from([None, *Reason]))


def standing(status: Status, *, provisional: bool = False, sent: bool = True) -> Standing:
    return Standing(7, status, provisional, 1, "p1", b"key", "sms", "vendor", AT if sent else None, None)


@given(some.sampled_from(FINALS), REPORTS)
def test_nothing_moves_a_message_that_is_final(status: Status, report: Report) -> None:
    assert step(standing(status), report, "vendor") is Step.RECORDED


@given(some.sampled_from(Status), some.booleans(), REPORTS)
def test_a_report_that_moves_says_something_final(status: Status, provisional: bool, report: Report) -> None:
    if step(standing(status, provisional=provisional), report, "vendor") is Step.MOVES:
        assert report.status in FINAL
        assert report.status is not Status.CANCELED
        assert report.reason is not Reason.UNMAPPED


@pytest.mark.parametrize("status", [Status.SENDING, Status.SENT, Status.UNKNOWN])
@pytest.mark.parametrize("told", [Status.DELIVERED, Status.UNDELIVERED, Status.FAILED])
def test_what_is_on_its_way_takes_the_final_word(status: Status, told: Status) -> None:
    assert step(standing(status), Report("7", told), "vendor") is Step.MOVES


@pytest.mark.parametrize("status", FINALS)
@pytest.mark.parametrize("told", [Status.DELIVERED, Status.UNDELIVERED, Status.FAILED])
def test_what_is_provisional_takes_a_later_word(status: Status, told: Status) -> None:
    assert step(standing(status, provisional=True), Report("7", told), "vendor") is Step.MOVES


@pytest.mark.parametrize(
    ("told", "sent", "moves"), [(Status.DELIVERED, True, True), (Status.DELIVERED, False, False), (Status.UNDELIVERED, True, False)]
)
def test_what_waits_for_another_try_is_met_only_by_a_delivery_of_an_earlier_one(told: Status, *, sent: bool, moves: bool) -> None:
    assert (step(standing(Status.QUEUED, sent=sent), Report("7", told), "vendor") is Step.MOVES) is moves


@pytest.mark.parametrize("status", [Status.SENDING, Status.UNKNOWN, Status.UNDELIVERED])
@pytest.mark.parametrize("told", [Status.DELIVERED, Status.UNDELIVERED, Status.FAILED])
def test_a_provider_that_has_the_message_no_more_can_only_say_that_it_arrived(status: Status, told: Status) -> None:
    moves = step(standing(status, provisional=True), Report("7", told), "an earlier one") is Step.MOVES
    assert moves is (told is Status.DELIVERED)
