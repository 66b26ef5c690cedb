"""What every provider must do, whatever it speaks: inherit, and say how to make one. `http_contract.py` adds what HTTP can do to a call."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count

import pytest

from providers.base.types import Answer, Callback, Outgoing, Provider, Reading, UnreadableCallback
from providers.base.words import Fault, Outcome, Reason

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


async def until(done: Callable[[], object], within_s: float = 15.0, pause_s: float = 0.005) -> None:
    """Waits for something that a test expects to happen."""
    async with asyncio.timeout(within_s):
        while not done():  # noqa: ASYNC110 - what a test waits for knows nothing of events
            await asyncio.sleep(pause_s)


class ProviderContract(ABC):
    """Holds for every provider."""

    @abstractmethod
    @pytest.fixture
    def provider(self) -> AsyncIterator[Provider]:
        """Opened, with a vendor behind it that takes messages, at most 10 a call, and decides by the last four digits."""

    async def test_it_gives_one_answer_a_message_joined_by_reference(self, provider: Provider) -> None:
        batch = [message(), message("0005"), message("5679")]
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
        batch = [message(), message("0007"), message("5679")]
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
