"""The one port through which work is asked for. Redis carries it; whatever is lost there the scheduler's sweep asks for again."""

from typing import Protocol


class Jobs(Protocol):
    """Filled by scheduler/jobs.py. None of these raises: what cannot be asked for now the sweep asks for later."""

    async def drain(self, channel: str, lane: str, messages: int) -> None:
        """There are so many messages of this lane to send now."""

    async def plan(self) -> None:
        """There are persons to plan now."""

    async def receive(self) -> None:
        """There are callbacks in the inbox now."""
