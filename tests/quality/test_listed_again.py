"""What another listing of a number says: as much as its source checks, which histories show."""

from functools import cache

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from bench.quality.measure import believe, figures
from bench.quality.population import History, happen, populations
from gateway.quality.evidence import Evidence, Observation
from gateway.quality.fit import fit
from gateway.quality.model import PRIOR, STARTS, Model
from gateway.quality.pair import observe, reading, vector_of
from gateway.quality.record import steps_of
from gateway.quality.report import Report
from gateway.quality.reporting import report
from gateway.quality.samples import sample
from gateway.quality.tables import Tables
from gateway.quality.worth import renews
from tests.quality.conftest import Story

PERSONS = 2_500
FEED, DESK = "data_sharing", "counter+verified"
SILENT = [(0, "listed"), *((day, "delivered") for day in range(90, 900, 90))]
ACTIVE = [(0, "listed"), *((d, w) for day in range(90, 900, 90) for d, w in ((day, "delivered"), (day + 9, "certified_after_notice")))]


@cache
def lived() -> tuple[History, Model]:
    history = happen(replace(populations()["tune-listed-again"], again={FEED: (1.0, 0.0), DESK: (0.25, 1.0)}), 5, PERSONS)
    return history, fit(history.record, history.end_day, rounds=15)


def test_a_feed_that_lists_the_same_numbers_each_year_renews_nothing_and_a_desk_that_checks_does() -> None:
    _, model = lived()
    assert model.starts[FEED].renews < 0.05
    assert model.starts[DESK].renews > 0.8


def test_what_was_learned_of_listings_makes_beliefs_better_than_what_is_assumed() -> None:
    history, model = lived()
    steps = steps_of(history.record)
    trusting = replace(model, starts={**model.starts, FEED: replace(model.starts[FEED], renews=0.5)})
    learned, assumed = (figures(history, believe(Tables(one), steps, history)) for one in (model, trusting))
    assert learned.end_brier < assumed.end_brier * 0.97
    assert learned.end_ece < assumed.end_ece


def test_a_few_listings_teach_next_to_nothing() -> None:
    history, _ = lived()
    model = fit(sample(history.record, 6), history.end_day, rounds=5)
    for key in {FEED, DESK} & set(model.starts):
        assert model.starts[key].renews == pytest.approx(STARTS[key].renews, abs=0.25)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_that_was_checked_is_found_at_once_though_most_listings_say_nothing(share: float) -> None:
    telling = np.where(np.arange(200) < 200 * share, 40.0, 0.01)
    assert renews(np.concatenate([telling, np.ones(20_000)]), believed=0.1) == pytest.approx(share, abs=0.05)


def test_what_a_source_checks_is_assumed_where_no_listing_tells() -> None:
    assert [renews(np.ones(count), believed=0.6) for count in (0, 500)] == pytest.approx([0.6, 0.6], abs=1e-4)


def test_a_report_says_how_far_each_source_renews_and_of_how_many_listings_that_is_known() -> None:
    history, model = lived()
    found = {one.source: one for one in report(model, PRIOR, history.record).sources}
    assert found[FEED].listed_again > 1_000
    assert found[FEED].renews == pytest.approx(model.starts[FEED].renews, abs=1e-6)
    assert found["legacy"].listed_again == 0


def test_reports_of_before_are_read() -> None:
    history, model = lived()
    plain = msgspec.to_builtins(report(model, PRIOR, history.record))
    for one in plain["sources"]:
        del one["renews"], one["listed_again"]
    first = msgspec.convert(plain, Report).sources[0]
    assert (first.source, first.renews, first.listed_again) == (history.record.starts[0], 0.0, 0)


def test_a_check_lifts_a_number_that_is_believed_in_above_what_its_source_is_worth(tables: Tables, told: Story) -> None:
    sure = told(*ACTIVE)
    before = reading(tables, sure, 900)
    after = reading(tables, observe(tables, sure, Observation(900, Evidence.LISTED, source="counter", verified_day=900)), 900)
    assert STARTS[DESK].mine < before.p_own
    assert 1 - after.p_own < (1 - before.p_own) * 0.5


def test_a_check_takes_back_whatever_was_believed(tables: Tables, told: Story) -> None:
    dead = told((0, "listed"), *((day, "number_absent") for day in range(90, 36_000, 90)))
    assert reading(tables, dead, 36_000).p_own < 1e-6
    after = observe(tables, dead, Observation(36_000, Evidence.LISTED, source="self_service", verified_day=36_000))
    assert reading(tables, after, 36_000).p_reach > 0.9
    assert np.isfinite(vector_of(after)).all()


def test_how_a_person_acts_on_notices_stays_known(tables: Tables, told: Story) -> None:
    seldom = Observation(900, Evidence.LISTED, source="self_service", verified_day=900)
    shares = []
    for story in (SILENT, ACTIVE):
        vector = vector_of(observe(tables, told(*story), seldom))[tables.layout.on]
        shares.append(vector[0] / vector.sum())
    assert shares[0] < 0.1
    assert shares[1] > 0.7
