"""SMPP providers for tests, with short time-outs, and their news without a link."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from providers.base.news import State, packed
from providers.base.types import Callback, Reading, Receive, Settings
from providers.smpp import Smpp
from providers.smpp.pdu import VERSION, Command, ShortMessage, pdu
from tests.providers.contract import Inbox, opened, until

BASE = ("timeout_s", "connect_timeout_s", "connections", "batch_size")


def settings(port: int = 2775, **given: Any) -> Settings:
    base = {"timeout_s": 1.0, "connect_timeout_s": 0.8, "connections": 1, "batch_size": 10} | {k: v for k, v in given.items() if k in BASE}
    options = {"host": "127.0.0.1", "port": port, "system_id": "esme01", "password": "secret08", "source": "10690001", "reconnect_s": 0.05}
    return Settings("smsc", "smpp", **base, options=options | {k: v for k, v in given.items() if k not in BASE})


def provider(port: int = 2775, receive: Receive | None = None, **given: Any) -> Smpp:
    return Smpp(settings(port, **given), receive or Inbox().receive)


def heard(*messages: ShortMessage | bytes, state: State = State.HEARD) -> Callback:
    """What `receive` gets for these deliver_sm; bytes are a PDU as it is."""
    frames = [m if isinstance(m, bytes) else pdu(Command.DELIVER_SM, n, m.octets()) for n, m in enumerate(messages, 1)]
    return packed(VERSION, state, frames)


def reading(*messages: ShortMessage | bytes, state: State = State.HEARD, **given: Any) -> Reading:
    return provider(**given).read(heard(*messages, state=state))


@asynccontextmanager
async def linked(port: int, receive: Receive | None = None, **given: Any) -> AsyncIterator[Smpp]:
    """An opened provider whose links are up."""
    async with opened(provider(port, receive, **given)) as smpp:
        assert isinstance(smpp, Smpp)
        await until(smpp.up)
        yield smpp
