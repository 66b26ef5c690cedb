"""Asks Alibaba Cloud SMS what became of messages: QuerySendDetails, one number and day a question.

QuerySendDetails (help.aliyun.com, document 419277), read 2026-11-24: the last 30 days, 50 details a page.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Final

import msgspec

from providers.aliyun.receipts import WAITING, details, total
from providers.base.abilities import Asked
from providers.base.context import CALL_MARK
from providers.base.document import DocumentError, text
from providers.base.join import digits, national

ACTION: Final = "QuerySendDetails"
PAGE_SIZE: Final = 50
MOST_PAGES: Final = 20
AT_ONCE: Final = 8
"""Questions under way: the vendor takes 5,000 a second; this leaves its connections to messages."""
_DAYS_KEPT: Final = 30
_ITS_ZONE: Final = timezone(timedelta(hours=8))
_AROUND_MIDNIGHT: Final = (timedelta(0), timedelta(minutes=-5), timedelta(minutes=5))
"""The vendor's date of a message sent around midnight may be another one than ours."""

Fetch = Callable[[Mapping[str, str]], Awaitable[bytes | None]]
"""Makes one query; None where it failed."""
Keep = Callable[[bytes], Awaitable[None]]


class Question(msgspec.Struct, frozen=True):
    """What one query asks for."""

    phone: str
    day: str
    biz_id: str | None

    def page(self, number: int) -> dict[str, str]:
        """The parameters of one page."""
        parameters = {"PhoneNumber": self.phone, "SendDate": self.day, "PageSize": str(PAGE_SIZE), "CurrentPage": str(number)}
        return parameters | {"BizId": self.biz_id} if self.biz_id else parameters


def questions(asked: Iterable[Asked], today: date) -> dict[Question, set[str]]:
    """What to ask, with the `OutId`s that each question is about. What the vendor has forgotten is not asked for."""
    found: dict[Question, set[str]] = {}
    for one in asked:
        for day in _days(one.sent_at):
            if today - day <= timedelta(days=_DAYS_KEPT):
                question = Question(digits(national(one.address)), f"{day:%Y%m%d}", one.vendor_id)
                found.setdefault(question, set()).update((one.reference, f"{CALL_MARK}{one.call}"))
    return found


def _days(sent_at: datetime) -> Iterator[date]:
    yield from dict.fromkeys((sent_at + shift).astimezone(_ITS_ZONE).date() for shift in _AROUND_MIDNIGHT)


async def answer_all(asked: Sequence[Asked], now: datetime, fetch: Fetch, keep: Keep) -> None:
    """Asks all questions, a few at once. Raises what `keep` raises, in an `ExceptionGroup`."""
    free = asyncio.Semaphore(AT_ONCE)

    async def answer(question: Question, wanted: set[str]) -> None:
        async with free:
            await _answer(question, wanted, fetch, keep)

    async with asyncio.TaskGroup() as group:
        for question, wanted in questions(asked, now.astimezone(_ITS_ZONE).date()).items():
            group.create_task(answer(question, wanted))


async def _answer(question: Question, wanted: set[str], fetch: Fetch, keep: Keep) -> None:
    """Keeps the pages that say how one of these ended."""
    for number in range(1, MOST_PAGES + 1):
        body = await fetch(question.page(number))
        if body is None:
            return
        try:
            ends = [text(entry.get("OutId")) for entry in details(body) if text(entry.get("SendStatus")) != WAITING]
            left = total(body) - number * PAGE_SIZE
        except DocumentError:
            return
        if not wanted.isdisjoint(ends):
            await keep(body)
        if left <= 0:
            return
