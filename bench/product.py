"""The product under test, as its users run it: one process a role over embedded engines, in a folder of its own."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from bench.processes import Child, HarnessError, free_port, wait_until
from gateway.engines.postgres import PostgresServer
from gateway.engines.redis import RedisServer
from tests.standins import vendor_config

START_S = 120.0
TREE = Path(__file__).resolve().parent.parent
"""The checkout whose product is run, unless another is named."""
CALLBACK_TOKEN = "bench-callback-token-0001"  # noqa: S105 - of a stand-in on the loopback
SECTION = "standin"


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorTerms:
    """How the gateway is told to speak to the stand-in."""

    url: str
    batch_size: int = 1
    connections: int = 50
    timeout_s: float = 10
    lease_s: float = 30
    receipt_timeout_h: float = 72


@dataclass(kw_only=True)
class Product:
    """One gateway. `home` holds its config, logs and data; `tree` is the checkout to run; `command` can be another program for dry runs."""

    home: Path
    terms: VendorTerms
    tree: Path = TREE
    command: tuple[str, ...] = (sys.executable, "-m", "gateway")
    port: int = field(default_factory=free_port)
    children: dict[str, Child] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.chmod(0o711)  # the account that runs PostgreSQL must pass through
        self.config.write_text(config_text(self.port, self.terms))
        self.postgres = PostgresServer(self.home / "var")
        self.redis = RedisServer(self.home / "var")

    @property
    def config(self) -> Path:
        """Its config.toml."""
        return self.home / "config.toml"

    @property
    def url(self) -> str:
        """The API's address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, workers: int = 1) -> str:
        """Starts every role and waits until each is ready; returns a token that may post and read."""
        self.start_role("api")
        self.wait_ready("api")
        names = [f"worker{n + 1}" for n in range(workers)] + ["scheduler"]
        for name in names:
            self.start_role(name)
        for name in names:
            self.wait_ready(name)
        return self.run("token", "create", "bench", "--scope", "events", "--scope", "read", "--scope", "operate").strip()

    def start_role(self, name: str) -> None:
        """Starts one role: api, scheduler, worker1, worker2 …; not yet ready."""
        role = name.rstrip("0123456789")
        port = self.port if role == "api" else self.ports.setdefault(name, free_port())
        argv = [*self.command, "serve", "--role", role, "--config", str(self.config)]
        env = {"TIXING__METRICS__PORT": str(port)} if role != "api" else {}
        self.children[name] = Child(name, argv, self.home / f"{name}.log", cwd=self.tree, env={"PYTHONPATH": str(self.tree), **env})

    def wait_ready(self, name: str, within_s: float = START_S) -> float:
        """Waits until the role says that it is ready; returns the seconds that took."""
        port = self.port if name == "api" else self.ports[name]
        return wait_until(f"{name} ready", lambda: is_ready(port), within_s=within_s, child=self.children[name])

    def run(self, *arguments: str) -> str:
        """Runs one of the product's commands to its end; returns what it wrote. Raises HarnessError where it fails."""
        status, said = self.try_run(*arguments)
        if status != 0:
            raise HarnessError(f"tixing {' '.join(arguments)} ended with {status}:\n{said}")
        return said

    def try_run(self, *arguments: str, within_s: float = 300) -> tuple[int, str]:
        """As `run`; returns (exit status, what it wrote: standard output, and after a failure standard error too)."""
        argv = [*self.command, *arguments, "--config", str(self.config)]
        done = subprocess.run(
            argv, cwd=self.tree, env={**os.environ, "PYTHONPATH": str(self.tree)}, capture_output=True, timeout=within_s, check=False
        )
        said = done.stdout if done.returncode == 0 else done.stdout + done.stderr
        return done.returncode, said.decode(errors="replace")

    def engine_pids(self) -> dict[str, list[int]]:
        """The first processes of the embedded engines."""
        found = {"postgres": self.postgres.pid(), "redis": self.redis.pid()}
        return {name: [pid] if pid is not None else [] for name, pid in found.items()}

    def groups(self) -> dict[str, list[int]]:
        """Process ids by what they are, for the meter."""
        workers = [child.pid for name, child in self.children.items() if name.startswith("worker")]
        named = {name: [child.pid] for name, child in self.children.items() if not name.startswith("worker")}
        return {"api": named.get("api", []), "worker": workers, "scheduler": named.get("scheduler", []), **self.engine_pids()}

    def stop(self) -> None:
        """Stops every role; the last one out stops the engines. What they leave is stopped by its id."""
        for child in list(self.children.values()):
            child.stop()
        self.children.clear()
        for engine in (self.postgres, self.redis):
            engine.stop()

    def tails(self) -> str:
        """The ends of all logs, for a report of what went wrong."""
        return "\n".join(child.tail() for child in self.children.values())


def is_ready(port: int) -> bool:
    """What /readyz of this port says."""
    answer = fetch(f"http://127.0.0.1:{port}/readyz")
    return answer is not None and answer[0] == HTTPStatus.OK


def fetch(url: str, within_s: float = 5, token: str = "") -> tuple[int, bytes] | None:
    """GET: (status, body), or None where nobody answers."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})  # noqa: S310 - always http to the loopback
    try:
        with urllib.request.urlopen(request, timeout=within_s) as response:  # noqa: S310 - see above
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return None


def config_text(port: int, terms: VendorTerms) -> str:
    """The whole config.toml of a run: everything embedded, one vendor, a window that is always open."""
    return f"""
[server]
host = "127.0.0.1"
port = {port}

[sending]
window = ["00:00", "24:00"]

[[route]]
channel = "sms"
providers = ["{SECTION}"]

[log]
level = "warning"

[providers.{SECTION}]
{section_text(terms)}
"""


def section_text(terms: VendorTerms) -> str:
    """What stands under `[providers.NAME]`: the stand-in's own settings, and the terms of this run."""
    settings = vendor_config.config(terms.url, batch_size=terms.batch_size) | {
        "connections": terms.connections,
        "timeout_s": terms.timeout_s,
        "lease_s": terms.lease_s,
        "receipt_timeout_h": terms.receipt_timeout_h,
        "callback_tokens": [CALLBACK_TOKEN],
    }
    return "\n".join(f"{key} = {toml(value)}" for key, value in settings.items())


def toml(value: Any) -> str:
    """A value in TOML, tables inline."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
