"""An override of a suppression that somebody wrote, changed or took away by another hand is found."""

from datetime import timedelta
from typing import cast

import pytest

from gateway.evidence.verify import everything, one_person
from tests.pipeline.events import known, number, sms
from tests.pipeline.plant import Plant


async def findings(plant: Plant, person: str | None = None) -> list[str]:
    async with plant.runtime.reading.acquire() as connection:
        sealer = plant.runtime.sealer
        report = await everything(connection, sealer) if person is None else await one_person(connection, sealer, person)
    assert report is not None
    return [f"{finding.about}: {finding.what}" for finding in report.findings]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("update suppression_override set until = until + interval '1 day'", "was changed since it was sealed"),
        ("update suppression_override set asked_by = 'dora'", "was changed since it was sealed"),
        ("update suppression_override set confirmed_by = 'dora'", "confirmation of override"),
        ("update suppression_override set confirmed_at = null, confirmed_by = null, confirm_seal = null", "another seal than the one"),
        ("update suppression_override set ended_at = now(), ended_by = 'dora', ended_why = 'withdrawn'", "withdrawal of override"),
        ("update contact set override_until = override_until + interval '1 day'", "no confirmed override says so"),
        ("delete from suppression_override", "was deleted"),
    ],
)
async def test_an_override_that_was_tampered_with_is_found(plant: Plant, statement: str, says: str) -> None:
    await plant.post(known("p", sms(number(0))))
    contact = await plant.value("update contact set state = 'dead' returning id")
    override = await plant.overriding.ask("p", contact, "本人来访", await plant.now() + timedelta(days=9), "anna")
    assert await plant.overriding.confirm(cast("int", override), "bert") is None
    assert await findings(plant) == []
    await plant.pool.execute(statement)
    assert any(says in one for one in await findings(plant))
    if not statement.startswith("delete"):  # what was deleted of a person shows in a walk of everything
        assert await findings(plant, "p") != []
