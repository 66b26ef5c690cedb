"""What roles are given by the composition root: the rooms that gateway must not import."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from redis.asyncio import Redis

from gateway.config import Config
from gateway.jobs import Jobs
from gateway.runtime import Dates


class OpenJobs(Protocol):
    """Opens Redis and the port to ask for jobs through it; connects when it is first needed."""

    def __call__(self, url: str) -> AbstractAsyncContextManager[tuple[Redis, Jobs]]:
        """The client and the port, closed in the end."""


class Role(Protocol):
    """Runs until `stopping` is set, then drains."""

    async def __call__(self, config: Config, stopping: Any) -> None:
        """Returns when all is done."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """scheduler's rooms, handed down."""

    dates: Dates
    calendar: Any
    open_jobs: OpenJobs
    worker: Role
    scheduler: Role
