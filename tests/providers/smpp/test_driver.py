"""`smpp` over real sockets with the stand-in SMSC: it meets the contract, reports, keeps its links."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from random import Random
from typing import Any

import pytest

from providers.base.abilities import HoldsLink
from providers.base.types import Inbound, Provider, Report
from providers.base.words import Outcome, Reason, Status
from providers.smpp import Smpp
from providers.smpp.pdu import RESPONSE, Command, pdu
from tests.providers.contract import Inbox, ProviderContract, message, sent, until
from tests.providers.smpp.provider import linked
from tests.standins.smpp import Smsc, SmscOptions, reply, running

FAST: dict[str, Any] = {"codes": {"ESME_RTHROTTLED": {"outcome": "deferred", "reason": "frequency_limited", "retry_after_s": 0.1}}}
"""So that a throttled link pauses for a tenth of a second and not for one."""


class TestSmpp(ProviderContract):
    @pytest.fixture
    async def provider(self) -> AsyncIterator[Provider]:
        async with running() as smsc, linked(smsc.port, timeout_s=0.7, **FAST) as smpp:
            yield smpp


def read(smpp: Smpp, inbox: Inbox) -> tuple[list[Report], list[Inbound]]:
    readings = [smpp.read(callback) for callback in inbox.callbacks]
    return [report for reading in readings for report in reading.reports], [said for reading in readings for said in reading.inbound]


def commands(smsc: Smsc) -> list[int]:
    return [command for session in smsc.sessions for command in session.received]


async def test_it_says_that_it_holds_a_link_and_whether_that_is_up() -> None:
    async with running() as smsc, linked(smsc.port) as smpp:
        assert isinstance(smpp, HoldsLink)
        await smsc.close()
        await until(lambda: not smpp.up())


@pytest.mark.parametrize(
    ("ending", "status", "reason"),
    [
        ("0001", Status.UNDELIVERED, Reason.NUMBER_ABSENT),
        ("0002", Status.UNDELIVERED, Reason.NUMBER_SUSPENDED),
        ("0003", Status.UNDELIVERED, Reason.UNREACHABLE),
        ("0008", Status.UNDELIVERED, Reason.CARRIER_BLACKLIST),
        ("5678", Status.DELIVERED, None),
    ],
)
async def test_a_report_comes_under_the_id_of_the_answer(ending: str, status: Status, reason: Reason | None) -> None:
    inbox, one = Inbox(), message(ending)
    async with running() as smsc, linked(smsc.port, inbox.receive) as smpp:
        [answer] = await sent(smpp, [one])
        await until(lambda: smsc.news_taken)
    [report], _ = read(smpp, inbox)
    assert (answer.outcome, answer.parts, answer.vendor_id) == (Outcome.ACCEPTED, ("1",), "1")
    assert (report.vendor_id, report.status, report.reason, report.address) == ("1", status, reason, one.address)


@pytest.mark.parametrize(
    ("form", "answer_ids", "receipt_ids"),
    [("text", "{0:08X}", "{0:x}"), ("hex_to_decimal", "{0:08X}", "{0:010d}"), ("decimal_to_hex", "{0:d}", "{0:08X}")],
)
async def test_ids_that_differ_between_answers_and_reports_are_one(form: str, answer_ids: str, receipt_ids: str) -> None:
    inbox = Inbox()
    options = SmscOptions(answer_ids=answer_ids, receipt_ids=receipt_ids, receipts="text")
    async with running(options) as smsc, linked(smsc.port, inbox.receive, message_id=form) as smpp:
        answers = [answer for _ in range(3) for answer in await sent(smpp, [message() for _ in range(10)])]
        await until(lambda: smsc.news_taken == 30)
    reports, _ = read(smpp, inbox)
    assert sorted(report.vendor_id or "" for report in reports) == sorted(part for answer in answers for part in answer.parts)
    assert len(set(answers)) == 30


@pytest.mark.parametrize("long", ["udh", "sar"])
async def test_a_long_message_has_an_id_and_a_report_for_each_of_its_parts(long: str) -> None:
    inbox = Inbox()
    async with running() as smsc, linked(smsc.port, inbox.receive, long=long) as smpp:
        [answer] = await sent(smpp, [message(text="请认证" * 50)])
        await until(lambda: smsc.news_taken == 3)
    reports, _ = read(smpp, inbox)
    assert (answer.outcome, len(answer.parts)) == (Outcome.ACCEPTED, 3)
    assert sorted(report.vendor_id or "" for report in reports) == sorted(answer.parts)


async def test_a_message_by_payload_has_one_id() -> None:
    async with running() as smsc, linked(smsc.port, long="payload") as smpp:
        [answer] = await sent(smpp, [message(text="请认证" * 50)])
    assert (len(answer.parts), smsc.book.taken) == (1, 1)


async def test_a_report_that_comes_before_the_answer_is_handed_over() -> None:
    inbox = Inbox()
    async with running(SmscOptions(receipts_first=True, latency_ms=100)) as smsc, linked(smsc.port, inbox.receive) as smpp:
        call = asyncio.create_task(sent(smpp, [message()]))
        await until(lambda: smsc.news_taken)
        assert not call.done()
        [answer] = await call
    assert [report.vendor_id for report in read(smpp, inbox)[0]] == list(answer.parts)


async def test_a_report_is_answered_only_once_it_is_stored_and_comes_again_if_it_could_not_be() -> None:
    inbox = Inbox()
    inbox.failures = 1
    async with running() as smsc, linked(smsc.port, inbox.receive) as smpp:
        await sent(smpp, [message()])
        await until(lambda: smsc.news_taken)
        assert (smsc.news_put_off, len(read(smpp, inbox)[0])) == (1, 1)


async def test_many_reports_are_handed_over_together() -> None:
    inbox, news = Inbox(), 200
    async with running(SmscOptions(deliver_window=100)) as smsc, linked(smsc.port, inbox.receive) as smpp:
        for number in range(news):
            smsc.news.append(reply(f"86138001{number:05d}", "退订"))
        smsc.spread()
        await until(lambda: smsc.news_taken == news)
    assert len(read(smpp, inbox)[1]) == news
    assert len(inbox.callbacks) < news / 4


@pytest.mark.parametrize(("ending", "text"), [("0010", "退订"), ("0011", "非本人")])
async def test_a_reply_is_handed_over(ending: str, text: str) -> None:
    inbox, one = Inbox(), message(ending)
    async with running() as smsc, linked(smsc.port, inbox.receive) as smpp:
        await sent(smpp, [one])
        await until(lambda: smsc.news_taken == 2)
    assert read(smpp, inbox)[1] == [Inbound(one.address, text)]


async def test_no_more_submits_wait_for_an_answer_than_the_window_allows() -> None:
    async with running(SmscOptions(latency_ms=20)) as smsc, linked(smsc.port, window=4) as smpp:
        answers = await asyncio.gather(*(sent(smpp, [message() for _ in range(10)]) for _ in range(4)))
        assert all(answer.outcome is Outcome.ACCEPTED for batch in answers for answer in batch)
        assert smsc.most_waiting == 4


async def test_both_sides_ask_whether_the_other_lives() -> None:
    async with running(SmscOptions(enquire_ms=30)) as smsc, linked(smsc.port):
        await until(lambda: Command.ENQUIRE_LINK | RESPONSE in commands(smsc))
    async with running() as smsc, linked(smsc.port, idle_s=0.05, idle_wait_s=0.05):
        await until(lambda: smsc.enquiries >= 2)
        assert smsc.bound == 1


async def test_an_smsc_that_is_deaf_is_left_and_called_anew() -> None:
    options = SmscOptions(deaf=True)
    async with running(options) as smsc, linked(smsc.port, idle_s=0.05, idle_wait_s=0.05, idle_tries=2) as smpp:
        await until(lambda: smsc.bound == 2)
        assert smsc.enquiries >= 2
        options.deaf = False
        await until(smpp.up)
        assert (await sent(smpp, [message()]))[0].outcome is Outcome.ACCEPTED


async def test_closing_says_goodbye() -> None:
    async with running() as smsc:
        async with linked(smsc.port):
            [session] = smsc.sessions
        assert session.received[-1] == Command.UNBIND


async def test_a_request_that_nobody_knows_is_nacked_and_the_link_stays() -> None:
    async with running() as smsc, linked(smsc.port) as smpp:
        smsc.sessions[0].write(pdu(0x7777, 5))
        await until(lambda: Command.GENERIC_NACK in commands(smsc))
        assert (await sent(smpp, [message()]))[0].outcome is Outcome.ACCEPTED
        assert smsc.bound == 1


@pytest.mark.parametrize("octets", [b"\0\0\0\x0f" + bytes(12), b"\xff\xff\xff\xff" + bytes(12), b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>"])
async def test_after_a_length_that_cannot_be_the_link_is_nacked_and_made_anew(octets: bytes) -> None:
    async with running() as smsc, linked(smsc.port) as smpp:
        [session] = smsc.sessions
        session.write(octets)
        await until(lambda: smsc.bound == 2)
        assert session.received[-1] == Command.GENERIC_NACK
        await until(smpp.up)
        assert (await sent(smpp, [message()]))[0].outcome is Outcome.ACCEPTED


async def test_an_smsc_that_says_goodbye_is_answered_and_called_anew() -> None:
    async with running() as smsc, linked(smsc.port) as smpp:
        [session] = smsc.sessions
        session.write(pdu(Command.UNBIND, 5))
        await until(lambda: session.received[-1] == Command.UNBIND | RESPONSE and smsc.bound == 2)
        await until(smpp.up)
        assert (await sent(smpp, [message()]))[0].outcome is Outcome.ACCEPTED


async def test_an_smsc_that_forgot_our_bind_gets_it_anew() -> None:
    async with running() as smsc, linked(smsc.port) as smpp:
        smsc.sessions[0].sends = False
        answers = await sent(smpp, [message() for _ in range(10)])
        assert {(answer.outcome, answer.vendor_text) for answer in answers} == {(Outcome.DEFERRED, "ESME_RINVBNDSTS")}
        await until(lambda: smsc.bound == 2 and smpp.up())
        assert (await sent(smpp, [message()]))[0].outcome is Outcome.ACCEPTED


async def test_in_pairs_a_transmitter_sends_and_a_receiver_hears() -> None:
    inbox = Inbox()
    async with running() as smsc, linked(smsc.port, inbox.receive, bind="pairs", connections=2) as smpp:
        await until(lambda: smsc.bound == 2)
        await sent(smpp, [message(), message()])
        await until(lambda: smsc.news_taken == 2)
        received = {command: session.received for session in smsc.sessions for command in session.received if command in {1, 2}}
    assert (received[2].count(Command.SUBMIT_SM), received[1].count(Command.SUBMIT_SM)) == (2, 0)
    assert len(read(smpp, inbox)[0]) == 2


async def test_the_parts_of_a_long_reply_are_handed_over_as_one() -> None:
    parts: Sequence[bytes] = _long_reply()
    inbox = Inbox()
    async with running(SmscOptions(deliver_window=1)) as smsc, linked(smsc.port, inbox.receive) as smpp:
        for part in parts:
            smsc.say(part)
        await until(lambda: smsc.news_taken == len(parts))
    assert read(smpp, inbox)[1] == [Inbound("+8613800138000", "退" * 67 + "订")]


def _long_reply() -> list[bytes]:
    from tests.providers.smpp.test_news import BY_UDH  # noqa: PLC0415

    return [part.octets() for part in BY_UDH]


async def test_a_throttled_link_slows_and_what_found_no_room_has_not_left() -> None:
    options = SmscOptions(faults={"throttle": 0.05}, seed=3)
    async with running(options) as smsc, linked(smsc.port, timeout_s=1, **FAST) as smpp:
        answers = [
            answer for batch in await asyncio.gather(*(sent(smpp, [message() for _ in range(10)]) for _ in range(10))) for answer in batch
        ]
    outcomes = Counter(answer.outcome for answer in answers)
    assert set(outcomes) == {Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.NOTHING_LEFT}
    assert (smsc.book.taken, smsc.book.refused) == (outcomes[Outcome.ACCEPTED], outcomes[Outcome.DEFERRED])
    assert {answer.reason for answer in answers} == {None, Reason.FREQUENCY_LIMITED}


async def test_whole_pdus_of_garbage_neither_end_the_link_nor_raise(caplog: pytest.LogCaptureFixture) -> None:
    inbox, random = Inbox(), Random(11)
    commands_ = [*Command, *(command | RESPONSE for command in Command), 0x7777, 0xFFFFFFFF]
    quiet = [command for command in commands_ if command & ~RESPONSE != Command.UNBIND]
    async with running() as smsc, linked(smsc.port, inbox.receive) as smpp:
        for n in range(300):
            body = random.randbytes(random.randrange(60))
            smsc.sessions[0].write(pdu(random.choice(quiet), 1_000 + n, body, random.choice((0, 0, 0x58, 0xFF))))
        smsc.say(reply("8613800138000", "退订"))
        await until(lambda: smsc.news_taken)
        assert (await sent(smpp, [message()]))[0].outcome is Outcome.ACCEPTED
        assert smsc.bound == 1
    assert Inbound("+8613800138000", "退订") in read(smpp, inbox)[1]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
