"""Interworking with peers that nobody here wrote: PyPI `smpplib`'s client with our stand-in, PyPI `smpp34`'s server with our driver."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import smpplib.client  # type: ignore[import-untyped]
import smpplib.consts  # type: ignore[import-untyped]
import smpplib.exceptions  # type: ignore[import-untyped]
import smpplib.gsm  # type: ignore[import-untyped]

from tests.standins.smpp import Smsc, SmscOptions, running


class Session:
    """A conversation of smpplib's client, which blocks, so it runs in a thread."""

    def __init__(self, port: int) -> None:
        self.client = smpplib.client.Client("127.0.0.1", port, timeout=2, allow_unknown_opt_params=True)
        self.ids: list[str] = []
        self.statuses: list[int] = []
        self.news: list[Any] = []
        self.client.set_message_sent_handler(self._sent)
        self.client.set_error_pdu_handler(lambda pdu: None)  # what it would raise for; `_sent` hears of it as well
        self.client.set_message_received_handler(self._received)

    def _sent(self, pdu: Any) -> None:
        self.statuses.append(pdu.status)
        if pdu.message_id:
            self.ids.append(pdu.message_id.decode())

    def _received(self, pdu: Any) -> int:
        self.news.append(pdu)
        return 0

    def bind(self) -> None:
        self.client.connect()
        self.client.bind_transceiver(system_id="esme01", password="secret08")

    def send(self, to: str, text: str) -> int:
        parts, coding, esm_class = smpplib.gsm.make_parts(text)
        for part in parts:
            self.client.send_message(
                source_addr="10690001",
                dest_addr_ton=1,
                dest_addr_npi=1,
                destination_addr=to,
                short_message=part,
                data_coding=coding,
                esm_class=esm_class,
                registered_delivery=True,
            )
        return len(parts)

    def until(self, done: Callable[[], bool]) -> None:
        for _ in range(50):
            if done():
                return
            self.client.read_once()
        raise AssertionError("the stand-in said too little")

    def close(self) -> None:
        with suppress(smpplib.exceptions.PDUError, OSError):
            self.client.unbind()
        self.client.disconnect()


async def conversing(smsc: Smsc, script: Callable[[Session], None]) -> Session:
    session = Session(smsc.port)

    def run() -> None:
        try:
            script(session)
        finally:
            session.close()

    await asyncio.to_thread(run)
    return session


async def test_smpplib_binds_to_our_stand_in_sends_a_long_text_and_reads_its_receipts() -> None:
    def script(session: Session) -> None:
        session.bind()
        assert session.send("8613800135678", "【测试】" + "验证码" * 25) == 2
        session.until(lambda: len(session.news) == 2 and len(session.ids) == 2)

    async with running() as smsc:
        session = await conversing(smsc, script)
    assert session.statuses == [0, 0]
    assert [pdu.receipted_message_id.decode() for pdu in session.news] == session.ids
    assert {pdu.message_state for pdu in session.news} == {2}
    assert all(f"id:{id_}".encode() in pdu.short_message for id_, pdu in zip(session.ids, session.news, strict=True))
    assert (smsc.book.taken, smsc.news_taken) == (2, 2)


async def test_smpplib_hears_refusals_and_replies_from_our_stand_in() -> None:
    def script(session: Session) -> None:
        session.bind()
        session.send("8613800130005", "Hello")
        session.send("8613800130010", "Hello")
        session.until(lambda: len(session.statuses) == 2 and len(session.news) == 2)

    async with running() as smsc:
        session = await conversing(smsc, script)
    assert session.statuses == [smpplib.consts.SMPP_ESME_RINVDSTADR, 0]
    assert session.news[1].short_message.decode("utf-16-be") == "退订"


async def test_our_stand_in_asks_smpplib_whether_it_lives_and_refuses_a_wrong_password() -> None:
    def script(session: Session) -> None:
        session.bind()
        session.until(lambda: len(smsc.sessions[0].received) > 2)

    async with running(SmscOptions(enquire_ms=20)) as smsc:
        await conversing(smsc, script)
        smsc.options.password = "another"
        with pytest.raises(smpplib.exceptions.PDUError, match="Password"):
            await conversing(smsc, Session.bind)
