"""What the process that tends a provider does for it: holds its link, pulls its reports, asks it about messages nobody reported."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping

from gateway.logs import account, get_logger
from gateway.pipeline.asking import Asking
from providers.base.abilities import Asks, HoldsLink, Pulls
from providers.base.types import Provider

ASK_EVERY_S = 5.0
"""Seconds between looks at whom to ask about."""
log = get_logger("worker")

Pulled = Callable[[str, bool], None]
"""Told of each pull: (provider, whether it went well)."""


class TendedProvider:
    """One provider as it is tended."""

    def __init__(self, name: str, provider: Provider, asking: Asking, pulled: Pulled) -> None:
        self.name = name
        self._provider, self._asking, self._pulled = provider, asking, pulled
        self._rounds: list[asyncio.Task[None]] = []
        self._ending = asyncio.Event()

    async def begin(self) -> None:
        """Opens the link, where there is one, and begins to pull and to ask."""
        self._ending.clear()
        if isinstance(self._provider, HoldsLink):
            await self._provider.open()
        if isinstance(self._provider, Pulls) and self._provider.pull_every_s > 0:
            self._rounds.append(asyncio.create_task(self._repeat(self._pull, self._provider.pull_every_s)))
        if isinstance(self._provider, Asks):
            self._rounds.append(asyncio.create_task(self._repeat(self._ask, ASK_EVERY_S)))

    async def end(self) -> None:
        """Closes the link at once. A pull on its way ends first: what a vendor gave away is not given again."""
        self._ending.set()
        if isinstance(self._provider, HoldsLink):
            await self._provider.close()
        rounds, self._rounds = self._rounds, []
        await asyncio.gather(*rounds)

    async def _repeat(self, once: Callable[[], Awaitable[None]], every_s: float) -> None:
        while not self._ending.is_set():
            await once()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await self._ending.wait()

    async def _pull(self) -> None:
        assert isinstance(self._provider, Pulls)
        try:
            reports = await self._provider.pull()
        except Exception as error:  # noqa: BLE001 - an edge: the next round tries again
            log.warning("pull_failed", provider=self.name, **account(error))
            self._pulled(self.name, False)
            return
        self._pulled(self.name, True)
        if reports:
            log.info("pulled", provider=self.name, reports=reports)

    async def _ask(self) -> None:
        assert isinstance(self._provider, Asks)
        if isinstance(self._provider, HoldsLink) and not self._provider.up():
            return
        try:
            while not self._ending.is_set() and (asked := await self._asking.due(self.name)):
                await self._provider.ask(asked)
                log.info("asked", provider=self.name, messages=len(asked))
        except Exception as error:  # noqa: BLE001 - an edge: they are asked about again at their next time
            log.warning("asking_failed", provider=self.name, **account(error))


def tended(providers: Mapping[str, Provider], asking: Asking, pulled: Pulled) -> list[TendedProvider]:
    """Those of which one process must look after."""
    return [TendedProvider(name, one, asking, pulled) for name, one in providers.items() if isinstance(one, HoldsLink | Pulls | Asks)]


def askable(providers: Mapping[str, Provider]) -> frozenset[str]:
    """Names of those that can be asked."""
    return frozenset(name for name, one in providers.items() if isinstance(one, Asks))
