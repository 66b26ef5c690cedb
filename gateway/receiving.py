"""Callback → receipt path. The API keeps callbacks in the inbox; a worker applies them, and what its own providers hear at once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from gateway.batching import Batcher
from gateway.intake.check import Refused
from gateway.jobs import Jobs
from gateway.logs import account, get_logger
from gateway.numbers import LONGEST_ADDRESS
from gateway.pipeline.inbox import Inbox
from gateway.pipeline.incoming import Incoming
from gateway.pipeline.joining import Again, Joining
from gateway.pipeline.poison import poisoned
from gateway.pipeline.receive import Receive, Received
from gateway.pipeline.replies import Replies
from gateway.pipeline.rereading import Rereading
from gateway.receipt.consent import Templates
from gateway.receipt.texts import fitted, fitted_reading
from gateway.runtime import Runtime
from providers.base.types import Callback, Provider, Reading

PDU = "PDU"
"""What came over a link: kept even if it says nothing yet (one part of a long reply), since its carrier will not send it again."""
MOST_CALLBACKS = 20
"""Callbacks that share a transaction."""
AT_ONCE = 2
WORTH = 5
"""Transactions of callbacks at the same time, and callbacks that wait before a second one joins: a few share the next."""

log = get_logger(__name__)


class Receiving:
    """Takes callbacks. `providers` is filled by the caller after the providers are built: they need this port themselves.

    `keeping`: what comes is only kept in the inbox, for a worker to apply.
    """

    def __init__(self, runtime: Runtime, jobs: Jobs, observed: Callable[[Received, datetime], None], *, keeping: bool = False) -> None:
        self.providers: Mapping[str, Provider] = {}
        self._jobs, self._observed = jobs, observed
        channel_of = {name: route.channel for route in reversed(runtime.config.route) for name in route.providers}
        replies = Replies(
            runtime.vault, runtime.sealer, lambda provider: channel_of.get(provider, "sms"), _key(runtime), templates_of(runtime)
        )
        self.joining = Joining(runtime.vault, _keys(runtime))
        parts = runtime.pool, runtime.vault, runtime.sealer, runtime.ids
        receive = self._receive = Receive(*parts, runtime.writer, replies, self.joining, self._committed)
        self.again = Again(runtime.pool, runtime.vault, receive)
        self.rereading = Rereading(runtime.pool, receive)
        self.inbox = Inbox(runtime.pool, runtime.vault, receive, jobs.receive)
        run = self.inbox.put if keeping else self._apply
        self._batcher: Batcher[Incoming, None] = Batcher(run, most=MOST_CALLBACKS, at_once=AT_ONCE, worth=WORTH, poisoned=poisoned)

    async def __call__(self, provider: str, callback: Callback) -> Reading:
        """Reads a callback, keeps or applies it; returns how to answer it, once it is on disk.

        Raises:
            UnreadableCallback: Nothing was stored: this is not what that vendor sends.

        """
        reading = self.providers[provider].read(callback)
        if reading.reports or reading.inbound or callback.method == PDU:
            await self._batcher.submit([Incoming(provider, callback.body, fitted_reading(reading))])
        return reading

    async def drain(self) -> None:
        """Waits for what was taken."""
        await self._batcher.drain()

    async def _apply(self, incoming: Sequence[Incoming]) -> Sequence[None]:
        """What cannot be applied although it is alone is kept: who is not told that it was taken sends it again for ever, and all that came with it."""
        try:
            return await self._receive(incoming)
        except Exception as error:
            if len(incoming) > 1 or not poisoned(error):
                raise
            log.error("callback_not_applied", provider=incoming[0].provider, **account(error))
            return await self.inbox.put(incoming)

    async def _committed(self, received: Received, at: datetime) -> None:
        self._observed(received, at)
        if received.replan:
            await self._jobs.plan()
        if received.unjoined:
            try:
                await self.again.of_receipts(received.unjoined)
            except Exception as error:  # noqa: BLE001 - an edge: the callbacks are on disk; the scheduler's look joins what waits
                log.error("reports_wait", **account(error))


def templates_of(runtime: Runtime) -> Templates:
    """Which of the vendors' templates ours are."""
    options = {name: section.options for name, section in runtime.config.providers.items()}
    return Templates(options, lambda: {template.name for template in runtime.catalog})


def _keys(runtime: Runtime) -> Callable[[str, str], list[bytes]]:
    """The look-up keys that an address may have on the channels of a provider."""
    key = _key(runtime)
    channels: dict[str, dict[str, None]] = {}
    for route in runtime.config.route:
        for name in route.providers:
            channels.setdefault(name, {})[route.channel] = None
    return lambda provider, address: [key(channel, address) for channel in channels.get(provider, {"sms": None})]


def _key(runtime: Runtime) -> Callable[[str, str], bytes]:
    normalise = runtime.checker.normalise

    def key(channel: str, raw: str) -> bytes:
        try:
            return runtime.blind.key(channel, normalise(channel, raw))
        except Refused:  # a reply from an address that nobody could be written to: kept under what it came with
            return runtime.blind.key(channel, (fitted(raw) or "")[:LONGEST_ADDRESS])

    return key
