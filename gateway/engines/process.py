"""Whether a process is alive, and word of its end, for processes that are no children of ours."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

PROC = Path("/proc")
POLL_S = 0.01
WATCH_POLL_S = 0.25


def alive(pid: int) -> bool:
    """Whether `pid` runs. A zombie does not: where nobody reaps (a container without an init) they stay for ever."""
    try:
        state = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return not PROC.joinpath("self").exists() and _answers(pid)
    return state not in "ZX"


def command_of(pid: int) -> str:
    """The command line of a process, empty where this system does not tell."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Polls until the condition holds (True) or the time is over (False)."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


async def ended(pid: int) -> None:
    """Returns once `pid` has ended: at once by a pidfd where the kernel has them, else within `WATCH_POLL_S`."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):
        while alive(pid):  # noqa: ASYNC110 - nothing on this system could set an event
            await asyncio.sleep(WATCH_POLL_S)
        return
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
