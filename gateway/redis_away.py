"""Redis carries no truth: whoever asks it waits a second at most, and one that is away, or says nothing, is a value like any other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from redis.exceptions import RedisError

Answer = TypeVar("Answer")
Otherwise = TypeVar("Otherwise")

ANSWER_S: Final = 1.0
"""Seconds Redis may take to answer: one that says nothing is like one that is away."""


async def unless_away(asking: Awaitable[Answer], otherwise: Otherwise, tell: Callable[..., object] | None = None) -> Answer | Otherwise:
    """What Redis answers; `otherwise` where it is away. `tell` is given the `error` by its name: a log line to be."""
    try:
        async with asyncio.timeout(ANSWER_S):
            return await asking
    except (RedisError, OSError) as error:
        if tell is not None:
            tell(error=type(error).__name__)
        return otherwise
