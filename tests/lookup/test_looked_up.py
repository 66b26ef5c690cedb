"""Words of look-up services as evidence."""

from datetime import UTC, date, datetime

import pytest

from gateway.lookup.port import LookupState
from gateway.pipeline.looked_up import observed
from gateway.quality.evidence import Evidence, Observation
from gateway.store.lookups import Answered

LATE = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)
"""Already 2 March in Shanghai."""


@pytest.mark.parametrize(
    ("state", "evidence"),
    [
        (LookupState.ACTIVE, Evidence.IN_SERVICE),
        (LookupState.PORTED, Evidence.IN_SERVICE),
        (LookupState.SUSPENDED, Evidence.NUMBER_SUSPENDED),
        (LookupState.ABSENT, Evidence.NUMBER_ABSENT),
    ],
)
def test_a_word_is_an_observation_of_its_day_in_shanghai_weighed_by_its_service(state: LookupState, evidence: Evidence) -> None:
    day = (date(2026, 3, 2) - date(1970, 1, 1)).days
    assert observed(Answered(b"k", "carrier", state, "", LATE, LATE)) == Observation(day, evidence, "lookup:carrier", state)


def test_a_service_that_does_not_know_says_nothing() -> None:
    assert observed(Answered(b"k", "carrier", LookupState.UNKNOWN, "", LATE, LATE)) is None
