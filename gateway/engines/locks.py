"""Locks between processes, by flock: the kernel gives them back whenever a process ends, however it ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.engines.errors import EngineError

POLL_S = 0.01
WAIT_S = 300.0
"""Longest wait for another process: one that stops or recovers a database may take minutes."""


class UsersLock:
    """Shared by all who use the engines. The last one out gets it alone, and with it the duty to stop them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def join(self) -> None:
        """Waits for a last one out to finish stopping, then counts us in."""
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        _take(self._descriptor, fcntl.LOCK_SH, self._path)

    def alone(self) -> bool:
        """Whether we are the last. The shared lock is gone after a no; whoever converts last of several gets the yes."""
        if self._descriptor is None:
            return False
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def leave(self) -> None:
        """Gives the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Holds `path` alone: who starts or stops an engine does it inside."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, fcntl.LOCK_EX, path)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, kind: int, path: Path) -> None:
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise EngineError(f"Another process holds {path} for more than {WAIT_S:.0f} s; see which with: fuser {path}") from None
            time.sleep(POLL_S)
        else:
            return
