"""The jobs a worker knows: drain a lane, plan who is due, sweep what a crash or a silent vendor left."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial, wraps
from typing import Any

from arq.worker import func

from gateway.logs import account, get_logger
from gateway.pipeline.asking import Asking
from gateway.pipeline.inbox import Inbox
from gateway.pipeline.planner import Planner
from gateway.pipeline.sweep import Sweep, Swept
from gateway.sending import Sending

DRAIN_S = 5.0
"""Seconds a job drains before it makes room for others."""
A_LONG_TIME = timedelta(hours=72)
"""For receipts, where no provider is configured at all."""
LINGER_S = 0.005
"""Seconds that a callback waits for others to be applied with."""
AT_ONCE = 1
"""Transactions that apply callbacks at the same time in this process."""
A_JOB_S = 10.0
"""Seconds a planning or sweeping job goes on; whatever is left then is asked for again."""
log = get_logger("worker")


class Functions:
    """What arq calls; every method takes arq's context first."""

    def __init__(
        self,
        sending: Sending,
        planner: Planner,
        sweep: Sweep,
        inbox: Inbox,
        receipt_timeouts: dict[str, timedelta],
        swept: Callable[[Swept], None],
        asking: Asking | None = None,
        looks: Sequence[Callable[[], Awaitable[int]]] = (),
    ) -> None:
        self._sending, self._planner, self._sweep, self._timeouts, self._swept = sending, planner, sweep, receipt_timeouts, swept
        self._inbox, self._asking, self._looks = inbox, asking, looks
        self._applying, self._more = 0, False
        self.stopping = False

    def all(self) -> list[Any]:
        """For arq, by their names."""
        jobs: tuple[Any, ...] = (self.drain, self.receive, self.plan, self.sweep_leases, self.sweep_receipts, self.look_again)
        return [func(_edge(job), name=job.__name__) for job in jobs]

    async def drain(self, _: dict[Any, Any], channel: str, lane: str) -> None:
        """Sends what is due on a lane."""
        pump = self._sending.pumps.get((channel, lane))
        if pump is None:
            return
        until = asyncio.get_running_loop().time() + DRAIN_S
        await pump.drain(lambda: self.stopping or asyncio.get_running_loop().time() > until)

    async def woken(self, channel: str, lane: str) -> None:
        """A wake-up for a lane; what it raises ends here."""
        try:
            await self.drain({}, channel, lane)
        except Exception as error:  # noqa: BLE001 - an edge, logged once
            log.error("wake_failed", **account(error))

    async def receive(self, _: dict[Any, Any]) -> None:
        """Applies the callbacks in the inbox. A third at once returns, and one of the two looks once more."""
        self._more = True
        if self._applying >= AT_ONCE:
            return
        self._applying += 1
        try:
            while self._more and not self.stopping:
                self._more = False
                await asyncio.sleep(LINGER_S)
                await self._inbox.drain(lambda: self.stopping)
        finally:
            self._applying -= 1

    async def called_back(self) -> None:
        """A wake-up for the inbox; what it raises ends here."""
        try:
            await self.receive({})
        except Exception as error:  # noqa: BLE001 - an edge, logged once
            log.error("wake_failed", **account(error))

    async def plan(self, _: dict[Any, Any]) -> None:
        """Plans persons whose time has come."""
        persons = 0
        for _round in self._while_time():
            planned = await self._planner()
            persons += planned.persons
            if not planned.persons:
                break
        if persons:
            log.info("planned", persons=persons)

    async def sweep_leases(self, _: dict[Any, Any]) -> None:
        """Gives up calls whose lease ended."""
        for _round in self._while_time():
            swept = await self._sweep.leases()
            if not swept.calls:
                break
            self._swept(swept)
            log.warning("leases_ended", calls=swept.calls, messages=len(swept.moved))

    async def sweep_receipts(self, _: dict[Any, Any]) -> None:
        """Ends messages whose receipts never came; those of providers that are configured no more by the longest time of all."""
        rounds = [(name, self._overdue(name, after)) for name, after in self._timeouts.items()]
        longest = max(self._timeouts.values(), default=A_LONG_TIME)
        rounds.append(("others", partial(self._sweep.receipts_of_others, list(self._timeouts), longest)))
        if self._asking is not None:
            rounds.append(("asked in vain", self._sweep.asked_in_vain))
            await self._asking.forget_others()
        for provider, sweep in rounds:
            for _round in self._while_time():
                swept = await sweep()
                if not swept.calls:
                    break
                self._swept(swept)
                if swept.moved:
                    log.warning("receipts_missing", provider=provider, messages=len(swept.moved))

    def _overdue(self, provider: str, after: timedelta) -> Callable[[], Awaitable[Swept]]:
        """What ends a provider's messages whose receipts' time is up: where it can be asked, it is asked first."""
        if self._asking is not None and provider in self._asking.askable:
            return partial(self._asking.hand_over, provider, after)
        return partial(self._sweep.receipts, provider, after)

    async def look_again(self, _: dict[Any, Any]) -> None:
        """What could not be done when it came: reports whose message was not known yet, codes that were mapped since."""
        for look in self._looks:
            for _round in self._while_time():
                if not await look():
                    break

    def _while_time(self) -> Iterator[None]:
        until = asyncio.get_running_loop().time() + A_JOB_S
        while not self.stopping and asyncio.get_running_loop().time() < until:
            yield None

    async def everything(self) -> None:
        """One round of all of it, where no jobs come: Redis is away."""
        await self.receive({})
        await self.plan({})
        await self.sweep_leases({})
        for channel, lane in self._sending.pumps:
            await self.drain({}, channel, lane)


def _edge(job: Callable[..., Awaitable[None]]) -> Any:
    """A job whose error ends here: arq would log its text, and it would be no use to run it again before it is asked for again."""

    @wraps(job)
    async def run(*args: Any) -> None:
        try:
            await job(*args)
        except Exception as error:  # noqa: BLE001 - the edge of a job, logged once
            log.error("job_failed", job=job.__name__, **account(error))

    return run
