"""`wechat` meets the contract."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from yarl import URL

from providers.base.access_token import Fetched
from providers.base.types import Outgoing, Provider, Settings
from providers.wechat import Wechat
from tests.providers.contract import Inbox, opened
from tests.providers.http_contract import HttpContract
from tests.providers.one_a_call import OneACall
from tests.standins.platform import AES_KEY, TOKEN, platform
from tests.standins.wechat import APP_ID, SECRET, WechatPlatform

TEMPLATES = {"*": {"code": "TPL", "params": {"thing1": "{name}"}}}


def options(endpoint: str, **changes: Any) -> dict[str, Any]:
    return {
        "endpoint": endpoint,
        "app_id": APP_ID,
        "app_secret": SECRET,
        "token": TOKEN,
        "aes_key": AES_KEY,
        "templates": TEMPLATES,
    } | changes


def wechat(endpoint: str = "http://vendor.invalid", **changes: Any) -> Wechat:
    return Wechat(Settings("wechat", "wechat", timeout_s=1.2, options=options(endpoint, **changes)), Inbox().receive)


class TokenKnown(Wechat):
    """Its token was fetched before: the wire's misfortunes are those of the message's own call."""

    async def open(self) -> None:
        await super().open()
        self.tokens.know(Fetched("TOKEN", 7200.0))


class TestWechat(OneACall, HttpContract):
    timeout_s = 1.2

    @pytest.fixture
    async def provider(self) -> AsyncIterator[Provider]:
        settings = {"connections": 10}
        async with (
            platform(WechatPlatform) as vendor,
            opened(Wechat(self.settings(options=options(vendor.endpoint), **settings), Inbox().receive)) as one,
        ):
            yield one

    def make(self, url: str, **settings: Any) -> Provider:
        return TokenKnown(self.settings(options=options(str(URL(url).origin())), **settings), Inbox().receive)

    def taken(self, one: Outgoing) -> bytes:
        return b'{"errcode":0,"errmsg":"ok","msgid":3662956322040938501}'
