"""`http` meets the contract."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.base.types import Outgoing, Provider
from providers.http import Http
from tests.providers.contract import Inbox, opened
from tests.providers.http_contract import HttpContract
from tests.standins.vendor import VendorOptions, running
from tests.standins.vendor_config import config


class TestHttp(HttpContract):
    @pytest.fixture
    async def provider(self) -> AsyncIterator[Provider]:
        async with running(VendorOptions()) as vendor, opened(self.make(vendor.url, batch_size=10)) as provider:
            yield provider

    def make(self, url: str, **settings: Any) -> Provider:
        options = config(url, batch_size=settings.get("batch_size", 1))
        for key in ("driver", "batch_size"):
            del options[key]
        return Http(self.settings(options=options, **settings), Inbox().receive)

    def taken(self, one: Outgoing) -> bytes:
        return b'{"code":"0","ref":"%b","id":"v1"}' % one.reference.encode()
