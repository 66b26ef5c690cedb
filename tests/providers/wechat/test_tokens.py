"""`wechat` against the stand-in: its access tokens, and what must not happen because of them."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from providers.base.ruling import retry_class
from providers.base.types import Answer
from providers.base.words import Outcome, Reason, RetryClass
from providers.wechat import Wechat
from tests.providers.contract import Lease, message, opened, sent
from tests.providers.wechat.test_contract import wechat
from tests.standins.platform import platform
from tests.standins.wechat import WechatPlatform

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def vendor() -> AsyncIterator[WechatPlatform]:
    async with platform(WechatPlatform) as one:
        yield one


async def answer(vendor: WechatPlatform, **changes: Any) -> Answer:
    async with opened(wechat(vendor.endpoint, **changes)) as provider:
        [said] = await sent(provider, [message()])
        return said


async def test_a_token_that_ended_is_fetched_anew_and_the_call_repeated_once(vendor: WechatPlatform) -> None:
    async with opened(wechat(vendor.endpoint)) as provider:
        await sent(provider, [message()])
        vendor.end_tokens()
        lease = Lease()
        [said] = await sent(provider, [message()], lease)
        assert said.outcome is Outcome.ACCEPTED
    assert (lease.asked, lease.wrote) == (2, 1)
    assert (len(vendor.token_calls), vendor.made, vendor.forced) == (2, 2, 0)
    assert (len(vendor.bodies), len(vendor.taken)) == (3, 2)


async def test_a_token_that_is_given_out_and_turned_down_is_forced_once(vendor: WechatPlatform) -> None:
    async with opened(wechat(vendor.endpoint)) as provider:
        await sent(provider, [message()])
        vendor.distrust_tokens()
        assert (await sent(provider, [message()]))[0].outcome is Outcome.ACCEPTED
        assert vendor.forced == 1
        vendor.distrust_tokens()
        [said] = await sent(provider, [message()])
        assert (said.outcome, retry_class(said), said.vendor_code) == (Outcome.DEFERRED, RetryClass.RETRY, "42001")
        assert vendor.forced == 1, "thirty seconds have not passed"
    assert len(vendor.bodies) == 5, "three calls, two of them once more, none a third time"


async def test_a_lease_that_ends_before_the_repetition_writes_nothing_more(vendor: WechatPlatform) -> None:
    class OnceMine(Lease):
        def still_mine(self) -> bool:
            super().still_mine()
            return self.asked == 1

    async with opened(wechat(vendor.endpoint)) as provider:
        await sent(provider, [message()])
        vendor.end_tokens()
        [said] = await sent(provider, [message()], OnceMine())
    assert said.outcome is Outcome.NOTHING_LEFT
    assert (len(vendor.bodies), len(vendor.taken)) == (2, 1)


@pytest.mark.parametrize("fault", ["reset", "truncate", "bad_gateway", "html", "silent", "huge"])
async def test_a_call_that_may_have_left_is_never_repeated(vendor: WechatPlatform, fault: str) -> None:
    vendor.faults = [fault]
    said = await answer(vendor)
    assert said.outcome is Outcome.UNKNOWN
    assert len(vendor.bodies) == 1


@pytest.mark.parametrize("fault", ["reset", "truncate", "bad_gateway", "html", "silent", "huge"])
async def test_without_a_token_nothing_left_however_its_fetch_failed(vendor: WechatPlatform, fault: str) -> None:
    vendor.token_faults = [fault]
    lease = Lease()
    async with opened(wechat(vendor.endpoint)) as provider:
        [said] = await sent(provider, [message()], lease)
        assert (said.outcome, said.reason, lease.wrote) == (Outcome.NOTHING_LEFT, Reason.PROVIDER_UNAVAILABLE, 0)
        assert (said.detail or "").startswith("no access token: ")
        assert (await sent(provider, [message()]))[0].outcome is Outcome.ACCEPTED
    assert len(vendor.bodies) == 1


async def test_a_redirect_of_the_tokens_fetch_is_not_followed(vendor: WechatPlatform) -> None:
    vendor.token_faults = ["redirect"]
    assert (await answer(vendor)).outcome is Outcome.NOTHING_LEFT
    assert (len(vendor.token_calls), vendor.bodies) == (1, [])


@pytest.mark.parametrize(("changes", "code"), [({"app_secret": "wrong"}, "40125"), ({"app_id": "wx0"}, "40013")])
async def test_wrong_credentials_need_an_operator(vendor: WechatPlatform, changes: dict[str, Any], code: str) -> None:
    said = await answer(vendor, **changes)
    assert (said.outcome, said.reason, retry_class(said)) == (
        Outcome.REFUSED,
        Reason.ACCOUNT_PROBLEM,
        RetryClass.CONFIGURATION,
    )
    assert said.vendor_code == code
    assert vendor.bodies == []


async def test_fifty_sends_at_once_fetch_one_token(vendor: WechatPlatform) -> None:
    vendor.token_faults = ["slow"]
    async with opened(wechat(vendor.endpoint)) as provider:
        answers = await asyncio.gather(*(sent(provider, [message()]) for _ in range(50)))
    assert {said.outcome for [said] in answers} == {Outcome.ACCEPTED}
    assert (len(vendor.token_calls), len(vendor.taken)) == (1, 50)


async def test_closing_waits_for_a_send_that_waits_for_its_token(vendor: WechatPlatform) -> None:
    vendor.token_faults = ["slow"]
    provider = wechat(vendor.endpoint)
    await provider.open()
    call = asyncio.create_task(sent(provider, [message()]))
    await asyncio.sleep(0.05)
    await provider.close()
    assert (await call)[0].outcome is Outcome.ACCEPTED


async def test_closing_waits_for_the_repetition_too(vendor: WechatPlatform) -> None:
    provider = wechat(vendor.endpoint)
    await provider.open()
    await sent(provider, [message()])
    vendor.end_tokens()
    vendor.faults = ["slow"]
    call = asyncio.create_task(sent(provider, [message()]))
    await asyncio.sleep(0.05)
    await provider.close()
    assert (await call)[0].outcome is Outcome.ACCEPTED


OTHER_PROCESS = """
import asyncio, json, sys
from tests.providers.contract import message, opened, sent
from tests.providers.wechat.test_contract import wechat

async def main():
    async with opened(wechat(sys.argv[1])) as provider:
        [said] = await sent(provider, [message("1111")])
        print(json.dumps([said.outcome, await provider.tokens.current()]))

asyncio.run(main())
"""


async def test_two_processes_share_a_token_and_one_that_was_renewed_by_the_other(vendor: WechatPlatform) -> None:
    async def other() -> tuple[str, str]:
        run = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", OTHER_PROCESS, vendor.endpoint], capture_output=True, check=True, cwd=ROOT, timeout=30
        )
        outcome, token = json.loads(run.stdout)
        return outcome, token

    async with opened(wechat(vendor.endpoint)) as provider:
        assert isinstance(provider, Wechat)
        await sent(provider, [message()])
        assert await other() == ("accepted", await provider.tokens.current())
        assert vendor.made == 1
        vendor.end_tokens()
        renewed = (await other())[1]
        assert (await sent(provider, [message()]))[0].outcome is Outcome.ACCEPTED
        assert await provider.tokens.current() == renewed
    assert (vendor.made, vendor.forced) == (2, 0)
