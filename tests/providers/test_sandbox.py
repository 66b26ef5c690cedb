"""`sandbox` meets the contract and reports as CONTRACT.md says."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from providers.base.types import Inbound, Outgoing, Provider, Report, Settings, SettingsError
from providers.base.words import Outcome, Reason, Status
from providers.sandbox import Sandbox
from tests.providers.contract import Inbox, Lease, ProviderContract, message, opened, sent, until


def sandbox(inbox: Inbox, delay_s: float = 0.0, timeout_s: float = 0.2) -> Sandbox:
    return Sandbox(Settings("play", "sandbox", timeout_s=timeout_s, options={"receipt_delay_s": delay_s}), inbox.receive)


class TestSandbox(ProviderContract):
    @pytest.fixture
    async def provider(self) -> AsyncIterator[Provider]:
        async with opened(sandbox(Inbox())) as provider:
            yield provider


async def reported(*batch: Outgoing) -> tuple[list[Report], list[Inbound]]:
    """What came back about these messages once all was said."""
    inbox = Inbox()
    provider = sandbox(inbox)
    async with opened(provider):
        await sent(provider, batch)
    readings = [provider.read(callback) for callback in inbox.callbacks]
    return [report for reading in readings for report in reading.reports], [reply for reading in readings for reply in reading.inbound]


@pytest.mark.parametrize(
    ("ending", "status", "reason", "permanent"),
    [
        ("0001", Status.UNDELIVERED, Reason.NUMBER_ABSENT, True),
        ("0002", Status.UNDELIVERED, Reason.NUMBER_SUSPENDED, False),
        ("0003", Status.UNDELIVERED, Reason.UNREACHABLE, False),
        ("0008", Status.UNDELIVERED, Reason.CARRIER_BLACKLIST, True),
        ("2345", Status.DELIVERED, None, None),
    ],
)
async def test_the_last_four_digits_decide_what_is_reported(
    ending: str, status: Status, reason: Reason | None, permanent: bool | None
) -> None:
    one = message(ending)
    [report], replies = await reported(one)
    assert (report.reference, report.status, report.reason, report.permanent) == (one.reference, status, reason, permanent)
    assert report.vendor_code
    assert report.at is not None
    assert report.at.tzinfo is not None
    assert replies == []


@pytest.mark.parametrize("ending", ["0004", "0005", "0007"])
async def test_of_some_nothing_is_ever_reported(ending: str) -> None:
    reports, _ = await reported(message(ending), message("2345", reference="77"))
    assert [report.reference for report in reports] == ["77"]


async def test_a_delivery_can_be_reported_twice_and_out_of_order() -> None:
    reports, _ = await reported(message("0009"))
    assert [report.status for report in reports] == [Status.DELIVERED, Status.SENT, Status.DELIVERED]


@pytest.mark.parametrize(("ending", "text"), [("0010", "退订"), ("0011", "非本人")])
async def test_some_people_reply(ending: str, text: str) -> None:
    one = message(ending)
    [report], [reply] = await reported(one)
    assert report.status is Status.DELIVERED
    assert (reply.address, reply.text) == (one.address, text)


async def test_it_decides_for_any_channel() -> None:
    one = Outgoing("5", "oGZUI0egBJY1zhBYw2Kh0001", "wechat", "x", "t", {}, "s")
    [report], _ = await reported(one)
    assert report.reason is Reason.NUMBER_ABSENT


async def test_a_message_never_answered_runs_into_the_time_out() -> None:
    started = asyncio.get_running_loop().time()
    async with opened(sandbox(Inbox(), timeout_s=0.2)) as provider:
        [answer] = await sent(provider, [message("0007")])
    assert answer.outcome is Outcome.UNKNOWN
    assert asyncio.get_running_loop().time() - started >= 0.19


async def test_reports_come_after_the_delay_and_closing_brings_the_rest_at_once() -> None:
    inbox = Inbox()
    async with opened(sandbox(inbox, delay_s=0.15)) as provider:
        began = asyncio.get_running_loop().time()
        await sent(provider, [message()])
        await until(lambda: inbox.callbacks)
        assert asyncio.get_running_loop().time() - began >= 0.14
        assert len(inbox.callbacks) == 1
        await sent(provider, [message(), message()])
    assert len(inbox.callbacks) == 2


async def test_a_callback_that_the_gateway_could_not_take_comes_again() -> None:
    inbox = Inbox()
    inbox.failures = 2
    async with opened(sandbox(inbox)) as provider:
        await sent(provider, [message()])
        await until(lambda: inbox.callbacks)
        assert (len(inbox.callbacks), inbox.failures) == (1, 0)


async def test_closing_gives_up_on_a_gateway_that_takes_nothing() -> None:
    inbox = Inbox()
    inbox.failures = 1_000
    async with asyncio.timeout(10):
        async with opened(sandbox(inbox)) as provider:
            await sent(provider, [message()])


async def test_many_reports_share_a_callback() -> None:
    inbox = Inbox()
    async with opened(sandbox(inbox)) as provider:
        await sent(provider, [message() for _ in range(1200)])
    assert len(inbox.callbacks) == 3


async def test_a_message_never_taken_is_never_reported() -> None:
    inbox = Inbox()
    async with opened(sandbox(inbox)) as provider:
        await sent(provider, [message()], Lease(holds=False))
        await sent(provider, [message("0006")])
    assert inbox.callbacks == []


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(SettingsError, match=r"providers\.play: unknown key `receipt_delay`; did you mean `receipt_delay_s`\?"):
        Sandbox(Settings("play", "sandbox", options={"receipt_delay": 1}), Inbox().receive)
