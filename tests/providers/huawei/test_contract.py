"""`huawei` meets the contract, with either way of signing, and calls that went wrong after they were taken are unknown."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from yarl import URL

from providers.base.types import Outgoing, Provider, Settings
from providers.base.words import Outcome
from providers.huawei import Huawei
from tests.providers.contract import Inbox, Lease, message, opened, sent
from tests.providers.http_contract import HttpContract
from tests.standins.huawei import KEY, SECRET, SENDER, huawei_sms

TEMPLATE = "8ff55eac1d0b478ab3c06c3c6a492300"


def options(endpoint: str = "http://vendor.invalid", **changes: Any) -> dict[str, Any]:
    mine: dict[str, Any] = {"endpoint": endpoint, "app_key": KEY, "app_secret": SECRET, "sender": SENDER}
    return mine | {"templates": {"*": {"code": TEMPLATE, "params": ["{name}"]}}} | changes


def huawei(endpoint: str = "http://vendor.invalid", batch_size: int = 500, **changes: Any) -> Huawei:
    settings = Settings("huawei", "huawei", timeout_s=1.0, batch_size=batch_size, options=options(endpoint, **changes))
    return Huawei(settings, Inbox().receive)


class TestHuawei(HttpContract):
    @pytest.fixture
    async def provider(self) -> AsyncIterator[Provider]:
        async with huawei_sms() as (_, url):
            settings = self.settings(options=options(url), batch_size=10)
            async with opened(Huawei(settings, Inbox().receive)) as one:
                yield one

    def make(self, url: str, **settings: Any) -> Provider:
        return Huawei(self.settings(options=options(str(URL(url).origin())), **settings), Inbox().receive)

    def taken(self, one: Outgoing) -> bytes:
        entry = b'{"originTo":"%b","smsMsgId":"m1","status":"000000","total":1}' % one.address.encode()
        return b'{"code":"000000","description":"Success","result":[%b]}' % entry


@pytest.mark.parametrize("auth", ["wsse", "aksk"])
@pytest.mark.parametrize("fault", ["reset", "bad_gateway", "truncate"])
async def test_a_call_that_the_vendor_took_but_did_not_answer_well_is_unknown_and_written_once(fault: str, auth: str) -> None:
    async with huawei_sms() as (vendor, url), opened(huawei(url, auth=auth)) as provider:
        vendor.faults.append(fault)
        lease = Lease()
        [answer] = await sent(provider, [message()], lease)
        await asyncio.sleep(0.05)
    assert answer.outcome is Outcome.UNKNOWN
    assert (lease.wrote, len(vendor.taken)) == (1, 1)
