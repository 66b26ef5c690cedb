"""The docs name what is there: pages, modules, invariants, commands with their options, settings, metrics, log lines."""

import re
from functools import cache
from pathlib import Path
from typing import get_type_hints

import click
import pytest

from gateway.cli.main import COMMANDS, build
from gateway.config import Config
from gateway.roles.ports import Rooms
from scheduler import calendar
from scheduler.roles import open_jobs, run_scheduler, run_worker
from tests.config.test_shipped import KEYS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
READMES = ("README.md", "README.zh-CN.md")
INDEX = (DOCS / "README.md").read_text(encoding="utf-8")
PAGES = sorted({path.name for path in DOCS.glob("*.md")} - {"README.md"})
EVERYWHERE = ("--config", "--help")


@cache
def text_of(page: str) -> str:
    return (ROOT / page if page in READMES else DOCS / page).read_text(encoding="utf-8")


def code_in(page: str) -> list[str]:
    """What stands between backticks, and indented lines."""
    return re.findall(r"`([^`\n]+)`", text_of(page)) + re.findall(r"^    (.+)$", text_of(page), re.MULTILINE)


@cache
def commands() -> dict[str, click.Command]:
    """Every command by its words: `token create`."""
    group = build(Rooms(calendar, calendar, open_jobs, run_worker, run_scheduler))
    context = click.Context(group)
    found: dict[str, click.Command] = {}
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        inner = command.commands if isinstance(command, click.Group) else {}
        found |= {f"{name} {below}": one for below, one in inner.items()} or {name: command}
    return found


def options_of(command: click.Command) -> set[str]:
    return {flag for parameter in command.params if isinstance(parameter, click.Option) for flag in parameter.opts if flag.startswith("--")}


def test_every_page_stands_in_the_index() -> None:
    assert [page for page in PAGES if f"]({page})" not in INDEX] == []


def test_every_module_that_the_architecture_names_is_there() -> None:
    named = {code.rstrip("/") for code in code_in("architecture.md") if re.fullmatch(r"[\w-]+(/[\w-]+)*(\.py|/)?", code)}
    named = {name for name in named if "/" in name or name.endswith(".py")} - {"providers/NAME.py", "providers/NAME"}
    assert len(named) > 40
    places = (ROOT, ROOT / "gateway")
    missing = [name for name in sorted(named) if not any((place / name).exists() for place in places)]
    assert missing == []


def test_every_invariant_has_its_row_and_its_test() -> None:
    rows = [int(number) for number in re.findall(r"^\| (\d+) [a-z]", text_of("architecture.md"), re.MULTILINE)]
    tests = sorted(int(path.name.split("_")[1]) for path in (ROOT / "tests" / "invariants").glob("test_*.py"))
    assert rows == tests == list(range(1, 12))


@pytest.mark.parametrize("page", [*PAGES, *READMES])
def test_every_command_that_is_named_is_there_with_its_options(page: str) -> None:
    wrong = []
    for line in (code for code in code_in(page) if code.startswith("tixing ")):
        words = line.split("#")[0].replace("\\|", "|").split()[1:]
        known = [one for name, one in commands().items() if name == " ".join(words[:2]) or name.split()[0] == words[0]]
        flags = {word.strip("[]").split("=")[0] for word in words if word.strip("[]").startswith("--")}
        offered = {flag for one in known for flag in options_of(one)} | set(EVERYWHERE)
        if not known or not flags <= offered:
            wrong.append(line)
    assert wrong == []


def test_every_option_of_a_command_stands_in_the_docs() -> None:
    told = "\n".join(text_of(page) for page in ["README.md", *PAGES])
    untold = {f"{name} {flag}" for name, one in commands().items() for flag in options_of(one) - set(EVERYWHERE) if flag not in told}
    assert untold == set()


@pytest.mark.parametrize("page", [*PAGES, *READMES])
def test_every_setting_that_is_named_is_there(page: str) -> None:
    sections = set(get_type_hints(Config))
    known = {f"{section}.{key}" for section, key, _ in KEYS}
    named = {found for code in code_in(page) for found in re.findall(r"^([a-z]+\.[a-z_]+)\b", code) if found.split(".")[0] in sections}
    assert {name for name in named if not name.endswith(".py")} <= known


@pytest.mark.parametrize("page", [*PAGES, *READMES])
def test_every_metric_that_is_named_is_there(page: str) -> None:
    known = set(re.findall(r"^\| `(tixing_\w+)` \|", text_of("metrics.md"), re.MULTILINE))
    assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in re.findall(r"\btixing_\w+", text_of(page))} <= known


def test_every_log_line_that_operators_look_for_is_written() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for top in ("gateway", "scheduler") for path in (ROOT / top).rglob("*.py"))
    named = [
        name for row in re.findall(r"^\| log (.*?) \|", text_of("operations.md"), re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    ]
    assert len(named) >= 5
    assert [name for name in named if f'"{name}"' not in code] == []
