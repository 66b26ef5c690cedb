"""What a person should look at in templates that load: texts over one segment, and words that must not reach a phone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.render.forbidden import tells_why, unspeakable
from gateway.render.template import Template
from gateway.render.text import ONE_SEGMENT, render, units
from gateway.render.values import LONGEST
from gateway.words import Kind


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: which template, what is wrong, what to do."""

    name: str
    what: str
    todo: str


def example(template: Template) -> str:
    """The text with a name of three characters, the longest dates, and every value of a requested notice as long as it may be."""
    return render(template, {gate.name: LONGEST.get(gate.name, "字" * gate.longest) for gate in template.gates})


def lint(templates: Iterable[Template]) -> list[Problem]:
    """Findings, by template. Empty: all texts fit and say nothing they must not."""
    return [problem for template in templates for problem in _look(template)]


def _look(template: Template) -> Iterator[Problem]:
    text = example(template)
    if template.front.channel == "sms" and units(text) > ONE_SEGMENT:
        yield Problem(template.name, f"{units(text)} units, two segments", f"Shorten it to {ONE_SEGMENT}: every message would cost twice")
    for what in unspeakable(text):
        yield Problem(template.name, f"holds {what}", "Say it without")
    if template.front.kind is Kind.TERMINATION and tells_why(text):
        yield Problem(template.name, "tells why the benefit ended", "Leave the reason to the counter: others may hold the phone")
