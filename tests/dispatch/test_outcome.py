"""What an answer does to its message: the table."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.dispatch.outcome import MOST_ATTEMPTS, RETRY_AFTER_S, Started, effect
from gateway.store.calls import Effect
from gateway.words import Fault, Outcome, Reason, Status
from providers.base.types import Answer

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def started(attempts: int = 1, expires_at: datetime | None = None) -> Started:
    return Started(7, 70, attempts, expires_at, 0.0)


def effect_of(
    outcome: Outcome, message: Started | None = None, *, resend: bool = False, late: bool = False, **said: object
) -> Effect | None:
    answer = Answer("7", outcome, **said)  # type: ignore[arg-type]
    return effect(answer, message or started(), NOW, resend_unknown=resend, late=late)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Outcome.REFUSED, "failed"), (Outcome.UNKNOWN, "unknown"), (Outcome.DEFERRED, "queued"), (Outcome.NOTHING_LEFT, "queued")],
)
def test_each_outcome_has_its_status(outcome: Outcome, status: str) -> None:
    found = effect_of(outcome, reason=Reason.PROVIDER_UNAVAILABLE)
    assert found is not None
    assert (found.message_id, found.call_id, found.status) == (7, 70, status)


def test_an_acceptance_in_time_needs_no_word_of_its_own_and_a_late_one_does() -> None:
    assert effect_of(Outcome.ACCEPTED) is None
    late = effect_of(Outcome.ACCEPTED, late=True)
    assert late is not None
    assert late.status == Status.SENDING


def test_a_code_nobody_mapped_is_provisional() -> None:
    found = effect_of(Outcome.REFUSED, reason=Reason.UNMAPPED, vendor_code="X")
    assert found is not None
    assert (found.provisional, found.vendor_code) == (True, "X")


@pytest.mark.parametrize("attempts", range(1, MOST_ATTEMPTS))
def test_each_retry_waits_longer_up_to_an_hour(attempts: int) -> None:
    found = effect_of(Outcome.DEFERRED, started(attempts))
    assert found is not None
    assert found.retry_at == NOW + timedelta(seconds=RETRY_AFTER_S[min(attempts, len(RETRY_AFTER_S)) - 1])


def test_a_vendor_that_asks_for_a_longer_pause_gets_it() -> None:
    found = effect_of(Outcome.DEFERRED, retry_after_s=500.0)
    assert found is not None
    assert found.retry_at == NOW + timedelta(seconds=500)


@pytest.mark.parametrize("outcome", [Outcome.DEFERRED, Outcome.NOTHING_LEFT])
def test_a_message_tried_often_enough_or_out_of_time_has_failed(outcome: Outcome) -> None:
    for message in (started(MOST_ATTEMPTS), started(1, NOW + timedelta(seconds=1))):
        found = effect_of(outcome, message, reason=Reason.FREQUENCY_LIMITED, fault=Fault.SENDER)
        assert found is not None
        assert (found.status, found.reason, found.retry_at) == (Status.FAILED, Reason.FREQUENCY_LIMITED, None)


@pytest.mark.parametrize("resend", [False, True])
def test_unknown_is_sent_again_only_where_that_is_allowed(*, resend: bool) -> None:
    found = effect_of(Outcome.UNKNOWN, resend=resend)
    assert found is not None
    assert found.status == ("queued" if resend else "unknown")
