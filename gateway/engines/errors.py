"""What can go wrong with an embedded engine.

EngineError
├── MissingBinary   no server program on this machine
├── Unreachable     a folder or file that belongs to someone else, or that the engine's account may not enter
└── StartFailed     the server was started and did not come up
"""


class EngineError(Exception):
    """Root of this package: one sentence for the operator that says what is wrong and what to do."""


class MissingBinary(EngineError):
    """A server program is not on this machine: names the package to install."""


class Unreachable(EngineError):
    """A path that this user, or the account the engine runs as, may not use."""


class StartFailed(EngineError):
    """A server did not come up: carries the last lines of its log."""
