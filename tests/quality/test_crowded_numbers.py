"""A number that stands for many persons says by that alone that it is hardly ever theirs."""

from datetime import UTC, datetime
from json import dumps

import numpy as np
import pytest

from gateway.quality.assemble import CROWD
from gateway.quality.evaluate import as_of_day, evaluate
from gateway.quality.fit import fit
from gateway.quality.histories import Histories
from gateway.quality.model import CROWDED, PRIOR, start_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def listed(persons: int, *, certify: bool = False) -> Histories:
    """So many persons with one number, and one message to each."""
    histories = Histories(NOW)

    def told(person: int, at: str, evidence: str, **more: str) -> None:
        line = {"person": f"p{person}", "address": "office", "at": f"2026-{at}T09:00:00+08:00", "evidence": evidence} | more
        histories.add(dumps(line))

    for person in range(persons):
        told(person, "01-05", "listed", source="counter", verified_on="2026-01-01")
        told(person, "01-10", "delivered")
        if certify:
            told(person, "01-12", "certified_after_notice")
    return histories


def mine(histories: Histories) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return evaluate(histories, histories.record(), PRIOR).now.p_own


def test_a_familys_number_is_worth_what_its_source_is_worth() -> None:
    record = listed(CROWD).record()
    assert record.starts == ("counter+verified",)
    assert (mine(listed(CROWD)) > 0.8).all()


def test_a_number_of_more_persons_is_hardly_ever_theirs_whoever_gave_it() -> None:
    histories = listed(CROWD + 1)
    assert CROWDED in histories.record().starts
    assert (mine(histories) < 0.4).all()


def test_whoever_certifies_after_a_notice_to_it_is_reached_all_the_same() -> None:
    assert (mine(listed(CROWD + 1, certify=True)) > 0.75).all()


@pytest.mark.parametrize("certify", [False, True])
def test_what_such_numbers_are_worth_is_learned(certify: bool) -> None:
    histories = listed(200, certify=certify)
    learned, prior = (model.starts[CROWDED].mine for model in (fit(histories.record(), as_of_day(histories), rounds=20), PRIOR))
    assert (learned > 2 * prior) if certify else (learned < prior)


def test_it_has_one_worth_whether_somebody_verified_it_or_not() -> None:
    assert {start_of(CROWDED, verified=verified) for verified in (True, False)} == {CROWDED}
