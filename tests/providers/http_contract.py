"""What the wire can do to a call, over real sockets, and what must come of it."""

import asyncio
import socket

import pytest

from providers.base.types import Answer
from providers.base.words import Outcome, Reason
from tests.providers.connection_contract import ConnectionContract, silent
from tests.providers.contract import Lease, message, opened, sent
from tests.standins.wire import Script, saying, wire

RESET = b"\x01\x00\x00\x00\x00\x00\x00\x00"
"""struct linger: on, 0 s. Closing then resets."""


async def reset(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.close()


async def hang_up(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def dribble(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _number in range(300):
        writer.write(b" ")
        await asyncio.sleep(0.05)


async def flood(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n")
    for _number in range(200):
        writer.write(b" " * 1_000_000)
        await writer.drain()


def broken(answer: bytes) -> Script:
    async def script(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    return script


class HttpContract(ConnectionContract):
    """Holds for every provider that speaks HTTP. Inherit this one."""

    async def outcome(self, script: Script, *, wrote: int = 1) -> Answer:
        """What comes of a call to a server with this script; the request must have reached it exactly once."""
        async with wire(script) as server, opened(self.make(server.url)) as provider:
            lease = Lease()
            [answer] = await sent(provider, [message()], lease)
            assert lease.wrote == wrote
            assert len(server.requests) == 1
            return answer

    async def test_a_refused_connection_leaves_nothing(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        lease = Lease()
        async with opened(self.make(f"http://127.0.0.1:{port}/send")) as provider:
            [answer] = await sent(provider, [message()], lease)
        assert (answer.outcome, answer.reason) == (Outcome.NOTHING_LEFT, Reason.PROVIDER_UNAVAILABLE)
        assert "ECONNREFUSED" in (answer.detail or "")
        assert (lease.asked, lease.wrote) == (0, 0)

    async def test_a_name_that_does_not_resolve_leaves_nothing(self) -> None:
        lease = Lease()
        async with opened(self.make("http://vendor.invalid/send")) as provider:
            [answer] = await sent(provider, [message()], lease)
        assert answer.outcome is Outcome.NOTHING_LEFT
        assert lease.wrote == 0

    async def test_a_tls_failure_leaves_nothing(self) -> None:
        async def never(_: bytes, writer: asyncio.StreamWriter) -> None:
            pytest.fail("a request arrived")

        lease = Lease()
        async with wire(never) as server, opened(self.make(server.url.replace("http:", "https:"))) as provider:
            [answer] = await sent(provider, [message()], lease)
        assert answer.outcome is Outcome.NOTHING_LEFT
        assert lease.wrote == 0

    async def test_a_time_out_before_the_write_leaves_nothing(self) -> None:
        with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            for filler in (first, second):  # the queue of connections is full now: the next one waits for ever
                filler.setblocking(False)
                filler.connect_ex(deaf.getsockname())
            lease = Lease()
            async with opened(self.make(f"http://127.0.0.1:{deaf.getsockname()[1]}/send")) as provider:
                [answer] = await sent(provider, [message()], lease)
        assert answer.outcome is Outcome.NOTHING_LEFT
        assert lease.wrote == 0

    @pytest.mark.parametrize("script", [reset, hang_up, silent, dribble, flood])
    async def test_whatever_happens_after_the_write_is_unknown(self, script: Script) -> None:
        answer = await asyncio.wait_for(self.outcome(script), 5)
        assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.PROVIDER_UNAVAILABLE)
        assert answer.detail

    async def test_an_answer_larger_than_allowed_is_not_read_on(self) -> None:
        passed = 0

        async def flood_counted(_: bytes, writer: asyncio.StreamWriter) -> None:
            nonlocal passed
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n")
            while True:
                writer.write(b" " * 100_000)
                await writer.drain()
                passed += 100_000

        answer = await self.outcome(flood_counted)
        assert (answer.outcome, answer.detail) == (Outcome.UNKNOWN, "no answer: AnswerTooLargeError")
        assert passed < 20_000_000, "1 MiB, and what the sockets between hold"

    async def test_a_time_out_after_the_write_takes_as_long_as_the_settings_say(self) -> None:
        started = asyncio.get_running_loop().time()
        answer = await self.outcome(silent)
        assert answer.detail == "no answer: timed out"
        assert self.timeout_s <= asyncio.get_running_loop().time() - started + 0.01 < self.timeout_s + 1.0

    @pytest.mark.parametrize(
        "answer",
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"220 smtp.example ready\r\n",
            b"\x16\x03\x01\x02\x00",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        ],
    )
    async def test_a_truncated_or_garbled_answer_is_unknown(self, answer: bytes) -> None:
        assert (await self.outcome(broken(answer))).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("body", [b"", b"ok", b"<html>", b"null", b"[]", b"{}", b"7", b"\xff", b"[" * 100_000, b'{"a":' * 100_000])
    async def test_a_200_that_cannot_be_read_is_unknown(self, body: bytes) -> None:
        assert (await self.outcome(saying(200, body))).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [
            (301, Outcome.DEFERRED),
            (302, Outcome.UNKNOWN),
            (303, Outcome.UNKNOWN),
            (307, Outcome.DEFERRED),
            (308, Outcome.DEFERRED),
            (401, Outcome.REFUSED),
            (404, Outcome.REFUSED),
            (408, Outcome.DEFERRED),
            (425, Outcome.DEFERRED),
            (429, Outcome.DEFERRED),
            (500, Outcome.UNKNOWN),
            (502, Outcome.UNKNOWN),
            (503, Outcome.UNKNOWN),
            (504, Outcome.UNKNOWN),
        ],
    )
    async def test_a_status_other_than_2xx_is_never_a_success_and_never_followed(self, status: int, outcome: Outcome) -> None:
        answer = await self.outcome(saying(status, b"<html>", b"Location: /elsewhere\r\n"))
        assert answer.outcome is outcome
        assert answer.detail == f"status {status}"

    async def test_a_busy_vendor_that_says_when_to_come_back_is_deferred_until_then(self) -> None:
        answer = await self.outcome(saying(503, b"", b"Retry-After: 17\r\n"))
        assert (answer.outcome, answer.retry_after_s) == (Outcome.DEFERRED, 17.0)
