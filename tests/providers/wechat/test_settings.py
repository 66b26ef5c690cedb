"""The shipped examples of WeChat, WeCom and Apprise, and the docs."""

import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from msgspec import NODEFAULT
from msgspec.structs import FieldInfo, fields

from gateway.config import load
from providers.apprise import AppriseOptions
from providers.registry import build
from providers.wechat.driver import WechatOptions
from providers.wecom.driver import WecomOptions
from tests.providers.contract import Inbox
from tests.standins.platform import AES_KEY

ROOT = Path(__file__).parents[3]
SHIPPED = (ROOT / "config.toml").read_text(encoding="utf-8")
DOCS = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
SECRETS = {
    name: AES_KEY if name.endswith("AES_KEY") else "secret-of-sixteen" for name in re.findall(r"env:((?:WECHAT|WECOM)_\w+)", SHIPPED)
}


class Example(NamedTuple):
    name: str
    options: type[msgspec.Struct]

    def text(self) -> str:
        return SHIPPED.partition(f"# [providers.{self.name}]\n")[2].partition("\n\n")[0]


EXAMPLES = (Example("wechat", WechatOptions), Example("wecom", WecomOptions), Example("dingtalk", AppriseOptions))
FIELDS = [pytest.param(one, field, id=f"{one.name}.{field.name}") for one in EXAMPLES for field in fields(one.options)]


@pytest.mark.parametrize(("example", "field"), FIELDS)
def test_every_key_stands_in_its_example_with_its_true_default_and_in_the_docs(example: Example, field: FieldInfo) -> None:
    assert re.search(rf"[` \n]{field.name}[` \n]", DOCS)
    found = re.search(rf"^# (.+)\n# {field.name} = ", example.text(), re.MULTILINE)
    assert found, f"{field.name} stands nowhere"
    if field.default is NODEFAULT and field.default_factory is NODEFAULT:
        assert found[1].endswith("Required.")
        return
    default: Any = field.default_factory() if field.default is NODEFAULT else field.default
    assert tomllib.loads(f"x = {found[1].rpartition('Default: ')[2]}")["x"] == default


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_works_once_its_marks_are_taken_away(tmp_path: Path, example: Example) -> None:
    keys = [line.removeprefix("# ") for line in example.text().splitlines() if re.match(r"# [a-z_]+ = ", line)]
    file = tmp_path / "config.toml"
    file.write_text("\n".join([f"[providers.{example.name}]", *keys]), encoding="utf-8")
    section = load(file, environ=SECRETS).providers[example.name]
    assert set(section.options) == {field.name for field in fields(example.options)}
    assert build(section.settings(example.name), Inbox().receive).settings.name == example.name
