"""Invariant 10, through the pipeline: what an event brings stays text, and a text that cannot be made is never sent half made. (More: tests/render.)"""

from gateway.intake.check import Rejected
from tests.pipeline.events import known, number, raw, requested, sms
from tests.pipeline.plant import Plant

WHOLE = {"name": "王建国", "matter": "资格认证", "until": "2030年1月1日", "place": "社保窗口"}


ATTACKS = ("{{ 7*7 }}", "{% if 1 %}49{% endif %}", "{{''.class}}", "{#x#}49", "${7*7}", "%(name)s", "{name}")


async def test_code_in_a_parameter_is_sent_as_it_stands_or_refused(plant: Plant) -> None:
    asked = {attack: requested(f"p{n}", sms(number(n)), params=WHOLE | {"matter": attack}) for n, attack in enumerate(ATTACKS)}
    results = dict(zip(ATTACKS, await plant.post(*asked.values()), strict=True))
    await plant.drain()
    texts = [message.text for call in plant.vendor.calls for message in call]
    taken = [attack for attack, result in results.items() if not isinstance(result, Rejected)]
    assert taken, "nothing was sent: the test proves nothing"
    assert all(any(attack in text for text in texts) for attack in taken)
    assert len(texts) == len(taken)


async def test_a_request_that_makes_no_text_is_refused_with_what_is_wrong(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))))
    for params in ({}, {"name": "王建国"}, WHOLE | {"matter": "长" * 300}, WHOLE | {"no such": "x"}):
        (result,) = await plant.post(requested("p1", params=params))
        assert isinstance(result, Rejected), params
        assert result.errors[0].path == "$.data.params"
        assert "长" not in result.errors[0].detail
    await plant.drain()
    assert plant.vendor.calls == []
    assert await plant.count("notice") == 0


async def test_a_request_reaches_no_template_but_requested_ones(plant: Plant) -> None:
    await plant.post(known("p1", sms(number(1))))
    for template in ("../../etc/passwd", "reminder.self", "sms/reminder.self", "{{x}}", "nothing", "general\n", ""):
        checked = plant.runtime.checker.structured(raw(requested("p1", template=template)))
        if not isinstance(checked, Rejected):
            assert isinstance((await plant.post(requested("p1", template=template)))[0], Rejected), template
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
