"""The port for services that know whether a number is in service (空号检测, 携号转网查询)."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct


class LookupState(StrEnum):
    """What a service says of a number."""

    ACTIVE = "active"
    """In service."""
    SUSPENDED = "suspended"
    """Suspended, mostly for arrears (停机): for now."""
    ABSENT = "absent"
    """No such number (空号); it may be sold again."""
    PORTED = "ported"
    """In service at the carrier that is named, which its prefix does not tell (携号转网)."""
    UNKNOWN = "unknown"
    """The service does not know."""


class Found(Struct, frozen=True, gc=False):
    """What a service says of one number. `carrier`: its name for the carrier, where it says one."""

    state: LookupState
    carrier: str = ""


class LookupFailed(Exception):
    """A service that did not answer, or nothing that can be read. The text holds closed words: never a number, a URL or a body."""


class Lookup(Protocol):
    """A service. Made without any I/O."""

    async def open(self) -> None:
        """Called once inside the running loop."""

    async def close(self) -> None:
        """Lets calls in flight end, then closes what open opened."""

    async def ask(self, numbers: Sequence[str]) -> Mapping[str, Found]:
        """What it says of mainland numbers in E.164, one call for all. Those that it leaves out are unknown.

        Numbers travel in the body of a request, never in its URL, which others write into their logs.

        Raises:
            LookupFailed: Nothing was said of any of them.

        """
