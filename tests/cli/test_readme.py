"""The READMEs promise what is there."""

import re

import msgspec
import pytest

from gateway.cli.main import COMMANDS
from gateway.events import DATA_OF
from gateway.words import EventType
from tests.cli.conftest import ROOT

READMES = ("README.md", "README.zh-CN.md")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*READMES, "CHANGELOG.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_every_link_leads_somewhere(name: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)", text_of(name)) if "://" not in link]
    missing = [link for link in links if not (ROOT / name).parent.joinpath(link).exists()]
    assert not missing


@pytest.mark.parametrize("name", READMES)
def test_every_command_stands_in_the_table(name: str) -> None:
    listed = set(re.findall(r"^\| `tixing (\w+)", text_of(name), re.MULTILINE))
    assert listed == set(COMMANDS)


@pytest.mark.parametrize("name", READMES)
def test_every_verb_that_is_named_is_in_the_makefile(name: str) -> None:
    verbs = set(re.findall(r"\bmake ([a-z]+)\b", text_of(name)))
    assert {"run", "test", "demo"} <= verbs
    assert verbs <= set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("name", READMES)
def test_the_event_to_try_is_one_that_intake_takes(name: str) -> None:
    body = re.findall(r"-d '(\{.*?\})'", text_of(name), re.DOTALL)[0]
    event = msgspec.json.decode(body)
    assert event["specversion"] == "1.0"
    msgspec.convert(event["data"], DATA_OF[EventType(event["type"])])


def test_both_languages_have_the_same_chapters() -> None:
    english, chinese = (re.findall(r"^(#+) ", text_of(name), re.MULTILINE) for name in READMES)
    assert english == chinese
