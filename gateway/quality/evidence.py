"""What is observed about a number or a pair of person and number: the words, and one observation."""

import re
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct


class Evidence(StrEnum):
    """What one observation says. Each stands for one message or one act; the vendor's own code is kept beside it."""

    LISTED = "listed"
    """Somebody gave this number for this person: `source`, and `verified_on` where it was checked."""
    DELIVERED = "delivered"
    """A receipt says that the phone took the message; whoever holds it."""
    NUMBER_ABSENT = "number_absent"
    """The vendor says: no such number (空号)."""
    NUMBER_SUSPENDED = "number_suspended"
    """The vendor says: suspended (停机)."""
    UNREACHABLE = "unreachable"
    """The vendor says: switched off or out of coverage (关机, 不在服务区)."""
    AMBIGUOUS = "ambiguous"
    """One code for absent, suspended and switched off."""
    RECIPIENT_BLOCKED = "recipient_blocked"
    """Whoever holds the number blocks us."""
    CARRIER_BLACKLIST = "carrier_blacklist"
    """The carrier refuses this number."""
    NO_RECEIPT = "no_receipt"
    """Sent, and no receipt ever came."""
    IN_SERVICE = "in_service"
    """A carrier's lookup says that the number is in service; no message was sent."""
    REPLIED = "replied"
    """Somebody answered."""
    WRONG_PERSON = "wrong_person"
    """Somebody answered: not me."""
    OPTED_OUT = "opted_out"
    """Somebody answered: no more messages."""
    CERTIFIED = "certified_after_notice"
    """The person certified soon after a notice to this number."""
    MOVED = "moved"
    """Another number was listed for the same person, later (`others`)."""


OUTCOMES = (
    Evidence.DELIVERED,
    Evidence.NUMBER_ABSENT,
    Evidence.NUMBER_SUSPENDED,
    Evidence.UNREACHABLE,
    Evidence.AMBIGUOUS,
    Evidence.RECIPIENT_BLOCKED,
    Evidence.CARRIER_BLACKLIST,
    Evidence.NO_RECEIPT,
    Evidence.IN_SERVICE,
)
"""What came of a message (or a lookup): read through the weights of its code."""
RESPONSES = (Evidence.CERTIFIED, Evidence.REPLIED, Evidence.WRONG_PERSON, Evidence.OPTED_OUT)
"""What a person did after a message."""
FAILURES = frozenset(
    {
        Evidence.NUMBER_ABSENT,
        Evidence.NUMBER_SUSPENDED,
        Evidence.UNREACHABLE,
        Evidence.AMBIGUOUS,
        Evidence.NO_RECEIPT,
    }
)
"""Outcomes that a dead number gives."""
SIGNS_OF_LIFE = frozenset({Evidence.DELIVERED, Evidence.IN_SERVICE, *RESPONSES})
"""What no dead number gives, whoever holds it."""
BLOCKS = (Evidence.RECIPIENT_BLOCKED, Evidence.CARRIER_BLACKLIST)
RANK = {word: rank for rank, word in enumerate((Evidence.LISTED, Evidence.MOVED, *OUTCOMES, *RESPONSES))}
"""Order of what bears the same time, so that a record has one order whatever order it arrived in."""
SOURCES = ("self_service", "counter", "data_sharing", "legacy", "unknown")
"""Who gave a number, from most to least trusted; any other word counts as unknown."""


class Observation(Struct, frozen=True, gc=False):
    """One observation, as the beliefs read it. Days are counted from 1970-01-01 in Asia/Shanghai."""

    day: int
    evidence: Evidence
    provider: str = ""
    vendor_code: str = ""
    source: str = ""
    verified_day: int | None = None
    own: bool = True
    """False for what was observed on this number through another person."""
    second: int = 0
    """Of that day: what came late is told by it."""
    asks: bool = True
    """False for what came of a message that asks for nothing, or of no message: that nobody acts on it says nothing."""


def code_of(provider: str, evidence: str, vendor_code: str) -> str:
    """The name under which the weights of a code are kept: `provider|evidence|vendor code`."""
    return f"{provider}|{evidence}|{vendor_code}"


_REPEATING, _REACHED = "+again", "+known"
_NAME = re.compile(r"(.*?)(~\d{4}-\d\d-\d\d)?(\+known|\+again)?", re.DOTALL)


def repeating(provider: str) -> str:
    """The name of a provider for what it says of a number that it called absent the time before: its codes weigh otherwise then."""
    return provider + _REPEATING


def reached(provider: str) -> str:
    """The name of a provider for what it says of a number that it delivered to before: about such a one it is not always wrong."""
    return provider + _REACHED


def under(provider: str) -> tuple[str, str, str]:
    """All names of a provider, by what it said of a number before."""
    return provider, repeating(provider), reached(provider)


def during(provider: str, first: str) -> str:
    """The name of a provider, or one of `under`, for what it says in a time that begins on such a day (`2026-01-05`), in which its codes weigh otherwise."""
    plain = at_all(provider)
    return f"{plain}~{first}{provider[len(plain) :]}"


def at_all(provider: str) -> str:
    """The name behind one of `under`: what the provider says, whatever it said before."""
    return provider.removesuffix(_REPEATING).removesuffix(_REACHED)


def first_said(provider: str) -> str:
    """The provider behind a name of `under` or `during`, or the name itself."""
    return borrowed(provider)[-1]


@lru_cache(maxsize=4096)
def borrowed(provider: str) -> tuple[str, ...]:
    """A name of a provider, and those whose weights it borrows where nothing was learned under it: nearest first, the provider's own last."""
    found = _NAME.fullmatch(provider)
    plain, time, before = (part or "" for part in found.groups()) if found else (provider, "", "")
    return tuple(dict.fromkeys((provider, plain + time, plain + before, plain)))
