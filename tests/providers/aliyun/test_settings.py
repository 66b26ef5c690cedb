"""The example of `aliyun` in config.toml works once its marks are taken away, and names every key with its true default."""

import re
import tomllib
from pathlib import Path

import pytest
from msgspec import NODEFAULT
from msgspec.structs import FieldInfo, fields

from gateway.config import load
from providers.aliyun import Aliyun
from providers.aliyun.options import AliyunOptions
from providers.registry import build
from tests.providers.contract import Inbox

ROOT = Path(__file__).parents[3]
SHIPPED = (ROOT / "config.toml").read_text(encoding="utf-8").partition("# [providers.aliyun]\n")[2].partition("\n\n")[0]
DOCS = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8").partition("`aliyun` has `")[2].partition("`")[0]


def test_the_example_makes_a_provider(tmp_path: Path) -> None:
    lines = [line.removeprefix("# ") for line in SHIPPED.splitlines() if re.match(r"# [a-z_]+ = ", line)]
    file = tmp_path / "config.toml"
    file.write_text("\n".join(["[providers.aliyun]", *lines]), encoding="utf-8")
    section = load(file, environ=dict.fromkeys(re.findall(r"env:([A-Z_]+)", SHIPPED), "x" * 16)).providers["aliyun"]
    assert set(section.options) == set(AliyunOptions.__struct_fields__)
    provider = build(section.settings("aliyun"), Inbox().receive)
    assert isinstance(provider, Aliyun)
    assert provider.settings.batch_size == 100


@pytest.mark.parametrize("field", fields(AliyunOptions), ids=lambda field: field.name)
def test_every_key_has_a_comment_with_its_true_default_and_stands_in_the_docs(field: FieldInfo) -> None:
    assert field.name in DOCS.split()
    found = re.search(rf"((?:^# [A-Z][^\n]*\n(?:# [^\n]*\n)*?))# {field.name} = ", SHIPPED, re.MULTILINE)
    assert found, f"{field.name} stands nowhere, or has no comment"
    comment = found[1].strip()
    if field.default is NODEFAULT and field.default_factory is NODEFAULT:
        assert comment.endswith("Required.")
    else:
        default = field.default_factory() if field.default is NODEFAULT else field.default
        assert tomllib.loads(f"x = {comment.rpartition('Default: ')[2]}")["x"] == default
