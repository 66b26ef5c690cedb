"""Calls that one process may have on the wire to one provider, divided among the lanes: each has places that the others leave free."""

import asyncio
import time
from collections import deque

from gateway.words import Lane

SHARE, MOST_KEPT = 25, 4
"""One place of so many is kept for each lane, one at least and so many at most: what comes free goes to the lanes before the others anyway."""
LANES = tuple(str(lane) for lane in Lane)
"""First come, first served within a lane; between lanes in this order."""


class Places:
    """One a provider and process. With two places one is kept for urgent messages; with one there is nothing to divide."""

    def __init__(self, most: int) -> None:
        self._most = most
        kept = max(1, min(MOST_KEPT, most // SHARE)) if most > len(LANES) - 1 else 0
        self._kept = dict.fromkeys(LANES, kept)
        if most == 2:
            self._kept[Lane.URGENT] = 1
        self._taken = dict.fromkeys(LANES, 0)
        self._all = 0
        self._free_for_any = most - sum(self._kept.values())
        """While fewer are taken every lane has room, and nobody waits."""
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {lane: deque() for lane in LANES}
        self._heard = 0.0

    def reach(self, lane: str) -> int:
        """Places that a lane may fill as things stand, those it has filled included."""
        taken, kept = self._taken, self._kept
        return self._most - sum([max(taken[other], kept[other]) for other in LANES if other != lane])

    def silent_s(self, now: float) -> float:
        """Seconds since any call ended while there are some on the wire; `now` by the monotonic clock."""
        return now - self._heard if self._all else 0.0

    def take(self, lane: str) -> bool:
        """Takes a place if there is one now."""
        if self._all >= self._free_for_any and (self._waiting[lane] or self._taken[lane] >= self.reach(lane)):
            return False
        if not self._all:
            self._heard = time.monotonic()
        self._all += 1
        self._taken[lane] += 1
        return True

    async def enter(self, lane: str) -> None:
        """Waits for a place."""
        if not self.take(lane):
            await self._wait(lane)

    def leave(self, lane: str) -> None:
        """The call ended."""
        full = self._all >= self._free_for_any
        self._all -= 1
        self._taken[lane] -= 1
        self._heard = time.monotonic()
        if full:
            self._call_in()

    def _call_in(self) -> None:
        for lane in LANES:
            waiting = self._waiting[lane]
            while waiting and self._taken[lane] < self.reach(lane):
                place = waiting.popleft()
                if not place.done():
                    self._all += 1
                    self._taken[lane] += 1
                    place.set_result(None)

    async def _wait(self, lane: str) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[lane].append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave(lane)
            raise
