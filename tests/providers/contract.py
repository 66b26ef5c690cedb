"""What every provider must do, whatever it speaks: inherit, and say how to make one.

`ProviderContract` holds for all; `HttpContract` adds what the wire can do to a call, for those that speak HTTP.
"""

import asyncio
import gzip
import socket
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest

from providers.base.types import Answer, Callback, Outgoing, Provider, Reading, Settings, UnreadableCallback
from providers.base.words import Fault, Outcome, Reason
from tests.standins.wire import Script, said, saying, wire

_serial = count(1)


def message(ending: str = "5678", *, reference: str | None = None, text: str = "请认证") -> Outgoing:
    number = next(_serial)
    return Outgoing(reference or str(number), f"+861380013{ending}", "sms", text, "reminder", {"name": "王"}, "四川社保")


class Lease:
    """A lease that holds, or does not, and whether the call said that it wrote."""

    def __init__(self, *, holds: bool = True) -> None:
        self.holds = holds
        self.asked = self.wrote = 0

    def still_mine(self) -> bool:
        self.asked += 1
        return self.holds

    def on_first_byte(self) -> None:
        self.wrote += 1


class Inbox:
    """Takes what a provider receives by itself, as the gateway would."""

    def __init__(self) -> None:
        self.callbacks: list[Callback] = []
        self.failures = 0

    async def receive(self, name: str, callback: Callback) -> Reading:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the store is away")
        self.callbacks.append(callback)
        return Reading()


async def sent(provider: Provider, batch: Sequence[Outgoing], lease: Lease | None = None) -> list[Answer]:
    lease = lease or Lease()
    return list(await provider.send(batch, lease.still_mine, lease.on_first_byte))


@asynccontextmanager
async def opened(provider: Provider) -> AsyncIterator[Provider]:
    await provider.open()
    try:
        yield provider
    finally:
        await provider.close()


class ProviderContract(ABC):
    """Holds for every provider."""

    @abstractmethod
    @pytest.fixture
    def provider(self) -> AsyncIterator[Provider]:
        """Opened, with a vendor behind it that takes messages, at most 10 a call, and decides by the last four digits."""

    async def test_it_gives_one_answer_a_message_joined_by_reference(self, provider: Provider) -> None:
        batch = [message(), message("0005"), message()]
        answers = {answer.reference: answer.outcome for answer in await sent(provider, batch)}
        assert [answers[one.reference] for one in batch] == [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.ACCEPTED]
        assert len(answers) == 3

    async def test_it_says_once_that_it_writes(self, provider: Provider) -> None:
        lease = Lease()
        await sent(provider, [message(), message()], lease)
        assert (lease.asked, lease.wrote) == (1, 1)

    async def test_a_lease_that_ended_sends_nothing(self, provider: Provider) -> None:
        lease = Lease(holds=False)
        [answer] = await sent(provider, [message()], lease)
        assert (answer.outcome, answer.reason, answer.fault) == (Outcome.NOTHING_LEFT, None, Fault.NONE)
        assert lease.wrote == 0

    async def test_a_refusal_has_a_reason_a_fault_and_the_vendors_own_code(self, provider: Provider) -> None:
        [answer] = await sent(provider, [message("0005")])
        assert answer.outcome is Outcome.REFUSED
        assert answer.reason is not None
        assert answer.fault is not Fault.NONE
        assert answer.vendor_code

    async def test_a_throttled_message_is_taken_at_the_third_try(self, provider: Provider) -> None:
        one = message("0006")
        tries = [(await sent(provider, [one]))[0] for _ in range(3)]
        assert [answer.outcome for answer in tries] == [Outcome.DEFERRED, Outcome.DEFERRED, Outcome.ACCEPTED]
        assert tries[0].reason is Reason.FREQUENCY_LIMITED
        assert tries[0].retry_after_s is not None

    async def test_in_a_batch_only_the_message_without_an_answer_is_unknown(self, provider: Provider) -> None:
        batch = [message(), message("0007"), message()]
        answers = {answer.reference: answer.outcome for answer in await sent(provider, batch)}
        assert [answers[one.reference] for one in batch] == [Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.ACCEPTED]

    @pytest.mark.parametrize("body", [b"", b"hello", b"[1]", b'"x"', b"null", b"\xff\xfe", b"[" * 200_000])
    async def test_a_callback_that_the_vendor_does_not_send_is_unreadable(self, provider: Provider, body: bytes) -> None:
        with pytest.raises(UnreadableCallback):
            provider.read(Callback("POST", {}, {}, body))

    async def test_closing_lets_a_call_in_flight_end(self, provider: Provider) -> None:
        call = asyncio.create_task(sent(provider, [message()]))
        await asyncio.sleep(0)
        await provider.close()
        assert (await call)[0].outcome is Outcome.ACCEPTED
        await provider.open()


RESET = b"\x01\x00\x00\x00\x00\x00\x00\x00"
"""struct linger: on, 0 s. Closing then resets."""


async def reset(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.close()


async def hang_up(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def silent(_: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


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


class HttpContract(ProviderContract):
    """Holds for every provider that speaks HTTP, over real sockets."""

    timeout_s = 0.4

    @abstractmethod
    def make(self, url: str, **settings: Any) -> Provider:
        """A provider that takes one message a call, at this URL."""

    @abstractmethod
    def taken(self, one: Outgoing) -> bytes:
        """The body of the answer that takes this message."""

    def settings(self, **given: Any) -> Settings:
        """Short time-outs, so that the tests are."""
        values: dict[str, Any] = {"driver": "http", "timeout_s": self.timeout_s, "connect_timeout_s": 0.2} | given
        return Settings("acme", **values)

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

    async def test_waiting_for_a_free_connection_in_vain_leaves_nothing(self) -> None:
        async with wire(silent) as server, opened(self.make(server.url, connections=1)) as provider:
            leases = [Lease(), Lease()]
            calls = [asyncio.create_task(sent(provider, [message()], lease)) for lease in leases]
            answers = [(await call)[0] for call in calls]
        assert [answer.outcome for answer in answers] == [Outcome.UNKNOWN, Outcome.NOTHING_LEFT]
        assert [lease.wrote for lease in leases] == [1, 0]

    async def test_a_lease_that_ends_while_waiting_for_a_connection_writes_no_byte(self) -> None:
        async def slow(_: bytes, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.1)
            waiting.holds = False
            writer.write(said(200, self.taken(first)))

        first, waiting = message(), Lease()
        async with wire(slow) as server, opened(self.make(server.url, connections=1)) as provider:
            call = asyncio.create_task(sent(provider, [first]))
            await asyncio.sleep(0)
            [answer] = await sent(provider, [message()], waiting)
            assert (await call)[0].outcome is Outcome.ACCEPTED
            assert (answer.outcome, waiting.asked, waiting.wrote) == (Outcome.NOTHING_LEFT, 1, 0)
            assert len(server.requests) == 1

    async def test_an_ended_lease_shows_no_byte_at_the_vendor_and_keeps_the_connection(self) -> None:
        one = message()
        async with wire(saying(200, self.taken(one))) as server, opened(self.make(server.url)) as provider:
            await sent(provider, [message()], Lease(holds=False))
            await asyncio.sleep(0.05)
            assert (server.connections, server.bytes_in) == (1, 0)
            assert (await sent(provider, [one]))[0].outcome is Outcome.ACCEPTED
            assert server.connections == 1

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

    async def test_a_compressed_answer_is_read(self) -> None:
        one = message()
        body = gzip.compress(self.taken(one))
        async with wire(saying(200, body, b"Content-Encoding: gzip\r\n")) as server, opened(self.make(server.url)) as provider:
            assert (await sent(provider, [one]))[0].outcome is Outcome.ACCEPTED

    async def test_a_time_out_after_the_write_takes_as_long_as_the_settings_say(self) -> None:
        started = asyncio.get_running_loop().time()
        answer = await self.outcome(silent)
        assert answer.detail == "no answer: timed out"
        assert self.timeout_s <= asyncio.get_running_loop().time() - started + 0.01 < self.timeout_s + 0.3

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

    async def test_a_connection_that_the_vendor_closed_when_idle_is_not_used_again(self) -> None:
        first, second = message(), message()

        async def once(_: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(said(200, self.taken(first if len(server.requests) == 1 else second)))
            await writer.drain()
            writer.close()

        async with wire(once) as server, opened(self.make(server.url)) as provider:
            assert (await sent(provider, [first]))[0].outcome is Outcome.ACCEPTED
            await asyncio.sleep(0.05)
            assert (await sent(provider, [second]))[0].outcome is Outcome.ACCEPTED
            assert server.connections == 2

    async def test_a_kept_connection_that_drops_under_a_call_makes_it_unknown_and_sends_nothing_again(self) -> None:
        first = message()

        async def then_hang_up(_: bytes, writer: asyncio.StreamWriter) -> None:
            if len(server.requests) == 1:
                writer.write(said(200, self.taken(first)))
            else:
                writer.close()

        async with wire(then_hang_up) as server, opened(self.make(server.url)) as provider:
            await sent(provider, [first])
            [answer] = await sent(provider, [message()])
            await asyncio.sleep(0.05)
            assert answer.outcome is Outcome.UNKNOWN
            assert len(server.requests) == 2

    async def test_words_said_on_an_idle_connection_are_not_taken_for_an_answer(self) -> None:
        first, second = message(), message()

        async def talkative(_: bytes, writer: asyncio.StreamWriter) -> None:
            one = first if len(server.requests) == 1 else second
            writer.write(said(200, self.taken(one)))
            await asyncio.sleep(0.02)
            writer.write(said(408))

        async with wire(talkative) as server, opened(self.make(server.url)) as provider:
            await sent(provider, [first])
            await asyncio.sleep(0.1)
            assert (await sent(provider, [second]))[0].outcome is Outcome.ACCEPTED

    async def test_early_hints_before_the_answer_are_skipped(self) -> None:
        one = message()

        async def hinting(_: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + said(200, self.taken(one)))

        async with wire(hinting) as server, opened(self.make(server.url)) as provider:
            assert (await sent(provider, [one]))[0].outcome is Outcome.ACCEPTED

    async def test_an_answer_in_pieces_is_put_together(self) -> None:
        one = message()

        async def in_pieces(_: bytes, writer: asyncio.StreamWriter) -> None:
            for byte in said(200, self.taken(one)):
                writer.write(bytes([byte]))
                await asyncio.sleep(0)

        async with wire(in_pieces) as server, opened(self.make(server.url)) as provider:
            assert (await sent(provider, [one]))[0].outcome is Outcome.ACCEPTED

    async def test_a_call_cancelled_before_the_write_writes_nothing(self) -> None:
        lease = Lease()
        async with wire(silent) as server, opened(self.make(server.url)) as provider:
            call = asyncio.create_task(sent(provider, [message()], lease))
            await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await asyncio.sleep(0.05)
            assert (lease.wrote, server.bytes_in) == (0, 0)

    async def test_a_call_cancelled_after_the_write_has_said_so(self) -> None:
        lease = Lease()
        async with wire(silent) as server, opened(self.make(server.url)) as provider:
            call = asyncio.create_task(sent(provider, [message()], lease))
            await asyncio.sleep(0.1)
            assert len(server.requests) == 1
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert lease.wrote == 1

    async def test_the_answer_to_a_cancelled_call_is_not_taken_for_the_next_ones(self) -> None:
        first, second = message(), message()

        async def late(_: bytes, writer: asyncio.StreamWriter) -> None:
            if len(server.requests) == 1:
                await asyncio.sleep(0.1)
            writer.write(said(200, self.taken(first if len(server.requests) == 1 else second)))

        async with wire(late) as server, opened(self.make(server.url, connections=1)) as provider:
            call = asyncio.create_task(sent(provider, [first]))
            await asyncio.sleep(0.05)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            assert (await sent(provider, [second]))[0].outcome is Outcome.ACCEPTED
