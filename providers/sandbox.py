"""`sandbox`: a vendor inside the process, for demos and trials. It decides by the last four characters of the address.

Its reports and replies are JSON bodies that come back through `receive`, the same way as from a vendor over HTTP, and are read by its own
`read`. It forgets what it has not reported when the process dies, as a vendor might: such messages end as `no_receipt`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Final

import msgspec

from providers.base.options import read_options
from providers.base.ruling import ACCEPTED, Ruling, because, unreadable
from providers.base.types import Answer, Callback, Inbound, Outgoing, Reading, Receive, Report, Settings, StillMine, UnreadableCallback
from providers.base.words import Fault, Outcome, Reason, Status

# What the last four characters make it do (CONTRACT.md, "The sandbox provider"); all others are delivered.
ABSENT, SUSPENDED, SWITCHED_OFF, NO_RECEIPT, REFUSED, THROTTLED, SILENT, BLACKLISTED, TWICE, STOPS, STRANGER = (
    f"{number:04d}" for number in range(1, 12)
)

CODES: Final[dict[str, tuple[Status, Reason | None, Fault, bool | None]]] = {
    "ACCEPTD": (Status.SENT, None, Fault.NONE, None),
    "DELIVRD": (Status.DELIVERED, None, Fault.NONE, None),
    "ABSENT": (Status.UNDELIVERED, Reason.NUMBER_ABSENT, Fault.RECIPIENT, True),
    "SUSPEND": (Status.UNDELIVERED, Reason.NUMBER_SUSPENDED, Fault.RECIPIENT, False),
    "OFF": (Status.UNDELIVERED, Reason.UNREACHABLE, Fault.RECIPIENT, False),
    "BLACK": (Status.UNDELIVERED, Reason.CARRIER_BLACKLIST, Fault.CARRIER, True),
}
REPORTED: Final[dict[str, tuple[str, ...]]] = {
    ABSENT: ("ABSENT",),
    SUSPENDED: ("SUSPEND",),
    SWITCHED_OFF: ("OFF",),
    NO_RECEIPT: (),
    SILENT: (),
    BLACKLISTED: ("BLACK",),
    TWICE: ("DELIVRD", "ACCEPTD", "DELIVRD"),
}
"""The codes that come back, in this order; where nothing is said here, `DELIVRD`."""
REPLIES: Final = {STOPS: "退订", STRANGER: "非本人"}

_REFUSED: Final = because(Outcome.REFUSED, Reason.CONTENT_REJECTED)
_THROTTLED: Final = because(Outcome.DEFERRED, Reason.FREQUENCY_LIMITED, retry_after_s=1.0)
_SILENT: Final = unreadable("no answer: timed out")
_LEASE_ENDED: Final = Ruling(Outcome.NOTHING_LEFT, detail="the lease ended before the first byte")

_REPORTS_A_CALLBACK: Final = 500
_TRIES_AT_CLOSE: Final = 3
_LONGEST_PAUSE_S: Final = 5.0
_THROTTLES_REMEMBERED: Final = 100_000

_log = logging.getLogger("tixing.sandbox")


class SandboxOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The driver's own keys, none needed. `receipt_delay_s`: from taking a message to its report."""

    receipt_delay_s: float = 0.2


class _Said(msgspec.Struct):
    """One report (`code`) or reply (`text`), as it stands in the body."""

    to: str
    at: str
    ref: str | None = None
    id: str | None = None
    code: str | None = None
    text: str | None = None


_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder(list[_Said]).decode


class Sandbox:
    """The vendor in the process."""

    def __init__(self, settings: Settings, receive: Receive) -> None:
        """Raises `SettingsError`."""
        self.settings = settings
        self._delay_s = read_options(settings, SandboxOptions).receipt_delay_s
        self._receive = receive
        self._throttles: dict[str, int] = {}
        self._due: deque[tuple[float, _Said]] = deque()
        self._news = asyncio.Event()
        self._closing = False

    async def open(self) -> None:
        """Starts reporting."""
        self._reporter = asyncio.create_task(self._report(), name=f"sandbox reports of {self.settings.name}")

    async def close(self) -> None:
        """Reports what is left at once, then stops."""
        self._closing = True
        self._news.set()
        await self._reporter

    async def send(self, batch: Sequence[Outgoing], still_mine: StillMine, on_first_byte: Callable[[], None]) -> Sequence[Answer]:
        """Decides. A batch that holds a message "never answered" is answered for the rest; alone, the call runs into its time-out."""
        if not still_mine():
            return [_LEASE_ENDED.about(message.reference) for message in batch]
        on_first_byte()
        answers = [self._take(message) for message in batch]
        if all(answer.outcome is Outcome.UNKNOWN for answer in answers):
            await asyncio.sleep(self.settings.timeout_s)
        self._news.set()
        return answers

    def read(self, callback: Callback) -> Reading:
        """Reads a body of its own making."""
        try:
            said = _DECODE(callback.body)
        except msgspec.MsgspecError as error:
            raise UnreadableCallback("not a sandbox body") from error
        reports = [_reported(one) for one in said if one.text is None]
        return Reading(
            reports, [Inbound(one.to, one.text, one.ref, datetime.fromisoformat(one.at)) for one in said if one.text is not None]
        )

    def _take(self, message: Outgoing) -> Answer:
        ending = message.address[-4:]
        if ending == REFUSED:
            return _REFUSED.about(message.reference, code="REFUSED")
        if ending == THROTTLED and self._throttled(message.reference):
            return _THROTTLED.about(message.reference, code="THROTTLED")
        self._schedule(message, ending)
        if ending == SILENT:
            return _SILENT.about(message.reference)
        return ACCEPTED.about(message.reference, f"sandbox-{message.reference}", "OK")

    def _throttled(self, reference: str) -> bool:
        """True for the first two tries of a message."""
        tries = self._throttles.pop(reference, 0) + 1
        if tries <= 2:
            self._throttles[reference] = tries
        if len(self._throttles) > _THROTTLES_REMEMBERED:
            del self._throttles[next(iter(self._throttles))]
        return tries <= 2

    def _schedule(self, message: Outgoing, ending: str) -> None:
        due = asyncio.get_running_loop().time() + self._delay_s
        at = datetime.now(UTC).isoformat()
        vendor_id = f"sandbox-{message.reference}"
        for code in REPORTED.get(ending, ("DELIVRD",)):
            self._due.append((due, _Said(message.address, at, message.reference, vendor_id, code)))
        if ending in REPLIES:
            self._due.append((due, _Said(message.address, at, text=REPLIES[ending])))

    async def _report(self) -> None:
        loop = asyncio.get_running_loop()
        while self._due or not self._closing:
            if not self._due:
                self._news.clear()
                await self._news.wait()
                continue
            wait_s = self._due[0][0] - loop.time()
            if wait_s > 0 and not self._closing:
                await asyncio.sleep(min(wait_s, 0.05))
                continue
            await self._deliver(
                [self._due.popleft()[1] for _ in range(min(len(self._due), _REPORTS_A_CALLBACK)) if self._is_due(loop.time())]
            )

    def _is_due(self, now: float) -> bool:
        return self._closing or self._due[0][0] <= now

    async def _deliver(self, said: list[_Said]) -> None:
        callback = Callback("POST", {}, {"Content-Type": "application/json"}, _ENCODE(said))
        for attempt in count():
            try:
                await self._receive(self.settings.name, callback)
            except Exception as error:  # noqa: BLE001 - the edge of a vendor: whatever the gateway raises, a vendor calls again later
                _log.warning(
                    "sandbox callback failed provider=%s attempt=%d error=%s", self.settings.name, attempt + 1, type(error).__name__
                )
                if self._closing and attempt >= _TRIES_AT_CLOSE - 1:
                    return
                await asyncio.sleep(min(0.1 * 2 ** min(attempt, 10), _LONGEST_PAUSE_S))
            else:
                return


def _reported(one: _Said) -> Report:
    status, reason, fault, permanent = CODES.get(one.code or "", (Status.SENT, Reason.UNMAPPED, Fault.UNKNOWN, None))
    at = datetime.fromisoformat(one.at)
    return Report(one.ref, status, reason, fault, permanent, one.to, one.id, one.code, None, at)
