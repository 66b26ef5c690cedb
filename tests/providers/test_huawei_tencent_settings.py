"""The examples of `huawei` and `tencent` in config.toml work once their marks are taken away, and name every key with its true default."""

import re
import tomllib
from pathlib import Path

import pytest
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from gateway.config import load
from providers.huawei.driver import HuaweiOptions
from providers.registry import build
from providers.tencent.driver import TencentOptions
from tests.providers.contract import Inbox

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "config.toml").read_text(encoding="utf-8")
DOCS = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
OPTIONS: dict[str, type[Struct]] = {"huawei": HuaweiOptions, "tencent": TencentOptions}
KEYS = [pytest.param(name, field, id=f"{name}.{field.name}") for name, kind in OPTIONS.items() for field in fields(kind)]


def example(name: str) -> str:
    rest = SHIPPED.partition(f"# [providers.{name}]\n")[2]
    return rest[: rest.index("\n\n")]


@pytest.mark.parametrize("name", OPTIONS)
def test_an_example_makes_a_provider(name: str, tmp_path: Path) -> None:
    lines = [line.removeprefix("# ") for line in example(name).splitlines() if re.match(r"# [a-z_]+ = ", line)]
    file = tmp_path / "config.toml"
    file.write_text("\n".join([f"[providers.{name}]", *lines]), encoding="utf-8")
    environ = dict.fromkeys(re.findall(r"env:([A-Z_]+)", example(name)), "x" * 16)
    section = load(file, environ=environ).providers[name]
    assert set(section.options) == set(OPTIONS[name].__struct_fields__)
    assert build(section.settings(name), Inbox().receive).settings.driver == name


@pytest.mark.parametrize(("name", "field"), KEYS)
def test_every_key_of_an_example_has_a_comment_with_its_true_default(name: str, field: FieldInfo) -> None:
    assert re.search(rf"[` \n]{field.name}[` \n]", DOCS)
    found = re.search(rf"((?:^# [A-Z][^\n]*\n(?:# [^\n]*\n)*?))# {field.name} = ", example(name), re.MULTILINE)
    assert found, f"{field.name} stands nowhere, or has no comment"
    comment = found[1].strip()
    if field.default is NODEFAULT and field.default_factory is NODEFAULT:
        assert comment.endswith("Required.")
    else:
        default = field.default_factory() if field.default is NODEFAULT else field.default
        assert tomllib.loads(f"x = {comment.rpartition('Default: ')[2]}")["x"] == default
