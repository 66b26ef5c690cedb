"""Interworking with peers that nobody here wrote: PyPI `smpplib`'s client with our stand-in, PyPI `smpp34`'s server with our driver."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
import smpp34
import smpplib.client  # type: ignore[import-untyped]
import smpplib.consts  # type: ignore[import-untyped]
import smpplib.exceptions  # type: ignore[import-untyped]
import smpplib.gsm  # type: ignore[import-untyped]

from providers.base.types import Inbound
from providers.base.words import Outcome, Reason, Status
from providers.smpp.pdu import Tag
from tests.providers.contract import Inbox, message, sent, until
from tests.providers.smpp.provider import linked
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


class Peer:
    """smpp34's server, with what a test wants of it."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.server = smpp34.Server("127.0.0.1", self.port, system_id="PEER")
        self.links: dict[str, smpp34.Esme] = {}
        self.taken: list[smpp34.SubmitSmEvent] = []
        self.reject: int | None = None

    async def serve(self) -> None:
        while True:
            event = await self.server.next()
            if isinstance(event, smpp34.Esme):
                self.links[event.session_id] = event
            elif isinstance(event, smpp34.Unbound):
                self.links.pop(event.session_id, None)
            elif self.reject is not None:
                event.reject(self.reject)
            else:
                self.taken.append(event)
                event.accept(f"{len(self.taken):08X}")

    @property
    def link(self) -> smpp34.Esme:
        return next(iter(self.links.values()))

    async def report(self, number: int, taken: smpp34.SubmitSmEvent, state: int) -> smpp34.DeliverSmResp:
        return await self.link.deliver_sm(
            taken.source_addr,
            f"id:{number:08X} sub:001 dlvrd:001 submit date:2401010000 done date:2401010001 stat:DELIVRD err:000 text:".encode(),
            source_addr=taken.destination_addr,
            source_addr_ton=1,
            source_addr_npi=1,
            esm_class=4,
            tlvs=[
                smpp34.Tlv(Tag.RECEIPTED_MESSAGE_ID, b"%08X\0" % number),
                smpp34.Tlv(Tag.MESSAGE_STATE, bytes((state,))),
            ],
        )


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    await peer.server.start()
    serving = asyncio.create_task(peer.serve())
    try:
        yield peer
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await peer.server.stop()


async def test_our_driver_sends_to_smpp34s_server_and_hears_its_reports(peer: Peer) -> None:
    inbox = Inbox()
    async with linked(peer.port, inbox.receive) as smpp:
        one = message(text="请认证" * 50)
        [answer] = await sent(smpp, [one])
        resp = [await peer.report(number, taken, 2) for number, taken in enumerate(peer.taken, 1)]
    assert (answer.outcome, sorted(answer.parts)) == (Outcome.ACCEPTED, ["1", "2", "3"])
    in_order = sorted(peer.taken, key=lambda taken: taken.short_message[5])  # smpp34 takes what comes together in no order
    assert b"".join(taken.short_message[6:] for taken in in_order).decode("utf-16-be") == one.text
    assert {(t.destination_addr, t.dest_addr_ton, t.data_coding, t.esm_class, t.registered_delivery) for t in peer.taken} == {
        (one.address[1:], 1, 8, 0x40, 1)
    }
    assert all(one.is_success for one in resp)
    reports = [report for callback in inbox.callbacks for report in smpp.read(callback).reports]
    assert [(r.vendor_id, r.status, r.address) for r in reports] == [(part, Status.DELIVERED, one.address) for part in ("1", "2", "3")]


async def test_our_driver_reads_smpp34s_refusals_and_replies(peer: Peer) -> None:
    inbox = Inbox()
    async with linked(peer.port, inbox.receive) as smpp:
        peer.reject = 0x0B
        [answer] = await sent(smpp, [message()])
        resp = await peer.link.deliver_sm(
            "10690001", "退订".encode("utf-16-be"), source_addr="8613800138000", source_addr_ton=1, data_coding=8
        )
    assert (answer.outcome, answer.reason, answer.vendor_code) == (Outcome.REFUSED, Reason.MALFORMED_ADDRESS, "0x0000000B")
    assert resp.is_success
    assert [smpp.read(callback).inbound for callback in inbox.callbacks] == [[Inbound("+8613800138000", "退订")]]


async def test_smpp34s_server_hears_that_news_could_not_be_stored(peer: Peer) -> None:
    inbox = Inbox()
    inbox.failures = 1
    async with linked(peer.port, inbox.receive):
        said = [(await peer.link.deliver_sm("10690001", b"TD", source_addr="8613800138000")).command_status for _ in range(2)]
    assert said == [0x64, 0]


async def test_our_driver_says_goodbye_to_smpp34s_server(peer: Peer) -> None:
    async with linked(peer.port):
        await until(lambda: peer.links)
    await until(lambda: not peer.links)


async def test_our_driver_keeps_a_full_window_at_smpp34s_server(peer: Peer) -> None:
    async with linked(peer.port, window=32, connections=2) as smpp:
        answers = await asyncio.gather(*(sent(smpp, [message() for _ in range(10)]) for _ in range(40)))
    assert len({part for batch in answers for answer in batch for part in answer.parts}) == len(peer.taken) == 400
