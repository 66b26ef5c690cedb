"""Commands as processes over embedded engines, which the session holds so that each command only joins them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.config import load
from gateway.engines.host import EngineHost
from gateway.security.opening import open_keyring
from tests.conftest import make_data_dir, remove_data_dir

ROOT = Path(__file__).parents[2]
CONFIG = """
[[route]]
channel = "sms"
providers = ["sandbox_sms"]

[providers.sandbox_sms]
driver = "sandbox"
batch_size = 100
"""
WITHIN_S = 60


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


@dataclass(frozen=True)
class Home:
    """A folder with a config.toml and its data."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def data(self) -> Path:
        return self.folder / "var"

    def run(self, *arguments: str, **environment: str) -> Ended:
        """Runs `tixing ARGUMENTS` to its end, with the environment of a user who set nothing but `environment`."""
        given: dict[str, Any] = {name: value for name, value in os.environ.items() if not name.startswith("TIXING")}
        done = subprocess.run(
            [sys.executable, "-m", "gateway", *arguments],
            cwd=self.folder, env=given | {"PYTHONPATH": str(ROOT)} | environment, capture_output=True, text=True, timeout=WITHIN_S, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def done(self, *arguments: str, **environment: str) -> str:
        """Standard output of a command that must end with 0."""
        ended = self.run(*arguments, **environment)
        assert ended.code == 0, ended.said
        return ended.out

    @property
    def dsn(self) -> str:
        """Where the store of this home is, while its engines run."""
        return EngineHost(self.data, "embedded", "embedded").store_dsn

    async def rows(self, statement: str) -> list[tuple[object, ...]]:
        """What a statement gives on the store itself."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()


@pytest.fixture
def bare() -> Iterator[Home]:
    """A folder with a configuration, whose engines nobody started."""
    folder = make_data_dir()
    (folder / "config.toml").write_text(CONFIG)
    yield Home(folder)
    remove_data_dir(folder / "var")
    remove_data_dir(folder)


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """The same for all tests of a module, with engines that run."""
    folder = make_data_dir()
    found = Home(folder)
    found.config.write_text(CONFIG)
    open_keyring(load(found.config, environ={}))
    host = EngineHost(found.data, "embedded", "embedded")
    host.join()
    yield found
    host.leave()
    remove_data_dir(found.data)
    remove_data_dir(folder)
