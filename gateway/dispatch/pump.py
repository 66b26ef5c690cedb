"""Drains one lane of one channel: tokens first, then a claim, then the calls, as many at once as the provider is worth."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct
from tenacity import AsyncRetrying, retry_if_result, stop_after_attempt, wait_random_exponential
from tenacity.stop import stop_base

from gateway.dispatch.claim import Call, Claimed, Line
from gateway.dispatch.lease import boot_seconds
from gateway.logs import account, get_logger
from gateway.words import Fault, Outcome, Reason
from providers.base.types import Answer, Provider

MOST_A_CLAIM = 500
"""Messages one claim takes: enough to share a commit, few enough to hold their persons for milliseconds."""
AHEAD_S = 0.05
"""Seconds of work that may wait in this process behind the calls on the wire; all of it starts well within a second of its claim."""
MOST_AHEAD = 10
"""Times the provider's connections that may be claimed at once when it answers fast."""
AT_ONCE = 2
"""Claims of one lane that a process has on their way at once."""
LOOK_AGAIN_S = 0.05
"""Seconds after which a few free places are enough for a claim, or a provider out of tokens is asked again."""
TRIES_IN_LEASE = 3
"""Times a call of which nothing left is tried within its lease."""
log = get_logger(__name__)


class Claims(Protocol):
    """Takes messages out of the store (gateway/dispatch/claim.py over a pool)."""

    async def __call__(self, channel: str, lane: str, count: int, line: Line) -> Claimed:
        """At most `count` messages, as calls that must start now."""


class Tokens(Protocol):
    """Rate tokens of a provider, shared by all workers."""

    async def take(self, provider: str, rate_per_s: float, count: int) -> int:
        """How many of `count` messages may be claimed now."""

    async def give_back(self, provider: str, rate_per_s: float, count: int) -> None:
        """Tokens that were not used."""


class Answers(Protocol):
    """Writes what came of calls (gateway/pipeline/record.py, many a transaction)."""

    async def __call__(self, call: Call, answers: Sequence[Answer]) -> None:
        """Returns when it is on disk."""


class Watcher(Protocol):
    """Hears what happens: circuits and metrics."""

    def unused(self, provider: str) -> None:
        """A claim found nothing to send."""

    def first_byte(self, call: Call, seconds: float) -> None:
        """A call's first byte was written `seconds` after its claim."""

    def ended(self, call: Call, seconds: float, answers: Sequence[Answer]) -> None:
        """A call ended after `seconds`."""

    def stopped(self, channel: str, stopped: Sequence[tuple[str, str]]) -> None:
        """Messages ended at the claim instead of leaving: (status, reason)."""


class Outlet(Struct, frozen=True):
    """A provider as a pump uses it."""

    provider: Provider
    line: Line
    rate_per_s: float
    connections: int
    trying: bool = False
    """Its circuit is half open: one call may try."""


class Pump:
    """One a (channel, lane) and process. `choose` gives the outlet to use now; None: none is usable, or the window is shut."""

    def __init__(
        self,
        channel: str,
        lane: str,
        choose: Callable[[], Outlet | None],
        claims: Claims,
        tokens: Tokens,
        answers: Answers,
        watcher: Watcher,
    ) -> None:
        self.channel, self.lane = channel, lane
        self._choose, self._claims, self._tokens, self._answers, self._watcher = choose, claims, tokens, answers, watcher
        self._tasks: set[asyncio.Task[None]] = set()
        self._flying = 0
        self._draining = 0
        self._again = False
        self._freed = asyncio.Event()
        self._call_s = 0.05

    async def drain(self, stopping: Callable[[], bool]) -> int:
        """Sends until nothing is due; returns the number of messages it took out of the queue.

        Two at once overlap this process's work with the store's; a third returns, and one of the two looks once more.
        """
        if self._draining >= AT_ONCE:
            self._again = True
            return 0
        self._draining += 1
        try:
            return await self._drain(stopping)
        finally:
            self._draining -= 1

    async def landed(self) -> None:
        """Waits until every call is answered and recorded."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _drain(self, stopping: Callable[[], bool]) -> int:
        total = 0
        while not stopping():
            self._again = False
            outlet = self._choose()
            if outlet is None:
                break
            try:
                allowed, taken = await self._turn(outlet)
            except BaseException:
                self._watcher.unused(outlet.line.provider)
                raise
            total += taken
            if not allowed:
                await asyncio.sleep(LOOK_AGAIN_S)
            elif taken < allowed and not self._again:
                break
        return total

    async def _turn(self, outlet: Outlet) -> tuple[int, int]:
        """Tokens, claim, calls: (messages that were allowed, messages taken out of the queue)."""
        room = outlet.line.batch_size if outlet.trying else await self._room(outlet)
        allowed = await self._tokens.take(outlet.line.provider, outlet.rate_per_s, room)
        if not allowed:
            self._watcher.unused(outlet.line.provider)
            return 0, 0
        return allowed, await self._claim(outlet, allowed)

    async def _claim(self, outlet: Outlet, allowed: int) -> int:
        claimed = await self._claims(self.channel, self.lane, allowed, outlet.line)
        sent = sum(len(call.batch) for call in claimed.calls)
        if sent < allowed:
            await self._tokens.give_back(outlet.line.provider, outlet.rate_per_s, allowed - sent)
        if claimed.stopped:
            self._watcher.stopped(self.channel, claimed.stopped)
        if not claimed.calls:
            self._watcher.unused(outlet.line.provider)
        for call in claimed.calls:
            self._fly(outlet, call)
        return claimed.taken

    async def _room(self, outlet: Outlet) -> int:
        """Waits until a claim is worth while; returns how many messages it may take."""
        while True:
            most = self._most(outlet)
            free = most - self._flying
            if free >= max(1, most // 4) or not self._flying:
                break
            self._freed.clear()
            try:
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await self._freed.wait()
            except TimeoutError:
                if most > self._flying:
                    break
        return min(MOST_A_CLAIM, max(1, most - self._flying) * outlet.line.batch_size)

    def _most(self, outlet: Outlet) -> int:
        """Calls that may be claimed at once: more than the connections where each is back in no time."""
        ahead = min(float(MOST_AHEAD), max(1.0, AHEAD_S / max(self._call_s, 1e-6)))
        return int(outlet.connections * ahead)

    def _fly(self, outlet: Outlet, call: Call) -> None:
        self._flying += 1
        task = asyncio.get_running_loop().create_task(self._make(outlet, call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _make(self, outlet: Outlet, call: Call) -> None:
        start = time.perf_counter()
        try:
            answers = await self._send(outlet.provider, call)
            if _nothing_left(answers):
                answers = await self._again_in_lease(outlet.provider, call)
            if len(answers) != len(call.started) or {a.reference for a in answers} != call.started.keys():
                answers = one_each(call, answers)
        except Exception as error:  # noqa: BLE001 - an edge: a driver that raises says nothing of what left
            log.error("provider_raised", provider=call.provider, messages=len(call.batch), **account(error))
            answers = one_each(call, [])
        finally:
            self._flying -= 1
            self._freed.set()
        took = time.perf_counter() - start
        self._call_s += 0.05 * (took - self._call_s)
        self._watcher.ended(call, took, answers)
        try:
            await self._answers(call, answers)
        except Exception as error:  # noqa: BLE001 - an edge: the lease will end and the sweep find the call
            log.error("answers_not_recorded", provider=call.provider, messages=len(call.batch), **account(error))

    async def _send(self, provider: Provider, call: Call) -> Sequence[Answer]:
        return await provider.send(
            call.batch, call.lease.holds, lambda: self._watcher.first_byte(call, boot_seconds() - call.lease.claimed)
        )

    async def _again_in_lease(self, provider: Provider, call: Call) -> Sequence[Answer]:
        """Nothing left: the same attempt is tried again for as long as its lease allows (tenacity), then it counts as "later"."""
        retrying = AsyncRetrying(
            retry=retry_if_result(_nothing_left),
            stop=stop_after_attempt(TRIES_IN_LEASE) | _LeaseOver(call),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
        )
        answers: Sequence[Answer] = await retrying(self._send, provider, call)
        return answers


def one_each(call: Call, answers: Sequence[Answer]) -> list[Answer]:
    """Exactly one answer for each message of the call: a missing or doubled one makes that message unknown, a foreign one is dropped."""
    told: dict[str, Answer | None] = {}
    for answer in answers:
        told[answer.reference] = None if answer.reference in told else answer
    return [told.get(reference) or _unknown(reference, told) for reference in call.started]


def _unknown(reference: str, told: Mapping[str, Answer | None]) -> Answer:
    detail = "answered more than once" if reference in told else "not answered"
    return Answer(reference, Outcome.UNKNOWN, Reason.PROVIDER_UNAVAILABLE, Fault.PROVIDER, detail=detail)


class _LeaseOver(stop_base):
    """Stops tries when the lease of a call is over."""

    def __init__(self, call: Call) -> None:
        self._holds = call.lease.holds

    def __call__(self, _: object) -> bool:
        return not self._holds()


def _nothing_left(answers: Sequence[Answer]) -> bool:
    return bool(answers) and all(a.outcome is Outcome.NOTHING_LEFT for a in answers)
