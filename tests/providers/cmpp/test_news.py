"""What an ISMG says by itself: reports and replies, stored before they are answered, long ones put together."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from providers.base.news import State, packed
from providers.base.segments import headed
from providers.base.types import Callback, Inbound, Reading, Report, UnreadableCallback
from providers.base.words import Reason, Status
from providers.cmpp import Cmpp
from providers.cmpp.pdu import LAYOUTS, V20, V21, V30, Command
from tests.providers.cmpp import vectors
from tests.providers.cmpp.provider import linked, provider
from tests.providers.contract import Inbox, message, sent, until
from tests.standins.cmpp import Line, ismg


def heard(cmpp: Cmpp, inbox: Inbox) -> tuple[list[Report], list[Inbound]]:
    readings = [cmpp.read(callback) for callback in inbox.callbacks]
    return [report for reading in readings for report in reading.reports], [reply for reading in readings for reply in reading.inbound]


def read(frame: bytes, version: int, state: State = State.HEARD, **given: Any) -> Reading:
    return provider(1, **given).read(packed(version, state, [frame]))


@pytest.mark.parametrize(
    ("frame", "version"),
    [
        (vectors.DELIVER20_REPORT, V20),
        (vectors.DELIVER20_REPORT, V21),
        (vectors.DELIVER30_REPORT71, V30),
        (vectors.DELIVER30_REPORT60, V30),
    ],
)
def test_a_report_names_the_message_by_the_id_of_its_answer(frame: bytes, version: int) -> None:
    [report] = read(frame, version).reports
    assert (report.reference, report.vendor_id, report.status, report.vendor_code) == (
        None,
        "77b22e0dc0721234",
        Status.DELIVERED,
        "DELIVRD",
    )
    assert report.address == "+8613800138000"
    assert report.at == datetime(2023, 12, 31, 16, 1, tzinfo=UTC)


@pytest.mark.parametrize(("frame", "version"), [(vectors.DELIVER20_MO, V20), (vectors.DELIVER30_MO, V30)])
def test_a_reply_is_its_text_and_number(frame: bytes, version: int) -> None:
    assert read(frame, version).inbound == [Inbound("+8613800138000", "退订T")]


@pytest.mark.parametrize(("coding", "octets"), [(0, b"TD"), (15, "退订".encode("gbk")), (8, "退订".encode("utf-16-be")), (77, b"TD")])
def test_a_reply_is_read_as_its_coding_says(coding: int, octets: bytes) -> None:
    from providers.cmpp.pdu import Deliver  # noqa: PLC0415

    frame = Deliver(msg_id=1, coding=coding, src_terminal=b"8613800138000", content=octets).packed(1, LAYOUTS[V30])
    assert read(frame, V30).inbound[0].text in {"TD", "退订"}


def test_an_operator_says_what_a_provinces_stat_means() -> None:
    frame = vectors.DELIVER20_REPORT.replace(b"DELIVRD", b"XA:0042")
    assert read(frame, V20).reports[0].reason is Reason.UNMAPPED
    codes = {"XA:0042": {"status": "undelivered", "reason": "unreachable"}}
    [report] = read(frame, V20, receipt_codes=codes).reports
    assert (report.status, report.reason, report.vendor_code) == (Status.UNDELIVERED, Reason.UNREACHABLE, "XA:0042")


def test_one_deliver_that_cannot_be_read_keeps_no_other_from_being_stored() -> None:
    short = vectors.DELIVER20_REPORT[:60].replace(b"\x00\x00\x00\x91", b"\x00\x00\x00\x3c", 1)
    reading = provider(1).read(packed(V20, State.HEARD, [short, vectors.DELIVER20_REPORT]))
    assert len(reading.reports) == 1


@pytest.mark.parametrize(
    "body",
    [
        bytes((V30, 0)) + vectors.SUBMIT20,
        bytes((0x40, 0)) + vectors.DELIVER20_MO,
        bytes((V20, 9)) + vectors.DELIVER20_MO,
        bytes((V20, 0)) + vectors.DELIVER20_MO[:-1],
        bytes((V20, 0)) + b"\0\0\0\1" * 4,
    ],
)
def test_a_body_that_is_no_delivers_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableCallback):
        provider(1).read(Callback("PDU", {}, {}, body))


@pytest.mark.parametrize("version", [V20, V21, V30])
async def test_reports_come_by_the_link_and_are_answered_once_stored(version: int) -> None:
    inbox = Inbox()
    async with ismg(version) as gateway, linked(gateway.port, inbox.receive) as cmpp:
        batch = [message(f"{n:04d}") for n in (1, 2, 3, 4, 8, 9, 1234)]
        answers = await sent(cmpp, batch)
        await until(lambda: len(gateway.results) == 8)
        reports, _ = heard(cmpp, inbox)
    parts = {answer.parts[0]: answer.reference for answer in answers}
    said = {(parts[report.vendor_id or ""], report.reason) for report in reports}
    expected = [Reason.NUMBER_ABSENT, Reason.NUMBER_SUSPENDED, Reason.UNREACHABLE, None, Reason.CARRIER_BLACKLIST, None, None]
    assert said == {(one.reference, reason) for one, reason in zip(batch, expected, strict=True) if one.address[-4:] != "0004"}
    assert len(reports) == 8
    assert all(result.result == 0 for result in gateway.results)


async def test_reports_before_the_answer_are_heard() -> None:
    inbox = Inbox()
    async with ismg(early=True) as gateway, linked(gateway.port, inbox.receive) as cmpp:
        [answer] = await sent(cmpp, [message()])
        await until(lambda: gateway.results)
        [report], _ = heard(cmpp, inbox)
    assert (report.vendor_id,) == answer.parts


async def test_news_that_came_together_share_a_body() -> None:
    inbox = Inbox()
    async with ismg(window=100) as gateway, linked(gateway.port, inbox.receive, batch_size=100, window=100) as cmpp:
        await sent(cmpp, [message(f"{n + 1000}") for n in range(100)])
        await until(lambda: len(gateway.results) == 100)
        assert len(heard(cmpp, inbox)[0]) == 100
    assert len(inbox.callbacks) <= 10


async def test_a_report_that_is_not_stored_is_not_answered_and_comes_again() -> None:
    inbox = Inbox()
    inbox.failures = 1
    async with ismg(again_s=0.2) as gateway, linked(gateway.port, inbox.receive) as cmpp:
        await sent(cmpp, [message()])
        await asyncio.sleep(0.1)
        assert (gateway.results, inbox.callbacks) == ([], [])
        await until(lambda: gateway.results)
        assert len(heard(cmpp, inbox)[0]) == 1


async def test_nothing_is_answered_before_it_is_stored() -> None:
    stored = asyncio.Event()

    async def slow(name: str, callback: Callback) -> Reading:
        await stored.wait()
        return Reading()

    async with ismg() as gateway, linked(gateway.port, slow) as cmpp:
        await sent(cmpp, [message()])
        await asyncio.sleep(0.1)
        assert gateway.heard[Command.DELIVER | 0x80000000] == 0
        stored.set()
        await until(lambda: gateway.results)


async def test_people_reply_by_the_link() -> None:
    inbox = Inbox()
    async with ismg() as gateway, linked(gateway.port, inbox.receive) as cmpp:
        await sent(cmpp, [message("0010")])
        await until(lambda: len(gateway.results) == 2)
        assert heard(cmpp, inbox)[1] == [Inbound("+8613800130010", "退订")]


def parts_of(line: Line, text: str, reference: int = 7) -> list[Any]:
    octets = text.encode("utf-16-be")
    contents = headed([octets[start : start + 134] for start in range(0, len(octets), 134)], reference)
    return [line.reply(b"13800138000", b"10690001", content, udhi=1) for content in contents]


REPLY = "我" * 66 + "😀退订"


async def test_a_long_reply_is_one_however_its_parts_come() -> None:
    for order, apart in (((0, 1), False), ((1, 0), False), ((0, 1), True), ((1, 0), True), ((0, 0, 1), True)):
        inbox = Inbox()
        async with ismg() as gateway, linked(gateway.port, inbox.receive) as cmpp:
            [line] = gateway.lines
            parts = parts_of(line, REPLY)
            for count, number in enumerate(order, 1):
                line.waiting.append(parts[number])
                if apart or count == len(order):
                    line.tell()
                    line.flush()
                    await until(lambda count=count: len(gateway.results) == count)  # type: ignore[misc]
            assert heard(cmpp, inbox)[1] == [Inbound("+8613800138000", REPLY)]
            assert len(cmpp._long_replies) == 0


async def test_of_a_long_reply_whose_rest_never_comes_there_is_what_came() -> None:
    inbox = Inbox()
    async with ismg() as gateway, linked(gateway.port, inbox.receive) as cmpp:
        [line] = gateway.lines
        line.waiting.append(parts_of(line, REPLY)[0])
        line.tell()
        line.flush()
        await until(lambda: gateway.results)
        assert heard(cmpp, inbox)[1] == []
    [reply] = heard(cmpp, inbox)[1]
    assert reply.text.startswith("我" * 66)


async def test_parts_without_end_are_kept_within_bounds() -> None:
    inbox = Inbox()
    async with ismg(window=5_000) as gateway, linked(gateway.port, inbox.receive) as cmpp:
        [line] = gateway.lines
        for number in range(1_500):
            part = parts_of(line, REPLY, number)[0]
            line.waiting.append(line.reply(b"138%08d" % number, b"10690001", part.content, udhi=1))
        line.tell()
        line.flush()
        await until(lambda: len(gateway.results) == 1_500)
        await cmpp._give_up_parts(asyncio.get_running_loop().time())
        assert len(cmpp._long_replies) <= 1_000
