"""`aliyun` meets the contract, and what the wire can do to a signed call is read as it should be."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.aliyun import Aliyun
from providers.base.abilities import Asks, Groups
from providers.base.types import Outgoing, Provider, Settings
from providers.base.words import Outcome
from tests.providers.contract import Inbox, Lease, message, opened, sent
from tests.providers.http_contract import HttpContract
from tests.standins.aliyun import KEY_ID, SECRET, TEMPLATE, aliyun_sms


def options(endpoint: str = "http://vendor.invalid", **changes: Any) -> dict[str, Any]:
    mine: dict[str, Any] = {"endpoint": endpoint, "access_key_id": KEY_ID, "access_key_secret": SECRET}
    return mine | {"templates": {"*": {"code": TEMPLATE, "params": {"name": "{name}"}}}} | changes


def aliyun(endpoint: str = "http://vendor.invalid", inbox: Inbox | None = None, batch_size: int = 100, **changes: Any) -> Aliyun:
    settings = Settings("aliyun", "aliyun", timeout_s=1.0, batch_size=batch_size, options=options(endpoint, **changes))
    return Aliyun(settings, (inbox or Inbox()).receive)


class TestAliyun(HttpContract):
    @pytest.fixture(params=["v3", "v1"])
    async def provider(self, request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
        async with aliyun_sms() as (_, url):
            settings = self.settings(options=options(url, signature=request.param), batch_size=10)
            async with opened(Aliyun(settings, Inbox().receive)) as one:
                yield one

    def make(self, url: str, **settings: Any) -> Provider:
        return Aliyun(self.settings(options=options(url.removesuffix("/send")), **settings), Inbox().receive)

    def taken(self, one: Outgoing) -> bytes:
        return b'{"Message":"OK","RequestId":"r","BizId":"%b^0","Code":"OK"}' % one.reference.encode()

    async def test_in_a_batch_only_the_message_without_an_answer_is_unknown(self, provider: Provider) -> None:
        """Not here: this vendor answers the call as a whole or not at all."""
        answers = await sent(provider, [message(), message("0007"), message("5679")])
        assert [answer.outcome for answer in answers] == [Outcome.UNKNOWN] * 3


def test_it_asks_and_groups() -> None:
    provider = aliyun()
    assert isinstance(provider, Asks)
    assert isinstance(provider, Groups)


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("fault", ["reset", "bad_gateway", "truncate"])
async def test_a_call_that_the_vendor_took_but_did_not_answer_well_is_unknown_and_written_once(fault: str, size: int) -> None:
    async with aliyun_sms() as (vendor, url), opened(aliyun(url)) as provider:
        vendor.faults.append(fault)
        lease = Lease()
        answers = await sent(provider, [message(f"56{number}0") for number in range(size)], lease)
        await asyncio.sleep(0.05)
    assert {answer.outcome for answer in answers} == {Outcome.UNKNOWN}
    assert (lease.wrote, len(vendor.calls), len(vendor.taken)) == (1, 1, size)
