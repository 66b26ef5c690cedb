"""What surely did not leave, what may have, and nothing sent twice: with an SMSC that fails in every way."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from providers.base.types import Answer
from providers.base.words import Outcome, Reason
from providers.smpp.pdu import RESPONSE, Command, pdu
from tests.providers.contract import Lease, message, opened, sent, until
from tests.providers.smpp.provider import linked, provider
from tests.standins.smpp import FAULTS, SmscOptions, running


class Saying(asyncio.Protocol):
    """Says this to whoever connects, and nothing else."""

    def __init__(self, octets: bytes, transports: list[asyncio.Transport]) -> None:
        self._octets, self._transports = octets, transports

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transports.append(cast("asyncio.Transport", transport))
        self._transports[-1].write(self._octets)


@asynccontextmanager
async def saying(octets: bytes) -> AsyncIterator[int]:
    """The port of somebody who says this."""
    transports: list[asyncio.Transport] = []
    server = await asyncio.get_running_loop().create_server(lambda: Saying(octets, transports), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for transport in transports:
            transport.abort()
        await asyncio.sleep(0)


async def left_of(port: int = 1, host: str = "127.0.0.1", reason: Reason = Reason.PROVIDER_UNAVAILABLE, within_s: float = 0.1) -> None:
    """A message to there: nothing left."""
    lease = Lease()
    async with opened(provider(port, host=host, timeout_s=2 * within_s, connect_timeout_s=within_s)) as smpp:
        [answer] = await sent(smpp, [message()], lease)
    assert (answer.outcome, answer.reason) == (Outcome.NOTHING_LEFT, reason)
    assert lease.wrote == 0


async def test_of_a_refused_connection_nothing_left() -> None:
    await left_of()


async def test_of_a_name_that_is_not_found_nothing_left() -> None:
    await left_of(host="nowhere.invalid")


async def test_of_an_smsc_that_never_answers_the_bind_nothing_left() -> None:
    async with saying(b"") as port:
        await left_of(port)


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        pdu(Command.BIND_TRANSCEIVER | RESPONSE, 1, status=0x08),
        pdu(Command.BIND_TRANSCEIVER | RESPONSE, 1, b"SMSC01\0", 0x05),
        pdu(Command.GENERIC_NACK, 1, status=3),
        pdu(Command.SUBMIT_SM | RESPONSE, 1, b"1\0"),
        b"\0",
    ],
)
async def test_of_an_smsc_that_does_not_let_us_in_nothing_left(octets: bytes) -> None:
    async with saying(octets) as port:
        await left_of(port)


@pytest.mark.parametrize("status", [0x0D, 0x0E, 0x0F])
async def test_where_credentials_are_refused_nothing_left_and_an_operator_is_told(status: int) -> None:
    async with saying(pdu(Command.BIND_TRANSCEIVER | RESPONSE, 1, status=status)) as port:
        await left_of(port, reason=Reason.ACCOUNT_PROBLEM, within_s=0.6)


async def test_an_smsc_that_refuses_our_password_is_not_asked_again_and_again() -> None:
    options = SmscOptions(password="another")
    async with running(options) as smsc, opened(provider(smsc.port)):
        await asyncio.sleep(0.4)
        assert (smsc.bound, smsc.logins) == (0, 1)


async def test_a_lease_that_ended_writes_no_byte_of_a_message() -> None:
    async with running() as smsc, linked(smsc.port) as smpp:
        [answer] = await sent(smpp, [message()], Lease(holds=False))
        assert (answer.outcome, smsc.book.calls) == (Outcome.NOTHING_LEFT, 0)


@pytest.mark.parametrize(
    ("fault", "detail"),
    [("reset", "connection"), ("silent", "timed out"), ("late", "timed out"), ("truncate", "connection"), ("html", "connection")],
)
async def test_of_what_was_written_and_not_answered_nobody_can_say_and_it_is_not_sent_again(fault: str, detail: str) -> None:
    lease = Lease()
    options = SmscOptions(faults={fault: 1.0})
    async with running(options) as smsc, linked(smsc.port, timeout_s=0.3) as smpp:
        [answer] = await sent(smpp, [message()], lease)
        assert (answer.outcome, lease.wrote) == (Outcome.UNKNOWN, 1)
        assert detail in (answer.detail or "")  # of a lost connection it is known at once
        options.faults = {}
        await until(smpp.up)
        [answer] = await sent(smpp, [message(text="请再认证")])
        assert (answer.outcome, smsc.book.taken, smsc.book.twice) == (Outcome.ACCEPTED, 2, [])


async def test_a_nack_says_that_it_was_not_taken() -> None:
    async with running(SmscOptions(faults={"nack": 1.0})) as smsc, linked(smsc.port) as smpp:
        [answer] = await sent(smpp, [message()])
    assert (answer.outcome, answer.vendor_code) == (Outcome.REFUSED, "0x00000002")


async def test_a_second_answer_to_one_submit_changes_nothing() -> None:
    async with running(SmscOptions(faults={"double": 1.0})) as smsc, linked(smsc.port) as smpp:
        answers = await sent(smpp, [message() for _ in range(10)])
        assert [answer.outcome for answer in answers] == [Outcome.ACCEPTED] * 10
        assert smsc.bound == 1


async def test_a_late_answer_is_not_taken_for_that_of_another_message() -> None:
    options = SmscOptions(faults={"late": 1.0}, late_ms=400)
    async with running(options) as smsc, linked(smsc.port, timeout_s=0.3) as smpp:
        [late] = await sent(smpp, [message()])
        options.faults = {}
        await until(smpp.up)
        answers = [(await sent(smpp, [message()]))[0] for _ in range(5)]
        await asyncio.sleep(0.2)
        answers += [(await sent(smpp, [message()]))[0] for _ in range(5)]
    assert late.outcome is Outcome.UNKNOWN
    assert [answer.parts for answer in answers] == [(f"{number:x}",) for number in range(2, 12)]


async def test_with_many_faults_at_once_each_outcome_is_true_and_nothing_is_sent_twice() -> None:
    faults = dict.fromkeys((name for name in FAULTS if name not in {"late", "throttle", "full"}), 0.02)
    said: list[Answer] = []
    texts: dict[str, str] = {}
    async with (
        running(SmscOptions(faults=faults, error_bodies=True, seed=7)) as smsc,
        linked(smsc.port, timeout_s=0.4, connections=2, reconnect_most_s=0.1) as smpp,
    ):
        for turn in range(5):
            batches = [[message(text=f"请认证{turn}-{call}-{n}") for n in range(10)] for call in range(5)]
            texts |= {one.reference: f"{one.address[1:]} 1 {one.text}" for batch in batches for one in batch}
            said += [answer for batch in await asyncio.gather(*(sent(smpp, batch) for batch in batches)) for answer in batch]
    came = {outcome: [texts[a.reference] in smsc.book.arrivals for a in said if a.outcome is outcome] for outcome in Outcome}
    assert (smsc.book.twice, len(said)) == ([], len(texts))
    assert all(came[Outcome.ACCEPTED])
    assert not any(came[Outcome.NOTHING_LEFT] + came[Outcome.REFUSED])
    assert min(len(came[outcome]) for outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.REFUSED)) > 0, Counter(a.outcome for a in said)
