"""Posts a sample day the way backends do: NDJSON to the API, with a token."""

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus

import aiohttp
from msgspec import Struct

A_POST = 500
"""Events a request."""
LOOK_S = 0.2
ANSWER_S = 60.0


class NotUp(Exception):
    """The API did not answer in time."""


class Refused(Exception):
    """The API answered something else than 202."""


class Posted(Struct, frozen=True):
    """What the API said of the events."""

    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0


async def wait_ready(url: str, within_s: float, ended: Callable[[], bool] = lambda: False) -> None:
    """Returns when /readyz says yes. Raises NotUp after `within_s` seconds, or as soon as `ended` says that nothing will come."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        while loop.time() < until and not ended():
            try:
                async with session.get(f"{url}/readyz") as answer:
                    if answer.status == HTTPStatus.OK:
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(LOOK_S)
    raise NotUp(url)


async def post(url: str, token: str, events: Sequence[bytes], done: Callable[[int], object] = lambda _: None) -> Posted:
    """Posts events in order; `done` is told how many after each request. Raises Refused."""
    posted = Posted()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as session:
        for start in range(0, len(events), A_POST):
            lines = events[start : start + A_POST]
            async with session.post(f"{url}/v1/events", data=b"\n".join(lines)) as answer:
                if answer.status != HTTPStatus.ACCEPTED:
                    raise Refused(f"{url}/v1/events answered {answer.status}: {(await answer.text())[:500]}")
                said = await answer.json()
            posted = Posted(
                posted.accepted + said["accepted"], posted.duplicate + said["duplicate"], posted.rejected + len(said["rejected"])
            )
            done(len(lines))
    return posted
