"""Processes that a harness starts: each with its log, each stopped by its own id."""

import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any

PORTS = range(20_000, 32_000)
"""Below those that the system gives to outgoing connections (ip_local_port_range)."""
STOP_S = 20.0
"""How long a process may take to end by itself after SIGTERM."""


class HarnessError(Exception):
    """The harness cannot go on: says what it was waiting for, and shows the end of the log concerned."""


class TimeUpError(Exception):
    """The whole run took longer than it may."""


def free_port() -> int:
    """A TCP port of the loopback that nobody uses right now, and that no outgoing connection is given while whoever listens there is away."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise HarnessError("no port is free")


@contextmanager
def stopped_on_sigterm() -> Iterator[None]:
    """Turns SIGTERM into SystemExit, so that `finally` clauses end what was started."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def bounded(seconds: int) -> Iterator[None]:
    """Raises TimeUpError in the main thread when the time is over, whatever it is doing."""

    def over(_number: int, _frame: FrameType | None) -> None:
        raise TimeUpError(f"not done within {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Child:
    """One process of ours. Standard output is piped where `talks`, else it goes to the log with standard error."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        log: Path,
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        talks: bool = False,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log = log
        with log.open("ab") as sink:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(
                self.argv,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else sink,
                stderr=sink,
                start_new_session=True,  # Ctrl-C reaches the harness alone, which then stops each in order
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """True until it has ended."""
        return self.process.poll() is None

    def signal(self, number: int) -> None:
        """Sends a signal, if it still runs."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL, and waits for its end."""
        self.signal(signal.SIGKILL)
        self.process.wait(STOP_S)
        self._close()

    def stop(self, within_s: float = STOP_S) -> int:
        """SIGTERM; kill -9 for one that does not end in time. Returns the exit status."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
        self._close()
        return int(self.process.returncode)

    def tell(self, line: str) -> None:
        """Writes a line to its standard input."""
        pipe = _pipe(self.process.stdin)
        pipe.write(line.encode() + b"\n")
        pipe.flush()

    def hear(self) -> Any:
        """Reads a line of JSON from its standard output; blocks. Raises HarnessError at its end."""
        line = _pipe(self.process.stdout).readline()
        if not line:
            raise HarnessError(f"{self.name} ended before it answered\n{self.tail()}")
        return json.loads(line)

    def tail(self, lines: int = 25) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"  {self.name} | {line}" for line in text[-lines:])

    def _close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise HarnessError("this process was started without pipes")
    return pipe


def wait_until(what: str, holds: Callable[[], bool], *, within_s: float, every_s: float = 0.05, child: Child | None = None) -> float:
    """Waits until `holds()`; returns the seconds it took. Raises HarnessError when time is up or the child ended."""
    start = time.monotonic()
    while not holds():
        if child is not None and not child.alive:
            raise HarnessError(f"{child.name} ended with {child.process.returncode} while waiting for: {what}\n{child.tail()}")
        if time.monotonic() - start > within_s:
            raise HarnessError(f"not within {within_s:g} s: {what}" + (f"\n{child.tail()}" if child else ""))
        time.sleep(every_s)
    return time.monotonic() - start
