"""`tencent` meets the contract, and what the wire can do to a signed call is read as it should be."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.base.abilities import Asks, Groups, Pulls
from providers.base.types import Outgoing, Provider, Settings
from providers.base.words import Outcome
from providers.tencent import Tencent
from tests.providers.contract import Inbox, Lease, message, opened, sent
from tests.providers.http_contract import HttpContract
from tests.standins.tencent import APP_ID, SECRET_ID, SECRET_KEY, tencent_sms


def options(endpoint: str = "http://vendor.invalid", **changes: Any) -> dict[str, Any]:
    mine: dict[str, Any] = {"endpoint": endpoint, "secret_id": SECRET_ID, "secret_key": SECRET_KEY, "sdk_app_id": APP_ID}
    return mine | {"templates": {"*": {"code": "1110", "params": ["{name}"]}}} | changes


def tencent(endpoint: str = "http://vendor.invalid", inbox: Inbox | None = None, batch_size: int = 200, **changes: Any) -> Tencent:
    settings = Settings("tencent", "tencent", timeout_s=1.0, batch_size=batch_size, options=options(endpoint, **changes))
    return Tencent(settings, (inbox or Inbox()).receive)


class TestTencent(HttpContract):
    @pytest.fixture
    async def provider(self) -> AsyncIterator[Provider]:
        async with tencent_sms() as (_, url):
            settings = self.settings(options=options(url), batch_size=10)
            async with opened(Tencent(settings, Inbox().receive)) as one:
                yield one

    def make(self, url: str, **settings: Any) -> Provider:
        return Tencent(self.settings(options=options(url), **settings), Inbox().receive)

    def taken(self, one: Outgoing) -> bytes:
        entry = b'{"SerialNo":"2019:1","PhoneNumber":"%b","Code":"Ok","Message":"send success"}' % one.address.encode()
        return b'{"Response":{"SendStatusSet":[%b],"RequestId":"r"}}' % entry


def test_it_pulls_asks_and_groups() -> None:
    provider = tencent()
    assert isinstance(provider, Pulls)
    assert isinstance(provider, Asks)
    assert isinstance(provider, Groups)


@pytest.mark.parametrize("fault", ["reset", "bad_gateway", "truncate"])
async def test_a_call_that_the_vendor_took_but_did_not_answer_well_is_unknown_and_written_once(fault: str) -> None:
    async with tencent_sms() as (vendor, url), opened(tencent(url)) as provider:
        vendor.faults.append(fault)
        lease = Lease()
        [answer] = await sent(provider, [message()], lease)
        await asyncio.sleep(0.05)
    assert answer.outcome is Outcome.UNKNOWN
    assert (lease.wrote, len(vendor.taken)) == (1, 1)


async def test_a_vendor_that_is_busy_took_nothing() -> None:
    async with tencent_sms() as (vendor, url), opened(tencent(url)) as provider:
        vendor.faults.append("busy")
        [answer] = await sent(provider, [message()])
    assert (answer.outcome, answer.vendor_code, vendor.taken) == (Outcome.DEFERRED, "RequestLimitExceeded", [])
