"""What can go wrong with an embedded engine.

EngineError
├── MissingBinary   no server program on this machine
├── Unreachable     a folder or file that belongs to someone else, or that the engine's account may not enter
└── StartFailed     the server was started and did not come up
"""

from pathlib import Path

BAD = ("FATAL", "PANIC", "ERROR", "error:", "could not", "Failed")
LAST_LINES = 20


class EngineError(Exception):
    """Root of this package: one sentence for the operator that says what is wrong and what to do."""


class MissingBinary(EngineError):
    """A server program is not on this machine: names the package to install."""


class Unreachable(EngineError):
    """A path that this user, or the account the engine runs as, may not use."""


class StartFailed(EngineError):
    """A server did not come up: carries the last lines of its log."""


def reason_in(said: str) -> str:
    """The line of a program's output that tells best why it failed: the last bad one, else the last."""
    lines = said.strip().splitlines()[-LAST_LINES:]
    bad = [line for line in lines if any(word in line for word in BAD)]
    return (bad or lines or ["it said nothing"])[-1]


def reason_in_log(file: Path) -> str:
    """The same for a log file."""
    return reason_in(file.read_text(errors="replace") if file.exists() else "")
