"""The shipped example of an SMPP provider, and the docs."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from msgspec import NODEFAULT
from msgspec.structs import FieldInfo, fields

from gateway.config import load
from providers.registry import build
from providers.smpp.options import SmppOptions
from tests.providers.contract import Inbox

ROOT = Path(__file__).parents[3]
SHIPPED = (ROOT / "config.toml").read_text(encoding="utf-8").partition("# [providers.smsc]\n")[2].partition("\n\n")[0]
DOCS = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def told(key: str) -> str:
    """The comment above a key of the example."""
    found = re.search(rf"^# (.+)\n# {key} = ", SHIPPED, re.MULTILINE)
    assert found, f"{key} stands nowhere"
    return found[1]


@pytest.mark.parametrize("field", fields(SmppOptions), ids=lambda field: field.name)
def test_every_key_stands_in_the_example_with_its_true_default_and_in_the_docs(field: FieldInfo) -> None:
    assert re.search(rf"[` \n]{field.name}[` \n]", DOCS)
    if field.default is NODEFAULT and field.default_factory is NODEFAULT:
        assert told(field.name).endswith("Required.")
        return
    default: Any = field.default_factory() if field.default is NODEFAULT else field.default
    assert tomllib.loads(f"x = {told(field.name).rpartition('Default: ')[2]}")["x"] == default


def test_the_example_works_once_its_marks_are_taken_away(tmp_path: Path) -> None:
    keys = [line.removeprefix("# ") for line in SHIPPED.splitlines() if re.match(r"# [a-z_]+ = ", line)]
    file = tmp_path / "config.toml"
    file.write_text("\n".join(["[providers.smsc]", *keys]), encoding="utf-8")
    smsc = load(file, environ={"SMSC_SYSTEM_ID": "us", "SMSC_PASSWORD": "secret"}).providers["smsc"]
    assert set(smsc.options) == {field.name for field in fields(SmppOptions)}
    assert build(smsc.settings("smsc"), Inbox().receive).settings.connections == 2
