"""What surely did not leave, what may have, and nothing sent twice: with an ISMG that fails in every way."""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest

from providers.base.dialect import Pdu
from providers.base.types import Outgoing
from providers.base.words import Outcome, Reason, RetryClass
from providers.cmpp.pdu import RESPONSE, Command, ConnectResp, Submit, SubmitResp, pdu
from tests.providers.cmpp.provider import linked, provider
from tests.providers.contract import Lease, message, opened, sent, until
from tests.standins.cmpp import Line, ismg

RESET = b"\x01\x00\x00\x00\x00\x00\x00\x00"
"""struct linger: on, 0 s. Closing then resets."""
_numbers = count(10**6)


@asynccontextmanager
async def listening(say: bytes) -> AsyncIterator[int]:
    """A port where this is said to whoever connects, and nothing else."""
    writers = []

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(say)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.01)  # whoever just connected is among them then
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)


async def left_of(port: int, **given: Any) -> tuple[Reason | None, RetryClass | None, str]:
    """A message to there: nothing left."""
    lease = Lease()
    async with opened(provider(port, **({"timeout_s": 0.8, "connect_timeout_s": 0.1} | given))) as cmpp:
        [answer] = await sent(cmpp, [message()], lease)
    assert (answer.outcome, lease.wrote, lease.asked) == (Outcome.NOTHING_LEFT, 0, 0)
    return answer.reason, answer.retry, answer.detail or ""


async def test_of_a_refused_connection_nothing_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    said = await left_of(port, timeout_s=2.0, connect_timeout_s=0.4)
    assert said == (Reason.PROVIDER_UNAVAILABLE, None, "no connection: ConnectionRefusedError ECONNREFUSED")


async def test_of_a_name_that_is_not_found_nothing_left() -> None:
    reason, _, detail = await left_of(7890, host="nowhere.invalid", timeout_s=1.0, connect_timeout_s=0.5)
    assert (reason, "no connection" in detail) == (Reason.PROVIDER_UNAVAILABLE, True)


async def test_of_a_gateway_that_does_not_take_connections_nothing_left() -> None:
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for filler in (first, second):  # the queue of connections is full now: the next one waits for ever
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
        await left_of(deaf.getsockname()[1])


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>",
        b"\0",
        b"\0\0\0\0" * 9,
        b"\xff" * 64,
        pdu(Command.CONNECT | RESPONSE, 1),
        pdu(Command.SUBMIT | RESPONSE, 1, bytes(12)),
        pdu(Command.TERMINATE, 1),
        ConnectResp(1, bytes(16), 0x30, 4).packed(1),
        ConnectResp(5, bytes(16), 0x30, 4).packed(1)[:20],
    ],
)
async def test_of_a_gateway_that_does_not_let_us_in_nothing_left(said: bytes) -> None:
    async with listening(said) as port:
        assert (await left_of(port))[0] is Reason.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize("given", [{"secret": "wrong"}, {"sp_id": "111111"}])
async def test_wrong_credentials_say_so_and_are_not_tried_again_and_again(given: dict[str, str]) -> None:
    async with ismg() as gateway:
        reason, retry, detail = await left_of(gateway.port, **given, timeout_s=2.0, connect_timeout_s=1.0)
        assert (reason, retry) == (Reason.ACCOUNT_PROBLEM, RetryClass.CONFIGURATION)
        assert detail.startswith("login refused: status")
        assert "secret" not in detail.replace("sp_id or secret wrong", "")
        assert len(gateway.logins) == 1


async def test_a_lease_that_ended_writes_no_byte_of_a_message() -> None:
    async with ismg() as gateway, linked(gateway.port) as cmpp:
        answers = await sent(cmpp, [message(), message("5679")], Lease(holds=False))
        await asyncio.sleep(0.02)
        assert {answer.outcome for answer in answers} == {Outcome.NOTHING_LEFT}
        assert gateway.submits == []
        assert (await sent(cmpp, [message()]))[0].outcome is Outcome.ACCEPTED


async def test_a_lease_is_asked_again_for_what_waited_for_the_window() -> None:
    answers: list[Callable[[], None]] = []

    def later(_: Submit, one: Pdu, line: Line) -> bytes | None:
        answers.append(lambda: line.transport.write(SubmitResp(next(line.ismg.ids), 0).packed(one.sequence, line.layout)))
        return None

    lease = Lease()
    async with ismg(says=later) as gateway, linked(gateway.port, window=2) as cmpp:
        call = asyncio.create_task(sent(cmpp, [message(f"{n}000") for n in range(4)], lease))
        await until(lambda: len(answers) == 2)
        lease.holds = False
        for answer in answers:
            answer()
        said = await call
        assert Counter(answer.outcome for answer in said) == {Outcome.ACCEPTED: 2, Outcome.NOTHING_LEFT: 2}
        assert (len(gateway.submits), lease.wrote) == (2, 1)


async def test_a_window_that_stays_full_leaves_nothing_of_the_rest() -> None:
    async with ismg(says=lambda *_: None) as gateway, linked(gateway.port, window=2, timeout_s=0.4) as cmpp:
        said = await sent(cmpp, [message(f"{n}000") for n in range(5)])
        assert Counter(answer.outcome for answer in said) == {Outcome.UNKNOWN: 2, Outcome.NOTHING_LEFT: 3}
        assert len(gateway.submits) == 2
        gateway.says = None
        assert (await sent(cmpp, [message()]))[0].outcome is Outcome.ACCEPTED, "the places of those overdue are free again"


async def test_a_gateway_that_does_not_read_is_not_written_to_without_end() -> None:
    async with ismg() as gateway, linked(gateway.port, window=1000, batch_size=1000, timeout_s=0.5) as cmpp:
        gateway.lines[0].transport.pause_reading()
        session = cmpp._sessions._sessions[0]
        calls = [sent(cmpp, [message(f"{n % 10_000:04d}", text="请" * 70) for n in range(1000)]) for _ in range(20)]
        answers = [answer for call in await asyncio.gather(*calls) for answer in call]
        found = {answer.outcome for answer in answers}  # how many find no room in time is the machine's doing
        assert Outcome.UNKNOWN in found
        assert found <= {Outcome.UNKNOWN, Outcome.NOTHING_LEFT}
        assert session._transport is not None
        assert session._transport.get_write_buffer_size() < 1_000_000


def fault(name: str, line: Line, one: Pdu) -> bytes | None:
    """What the gateway does to an answer; the submit was taken."""
    whole = SubmitResp(next(line.ismg.ids), 0).packed(one.sequence, line.layout)
    if name == "reset":
        line.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        line.transport.abort()
    elif name == "close":
        line.transport.close()
    elif name == "half":
        line.transport.write_eof()
    elif name == "truncate":
        line.transport.write(whole[:-3])
        line.transport.close()
    elif name == "html":
        return b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>"
    elif name == "another":
        return SubmitResp(5, 0).packed(one.sequence + 1000, line.layout)
    elif name == "short":
        return pdu(Command.SUBMIT | RESPONSE, one.sequence, b"1")
    elif name == "terminate":
        return pdu(Command.TERMINATE, 77)
    return None


FAULTS = ["silent", "reset", "close", "half", "truncate", "html", "another", "short", "terminate"]


@pytest.mark.parametrize("name", FAULTS)
async def test_of_what_was_written_and_not_answered_nobody_can_say_and_it_is_not_sent_again(name: str) -> None:
    lease = Lease()
    async with ismg(says=lambda _, one, line: fault(name, line, one)) as gateway, linked(gateway.port, timeout_s=0.3) as cmpp:
        [answer] = await sent(cmpp, [message()], lease)
        assert (answer.outcome, answer.reason, lease.wrote) == (Outcome.UNKNOWN, Reason.PROVIDER_UNAVAILABLE, 1)
        gateway.says = None
        if name not in {"silent", "another"}:
            await until(lambda: len(gateway.logins) >= 2, 7)
        await until(cmpp.up)
        [answer] = await sent(cmpp, [message("5679")])
        assert answer.outcome is Outcome.ACCEPTED
        assert Counter(submit.to[0][-4:] for submit in gateway.submits) == {b"5678": 1, b"5679": 1}


@pytest.mark.parametrize("name", ["reset", "close", "half", "truncate", "html", "short"])
async def test_of_a_lost_connection_it_is_known_at_once(name: str) -> None:
    async with ismg(says=lambda _, one, line: fault(name, line, one)) as gateway, linked(gateway.port, timeout_s=5) as cmpp:
        async with asyncio.timeout(4):
            [answer] = await sent(cmpp, [message()])
        assert answer.outcome is Outcome.UNKNOWN
        assert (answer.detail or "").startswith("no answer: connection ")


async def test_a_late_answer_is_not_taken_for_that_of_another_message() -> None:
    def late(_: Submit, one: Pdu, line: Line) -> bytes | None:
        asyncio.get_running_loop().call_later(0.4, line.transport.write, SubmitResp(0xDEAD, 0).packed(one.sequence, line.layout))
        return None

    async with ismg(says=late) as gateway, linked(gateway.port, timeout_s=0.3) as cmpp:
        [first] = await sent(cmpp, [message()])
        gateway.says = None
        answers = []
        for number in range(10):
            answers += await sent(cmpp, [message(f"{number:04d}"[::-1])])
            await asyncio.sleep(0.02)
    assert first.outcome is Outcome.UNKNOWN
    assert not any("000000000000dead" in answer.parts for answer in answers)


async def test_answers_in_any_order_are_joined_by_their_sequence_numbers() -> None:
    waiting: list[tuple[Submit, Pdu, Line]] = []

    def hold(submit: Submit, one: Pdu, line: Line) -> bytes:
        waiting.append((submit, one, line))
        if len(waiting) < 10:
            return b""
        random.Random(1).shuffle(waiting)
        return b"".join(SubmitResp(int(submit.to[0]), 0).packed(one.sequence, line.layout) for submit, one, line in waiting)

    async with ismg(says=hold) as gateway, linked(gateway.port) as cmpp:
        batch = [message(f"{number}123") for number in range(10)]
        said = {answer.reference: answer.parts for answer in await sent(cmpp, batch)}
    assert said == {one.reference: (f"{int(one.address[3:]):016x}",) for one in batch}


async def test_an_answer_given_twice_changes_nothing() -> None:
    def twice(_: Submit, one: Pdu, line: Line) -> bytes:
        return SubmitResp(1, 0).packed(one.sequence, line.layout) + SubmitResp(2, 9).packed(one.sequence, line.layout)

    async with ismg(says=twice) as gateway, linked(gateway.port) as cmpp:
        answers = await sent(cmpp, [message(f"{number}123") for number in range(10)])
        assert {answer.outcome for answer in answers} == {Outcome.ACCEPTED}
        assert len(gateway.logins) == 1


async def test_a_call_that_is_cancelled_keeps_its_place_until_it_is_answered_and_writes_no_more() -> None:
    lease = Lease()
    async with ismg(says=lambda *_: None) as gateway, linked(gateway.port, window=2, timeout_s=0.4) as cmpp:
        call = asyncio.create_task(sent(cmpp, [message(f"{n}000") for n in range(5)], lease))
        await until(lambda: len(gateway.submits) == 2)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        gateway.says = None
        await asyncio.sleep(0.5)
        assert (lease.wrote, len(gateway.submits)) == (1, 2)
        assert (await sent(cmpp, [message()]))[0].outcome is Outcome.ACCEPTED


def numbered(number: int) -> Outgoing:
    return Outgoing(str(number), f"+861390{number}", "sms", "请认证", "t", {}, "s")


async def test_with_every_fault_at_once_each_outcome_is_true_and_nothing_is_sent_twice() -> None:
    chance = random.Random(7)
    taken: Counter[bytes] = Counter()
    refused: set[bytes] = set()

    def says(submit: Submit, one: Pdu, line: Line) -> bytes | None:
        name = chance.choice(["silent", "reset", "truncate", "html", "throttle"]) if chance.random() < 0.05 else ""
        if name == "throttle":
            refused.add(submit.to[0])
            return SubmitResp(0, 8).packed(one.sequence, line.layout)
        taken[submit.to[0]] += 1
        return fault(name, line, one) if name else SubmitResp(next(line.ismg.ids), 0).packed(one.sequence, line.layout)

    outcomes: dict[bytes, Outcome] = {}
    async with ismg(says=says) as gateway, linked(gateway.port, connections=2, timeout_s=0.6) as cmpp:
        for _ in range(5):
            calls = [sent(cmpp, [numbered(next(_numbers)) for _ in range(10)]) for _ in range(4)]
            for answers in await asyncio.gather(*calls):
                outcomes |= {answer.reference.encode(): answer.outcome for answer in answers}
    assert max(taken.values()) == 1
    by_number = {b"1390" + reference: outcome for reference, outcome in outcomes.items()}
    assert len(by_number) == 200
    for number, outcome in by_number.items():
        if outcome is Outcome.ACCEPTED:
            assert taken[number] == 1
        elif outcome is Outcome.NOTHING_LEFT:
            assert number not in taken
            assert number not in refused
        elif outcome is Outcome.DEFERRED:
            assert number in refused
            assert number not in taken
    assert set(outcomes.values()) >= {Outcome.ACCEPTED, Outcome.UNKNOWN}
