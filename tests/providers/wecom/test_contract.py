"""`wecom` meets the contract."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from yarl import URL

from providers.base.access_token import Fetched
from providers.base.types import Outgoing, Provider, Settings
from providers.base.words import Outcome
from providers.wecom import Wecom
from tests.providers.contract import Inbox, message, opened, sent
from tests.providers.http_contract import HttpContract
from tests.standins.platform import AES_KEY, TOKEN, platform
from tests.standins.wecom import AGENT, CORP_ID, SECRET, WecomPlatform


def options(endpoint: str, **changes: Any) -> dict[str, Any]:
    mine = {"endpoint": endpoint, "corp_id": CORP_ID, "corp_secret": SECRET, "agent_id": AGENT, "token": TOKEN, "aes_key": AES_KEY}
    return mine | changes


def wecom(endpoint: str = "http://vendor.invalid", inbox: Inbox | None = None, batch_size: int = 100, **changes: Any) -> Wecom:
    settings = Settings("wecom", "wecom", timeout_s=0.6, batch_size=batch_size, options=options(endpoint, **changes))
    return Wecom(settings, (inbox or Inbox()).receive)


class TokenKnown(Wecom):
    """Its token was fetched before: the wire's misfortunes are those of the message's own call."""

    async def open(self) -> None:
        await super().open()
        self.tokens.know(Fetched("TOKEN", 7200.0))


class TestWecom(HttpContract):
    timeout_s = 0.6

    @pytest.fixture
    async def provider(self) -> AsyncIterator[Provider]:
        async with platform(WecomPlatform) as vendor:
            settings = self.settings(options=options(vendor.endpoint), batch_size=10, connections=10)
            async with opened(Wecom(settings, Inbox().receive)) as one:
                yield one

    def make(self, url: str, **settings: Any) -> Provider:
        return TokenKnown(self.settings(options=options(str(URL(url).origin())), **settings), Inbox().receive)

    def taken(self, one: Outgoing) -> bytes:
        return b'{"errcode":0,"errmsg":"ok","msgid":"m1"}'

    async def test_in_a_batch_only_the_message_without_an_answer_is_unknown(self, provider: Provider) -> None:
        """This vendor answers a call as a whole: where it is silent, all of its members are unknown."""
        batch = [message(), message("0007"), message()]
        assert [answer.outcome for answer in await sent(provider, batch)] == [Outcome.UNKNOWN] * 3
