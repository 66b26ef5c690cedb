"""What plan drafts, the texts that ship can say: every kind and cause to everybody it may go to, rendered."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

import pytest

from gateway.events import Data, Resumed, Suspended, Terminated
from gateway.numbers import mask_name
from gateway.plan import Rules, Settings
from gateway.render.catalog import Catalog
from gateway.render.select import choose, requested
from gateway.render.text import render
from gateway.render.values import chinese_date, chinese_month, insurance_name
from gateway.words import Reason, Status
from tests.plan.fakes import (
    FAMILY,
    GUARDIAN,
    PENSION,
    SELF,
    TODAY,
    UNIT,
    Calendar,
    Desk,
    Ids,
    event,
    given,
    lapsed,
    person_data,
    reminder_due,
)

CATALOG = Catalog.from_folder()
CONTACTS = [
    given(f"{place}{channel}", relation, channel)
    for place, relation in enumerate((SELF, FAMILY, GUARDIAN, UNIT))
    for channel in ("sms", "wechat")
]
CAUSES: tuple[Literal["death", "missing", "imprisoned", "not_certified", "other"], ...] = (
    "death",
    "missing",
    "imprisoned",
    "not_certified",
    "other",
)


class ShippedTexts:
    choose, requested, exists = staticmethod(choose), staticmethod(requested), staticmethod(CATALOG.has)
    mask_name, insurance_name = staticmethod(mask_name), staticmethod(insurance_name)
    chinese_date, chinese_month = staticmethod(chinese_date), staticmethod(chinese_month)

    def signature(self, region: str) -> str:
        return "四川社保"

    def home(self, region: str) -> str:
        return "锦江区"

    def problems(self, name: str, params: Mapping[str, str]) -> Sequence[str]:
        return CATALOG.current(name).problems(params)


def said(data: Data) -> Desk:
    return desk().take(event(data, *CONTACTS))


def desk(*, means: bool = False, **more: object) -> Desk:
    rules = Rules(Calendar(), ShippedTexts(), Ids(), Settings(lapse_means_suspended=means))
    return Desk(rules_=rules).take(event(person_data(**more)))  # type: ignore[arg-type]


STORIES: dict[str, Callable[[], Desk]] = {
    "reminder": lambda: desk().take(reminder_due(TODAY.replace(year=2027), *CONTACTS)),
    "reminder abroad": lambda: desk(abroad=True).take(reminder_due(TODAY.replace(year=2027), *CONTACTS)),
    "reminder at home": lambda: desk(home_service=True).take(reminder_due(TODAY.replace(year=2027), *CONTACTS)),
    "reminder of a minor": lambda: desk(birth_year=2020).take(reminder_due(TODAY.replace(year=2027), *CONTACTS)),
    "lapse": lambda: desk().take(lapsed(TODAY, *CONTACTS)),
    "lapse that suspends": lambda: desk(means=True).take(lapsed(TODAY, *CONTACTS)),
    "not certified": lambda: said(Suspended(TODAY, "not_certified", [PENSION])),
    "payment failed": lambda: said(Suspended(TODAY, "payment_failed", [PENSION])),
    "resumed": lambda: said(Resumed(TODAY, [PENSION])),
    **{f"terminated: {cause}": partial(said, Terminated(TODAY, cause)) for cause in CAUSES},
}


@pytest.mark.parametrize("name", STORIES)
def test_every_rung_has_a_text_that_says_it_to_its_reader(name: str) -> None:
    told = STORIES[name]()
    reached = []
    while told.last.drafts:
        (draft,) = told.last.drafts
        text = render(CATALOG.current(draft.template), draft.values)
        assert "四川社保" in text
        reached.append((draft.addressee, draft.channel))
        told.end(Status.UNDELIVERED, Reason.UNREACHABLE)
    people = {
        "reminder of a minor": (GUARDIAN, FAMILY, UNIT),
        **dict.fromkeys(("terminated: death", "terminated: missing", "terminated: imprisoned"), (FAMILY, GUARDIAN, UNIT)),
    }.get(name, (SELF, FAMILY, GUARDIAN, UNIT))
    assert reached == [(relation, channel) for relation in people for channel in ("sms", "wechat")]
