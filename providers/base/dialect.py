"""What a protocol with persistent links (CMPP, SMPP) must say of itself, so that `session.py` can keep its links.

A dialect encodes, decodes and judges. It does no I/O and keeps no clock: windows, keep-alive, back-off, pace and time-outs are the session's.
"""

from collections.abc import Mapping
from enum import Enum, auto
from struct import Struct
from typing import Final, Protocol, runtime_checkable

import msgspec

from providers.base.codes import Codes
from providers.base.options import wrong
from providers.base.ruling import Ruling
from providers.base.types import Outgoing, ProviderError, Settings

MOST_LINKS: Final = 16
"""Carriers give an account a handful of connections; a section that does not say how many has the 50 of HTTP."""
_MOST_WINDOW: Final = 1024


class Kind(Enum):
    """What a PDU from the other side is to us. Answers are matched by sequence number with what we asked."""

    ANSWER = auto()
    """To a submit: `Dialect.verdict` judges it."""
    NACK = auto()
    """To anything of ours that the other side could not read: judged as the answer to whatever it was."""
    LOGIN_ANSWER = auto()
    KEEP_ALIVE = auto()
    KEEP_ALIVE_ANSWER = auto()
    GOODBYE = auto()
    GOODBYE_ANSWER = auto()
    NEWS = auto()
    """A report or a reply of a person: handed over, stored, and only then answered."""


class Pdu(msgspec.Struct, frozen=True, gc=False):
    """One whole PDU from the other side, header included."""

    command: int
    sequence: int
    frame: bytes


class Segment(msgspec.Struct, frozen=True):
    """What one submit carries: a whole message, or part `number` of `total`. `content` begins with the UDH where `udh` says so."""

    message: Outgoing
    content: bytes
    coding: int
    """The data coding (CMPP Msg_Fmt, SMPP data_coding)."""
    number: int = 1
    total: int = 1
    udh: bool = False
    reference: int = 0
    """Joins the parts of a message, for protocols that say so outside the UDH (SMPP's sar TLVs)."""


class Verdict(msgspec.Struct, frozen=True):
    """What the answer to a submit says."""

    ruling: Ruling
    code: str | None = None
    part: str | None = None
    """The id under which reports of this segment will come, in the very form in which `read` will give it."""
    pause_s: float = 0.0
    """Above 0: the other side is throttling. All links of this account pause for as long at least and go on slower."""
    text: str | None = None
    anew: bool = False
    """The other side has forgotten our login: the session says goodbye and is begun anew."""


class LinkError(ProviderError):
    """Root of what ends a link. The text is for the log: no address, no secret, no body."""


class Garbage(LinkError):
    """The other side sent what this protocol does not have. The link is closed: after a wrong length nothing can be read any more."""


class LoginRefused(LinkError):
    """The other side did not let us in. `by_us`: credentials or addresses are wrong, so the next try is minutes away; `at_once`: the
    dialect will ask in another way (a lower version).
    """

    def __init__(self, said: str, *, by_us: bool = False, at_once: bool = False) -> None:
        super().__init__(said)
        self.by_us, self.at_once = by_us, at_once


class Dialect(Protocol):
    """One connection's protocol; made anew for every connection. Sequence numbers are the session's, 1 to 0x7FFFFFFF."""

    header: Struct
    """Unpacks a header: the total length first, the command second, the sequence number last."""
    longest: int
    """Octets of the longest PDU that the other side may send, header included."""
    kinds: Mapping[int, Kind]
    """Command → what it is to us. Any other goes to `strange`."""
    mark: int
    """One octet that stands before PDUs handed to `receive`: what `read` must know to read them later (the version)."""
    sends: bool
    """Whether this connection takes submits (a receiver of SMPP does not)."""

    def login(self, sequence: int) -> bytes:
        """The first PDU of a connection."""

    def admitted(self, answer: Pdu) -> None:
        """Judges the answer to `login`. Raises `LoginRefused`, `Garbage`."""

    def submit(self, segment: Segment, sequence: int) -> bytes:
        """The PDU that sends a segment. Never raises: what cannot be written was refused when the message was cut."""

    def verdict(self, answer: Pdu) -> Verdict:
        """Judges an `ANSWER` or a `NACK` to a submit. Raises `Garbage`."""

    def keep_alive(self, sequence: int) -> bytes:
        """Asks whether the other side lives."""

    def goodbye(self, sequence: int) -> bytes:
        """Ends the session."""

    def reply(self, pdu: Pdu, *, stored: bool = True) -> bytes:
        """Answers a KEEP_ALIVE, GOODBYE or NEWS. `stored` False: the news could not be stored and must come again; empty: say nothing.
        Raises `Garbage`, before anything is stored, for news without the fields that an answer needs.
        """

    def objection(self) -> bytes:
        """What is said before the link is closed over garbage; empty: nothing."""

    def strange(self, pdu: Pdu) -> bytes:
        """Answers a command that is in no table; empty: say nothing. Raises `Garbage`."""


@runtime_checkable
class Objects(Protocol):
    """A dialect that says something before a connection is closed on which nothing can be read any more."""

    def objection(self) -> bytes:
        """To a length that no PDU has."""


class LinkOptions(Codes, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys that every driver with links has. Inherit it by the driver's options. Times in seconds."""

    host: str
    port: int
    tls: bool = False
    window: int = 16
    """Submits without an answer on a connection, at most."""
    idle_s: float = 30.0
    """Nothing heard for so long: the other side is asked whether it lives (C)."""
    idle_wait_s: float = 10.0
    """How long it has to answer that (T)."""
    idle_tries: int = 3
    """How often it is asked before the connection is closed (N)."""
    reconnect_s: float = 0.5
    """Before the first new connection; doubled for each one that fails, with jitter."""
    reconnect_most_s: float = 30.0
    """The longest of these pauses."""
    refused_s: float = 120.0
    """The pause where credentials were refused: vendors lock accounts that try too often."""


def check_links(settings: Settings, options: LinkOptions) -> None:
    """Raises `SettingsError` for numbers that cannot work."""
    if not 1 <= settings.connections <= MOST_LINKS:
        raise wrong(settings, "connections", f"say how many connections the carrier gives you, 1 to {MOST_LINKS}")
    if not 1 <= options.window <= _MOST_WINDOW:
        raise wrong(settings, "window", f"must be 1 to {_MOST_WINDOW}")
    if not 1 <= options.port <= 65_535:
        raise wrong(settings, "port", "must be 1 to 65535")
    for key in ("idle_s", "idle_wait_s", "idle_tries", "reconnect_s", "reconnect_most_s", "refused_s"):
        if getattr(options, key) <= 0:
            raise wrong(settings, key, "must be above 0")
    for key in ("timeout_s", "connect_timeout_s"):
        if getattr(settings, key) <= 0:
            raise wrong(settings, key, "must be above 0")
