"""Callback → receipt path, for HTTP callbacks and for providers that run in this process alike."""

from collections.abc import Callable, Mapping
from datetime import datetime

from gateway.batching import Batcher
from gateway.jobs import Jobs
from gateway.pipeline.receive import Incoming, Receive, Received
from gateway.pipeline.replies import Replies
from gateway.runtime import Runtime
from providers.base.types import Callback, Provider, Reading

MOST_CALLBACKS = 20
"""Callbacks that share a transaction."""
AT_ONCE = 2


class Receiving:
    """Takes callbacks. `providers` is filled by the caller after the providers are built: they need this port themselves."""

    def __init__(self, runtime: Runtime, jobs: Jobs, observed: Callable[[Received, datetime], None]) -> None:
        self.providers: Mapping[str, Provider] = {}
        self._jobs, self._observed = jobs, observed
        channel_of = {name: route.channel for route in runtime.config.route for name in route.providers}
        replies = Replies(runtime.vault, runtime.sealer, lambda provider: channel_of.get(provider, "sms"), _key(runtime))
        receive = Receive(runtime.pool, runtime.vault, runtime.sealer, runtime.ids, runtime.writer, replies, self._committed)
        self._batcher: Batcher[Incoming, None] = Batcher(receive, most=MOST_CALLBACKS, at_once=AT_ONCE)

    async def __call__(self, provider: str, callback: Callback) -> Reading:
        """Reads, stores and applies a callback; returns how to answer it, once it is on disk.

        Raises:
            UnreadableCallback: Nothing was stored: this is not what that vendor sends.

        """
        reading = self.providers[provider].read(callback)
        if reading.reports or reading.inbound:
            await self._batcher.submit([Incoming(provider, callback.body, reading)])
        return reading

    async def drain(self) -> None:
        """Waits for what was taken."""
        await self._batcher.drain()

    async def _committed(self, received: Received, at: datetime) -> None:
        self._observed(received, at)
        if received.replan:
            await self._jobs.plan()


def _key(runtime: Runtime) -> Callable[[str, str], bytes]:
    normalise = runtime.checker.normalise

    def key(channel: str, raw: str) -> bytes:
        return runtime.blind.key(channel, normalise(channel, raw))

    return key
