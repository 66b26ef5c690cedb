"""Drains one lane of one channel: tokens first, then a claim, then the calls, as many at once as the provider is worth."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from msgspec import Struct

from gateway.dispatch.attempt import attempt
from gateway.dispatch.claim import Call, Claimed, Line
from gateway.dispatch.lease import boot_seconds
from gateway.dispatch.places import Places
from gateway.dispatch.rounds import LOOK_AGAIN_S, Round
from gateway.logs import account, get_logger
from gateway.words import Lane
from providers.base.types import Answer, Provider

MOST_A_CLAIM = 500
"""Messages one claim takes: enough to share a commit, few enough to hold their persons for milliseconds."""
AHEAD_S = 0.05
"""Seconds of work that may wait in this process behind the calls on the wire; all of it starts well within a second of its claim."""
MOST_AHEAD = 10
"""Times the provider's connections that may be claimed at once when it answers fast."""
AT_ONCE = 2
"""Claims of one lane that a process has on their way at once."""
KEPT = {Lane.NORMAL: 0.1, Lane.BULK: 0.2}
"""Share of a second's tokens that a lane leaves to those before it."""
log = get_logger(__name__)


class Claims(Protocol):
    """Takes messages out of the store (gateway/dispatch/claim.py over a pool)."""

    async def __call__(self, channel: str, lane: str, count: int, line: Line) -> Claimed:
        """At most `count` messages, as calls that must start now."""


class Tokens(Protocol):
    """Rate tokens of a provider, shared by all workers."""

    async def take(self, provider: str, rate_per_s: float, count: int, kept: float = 0.0) -> int:
        """How many of `count` messages may be claimed now; `kept` tokens, as a share of the rate, stay for others."""

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
    weight: float = 1.0
    """Its share against the other providers of a route, at rest."""
    places: Places | None = None
    """What the lanes share; None: nobody else uses this provider."""
    alone: bool = True
    """No other provider carries this lane."""
    trying: bool = False
    """Its circuit is half open: one call may try."""


class Route(Protocol):
    """The providers of a lane (gateway/dispatch/outlets.py)."""

    def choose(self, out: Collection[str] = ()) -> Outlet | None:
        """The outlet to claim for now, but for those that are `out`; None: none can carry, or the window is shut."""

    def tried(self) -> bool:
        """Whether somebody tries a half-open circuit at this moment: it may be closed, or free to try, in no time."""

    def took(self, provider: str, messages: int) -> None:
        """A claim gave messages to a provider."""


class _Flight:
    """What a pump has on its way to one provider: calls, how long one takes, messages in one."""

    __slots__ = ("call_s", "calls", "held")

    def __init__(self, held: float) -> None:
        self.calls = 0
        self.call_s = 0.05
        self.held = held


class Pump:
    """One a (channel, lane) and process."""

    def __init__(
        self,
        channel: str,
        lane: str,
        route: Route,
        claims: Claims,
        tokens: Tokens,
        answers: Answers,
        watcher: Watcher,
    ) -> None:
        self.channel, self.lane = channel, lane
        self._route, self._claims, self._tokens, self._answers, self._watcher = route, claims, tokens, answers, watcher
        self._kept = KEPT.get(Lane(lane), 0.0)
        self._tasks: set[asyncio.Task[None]] = set()
        self._flights: dict[str, _Flight] = {}
        self._draining = 0
        self._again = False
        self._full = False
        self._freed = asyncio.Event()

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
        total, at = 0, Round()
        while not stopping():
            self._again = False
            outlet = self._route.choose(at.out)
            if outlet is None:
                if not at.soon and not at.once(self._route.tried()):
                    break
                at.begin(few=not await self._moment(at.pause_s if at.soon else LOOK_AGAIN_S))
                continue
            try:
                allowed, taken = await self._turn(outlet, few=at.few)
            except BaseException:
                self._watcher.unused(outlet.line.provider)
                raise
            total += taken
            if not allowed:
                at.out.add(outlet.line.provider)
                at.soon = True
            elif taken < allowed and not self._again:
                at.out.add(outlet.line.provider)
        return total

    async def _turn(self, outlet: Outlet, *, few: bool) -> tuple[int, int]:
        """Tokens, claim, calls: (messages that were allowed, messages taken out of the queue). `few`: a few free places are enough."""
        room = outlet.line.batch_size if outlet.trying else await self._room(outlet, few=few)
        allowed = room and await self._tokens.take(outlet.line.provider, outlet.rate_per_s, room, self._kept)
        if not allowed:
            self._watcher.unused(outlet.line.provider)
            return 0, 0
        return allowed, await self._claim(outlet, allowed)

    async def _claim(self, outlet: Outlet, allowed: int) -> int:
        provider = outlet.line.provider
        claimed = await self._claims(self.channel, self.lane, allowed, outlet.line)
        sent = sum(len(call.batch) for call in claimed.calls)
        if sent < allowed:
            await self._tokens.give_back(provider, outlet.rate_per_s, allowed - sent)
        if claimed.stopped:
            self._watcher.stopped(self.channel, claimed.stopped)
        if not claimed.calls:
            self._watcher.unused(provider)
            return claimed.taken
        self._route.took(provider, sent)
        if outlet.line.alike is not None:
            flight = self._flight(outlet)
            flight.held += 0.3 * (sent / len(claimed.calls) - flight.held)
        for call in claimed.calls:
            self._fly(outlet, call)
        return claimed.taken

    async def _moment(self, pause_s: float) -> bool:
        """Every provider is out for now: waits until a call lands where places were missing, else for a few tokens. Whether one landed."""
        if not self._full:
            await asyncio.sleep(pause_s)
            return False
        self._full = False
        return await self._landing()

    async def _landing(self) -> bool:
        """Whether a call lands within a moment."""
        self._freed.clear()
        try:
            async with asyncio.timeout(LOOK_AGAIN_S):
                return await self._freed.wait()
        except TimeoutError:
            return False

    async def _room(self, outlet: Outlet, *, few: bool) -> int:
        """Waits until a claim is worth while; returns how many messages it may take. 0: not now, and another provider may have room."""
        flight = self._flight(outlet)
        while True:
            most = self._most(outlet, flight)
            free = most - flight.calls
            if free >= (1 if few else max(1, most // 4)) or not flight.calls:
                break
            if not outlet.alone:
                self._full = True
                return 0
            if not await self._landing() and most > flight.calls:
                break
        return min(MOST_A_CLAIM, int(max(1, most - flight.calls) * flight.held))

    def _flight(self, outlet: Outlet) -> _Flight:
        flight = self._flights.get(outlet.line.provider)
        if flight is None:  # where only messages that are alike share a call, it is not known yet how many that will be
            held = 1.0 if outlet.line.alike is not None else float(outlet.line.batch_size)
            flight = self._flights[outlet.line.provider] = _Flight(held)
        return flight

    def _most(self, outlet: Outlet, flight: _Flight) -> int:
        """Calls that may be claimed at once: more than this lane's places where each is back in no time."""
        places = outlet.connections if outlet.places is None else max(1, outlet.places.reach(self.lane))
        return int(places * min(float(MOST_AHEAD), max(1.0, AHEAD_S / max(flight.call_s, 1e-6))))

    def _fly(self, outlet: Outlet, call: Call) -> None:
        flight = self._flight(outlet)
        flight.calls += 1
        task = asyncio.get_running_loop().create_task(self._make(outlet, call, flight))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _make(self, outlet: Outlet, call: Call, flight: _Flight) -> None:
        start = time.perf_counter()
        try:
            answers = await self._attempt(outlet, call, flight)
        except BaseException:  # cancelled: nobody says how it ended, and the lease will
            self._watcher.unused(call.provider)
            raise
        took = time.perf_counter() - start
        flight.call_s += 0.05 * (took - flight.call_s)
        self._watcher.ended(call, took, answers)
        try:
            await self._answers(call, answers)
        except Exception as error:  # noqa: BLE001 - an edge: the lease will end and the sweep find the call
            log.error("answers_not_recorded", provider=call.provider, messages=len(call.batch), **account(error))

    async def _attempt(self, outlet: Outlet, call: Call, flight: _Flight) -> Sequence[Answer]:
        places = outlet.places
        try:
            if places is None:
                return await attempt(outlet.provider, call, self._first_byte(call), alone=outlet.alone)
            if not places.take(self.lane):
                await places.enter(self.lane)
            try:
                return await attempt(outlet.provider, call, self._first_byte(call), alone=outlet.alone)
            finally:
                places.leave(self.lane)
        finally:
            flight.calls -= 1
            self._freed.set()

    def _first_byte(self, call: Call) -> Callable[[], None]:
        return lambda: self._watcher.first_byte(call, boot_seconds() - call.lease.claimed)
