"""What stands in the repository: no vendor where none belongs, no path of a machine, no file that grew past reading."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VENDORS = re.compile("aliyun|alibaba|tencent|qcloud|huawei|cmpp|smpp", re.IGNORECASE)
VENDORS_MAY_STAND = (
    "providers/",
    "templates/",
    "tests/providers/",
    "tests/standins/",
    "tests/endtoend/",
    "tests/fuzz/",
    "tests/templates/",
    "tests/render/",
    "tests/config/",
    "tests/guards/",
)
FOREIGN = {
    "a path of one machine": re.compile("(^|[^A-Za-z0-9_.])/" + "(work|farm)/"),
    "a folder that users do not have": re.compile(r"\.\./" + "shared"),
    "the host of a registry": re.compile(r"pypi\.org|python" + r"hosted\.org|npm" + r"js\.org|deb\.debian" + r"\.org"),
}
LONG_LINES = 300
LONG_FOR_A_REASON: dict[str, str] = {}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


@cache
def tracked() -> list[Path]:
    """Every file of the repository that git keeps or would keep."""
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True).stdout
    return sorted(path for name in listed.split(b"\0") if name and (path := ROOT / name.decode()).is_file())


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")


def code() -> list[Path]:
    return [path for path in tracked() if path.suffix in {".py", ".sql"}]


def test_no_vendor_is_named_outside_its_own_rooms() -> None:
    places = [path for path in code() if not shown(path).startswith(VENDORS_MAY_STAND)]
    named = [f"{shown(path)}: {found.group()}" for path in places if (found := VENDORS.search(text_of(path)))]
    assert places
    assert not named, "\n".join(named)


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_foreign_stands_in_a_tracked_file(what: str) -> None:
    found = [
        f"{shown(path)}:{number}"
        for path in tracked()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if FOREIGN[what].search(line)
    ]
    assert not found, f"{what}: {found}"


def test_a_long_file_has_a_reason() -> None:
    long = {shown(path): lines for path in code() if path.suffix == ".py" and (lines := len(text_of(path).splitlines())) > LONG_LINES}
    assert set(long) == set(LONG_FOR_A_REASON), long


def test_a_file_is_named_after_what_it_holds() -> None:
    assert not [shown(path) for path in code() if EMPTY_NAMES & set(path.relative_to(ROOT).with_suffix("").parts)]
