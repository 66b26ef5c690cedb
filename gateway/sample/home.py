"""A gateway of its own for the demo: a temporary folder, a configuration that reaches nobody, every role as a process."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

KEPT = ("ladder", "cycle", "signatures")
"""Sections of the user's configuration that a demo shows; all else is the demo's own."""
CHANNELS = ("sms", "wechat")
STOP_S = 60.0
PROVIDER = """
[[route]]
channel = "{channel}"
providers = ["sandbox_{channel}"]

[providers.sandbox_{channel}]
driver = "sandbox"
batch_size = 100
# A demo does not wait for days: a vendor that says nothing is given up after seconds.
timeout_s = 2
lease_s = 8
receipt_timeout_h = 0.002
"""


class Home(Struct, frozen=True):
    """The folder, its configuration and log, and the API's port."""

    folder: Path
    port: int

    @property
    def config(self) -> Path:
        """Its config.toml."""
        return self.folder / "config.toml"

    @property
    def log(self) -> Path:
        """What its processes say."""
        return self.folder / "gateway.log"

    @property
    def url(self) -> str:
        """The API's address."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def temporary_home(config: Path | None) -> Iterator[Home]:
    """A folder that is gone in the end, with a configuration after `config` (None: defaults)."""
    folder = Path(tempfile.mkdtemp(prefix="tixing-demo-"))
    folder.chmod(0o711)  # run by root, the account that runs PostgreSQL must pass through
    home = Home(folder, _free_port())
    try:
        home.config.write_text(_configuration(config, home.port), encoding="utf-8")
        yield home
    finally:
        shutil.rmtree((folder / "var" / "postgres").resolve(), ignore_errors=True)  # elsewhere, where root had to place it so
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(home: Home) -> Iterator["subprocess.Popen[bytes]"]:
    """A whole gateway in that home, drained and stopped in the end."""
    with home.log.open("wb") as log:
        process = _start(home, log)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _start(home: Home, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIXING_")}
    arguments = [sys.executable, "-m", "gateway", "serve", "--config", str(home.config)]
    # A group of its own: Ctrl-C reaches the demo alone, which then stops this in order.
    return subprocess.Popen(arguments, stdout=log, stderr=log, env=environment, start_new_session=True)  # noqa: S603 - ourselves


def _configuration(config: Path | None, port: int) -> str:
    document = tomllib.loads(config.read_text(encoding="utf-8-sig")) if config is not None else {}
    lines = [f"[server]\nport = {port}\n\n[sending]\nwindow = ['00:00', '24:00']\n\n[log]\nformat = 'json'\n"]
    for section in KEPT:
        entries = document.get(section, {})
        lines += [
            f"\n[{section}]",
            *(f"{msgspec.json.encode(key).decode()} = {msgspec.json.encode(value).decode()}" for key, value in entries.items()),
        ]
    lines += [PROVIDER.format(channel=channel) for channel in CHANNELS]
    return "\n".join(lines)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
