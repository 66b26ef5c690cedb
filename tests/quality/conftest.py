"""What tests of beliefs share: tables of the prior, and histories in a few words."""

from collections.abc import Callable

import pytest

from gateway.quality.evidence import Evidence, Observation
from gateway.quality.model import PRIOR
from gateway.quality.pair import UNKNOWN, PairBelief, observe
from gateway.quality.tables import Tables

Story = Callable[..., PairBelief]


@pytest.fixture(scope="session")
def tables() -> Tables:
    return Tables(PRIOR)


@pytest.fixture
def told(tables: Tables) -> Story:
    """told((0, "listed"), (60, "delivered"), …): the belief after it, days first."""

    def tell(*story: tuple[int, str], source: str = "counter", verified_day: int | None = None) -> PairBelief:
        belief = UNKNOWN
        for day, word in story:
            listed = word == "listed"
            seen = Observation(day, Evidence(word), source=source if listed else "", verified_day=verified_day if listed else None)
            belief = observe(tables, belief, seen)
        return belief

    return tell
