"""Invariant 10, through the pipeline: what an event brings stays text, and a text that cannot be made is never sent half made. (More: tests/render.)"""

import pytest

from tests.pipeline.events import known, number, requested, sms
from tests.pipeline.plant import Plant

WHOLE = {"name": "王建国", "matter": "资格认证", "until": "2030年1月1日", "place": "社保窗口"}


@pytest.mark.parametrize("attack", ["{{ 7*7 }}", "{% if 1 %}49{% endif %}", "{{''.class}}", "{#x#}49", "${7*7}", "%(name)s", "{name}"])
async def test_code_in_a_parameter_is_sent_as_it_stands_or_not_at_all(plant: Plant, attack: str) -> None:
    await plant.post(known("p1", sms(number(1))), requested("p1", params=WHOLE | {"matter": attack}))
    await plant.drain()
    texts = [message.text for call in plant.vendor.calls for message in call]
    assert all(attack in text for text in texts)
    assert texts or (await plant.messages())[0] == ("failed", "template_rejected")


@pytest.mark.parametrize("params", [{}, {"name": "王建国"}, WHOLE | {"matter": "长" * 300}])
async def test_a_request_that_makes_no_text_is_not_sent(plant: Plant, params: dict[str, str]) -> None:
    await plant.post(known("p1", sms(number(1))), requested("p1", params=params))
    await plant.drain()
    assert plant.vendor.calls == []
    assert await plant.messages() in ([("failed", "template_rejected")], [])


@pytest.mark.parametrize("template", ["../../etc/passwd", "reminder.self", "sms/reminder.self", "{{x}}", "nothing"])
async def test_a_request_reaches_no_template_but_requested_ones(plant: Plant, template: str) -> None:
    event = requested("p1", sms(number(1)), template=template)
    checked = plant.runtime.checker.structured(__import__("msgspec").json.encode(event))
    if hasattr(checked, "event"):
        await plant.post(event)
    await plant.drain()
    assert plant.vendor.calls == []
    assert await plant.count("message") == 0


async def test_a_version_stays_the_text_it_was(plant: Plant, other: Plant) -> None:
    """A message keeps the version it was made with, although another process knows a newer one by then."""
    await plant.post(known("p1", sms(number(1))), requested("p1", params=WHOLE))
    name, version = await plant.row("select template, version from message")
    newer = other.runtime.catalog.current(name).source.replace("不收费", "免收费用")
    other.runtime.catalog.add(name, newer, current=True)
    assert other.runtime.catalog.current(name).version != version
    await other.drain()
    assert "不收费" in other.vendor.calls[0][0].text
