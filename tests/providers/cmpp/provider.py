"""A `cmpp` provider for tests, with short pauses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from providers.base.types import Receive, Settings
from providers.cmpp import Cmpp
from tests.providers.contract import Inbox, opened, until

BASE = {"timeout_s", "connect_timeout_s", "connections", "batch_size"}


def provider(port: int, receive: Receive | None = None, **given: Any) -> Cmpp:
    """Base keys go to the base, all others to the driver."""
    base: dict[str, Any] = {"timeout_s": 2.0, "connect_timeout_s": 1.0, "connections": 1, "batch_size": 10}
    options: dict[str, Any] = {"host": "127.0.0.1", "port": port, "sp_id": "901234", "secret": "secret", "src_id": "10690001"}
    options |= {"reconnect_s": 0.02, "reconnect_most_s": 0.1}
    base |= {key: value for key, value in given.items() if key in BASE}
    options |= {key: value for key, value in given.items() if key not in BASE}
    return Cmpp(Settings("mobile", "cmpp", **base, options=options), receive or Inbox().receive)


@asynccontextmanager
async def linked(port: int, receive: Receive | None = None, **given: Any) -> AsyncIterator[Cmpp]:
    """An opened provider whose link is up."""
    async with opened(provider(port, receive, **given)) as cmpp:
        assert isinstance(cmpp, Cmpp)
        await until(cmpp.up)
        yield cmpp
