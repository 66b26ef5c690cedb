"""What connections can do to a call: they are kept, shared, waited for, closed by the vendor, left by a cancelled call."""

import asyncio
import gzip
from abc import abstractmethod
from typing import Any

import pytest

from providers.base.types import Outgoing, Provider, Settings
from providers.base.words import Outcome
from tests.providers.contract import Lease, ProviderContract, message, opened, sent
from tests.standins.wire import said, saying, wire


async def silent(_: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


class ConnectionContract(ProviderContract):
    """Holds for every provider that keeps HTTP connections."""

    timeout_s = 1.0

    @abstractmethod
    def make(self, url: str, **settings: Any) -> Provider:
        """A provider that takes one message a call, at this URL."""

    @abstractmethod
    def taken(self, one: Outgoing) -> bytes:
        """The body of the answer that takes this message."""

    def settings(self, **given: Any) -> Settings:
        """Short time-outs, so that the tests are."""
        values: dict[str, Any] = {"driver": "http", "timeout_s": self.timeout_s, "connect_timeout_s": 0.8} | given
        return Settings("acme", **values)

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

    async def test_a_compressed_answer_is_read(self) -> None:
        one = message()
        body = gzip.compress(self.taken(one))
        async with wire(saying(200, body, b"Content-Encoding: gzip\r\n")) as server, opened(self.make(server.url)) as provider:
            assert (await sent(provider, [one]))[0].outcome is Outcome.ACCEPTED

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
