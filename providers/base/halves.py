"""Vendors that answer a whole call with one code, although it speaks of one message: which one, is found by halving the call."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from providers.base.ruling import because
from providers.base.types import Answer, Outgoing
from providers.base.words import Outcome, Reason

UNDECIDED: Final = because(
    Outcome.DEFERRED, Reason.PROVIDER_UNAVAILABLE, "the vendor refused the call for one of its messages and does not say which"
)


async def by_halves(
    batch: Sequence[Outgoing],
    send: Callable[[Sequence[Outgoing]], Awaitable[Sequence[Answer]]],
    blames_one: Callable[[Answer], bool],
    goes_on: Callable[[int], bool],
) -> list[Answer]:
    """One answer a message.

    `blames_one`: the vendor took nothing of the call, for the sake of one of its messages. Such a call is sent again in two halves, until the
    messages that are meant stand alone or `goes_on`, asked with the number of calls made, says no; what is left then may be tried later.
    """
    answers: list[Answer] = []
    parts = [batch]
    calls = 0
    while parts:
        part = parts.pop()
        if calls and not goes_on(calls):
            answers += [UNDECIDED.about(message.reference) for message in part]
            continue
        got = await send(part)
        calls += 1
        blamed = {answer.reference for answer in got if blames_one(answer)}
        if len(blamed) < 2:
            answers += got
            continue
        answers += [answer for answer in got if answer.reference not in blamed]
        again = [message for message in part if message.reference in blamed]
        parts += [again[len(again) // 2 :], again[: len(again) // 2]]
    return answers
