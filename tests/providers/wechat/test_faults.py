"""`wechat` and `wecom` where each thing goes wrong in one call of twenty: what an answer says is true, and nothing is sent twice."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence

import pytest

from providers.base.types import Answer, Outgoing, Provider
from providers.base.words import Outcome
from tests.providers.contract import opened, sent
from tests.providers.wechat.test_contract import wechat
from tests.providers.wecom.test_contract import wecom
from tests.standins.platform import Platform, platform
from tests.standins.wechat import WechatPlatform
from tests.standins.wecom import WecomPlatform

SENDS, AT_ONCE = 2_000, 20
FAULTS = ("reset", "truncate", "bad_gateway", "html", "busy", "token")
DRAW = random.Random(7)


async def send_all(vendor: Platform, provider: Provider, batch: Sequence[Outgoing]) -> list[Answer]:
    queue = list(reversed(batch))
    answers: list[Answer] = []

    async def sender() -> None:
        while queue:
            one = queue.pop()
            fault = DRAW.choice(FAULTS) if DRAW.random() < 0.05 * len(FAULTS) else None
            if fault == "token":
                vendor.end_tokens()
            elif fault is not None:
                vendor.faults.append(fault)
            answers.extend(await sent(provider, [one]))

    await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
    return answers


def messages() -> list[Outgoing]:
    """Each to an address of its own, with the reference in it: by that the stand-ins' books are read."""
    return [Outgoing(str(n), f"member_{n}_5678", "wechat", "请认证", "reminder", {"name": "王"}, "四川社保") for n in range(SENDS)]


@pytest.mark.parametrize("which", ["wechat", "wecom"])
async def test_an_answer_is_true_and_nothing_is_sent_twice(which: str) -> None:
    make: type[WechatPlatform | WecomPlatform] = WechatPlatform if which == "wechat" else WecomPlatform
    async with platform(make) as vendor:
        driver = wechat(vendor.endpoint) if which == "wechat" else wecom(vendor.endpoint, batch_size=1)
        async with opened(driver) as provider:
            answers = await send_all(vendor, provider, messages())
    taken = Counter(call["touser"] for call in vendor.taken)
    by_outcome: dict[Outcome, list[str]] = {}
    for answer in answers:
        by_outcome.setdefault(answer.outcome, []).append(f"member_{answer.reference}_5678")
    assert len(answers) == SENDS
    assert max(taken.values()) == 1, "sent twice"
    assert not isinstance(vendor, WechatPlatform) or vendor.deduplicated == 0, "sent twice, and the vendor's own care hid it"
    assert all(taken[member] for member in by_outcome[Outcome.ACCEPTED])
    assert not any(taken[member] for outcome in (Outcome.DEFERRED, Outcome.NOTHING_LEFT) for member in by_outcome.get(outcome, ()))
    assert set(by_outcome) <= {Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.NOTHING_LEFT, Outcome.UNKNOWN}
    assert len(by_outcome[Outcome.UNKNOWN]) > SENDS * 0.1
    assert len(by_outcome[Outcome.ACCEPTED]) > SENDS * 0.6
    assert vendor.made > 10
