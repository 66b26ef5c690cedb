"""Values that cross the line between the gateway and a provider.

What is made once a message is a msgspec struct (0.06 µs each; a frozen dataclass takes 0.76 µs), the rest are dataclasses.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import msgspec

from providers.base.words import Fault, Outcome, Reason, RetryClass, Sign, Status


class Outgoing(msgspec.Struct, frozen=True):
    """One message on its way out. `reference` is our message id, in decimal; every report must carry it back."""

    reference: str
    address: str
    channel: str
    text: str
    template: str
    params: Mapping[str, str]
    signature: str
    call: str = ""
    """Our id of the call, in decimal: what a vendor carries back that has one reference for a whole call. No call holds an address twice."""


class Answer(msgspec.Struct, frozen=True):
    """What the provider said about one message of a call, joined by reference."""

    reference: str
    outcome: Outcome
    reason: Reason | None = None
    fault: Fault = Fault.NONE
    permanent: bool | None = None
    vendor_id: str | None = None
    vendor_code: str | None = None
    vendor_text: str | None = None
    retry_after_s: float | None = None
    detail: str | None = None
    """What our side saw (a refused connection, an unreadable answer), in closed words: never an address, a URL or a body."""
    retry: RetryClass | None = None
    """What to do with the message now; None: it follows from the outcome and the reason (`retry_class`)."""
    parts: Sequence[str] = ()
    """The ids under which reports will come, one a segment, where the vendor carries no reference of ours (CMPP, SMPP)."""


class Report(msgspec.Struct, frozen=True):
    """A delivery receipt about one message, normalised.

    Joined by `reference` (our message id); else by `call` (our call id) and `address`; else by `vendor_id`, which is one of the `parts` of an
    answer. What cannot be joined yet is stored and joined later.
    """

    reference: str | None
    status: Status
    reason: Reason | None = None
    fault: Fault = Fault.NONE
    permanent: bool | None = None
    address: str | None = None
    vendor_id: str | None = None
    vendor_code: str | None = None
    vendor_text: str | None = None
    at: datetime | None = None
    call: str | None = None


class Inbound(msgspec.Struct, frozen=True):
    """A message from a person (MO): text they replied with, or what they did to our account (`sign`)."""

    address: str
    text: str
    reference: str | None = None
    at: datetime | None = None
    sign: Sign | None = None
    template: str | None = None
    """The vendor's template that a consent is about; None: everything we send."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A request from a vendor to our callback address."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What a callback said, and how the vendor wants to be answered."""

    reports: Sequence[Report] = ()
    inbound: Sequence[Inbound] = ()
    reply_status: int = 200
    reply_body: bytes = b""
    reply_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Settings:
    """One `[providers.NAME]` section, read: what the base knows plus the driver's own keys in `options`."""

    name: str
    driver: str
    timeout_s: float = 10.0
    connect_timeout_s: float = 3.0
    connections: int = 50
    batch_size: int = 1
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)  # it holds secrets


StillMine = Callable[[], bool]
"""True while the lease of this call holds. Asked right before the first byte is written."""

Receive = Callable[[str, Callback], Awaitable[Reading]]
"""Port into the receipt path: (provider name, callback) as if it had come over HTTP. Returns when it is on disk. Used by providers that
hear from their vendor themselves; `Callback.method` tells their own `read` which way it came: `PULL`, `QUERY`, `PDU`."""


class Provider(Protocol):
    """What dispatch needs of a provider. One instance a process and configured provider."""

    settings: Settings

    async def open(self) -> None:
        """Opens sessions. Called once inside the running loop."""

    async def close(self) -> None:
        """Closes what open opened, letting calls in flight end."""

    async def send(self, batch: Sequence[Outgoing], still_mine: StillMine, on_first_byte: Callable[[], None]) -> Sequence[Answer]:
        """One call for the whole batch (at most `settings.batch_size`, no address twice). Never raises for what a vendor does."""

    def read(self, callback: Callback) -> Reading:
        """Translates a callback. Raises `ProviderError` when the body is not what this vendor sends."""


class ProviderError(Exception):
    """Root of what a provider raises."""


class SettingsError(ProviderError):
    """A `[providers.NAME]` section that cannot work: says which key and what to do."""


class UnreadableCallback(ProviderError):
    """A callback body that this vendor does not send."""
