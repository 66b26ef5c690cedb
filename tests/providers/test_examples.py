"""The examples of providers in config.toml work once their marks are taken away, and name every key of the driver with its true default."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from gateway.config import load
from providers.aliyun.options import AliyunOptions
from providers.apprise import AppriseOptions
from providers.huawei.driver import HuaweiOptions
from providers.registry import build
from providers.smpp.options import SmppOptions
from providers.tencent.driver import TencentOptions
from providers.wechat.driver import WechatOptions
from providers.wecom.driver import WecomOptions
from tests.providers.contract import Inbox
from tests.standins.platform import AES_KEY

ROOT: Final = Path(__file__).parents[2]
SHIPPED: Final = (ROOT / "config.toml").read_text(encoding="utf-8")
DOCS: Final = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
OPTIONS: Final[dict[str, type[Struct]]] = {
    "smsc": SmppOptions,
    "wechat": WechatOptions,
    "wecom": WecomOptions,
    "aliyun": AliyunOptions,
    "tencent": TencentOptions,
    "huawei": HuaweiOptions,
    "dingtalk": AppriseOptions,
}
"""The section of each example, and the keys of its driver."""
KEYS: Final = [pytest.param(name, field, id=f"{name}.{field.name}") for name, kind in OPTIONS.items() for field in fields(kind)]
SHORT: Final = {"SMSC_SYSTEM_ID": "us", "SMSC_PASSWORD": "secret"}


def example(name: str) -> str:
    return SHIPPED.partition(f"# [providers.{name}]\n")[2].partition("\n\n")[0]


def secret(name: str) -> str:
    return AES_KEY if name.endswith("AES_KEY") else SHORT.get(name, "secret-of-sixteen")


@pytest.mark.parametrize("name", OPTIONS)
def test_an_example_makes_a_provider(name: str, tmp_path: Path) -> None:
    lines = [line.removeprefix("# ") for line in example(name).splitlines() if re.match(r"# [a-z_]+ = ", line)]
    file = tmp_path / "config.toml"
    file.write_text("\n".join([f"[providers.{name}]", *lines]), encoding="utf-8")
    section = load(file, environ={found: secret(found) for found in re.findall(r"env:([A-Z_]+)", example(name))}).providers[name]
    assert set(section.options) == set(OPTIONS[name].__struct_fields__)
    made = build(section.settings(name), Inbox().receive)
    assert (made.settings.driver, made.settings.name) == (section.driver, name)


@pytest.mark.parametrize(("name", "field"), KEYS)
def test_every_key_has_a_comment_with_its_true_default_and_stands_in_the_docs(name: str, field: FieldInfo) -> None:
    assert re.search(rf"[` \n]{field.name}[` \n]", DOCS)
    found = re.search(rf"((?:^# [A-Z][^\n]*\n(?:# [^\n]*\n)*?))# {field.name} = ", example(name), re.MULTILINE)
    assert found, f"{field.name} stands nowhere, or has no comment"
    comment = found[1].strip()
    if field.default is NODEFAULT and field.default_factory is NODEFAULT:
        assert comment.endswith("Required.")
        return
    default: Any = field.default_factory() if field.default is NODEFAULT else field.default
    assert tomllib.loads(f"x = {comment.rpartition('Default: ')[2]}")["x"] == default
