"""The shipped config.toml, the schema and the docs tell the same story."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from gateway.config import Config, load
from providers.http import HttpOptions
from providers.registry import DRIVERS
from providers.sandbox import SandboxOptions

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "config.toml").read_text(encoding="utf-8")
DOCS = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
HEADERS = {"route": "[[route]]", "providers": "[providers.", "webhooks": "[webhooks.", "lookup": "[lookup."}
REQUIRED, ALL_LANES = "Required.", "Default: all lanes"


def keys() -> Iterator[tuple[str, str, Any]]:
    """(section, key, default) of the whole schema; NODEFAULT where a key is required."""
    for section, hint in get_type_hints(Config).items():
        kind = next(arg for arg in (hint, *get_args(hint)) if isinstance(arg, type) and get_origin(arg) is None and issubclass(arg, Struct))
        for field in fields(kind):
            if field.name not in {"options", "regions"}:
                made = field.default is NODEFAULT and field.default_factory is not NODEFAULT
                yield section, field.name, field.default_factory() if made else field.default


KEYS = list(keys())


def section_text(text: str, header: str) -> str:
    """From a header (perhaps commented out) to the next one."""
    start = re.search(rf"^(?:# |## `)?{re.escape(header)}", text, re.MULTILINE)
    assert start, f"no section {header}"
    rest = text[start.end() :]
    following = re.search(r"^(?:# )?\[|^## ", rest, re.MULTILINE)
    return rest[: following.start()] if following else rest


def comment_above(section: str, key: str) -> str:
    found = re.search(rf"((?:^#[^\n]*\n)+)(?:# )?{key} = ", section, re.MULTILINE)
    assert found, f"{key} stands nowhere, or has no comment"
    return found[1].strip()


def plain(value: Any) -> Any:
    return [plain(entry) for entry in value] if isinstance(value, tuple | list) else value


def test_the_shipped_file_runs_as_it_is() -> None:
    config = load(ROOT / "config.toml", environ={})
    assert config.store.embedded
    assert config.redis.embedded
    assert {route.channel: [config.providers[name].driver for name in route.providers] for route in config.route} == {
        "sms": ["sandbox"],
        "wechat": ["sandbox"],
    }


@pytest.mark.parametrize(("section", "key", "default"), KEYS, ids=[f"{section}.{key}" for section, key, _ in KEYS])
def test_every_key_is_shipped_with_a_comment_and_its_true_default(section: str, key: str, default: Any) -> None:
    comment = comment_above(section_text(SHIPPED, HEADERS.get(section, f"[{section}]")), key)
    if default is NODEFAULT:
        assert comment.endswith(REQUIRED)
    elif default is None:
        assert comment.endswith(ALL_LANES)
    else:
        assert tomllib.loads(f"x = {comment.rpartition('Default: ')[2]}")["x"] == plain(default)


@pytest.mark.parametrize(("section", "key", "default"), KEYS, ids=[f"{section}.{key}" for section, key, _ in KEYS])
def test_every_key_stands_in_the_docs_with_its_true_default(section: str, key: str, default: Any) -> None:
    text = section_text(DOCS, HEADERS.get(section, f"[{section}]"))
    row = next((line for line in text.splitlines() if line.startswith(f"| `{key}` |")), "")
    assert row, f"{section}.{key} is not documented"
    told = row.split(" | ")[2]
    if default is NODEFAULT:
        assert told == "required"
    elif default is None:
        assert told == "all lanes"
    else:
        assert tomllib.loads(f"x = {told.strip('`')}")["x"] == plain(default)


@pytest.mark.parametrize("field", [*fields(SandboxOptions), *fields(HttpOptions)], ids=lambda field: field.name)
def test_every_key_of_a_shipped_driver_stands_in_the_file_and_the_docs(field: FieldInfo) -> None:
    comment = comment_above(SHIPPED[SHIPPED.index("[providers.") :], field.name)
    assert re.search(rf"[` ]{field.name}[` ]", section_text(DOCS, "[providers."))
    if field.default is NODEFAULT and field.default_factory is NODEFAULT:
        assert comment.endswith(REQUIRED)
    elif field.default is None:
        assert comment.endswith("Default: none are read")
    else:
        default = field.default_factory() if field.default is NODEFAULT else field.default
        assert tomllib.loads(f"x = {comment.rpartition('Default: ')[2]}")["x"] == default


def test_the_example_of_a_vendor_works_once_its_marks_are_taken_away(tmp_path: Path) -> None:
    example = section_text(SHIPPED, "[providers.acme]").partition("# Backends")[0]
    keys = [line.removeprefix("# ") for line in example.splitlines() if re.match(r"# [a-z_]+ = ", line)]
    file = tmp_path / "config.toml"
    file.write_text("\n".join(["[providers.acme]", *keys]), encoding="utf-8")
    acme = load(file, environ={"ACME_TOKEN": "x", "ACME_CALLBACK_TOKEN": "y"}).providers["acme"]
    assert acme.callback_tokens == ("y",)
    assert set(acme.options) == set(HttpOptions.__struct_fields__)


FAKES = {"AES_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "URL": "https://si.example.cn/callbacks/huawei/t", "SP_ID": "901234"}
EXAMPLES = re.findall(r"^# \[providers\.([a-z]+)\]", SHIPPED, re.MULTILINE)


def uncommented(text: str) -> str:
    """With every section and key of it set that is shown in a comment."""
    return re.sub(r"^# ((?:\[[a-z.]+\]|[a-z0-9_]+ = ).*)$", lambda line: line[1] if parses(line[1]) else line[0], text, flags=re.MULTILINE)


def parses(line: str) -> bool:
    """Whether it is TOML, and not a sentence that looks a little like it."""
    try:
        return bool(tomllib.loads(line)) or line.startswith("[")
    except tomllib.TOMLDecodeError:
        return False


def faked(text: str) -> dict[str, str]:
    """A value for every variable that a text names."""
    names = set(re.findall(r'"env:([A-Z0-9_]+)"', text))
    return {name: next((fake for end, fake in FAKES.items() if name.endswith(end)), "fake0123") for name in names}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_of_a_provider_works_once_its_marks_are_taken_away(name: str, tmp_path: Path) -> None:
    section = section_text(SHIPPED, f"[providers.{name}]").partition("# Backends")[0]
    file = tmp_path / "config.toml"
    file.write_text(f"[providers.{name}]\n{uncommented(section)}\n[[route]]\nchannel = 'sms'\nproviders = ['{name}']", encoding="utf-8")
    found = load(file, environ=faked(section)).providers[name]
    assert found.options
    assert "env:" not in str(found.options)


def test_there_is_an_example_of_every_driver() -> None:
    assert {driver for _, driver in re.findall(r'^(# )?driver = "([a-z]+)"', SHIPPED, re.MULTILINE)} == set(DRIVERS)


def test_the_whole_file_works_with_all_of_its_marks_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(uncommented(SHIPPED), encoding="utf-8")
    config = load(file, environ=faked(SHIPPED))
    assert set(config.providers) == {"sandbox_sms", "sandbox_wechat", *EXAMPLES}


def test_the_shipped_file_names_no_key_twice_and_sets_only_defaults() -> None:
    shipped = tomllib.loads(SHIPPED)
    defaults = {(section, key): plain(default) for section, key, default in KEYS}
    for section, table in shipped.items():
        if isinstance(table, dict) and section not in HEADERS:
            assert {key: defaults[section, key] for key in table} == table
